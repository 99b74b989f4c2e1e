//! Random names, as each program parses them.
//!
//! `rm` of missing drafts takes many names at once and prints a line for each: the full form of the name, or the error. The seed
//! is printed. `FIDELITY_SEED=…` repeats the same names, `FIDELITY_REFERENCES=…` sets their number.

use std::io::Write as _;

use fastrand::Rng;

use crate::harness::{Home, docker};

/// The number of names.
const NAMES: usize = 2000;
/// The number of names in one command line.
const AT_ONCE: usize = 100;

const FIRSTS: &[&str] = &[
    "docker.io",
    "index.docker.io",
    "INDEX.docker.io",
    "Docker.io",
    "registry-1.docker.io",
    "localhost",
    "Localhost",
    "localhost:5000",
    "local_host:5000",
    "library",
    "foo.com",
    "foo.com:443",
    "foo.com:",
    "foo.com:x",
    "foo_bar.com",
    "foo__bar.com",
    "foo___bar.com",
    "foo_bar.com:80",
    "Foo_bar.com",
    "FOO_BAR",
    "latest__docker.io",
    "foo-.com",
    "-foo.com",
    "foo..com",
    "foo.com.",
    ".foo.com",
    "foo--bar.com",
    "10.0.0.1:5000",
    "[::1]",
    "[::1]:5000",
    "[::1",
    "::1",
    "[]",
    "[fe80::1%eth0]",
    "[FE80::1]",
    "[::ffff:10.0.0.1]:80",
    "[::1]x",
    "user@foo.com",
    "https:",
    "xn--bcher-kva.example",
    "bücher.example",
    "BÜCHER",
    "ΣΑΣ.example",
    "\u{212a}ube",
    "\u{130}stanbul",
    "",
    ".",
    "..",
    "a",
    "UPPER",
];
const PARTS: &[&str] = &[
    "a",
    "0",
    "alpine",
    "library",
    "app-1.2",
    "a_b",
    "a__b",
    "a___b",
    "a--b",
    "a---b",
    "a..b",
    "a.-b",
    "a-_b",
    "_a",
    "a_",
    "-a",
    "a-",
    ".a",
    "a.",
    "App",
    "apP",
    "ä",
    "Ä",
    "\u{212a}",
    "\u{130}",
    "\u{1c5}",
    "漢字",
    "👍",
    " ",
    "a b",
    "a%20b",
    "",
    "docker.io",
    "localhost",
    "foo_bar.com",
    "~a",
    "a+b",
    "*",
];
const TAGS: &[&str] = &[
    "latest",
    "1",
    "v1.2-rc_3",
    "_x",
    "Tag",
    "-x",
    ".x",
    "x.",
    "",
    "a:b",
    "ä",
    "\u{212a}",
    "\u{130}",
    "5000/a",
    "a/b",
    "1+2",
];
const ALGORITHMS: &[&str] = &[
    "sha256",
    "sha384",
    "sha512",
    "SHA256",
    "Sha256",
    "md5",
    "sha1",
    "blake3",
    "sha256+b64",
    "a.b-c_d",
    "a..b",
    "-a",
    "1a",
    "a1",
    "s\u{212a}",
    "",
    "sha256:sha256",
];
/// The characters of random names, without control characters, which this program escapes.
const CHARACTERS: &[char] = &[
    'a', 'b', 'z', '0', '9', 'A', 'Z', '.', '.', '_', '_', '-', '-', '/', '/', ':', ':', '@', '[',
    ']', '+', '%', ' ', 'é', 'É', 'ſ', '\u{212a}', '\u{130}', 'Ω', '中', '🐳',
];

#[test]
fn random_references() {
    if !docker::is_here("fidelity::random_references") {
        return;
    }
    let number = |name| docker::setting(name).map(|value| value.parse::<u64>().unwrap());
    let seed = number("FIDELITY_SEED").unwrap_or_else(|| fastrand::u64(..));
    let count =
        number("FIDELITY_REFERENCES").map_or(NAMES, |count| usize::try_from(count).unwrap());
    // Not captured with the test's output, so that every log has it.
    let _ = writeln!(
        std::io::stderr(),
        "fidelity: {count} random references, FIDELITY_SEED={seed}"
    );
    let mut rng = Rng::with_seed(seed);
    let names: Vec<String> = (0..count).map(|_| name(&mut rng)).collect();
    let home = Home::new();
    let mut differences = Vec::new();
    for names in names.chunks(AT_ONCE) {
        let mut words = vec!["rm", "--"];
        words.extend(names.iter().map(String::as_str));
        let (docker, ours) = (home.dockers(&words), home.ours(&words));
        docker.fails(1).prints("");
        ours.fails(1).prints("");
        assert_eq!(docker.stderr.lines().count(), names.len(), "{docker}");
        // Hints come after the errors.
        for ((name, docker), ours) in names
            .iter()
            .zip(docker.stderr.lines())
            .zip(ours.stderr.lines())
        {
            if docker != ours {
                differences.push(format!("{name:?}\n  docker: {docker}\n  ours:   {ours}"));
            }
        }
    }
    assert!(
        differences.is_empty(),
        "{} of {count} names differ\n{}",
        differences.len(),
        differences.join("\n")
    );
}

