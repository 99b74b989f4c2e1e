//! The report, its schema, the table, and the progress.

use std::fs;
use std::time::Duration;

use manifest_testkit::EmbeddedRegistry;
use manifest_testkit::fault::{Fault, Response};
use serde_json::Value;

use super::{by_tag, image, report, seed, write};
use crate::commands::{Shell, Watched};
use crate::harness::home::OURS;

/// Checks a report against its schema.
#[track_caller]
pub(super) fn check_schema(report: &Value) {
    let path = crate::folder().join("../../docs/schemas/apply-report.schema.json");
    let schema: Value = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let errors: Vec<String> = validator
        .iter_errors(report)
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect();
    assert!(errors.is_empty(), "{errors:#?}\n{report:#}");
}

#[test]
fn reports_follow_their_schema() {
    let registry = Watched::embedded(EmbeddedRegistry::start());
    seed(&registry, 3);
    let shell = Shell::new(&registry);
    let text = by_tag(3).replace("image: @/app:2", "image: @/app");
    let text = text.replacen("manifests:", "tags: [stable]\nmanifests:", 1);
    write(
        &shell,
        "lists.yaml",
        &text.replace("src:1-arm64", "src:none"),
    );
    let old = image(9, "amd64");
    registry.push("app", "stable", &old);
    let flags = [
        "--check",
        "--dry-run",
        "",
        "--ignore-missing --fail-fast",
        "",
    ];
    let mut states: Vec<Vec<String>> = Vec::new();
    for flags in flags {
        let ran = shell.run(&format!(
            "apply {flags} --format json --report report.json lists.yaml"
        ));
        let report = report(&shell);
        check_schema(&report);
        let printed: Value = serde_json::from_str(&ran.stdout).unwrap();
        assert_eq!(printed["run"], report["run"]);
        let lists = report["lists"].as_array().unwrap().iter();
        states.push(
            lists
                .map(|list| list["state"].as_str().unwrap().to_owned())
                .collect(),
        );
        if flags.is_empty() && states.len() == 3 {
            let targets = &report["lists"][0]["targets"];
            let host = registry.host();
            assert_eq!(targets[1]["reference"], format!("{host}/app:stable"));
            assert_eq!(targets[1]["before"], old.digest);
            assert!(targets[0].get("before").is_none(), "{targets:#}");
            // The last list has no tag.
            let by_digest = report["lists"][2].clone();
            assert_eq!(by_digest["list"], format!("{host}/app"));
            let reference = by_digest["targets"][0]["reference"].as_str().unwrap();
            let digest = by_digest["digest"].as_str().unwrap();
            assert_eq!(reference, format!("{host}/app@{digest}"));
        }
    }
    assert_eq!(
        states,
        [
            ["checked", "failed", "checked"],
            ["wouldWrite", "failed", "wouldWrite"],
            ["written", "failed", "written"],
            ["unchanged", "written", "unchanged"],
            ["unchanged", "failed", "unchanged"],
        ]
    );
    // No tag `latest` was written for the list without a tag.
    assert_eq!(registry.tags("app"), ["0", "1", "stable"]);
}

#[test]
fn a_report_that_cannot_be_written_fails_before_anything_is_written() {
    let registry = Watched::embedded(EmbeddedRegistry::start());
    seed(&registry, 1);
    let shell = Shell::new(&registry);
    write(&shell, "lists.yaml", &by_tag(1));
    let ran = shell.run("apply --report none/report.json lists.yaml");
    ran.fails(1).says("cannot write none/report.json");
    assert!(registry.log().lines().is_empty());
}

#[test]
fn quiet_runs_print_digests_only() {
    let registry = Watched::embedded(EmbeddedRegistry::start());
    seed(&registry, 2);
    let shell = Shell::new(&registry);
    write(
        &shell,
        "lists.yaml",
        &by_tag(2).replace("src:1-amd64", "src:none"),
    );
    let ran = shell.run("apply -q lists.yaml");
    ran.fails(1).does_not_say("wrote");
    let lines: Vec<&str> = ran.stdout.lines().collect();
    assert_eq!(lines.len(), 1, "{ran}");
    assert!(lines[0].starts_with("REGISTRY/app:0@sha256:"), "{ran}");
}

#[test]
fn long_runs_show_their_progress() {
    let registry = Watched::embedded(EmbeddedRegistry::start());
    seed(&registry, 4);
    let shell = Shell::new(&registry);
    write(&shell, "lists.yaml", &by_tag(4));
    // The last list waits until a line of progress is due.
    let delay = Response::Delay(Duration::from_millis(2500));
    registry.fault(
        Fault::on("HEAD", "/src/manifests/3-amd64")
            .times(1)
            .respond(delay.clone()),
    );
    registry.fault(
        Fault::on("HEAD", "/src/manifests/2-amd64")
            .times(1)
            .respond(Response::Delay(Duration::from_millis(2200))),
    );
    let ran = shell.run("apply lists.yaml");
    ran.succeeds()
        .says("3 of 4 lists, about")
        .says("4 lists: 4 written");
    let ran = shell.run("apply -q lists.yaml");
    ran.succeeds().does_not_say("lists");
}

#[test]
fn a_terminal_shows_one_line_for_all_lists() {
    let registry = Watched::embedded(EmbeddedRegistry::start());
    seed(&registry, 4);
    let shell = Shell::new(&registry);
    write(&shell, "lists.yaml", &by_tag(4));
    for (number, milliseconds) in [(2, 900), (3, 1500)] {
        let path = format!("/src/manifests/{number}-amd64");
        let delay = Response::Delay(Duration::from_millis(milliseconds));
        registry.fault(Fault::on("HEAD", &path).times(1).respond(delay));
    }
    // `script` gives the program a terminal, and relays its output.
    let mut command = shell.home.command("script");
    let inner = format!("{OURS} manifest apply lists.yaml");
    command
        .args(["-qec", &inner, "/dev/null"])
        .env("TERM", "xterm");
    let ran = shell.home.run(&mut command);
    ran.succeeds();
    assert!(ran.stdout.contains("] 3 of 4 lists"), "{ran}");
    // The line is erased before others are written.
    assert!(ran.stdout.contains("\r\u{1b}[2Kwrote "), "{ran}");
}
