//! Many processes at once, and killed processes: the program itself, on registries.
//!
//! `RACES_SEED=N` repeats the random moments of a run. Each failure prints its seed.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use manifest_core::entry_json;
use manifest_testkit::image::{Image, Index};
use manifest_testkit::sha256;
use manifest_testkit::suite;
use serde_json::Value;

use crate::commands::{Shell, Watched};
use crate::harness::{DraftFile, docker};

/// The number of processes that work on one draft at once.
const PROCESSES: usize = 32;

/// The number of times that each command is killed on each registry.
const KILLS: u32 = 8;

/// The number of jobs that run in one home folder at once.
const JOBS: usize = 8;

/// Starts a registry with the images `app:0`, `app:1` and so on, each for a platform of its own. The second half of them is in
/// the repository `other`.
fn registry(kind: suite::Kind, images: usize) -> Watched<'static> {
    let registry = Watched::empty(kind);
    for number in 0..images {
        let image = Image::docker()
            .platform("windows/amd64")
            .os_version(&format!("10.0.{number}"));
        let repository = if number < images / 2 { "app" } else { "other" };
        registry.push(repository, &number.to_string(), &image.build());
    }
    registry
}

#[test]
fn concurrent_changes_are_all_kept() {
    for kind in suite::kinds() {
        let registry = registry(kind, 2 * PROCESSES);
        let shell = Shell::new(&registry);
        let half = PROCESSES / 2;
        let first: Vec<String> = (0..half).map(|number| format!("@/app:{number}")).collect();
        shell
            .run(&format!("create @/app:list {}", first.join(" ")))
            .succeeds();
        std::thread::scope(|scope| {
            let run = |line: String| {
                let shell = &shell;
                scope.spawn(move || (shell.run(&line), line))
            };
            let processes: Vec<_> = (0..half)
                .flat_map(|number| {
                    let added = half + number;
                    [
                        run(format!("create --amend @/app:list @/app:{added}")),
                        run(format!(
                            "annotate @/app:list @/app:{number} --variant v{number}"
                        )),
                    ]
                })
                .collect();
            for process in processes {
                let (ran, line) = process.join().unwrap();
                let said = if line.starts_with("create") {
                    "Created manifest list REGISTRY/app:list\n"
                } else {
                    ""
                };
                ran.succeeds().prints(said);
            }
        });
        assert_eq!(
            shell.drafts(),
            [("REGISTRY_app-list".to_owned(), 2 * half)].into()
        );
        let entries = shell.run("inspect -v @/app:list");
        entries.succeeds().is_quiet();
        let entries: Value = serde_json::from_str(&entries.stdout).unwrap();
        for number in 0..2 * half {
            let reference = format!("REGISTRY/app:{number}");
            let mut all = entries.as_array().unwrap().iter();
            let entry = all
                .find(|entry| entry["Ref"] == *reference)
                .expect("all are there");
            let platform = &entry["Descriptor"]["platform"];
            assert_eq!(platform["os.version"], format!("10.0.{number}"));
            let variant = (number < half).then(|| format!("v{number}"));
            assert_eq!(
                platform.get("variant").and_then(Value::as_str),
                variant.as_deref()
            );
        }
        let shown = shell.run("inspect @/app:list");
        let pushed = shell.run("push --purge @/app:list");
        let published = registry.bytes("app", "list");
        pushed
            .succeeds()
            .prints(&format!("{}\n", sha256(&published)))
            .is_quiet();
        assert_eq!(shown.stdout.trim_end().as_bytes(), published);
    }
}

#[test]
fn parallel_jobs_in_one_home_are_independent() {
    for kind in suite::kinds() {
        let registry = registry(kind, 4);
        let shell = Shell::new(&registry);
        let job = |number: usize| {
            let list = format!("@/app:job-{number}");
            let annotate = format!("annotate {list} @/app:1 --variant v{number}");
            let _ = shell.run(&format!("rm {list}"));
            shell
                .run(&format!("create {list} @/app:0 @/app:1"))
                .succeeds();
            shell.run(&annotate).succeeds().prints("");
            shell
                .run(&format!(
                    "create {list} --amend @/other:2 --amend @/other:3"
                ))
                .succeeds();
            let shown = shell.run(&format!("inspect {list}"));
            let pushed = shell.run(&format!("push --purge {list}"));
            pushed.succeeds().is_quiet();
            let published = registry.bytes("app", &format!("job-{number}"));
            assert_eq!(
                pushed.stdout.lines().last(),
                Some(&*sha256(&published)),
                "{pushed}"
            );
            assert_eq!(shown.stdout.trim_end().as_bytes(), published);
            let published: Value = serde_json::from_slice(&published).unwrap();
            let children = published["manifests"].as_array().unwrap();
            let variants: Vec<&str> = children
                .iter()
                .filter_map(|child| child["platform"]["variant"].as_str())
                .collect();
            assert_eq!(
                (children.len(), variants),
                (4, vec![&*format!("v{number}")])
            );
        };
        std::thread::scope(|scope| {
            for number in 0..JOBS {
                let job = &job;
                scope.spawn(move || job(number));
            }
        });
        assert_eq!(shell.drafts(), [].into());
        let tags: Vec<String> = (0..JOBS).map(|number| format!("job-{number}")).collect();
        assert!(tags.iter().all(|tag| registry.tags("app").contains(tag)));
    }
}

/// A command to kill, with its preparation.
struct Victim {
    /// The commands before it.
    before: &'static [&'static str],
    /// The command to kill.
    line: &'static str,
    /// The command that completes it afterwards.
    again: &'static str,
}

