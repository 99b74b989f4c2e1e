//! The journal of written tags, and the way back.
//!
//! | module | holds |
//! | --- | --- |
//! | [`journal`] | the records of each command, and machines without a journal |
//! | [`history`] | `history`: its forms, its filters, its schema |
//! | [`tags`] | `rollback` of single tags |
//! | [`runs`] | `rollback --run` |
//! | [`of_apply`] | an `apply` that is undone as a whole |
//! | [`from_reports`] | `rollback --from` |
//! | [`requests`] | the requests of a rollback |

mod from_reports;
mod history;
mod journal;
mod of_apply;
mod requests;
mod runs;
mod tags;

use serde_json::Value;

use crate::commands::{Shell, Watched};
use crate::harness::Ran;

/// Returns the records that `history` prints, the newest first.
#[track_caller]
fn records(shell: &Shell<'_>, arguments: &str) -> Vec<Value> {
    let shown = shell.run(&format!("history --format json {arguments}"));
    shown.succeeds();
    let shown: Value = serde_json::from_str(&shown.stdout).unwrap();
    shown["records"].as_array().unwrap().clone()
}

/// Returns the run of the newest record.
#[track_caller]
fn last_run(shell: &Shell<'_>) -> String {
    let shown = shell.run("history -q --limit 1");
    shown.succeeds();
    shown.stdout.trim().to_owned()
}

/// Returns the digest of a tag. Empty if there is none.
fn digest(registry: &Watched<'_>, repository: &str, tag: &str) -> String {
    let found = registry.manifest(repository, tag);
    found
        .map(|(_, bytes)| manifest_testkit::sha256(&bytes))
        .unwrap_or_default()
}

/// Publishes a list of one image under `app:1`, and more with these arguments.
#[track_caller]
fn publish(shell: &Shell<'_>, arguments: &str) -> String {
    let pushed = shell.run(&format!("create --push -q {arguments}"));
    pushed.succeeds();
    pushed.stdout.trim().to_owned()
}

/// Runs a command that publishes `app:1` and a tag for each of its images.
fn publish_with_child_tags(shell: &Shell<'_>, line: &str) -> Ran {
    let mut command = shell.command(line);
    shell.run_command(command.args(["--child-tags", "{tag}-x{arch}"]))
}
