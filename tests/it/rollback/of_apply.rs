//! An `apply` that is undone as a whole, by its ID and by its report.

use std::fs;
use std::process::Stdio;
use std::time::Duration;

use manifest_testkit::suite::Kind;
use serde_json::Value;

use super::{digest, last_run, records};
use crate::commands::{Shell, Watched, watched};
use crate::harness::world;

const LISTS: usize = 5;

const KILLS: u32 = 25;

/// Writes a spec file with lists of one image each, each under two tags.
fn write_spec(shell: &Shell<'_>, image: &str) {
    let host = shell.registry.host();
    let list = |number: usize| {
        format!(
            "---\nimage: {host}/lists/{number}:1\ntags: [latest]\nmanifests:\n  - image: {host}/app:{image}\n"
        )
    };
    let lists: String = (0..LISTS).map(list).collect();
    fs::write(shell.home.path().join("lists.yaml"), lists).unwrap();
}

/// Applies the lists with one image, then with another one. Returns their digests.
fn apply_twice(shell: &Shell<'_>) -> [String; 2] {
    ["amd64", "arm64"].map(|image| {
        write_spec(shell, image);
        shell
            .run("apply -f lists.yaml --report report.json")
            .succeeds();
        digest(shell.registry, "lists/0", "1")
    })
}

#[track_caller]
fn all_are_at(registry: &Watched<'_>, expected: &str) {
    for number in 0..LISTS {
        for tag in ["1", "latest"] {
            let found = digest(registry, &format!("lists/{number}"), tag);
            assert_eq!(found, expected, "{number}:{tag}");
        }
    }
}

#[test]
fn by_its_id() {
    for registry in watched::each() {
        let shell = Shell::new(&registry);
        let [first, second] = apply_twice(&shell);
        all_are_at(&registry, &second);
        let run = last_run(&shell);
        let report = fs::read(shell.home.path().join("report.json")).unwrap();
        let report: Value = serde_json::from_slice(&report).unwrap();
        assert_eq!(report["run"], run);
        let found = records(&shell, &format!("--run {run}"));
        assert_eq!(found.len(), 2 * LISTS);
        assert!(found.iter().all(|record| record["command"] == "apply"));
        shell.run(&format!("rollback --run {run}")).succeeds();
        all_are_at(&registry, &first);
        // A run without changes notes nothing.
        write_spec(&shell, "amd64");
        shell.run("apply -f lists.yaml").succeeds();
        assert_ne!(last_run(&shell), run);
        assert_eq!(records(&shell, "--limit 1")[0]["command"], "rollback");
    }
}

#[test]
fn by_its_report_on_another_machine() {
    for registry in watched::each() {
        let shell = Shell::new(&registry);
        let [first, second] = apply_twice(&shell);
        let other = Shell::new(&registry);
        let file = |shell: &Shell<'_>| shell.home.path().join("report.json");
        fs::copy(file(&shell), file(&other)).unwrap();
        let name = "@/lists/2:latest";
        other
            .run(&format!("rollback --from report.json {name}"))
            .succeeds();
        assert_eq!(digest(&registry, "lists/2", "latest"), first);
        assert_eq!(digest(&registry, "lists/2", "1"), second);
        other.run("rollback --from report.json").succeeds();
        all_are_at(&registry, &first);
        // A plan is no report of writes.
        shell
            .run("apply -f lists.yaml --dry-run --report report.json")
            .succeeds();
        shell
            .run("rollback --from report.json")
            .fails(1)
            .says("it is that of a dry run");
    }
}

/// Kills an `apply` at a random moment, and undoes it: all tags are where they were before.
#[test]
fn after_a_kill() {
    let seed = fastrand::u64(..);
    let mut random = fastrand::Rng::with_seed(seed);
    let registry = Watched::empty(Kind::Embedded);
    for image in ["amd64", "arm64"] {
        registry.push("app", image, world::image(&format!("app:{image}")));
    }
    let shell = Shell::new(&registry);
    let [first, second] = apply_twice(&shell);
    let mut changed = 0;
    for kill in 0..KILLS {
        // Back to the first lists.
        write_spec(&shell, "amd64");
        let mut child = shell.command("apply -f lists.yaml");
        let child = child.stdout(Stdio::null()).stderr(Stdio::null());
        let before = last_run(&shell);
        let mut child = child.spawn().unwrap();
        // The moment of the kill is random, not awaited.
        std::thread::sleep(Duration::from_millis(random.u64(10..200)));
        child.kill().unwrap();
        child.wait().unwrap();
        let run = last_run(&shell);
        let context = format!("seed {seed}, kill {kill}");
        let is_changed =
            |number: usize| digest(&registry, &format!("lists/{number}"), "1") == first;
        if (0..LISTS).any(is_changed) {
            changed += 1;
            assert_ne!(run, before, "{context}: a tag has moved without a record");
        }
        if run != before {
            shell.run(&format!("rollback --run {run}")).succeeds();
        }
        all_are_at(&registry, &second);
    }
    assert!(changed > 0, "seed {seed}: no run wrote anything");
}

#[test]
fn a_journal_that_cannot_be_written_is_reported_once() {
    for registry in watched::each() {
        let shell = Shell::new(&registry);
        let own = shell.home.manifests().join(".docker-manifest");
        fs::create_dir_all(own.join("journal")).unwrap();
        write_spec(&shell, "amd64");
        let applied = shell.run("apply -f lists.yaml");
        applied.succeeds();
        let warnings = applied.stderr.matches("not noted in the journal").count();
        assert_eq!(warnings, 1, "{applied}");
    }
}