const VICTIMS: &[Victim] = &[
    Victim {
        before: &[],
        line: "create @/app:list @/app:0 @/app:1 @/other:2 @/other:3",
        again: "create --amend @/app:list @/app:0 @/app:1 @/other:2 @/other:3",
    },
    Victim {
        before: &["create @/app:list @/app:0 @/app:1"],
        line: "create --amend @/app:list @/app:1 @/other:2 @/other:3",
        again: "create --amend @/app:list @/app:1 @/other:2 @/other:3",
    },
    Victim {
        before: &["create @/app:list @/app:0 @/app:1 @/other:2"],
        line: "annotate @/app:list @/other:2 --variant v9 --os-features a,b",
        again: "annotate @/app:list @/other:2 --variant v9 --os-features a,b",
    },
    Victim {
        before: &["create @/app:list @/app:0 @/app:1 @/other:2 @/other:3"],
        line: "push --purge @/app:list",
        again: "push --purge @/app:list",
    },
];

/// The observable state after a kill: drafts as Docker reads them, the output of `inspect`, and the tag.
#[derive(Clone, Debug, PartialEq, Eq)]
struct State {
    files: Vec<DraftFile>,
    shown: String,
    tag: Vec<u8>,
}

impl State {
    fn of(shell: &Shell<'_>) -> Self {
        // The folder first: `inspect` must not have repaired it.
        let files = shell.home.drafts();
        for DraftFile { file, bytes, .. } in &files {
            let decoded = entry_json::decode(bytes);
            assert!(decoded.is_ok(), "{file}: {decoded:?}");
        }
        let shown = shell.run("inspect @/app:list");
        shown.succeeds().is_quiet();
        Self {
            files,
            shown: shown.stdout,
            tag: shell.registry.bytes("app", "list"),
        }
    }
}

/// Copies a folder with its content.
fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for item in fs::read_dir(from).into_iter().flatten() {
        let path = item.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy(&path, &target);
        } else {
            fs::copy(path, target).unwrap();
        }
    }
}

fn start(shell: &Shell<'_>, line: &str) -> Child {
    shell
        .command(line)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

fn seed() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let fresh = u64::from(now.subsec_nanos());
    docker::setting("RACES_SEED")
        .map_or(fresh, |text| text.parse().expect("RACES_SEED is a number"))
}

/// Checks that a killed command left the state before it or the state after it, and tells whether it is the latter.
#[track_caller]
fn check_killed(
    state: &State,
    state_before: &State,
    state_after: &State,
    is_push: bool,
    context: &str,
) -> bool {
    let known = [&state_before.files, &state_after.files];
    assert!(
        known.contains(&&state.files),
        "{context}: {:#?}",
        state.files
    );
    assert!(
        [&state_before.tag, &state_after.tag].contains(&&state.tag),
        "{context}"
    );
    let is_after = state.files == state_after.files;
    if is_push {
        // The draft is removed after the tag is written, not before.
        assert!(!is_after || state.tag == state_after.tag, "{context}");
    } else {
        assert_eq!(state.tag, state_before.tag, "{context}");
    }
    let whole = if is_after { state_after } else { state_before };
    assert_eq!(state.shown, whole.shown, "{context}");
    is_after
}

#[test]
fn a_kill_leaves_the_state_before_or_after() {
    let seed = seed();
    let mut random = fastrand::Rng::with_seed(seed);
    let mut ends = BTreeMap::<bool, u32>::new();
    for kind in suite::kinds() {
        let registry = registry(kind, 4);
        // The tag exists already, and points to another list.
        let old = Image::docker().platform("linux/s390x").build();
        let old = Index::docker().image(&old).build();
        for Victim {
            before,
            line,
            again,
        } in VICTIMS
        {
            registry.push("app", "list", &old);
            let template = Shell::new(&registry);
            for line in *before {
                template.run(line).succeeds();
            }
            let state_before = State::of(&template);
            let open = || {
                let shell = Shell::new(&registry);
                copy(&template.home.config_folder(), &shell.home.config_folder());
                shell
            };
            let whole = open();
            let begun = Instant::now();
            assert!(start(&whole, line).wait().unwrap().success());
            let duration = begun.elapsed();
            let state_after = State::of(&whole);
            let is_push = line.starts_with("push");
            for kill in 0..KILLS {
                let context = format!("RACES_SEED={seed}, {kind:?}, kill {kill} of {line}");
                if is_push {
                    registry.push("app", "list", &old);
                }
                let shell = open();
                let mut child = start(&shell, line);
                // The moment is random, up to a little more than the whole duration. Files are changed near the end, so every
                // other kill comes late.
                let latest = u64::try_from(duration.as_micros()).unwrap() * 6 / 5;
                let earliest = if kill % 2 == 0 { 0 } else { latest / 2 };
                std::thread::sleep(Duration::from_micros(random.u64(earliest..latest)));
                child.kill().unwrap();
                child.wait().unwrap();

                let state = State::of(&shell);
                let is_after = check_killed(&state, &state_before, &state_after, is_push, &context);
                *ends.entry(is_after).or_default() += 1;

                // A killed command can simply be repeated.
                let done = shell.run(again);
                if is_push && is_after {
                    done.fails(1).says("No such manifest: REGISTRY/app:list\n");
                } else {
                    done.succeeds().is_quiet();
                }
                assert_eq!(State::of(&shell), state_after, "{context}");
                let staging = shell.home.manifests().join(".docker-manifest/staging");
                assert!(
                    fs::read_dir(&staging).map_or(0, Iterator::count) == 0,
                    "{context}"
                );
            }
        }
    }
    // If all kills came too early or too late, the test would show nothing.
    assert_eq!(ends.len(), 2, "RACES_SEED={seed}: {ends:?}");
}
