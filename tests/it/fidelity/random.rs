//! Sessions of random commands on a small world.
//!
//! The seed is printed. `FIDELITY_SEED=…` repeats the same sessions, `FIDELITY_SESSIONS=…` sets their number.

use std::io::Write as _;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use fastrand::Rng;

use super::SideBySide;
use crate::harness::docker;

/// The number of sessions.
const SESSIONS: usize = 200;
/// The number of concurrent sessions, each on registries of its own: a repository's tags are compared as well.
const THREADS: usize = 2;

/// OCI images, all in the repository `app`: their files sort before those of `other`.
///
/// Row "list type follows the first file name": a mixed list is the same in both programs only if an OCI image comes first. So
/// Docker's images are all in another repository, later in the alphabet.
const OCI: &[&str] = &[
    "@/app:oci-amd64",
    "@/app:oci-arm64",
    "@/app:oci-odd",
    "@/app@{app:oci-arm64}",
    "@/app:blank",
];
/// Docker images, all in the repository `other`.
const DOCKER: &[&str] = &[
    "@/other:s390x",
    "@/other:mips64le",
    "@/other:windows",
    "@/other@{other:s390x}",
    "@/other:compact@{other:compact}",
];
/// Missing images, which no session mounts. Only used as the first source of a `create` (row "a failed create leaves half a
/// draft").
const BAD: &[&str] = &[
    "@/app:missing",
    "@/nothing:1",
    "App",
    "@/app@{deep/er/repo:amd64}",
    "''",
];
/// Pairs in Docker's table (row "unknown os/arch pairs are refused by a short fixed table").
const PAIRS: &[&str] = &[
    "--os linux --arch amd64",
    "--os=linux --arch=arm64",
    "--arch s390x --os linux",
    "--os windows --arch amd64",
    "--os freebsd --arch 386",
    // Pairs that do not exist. Both flags are given, because this program reports the effective pair, and Docker the flags.
    "--os linux --arch x86",
    "--os=beos --arch=ppc",
];
const DETAILS: &[&str] = &[
    "--variant v8",
    "--variant=armv7",
    "--os-version 10.0.1",
    "--os-version=",
    "--os-features a,b",
    "--os-features b --os-features=c",
    "--os-features ''",
    "--variant '<&>'",
];

#[test]
fn random_sessions() {
    if !docker::is_here("fidelity::random") {
        return;
    }
    let number = |name| docker::setting(name).map(|value| value.parse::<u64>().unwrap());
    let seed = number("FIDELITY_SEED").unwrap_or_else(|| fastrand::u64(..));
    let sessions =
        number("FIDELITY_SESSIONS").map_or(SESSIONS, |count| usize::try_from(count).unwrap());
    // Not captured with the test's output, so that every log has it.
    let _ = writeln!(
        std::io::stderr(),
        "fidelity: {sessions} random sessions, FIDELITY_SEED={seed}"
    );

    let next = AtomicUsize::new(0);
    let failures = Mutex::new(Vec::new());
    let play = || {
        let stages = SideBySide::start();
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            if number >= sessions {
                return;
            }
            if let Err(difference) = session(&stages, seed, number) {
                let text = format!("=== session {number} of FIDELITY_SEED={seed}\n{difference}");
                failures
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .push(text);
            }
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(play);
        }
    });
    let failures = failures.into_inner().unwrap();
    let shown = failures
        .iter()
        .take(5)
        .map(String::as_str)
        .collect::<Vec<_>>()
        .join("\n");
    assert!(
        failures.is_empty(),
        "{} of {sessions} sessions differ\n{shown}",
        failures.len()
    );
}

fn session(stages: &SideBySide, seed: u64, number: usize) -> Result<(), String> {
    let rng = Rng::with_seed(seed.wrapping_add(number as u64));
    let mut writer = Writer {
        rng,
        number,
        created: Vec::new(),
    };
    let mut session = stages.session();
    for _ in 0..writer.rng.usize(5..=15) {
        session.play(&writer.command())?;
    }
    Ok(())
}

/// Generates command lines. It tracks the content of lists, so that most commands find something.
struct Writer {
    rng: Rng,
    number: usize,
    created: Vec<(String, &'static str)>,
}

impl Writer {
    fn command(&mut self) -> String {
        if self.created.is_empty() && self.chance(80) {
            return self.create();
        }
        match self.rng.u8(0..100) {
            0..30 => self.create(),
            30..55 => self.annotate(),
            55..70 => self.inspect(),
            70..88 => self.push(),
            88..93 => self.rm(),
            _ => self.nonsense(),
        }
    }

