//! `kill -9` at random moments: every draft is in the state before the change or after it.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use crate::model::*;
use crate::support::*;

const KILLS: u32 = 500;

/// The longest time that a worker has before it is killed: some dozen changes.
const LIFE: Duration = Duration::from_millis(20);

#[test]
fn worker() {
    if let Some(words) = words() {
        run(&words, u64::MAX, Duration::ZERO);
    }
}

/// Returns the time since 1970 as the seed. Every failure prints it.
fn seed() -> u64 {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    u64::try_from(now.unwrap().as_nanos() & u128::from(u32::MAX)).unwrap()
}

/// Starts a worker at `step`, kills it, and returns the last step that it reported.
fn run_and_kill(root: &Path, way: &str, step: u64, random: &mut fastrand::Rng) -> Option<u64> {
    let words = [root.to_str().unwrap(), way, &step.to_string()];
    let mut child = worker_command(&words)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap())
        .lines()
        .map(Result::unwrap);
    assert!(
        lines.by_ref().any(|line| line == "ready"),
        "the worker starts"
    );
    std::thread::sleep(Duration::from_micros(random.u64(..LIFE.as_micros() as u64)));
    child.kill().unwrap();
    let status = child.wait().unwrap();
    assert!(
        status.code().is_none(),
        "the worker failed by itself: {status}"
    );
    lines
        .filter_map(|line| line.strip_prefix("done ")?.parse().ok())
        .last()
}

fn worker_command(words: &[&str]) -> std::process::Command {
    crate::support::worker("kill::worker", words)
}

fn kill_many(way: &str) {
    let home = Home::in_memory();
    let seed = seed();
    let mut random = fastrand::Rng::with_seed(seed);
    let (mut step, mut interrupted, mut torn) = (0, 0, 0);
    for kill in 0..KILLS {
        let done = run_and_kill(home.store.root(), way, step, &mut random);
        let next = done.map_or(step, |done| done + 1);
        let before = next.checked_sub(1).and_then(view_after);
        let after = view_after(next);
        let context = format!("{way}, seed {seed}, kill {kill}, step {next}");

        let raw = dockers_view_of(&home.store);
        let is_left = fs::read_dir(home.path(".docker-manifest/staging"))
            .is_ok_and(|mut items| items.next().is_some());
        interrupted += u32::from(is_left);
        let found = view_of(&home.store);
        assert!(
            found == before || found == after,
            "{context}: {found:#?}\nis neither {before:#?}\nnor {after:#?}"
        );
        if raw != without_times(&found) {
            // Only a replacement in two steps has a moment without a folder.
            assert!(
                way != "exchange" && raw.is_none(),
                "{context}: Docker saw {raw:#?}"
            );
            torn += 1;
        }
        assert_eq!(
            dockers_view_of(&home.store),
            without_times(&found),
            "{context}"
        );
        if fs::exists(home.path(".docker-manifest/lock")).unwrap() {
            assert!(
                names(&home.path(".docker-manifest/staging")).is_empty(),
                "{context}"
            );
        }
        step = if found == after { next + 1 } else { next };
    }
    assert!(
        step > u64::from(KILLS),
        "seed {seed}: only {step} changes were made"
    );
    assert!(
        interrupted > KILLS / 20,
        "seed {seed}: only {interrupted} changes were interrupted"
    );
    if std::env::args().any(|argument| argument == "--nocapture") {
        say(&format!(
            "{way}, seed {seed}: {step} changes, {interrupted} interrupted, {torn} torn"
        ));
    }
}

#[test]
fn five_hundred_kills() {
    kill_many("exchange");
}

#[test]
fn five_hundred_kills_on_a_poorer_file_system() {
    kill_many("fallback");
}
