//! `history`: its forms and filters.

use std::fs;
use std::path::Path;

use serde_json::Value;

use super::{last_run, publish, records};
use crate::commands::{Shell, watched};

/// Checks JSON against a schema in `docs/schemas`.
#[track_caller]
fn check_schema(name: &str, json: &Value) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/schemas");
    let schema = fs::read_to_string(folder.join(name)).unwrap();
    let schema: Value = serde_json::from_str(&schema).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let errors = validator.iter_errors(json).map(|error| error.to_string());
    let errors: Vec<String> = errors.collect();
    assert!(errors.is_empty(), "{errors:#?}\n{json:#}");
}

#[test]
fn the_newest_records_come_first() {
    for registry in watched::each() {
        let shell = Shell::new(&registry);
        let empty = shell.run("history");
        empty
            .succeeds()
            .prints("TAG  BEFORE        AFTER         STATE  COMMAND  AGE  RUN\n")
            .says("there are no records in HOME/.docker/manifests/.docker-manifest/journal");
        let first = publish(&shell, "@/app:1 @/app:amd64");
        let first_run = last_run(&shell);
        let second = publish(&shell, "@/app:1 @/app:arm64 -t @/app:latest");
        let run = last_run(&shell);
        let shown = shell.run("history");
        shown.succeeds().is_quiet();
        let short = |digest: &str| digest["sha256:".len()..][..12].to_owned();
        let rows: Vec<Vec<&str>> = shown
            .stdout
            .lines()
            .skip(1)
            .map(|line| line.split_whitespace().collect())
            .collect();
        let row = |tag: &str, before: &str, after: &str| {
            [tag, before, &short(after), "written", "create"].map(str::to_owned)
        };
        let expected = [
            row("REGISTRY/app:latest", "none", &second),
            row("REGISTRY/app:1", &short(&first), &second),
            row("REGISTRY/app:1", "none", &first),
        ];
        let found: Vec<&[&str]> = rows.iter().map(|row| &row[..5]).collect();
        assert_eq!(found, expected, "{shown}");
        let runs: Vec<&str> = rows.iter().map(|row| row[row.len() - 1]).collect();
        assert_eq!(runs, [&*run, &*run, &*first_run]);
        let other = shell.run("history @/app:other");
        other.succeeds().says("there are no such records in");
        // By tag, by pattern, by run, and a few.
        let count = |arguments: &str| records(&shell, arguments).len();
        assert_eq!(count("@/app:1"), 2);
        assert_eq!(count("@/app"), 1);
        assert_eq!(count("'@/app:l*'"), 1);
        assert_eq!(count("'@/app:*'"), 3);
        assert_eq!(count("'@/other:*'"), 0);
        assert_eq!(count(&format!("--run {}", &run[..6])), 2);
        assert_eq!(count(&format!("--run {run} @/app:1")), 1);
        assert_eq!(count("--limit 1"), 1);
        assert_eq!(count("--limit 0"), 3);
        shell
            .run("history -q")
            .succeeds()
            .prints(&format!("{run}\n{first_run}\n"));
    }
}

#[test]
fn the_output_follows_its_schema() {
    for registry in watched::each() {
        let shell = Shell::new(&registry);
        publish(&shell, "@/app:1 @/app:amd64");
        publish(&shell, "@/app:1 @/app:arm64 -t @/app:latest");
        for line in ["history --format json", "history --format json --limit 1"] {
            let shown: Value = serde_json::from_str(&shell.run(line).stdout).unwrap();
            assert_eq!(shown["matching"], 3);
            check_schema("history.schema.json", &shown);
        }
        for flags in ["--dry-run", ""] {
            let line = format!("rollback --format json {flags} @/app:1");
            let shown: Value = serde_json::from_str(&shell.run(&line).stdout).unwrap();
            check_schema("rollback.schema.json", &shown);
        }
        let time = &records(&shell, "")[0]["time"];
        let time = time.as_str().unwrap();
        assert!(time.starts_with("20") && time.ends_with('Z'), "{time}");
    }
}

#[test]
fn narrow_terminals_keep_digests_whole() {
    for registry in watched::each() {
        let shell = Shell::new(&registry);
        let digest = publish(&shell, "@/app:1 @/app:amd64");
        let shown = shell.run("COLUMNS=60 history");
        let short = &digest["sha256:".len()..][..12];
        assert!(shown.succeeds().stdout.contains(short), "{shown}");
    }
}