    fn pick(&mut self, from: &[&'static str]) -> &'static str {
        from[self.rng.usize(..from.len())]
    }

    fn chance(&mut self, percent: u8) -> bool {
        self.rng.u8(0..100) < percent
    }

    /// Picks one of three lists that no other session has: in either repository of images, or in a new one.
    ///
    /// No two of their names share a file (row "two references can share a file name").
    fn list(&mut self) -> String {
        let number = self.number;
        match self.rng.u8(0..3) {
            0 => format!("@/app:session{number}"),
            1 => format!("@/other:session{number}"),
            _ => format!("@/new{number}:1"),
        }
    }

    /// Picks a list, usually an existing one, and an image, usually one of that list.
    fn list_and_image(&mut self) -> (String, &'static str) {
        if self.created.is_empty() || self.chance(10) {
            return (self.list(), self.image());
        }
        let at = self.rng.usize(..self.created.len());
        self.created[at].clone()
    }

    fn image(&mut self) -> &'static str {
        let images = if self.chance(50) { OCI } else { DOCKER };
        self.pick(images)
    }

    /// Generates a `create`, always with `--insecure`: Docker would not talk to a registry without TLS (row "needs --insecure …
    /// on loopback").
    fn create(&mut self) -> String {
        let list = self.list();
        let amend = *["", "-a", "--amend", "--amend=true", "--amend=false"]
            .get(self.rng.usize(0..7))
            .unwrap_or(&"-a");
        let mut images: Vec<&'static str> = Vec::new();
        if self.chance(8) {
            images.push(self.pick(BAD));
        }
        for _ in 0..self.rng.usize(1..=4) {
            images.push(self.image());
        }
        self.created
            .extend(images.iter().map(|image| (list.clone(), *image)));
        let images = images.join(" ");
        match self.rng.u8(0..3) {
            0 => format!("create --insecure {amend} {list} {images}"),
            1 => format!("create {amend} {list} --insecure {images}"),
            _ => format!("create {list} {images} --insecure=true {amend}"),
        }
    }

    fn annotate(&mut self) -> String {
        let (list, image) = self.list_and_image();
        // Images without a platform can only be given both halves of it (the refusal's text, see PAIRS). Images with foreign
        // layers stay Windows images (row "a mount answered with 202 is fatal (save for windows)").
        let pair = if image == "@/other:windows" {
            "--os windows"
        } else if self.chance(60) || image == "@/app:blank" {
            self.pick(PAIRS)
        } else {
            ""
        };
        let mut details = Vec::new();
        for _ in 0..self.rng.usize(0..=2) {
            details.push(self.pick(DETAILS));
        }
        let details = details.join(" ");
        match self.rng.u8(0..2) {
            0 => format!("annotate {pair} {list} {details} {image}"),
            _ => format!("annotate {list} {image} {pair} {details}"),
        }
    }

    fn inspect(&mut self) -> String {
        let verbose = self.pick(&["", "-v", "--verbose", "-v=false"]);
        let (list, image) = self.list_and_image();
        match self.rng.u8(0..4) {
            0 => format!("inspect {verbose} {list} {image}"),
            1 => format!("inspect --insecure {verbose} {}", self.image()),
            _ => format!("inspect {verbose} {list} --insecure"),
        }
    }

    fn push(&mut self) -> String {
        let (list, _) = self.list_and_image();
        let purge = self.pick(&["", "", "-p", "--purge", "--purge=false"]);
        // This program warns of duplicates (row "two entries of one platform go live in silence").
        format!("+push --insecure {purge} {list}")
    }

    fn rm(&mut self) -> String {
        let (one, _) = self.list_and_image();
        if self.chance(70) {
            format!("rm {one}")
        } else {
            format!("rm {one} {}", self.list())
        }
    }

    fn nonsense(&mut self) -> String {
        let (list, image) = self.list_and_image();
        match self.rng.u8(0..10) {
            0 => format!("create {list}"),
            1 => format!("create --bogus {list} {image}"),
            2 => format!("annotate {list} {image} --os"),
            3 => format!("annotate {list}"),
            4 => format!("push --purge=maybe {list}"),
            5 => format!("push {list} {image}"),
            6 => format!("inspect {list} {image} {image}"),
            7 => "rm".to_owned(),
            8 => format!("annotate {list} App --os linux"),
            _ => format!("inspect -x {list}"),
        }
    }
}