/// Generates a name: usually from parts, with some wrong characters in every fifth, otherwise from any characters.
fn name(rng: &mut Rng) -> String {
    if rng.u8(..) < 16 {
        let length = rng.usize(0..12);
        return (0..length).filter_map(|_| rng.choice(CHARACTERS)).collect();
    }
    let mut name = repository(rng);
    if rng.u8(0..10) < 4 {
        name.push(':');
        name += &tag(rng);
    }
    if rng.u8(0..10) < 3 {
        name.push('@');
        name += &digest(rng);
    }
    if rng.u8(0..5) == 0 {
        damage(&mut name, rng);
    }
    name
}

fn repository(rng: &mut Rng) -> String {
    match rng.u8(0..40) {
        0 => return hex(rng, 64),
        1 => return format!("foo.com/{}", hex(rng, 64)),
        // A path of about the maximum length, with or without a host before it.
        2 => {
            let first = ["foo.com/", "foo_bar.com/", "docker.io/", ""][rng.usize(0..4)];
            return format!("{first}{}", "a".repeat(rng.usize(235..=257)));
        }
        _ => {}
    }
    let mut parts = Vec::new();
    if rng.u8(0..4) != 0 {
        parts.extend(rng.choice(FIRSTS).copied());
    }
    for _ in 0..rng.usize(0..=3) {
        // Mostly valid characters, so that not every name is invalid.
        let range = if rng.u8(0..6) == 0 {
            0..PARTS.len()
        } else {
            0..7
        };
        parts.push(PARTS[rng.usize(range)]);
    }
    parts.join(if rng.u8(0..16) == 0 { "//" } else { "/" })
}

fn tag(rng: &mut Rng) -> String {
    match rng.u8(0..12) {
        0 => "t".repeat(rng.usize(126..=130)),
        1 => "T.".repeat(rng.usize(62..=65)),
        2..7 => TAGS[rng.usize(0..5)].to_owned(),
        _ => TAGS[rng.usize(..TAGS.len())].to_owned(),
    }
}

fn digest(rng: &mut Rng) -> String {
    let (algorithm, length) = match rng.u8(0..10) {
        0..3 => ("sha256", 64),
        3 => ("sha384", 96),
        4 => ("sha512", 128),
        5 => (ALGORITHMS[rng.usize(..ALGORITHMS.len())], 64),
        6 => ("sha256", rng.usize(30..=66)),
        _ => {
            let length = [31, 32, 33, 40, 63, 64, 65, 96, 128][rng.usize(0..9)];
            (ALGORITHMS[rng.usize(..ALGORITHMS.len())], length)
        }
    };
    let hex = hex(rng, length);
    match rng.u8(0..8) {
        0 => format!("{algorithm}:{}", hex.to_uppercase()),
        1 => format!("{algorithm}{hex}"),
        _ => format!("{algorithm}:{hex}"),
    }
}

fn hex(rng: &mut Rng, length: usize) -> String {
    let digit = |_| char::from_digit(rng.u32(0..16), 16).unwrap();
    (0..length).map(digit).collect()
}

/// Removes, inserts or changes a character, once or twice.
fn damage(name: &mut String, rng: &mut Rng) {
    let mut characters: Vec<char> = name.chars().collect();
    for _ in 0..rng.usize(1..=2) {
        let at = rng.usize(0..=characters.len());
        let other = CHARACTERS[rng.usize(..CHARACTERS.len())];
        match rng.u8(0..3) {
            0 if at < characters.len() => {
                characters.remove(at);
            }
            1 if at < characters.len() => characters[at] = other,
            _ => characters.insert(at, other),
        }
    }
    *name = characters.into_iter().collect();
}
