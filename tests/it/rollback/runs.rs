//! `rollback --run`: all tags of a run, or none.

use std::collections::BTreeSet;
use std::fs;
use std::process::Stdio;
use std::time::Duration;

use manifest_testkit::fault::{Fault, Response};
use manifest_testkit::log::Request;

use super::{digest, last_run, publish, records};
use crate::commands::{Shell, Watched, watched};
use crate::harness::world;

/// The time limit of an expected request.
const LIMIT: Duration = Duration::from_secs(30);

/// Three tags in two repositories, which were written twice.
struct Release<'a> {
    shell: Shell<'a>,
    /// The digests of the first release and of the second.
    digests: [String; 2],
    /// The run of the second.
    run: String,
}

const TAGS: [(&str, &str); 3] = [("app", "1"), ("app", "latest"), ("mirror/app", "1")];

fn release<'a>(registry: &'a Watched<'_>) -> Release<'a> {
    let shell = Shell::new(registry);
    let tags = "-t @/app:latest -t @/mirror/app:1";
    let digests =
        ["amd64", "arm64"].map(|image| publish(&shell, &format!("@/app:1 @/app:{image} {tags}")));
    let run = last_run(&shell);
    Release {
        shell,
        digests,
        run,
    }
}

#[track_caller]
fn all_are_at(registry: &Watched<'_>, expected: &str) {
    for (repository, tag) in TAGS {
        assert_eq!(
            digest(registry, repository, tag),
            expected,
            "{repository}:{tag}"
        );
    }
}

#[test]
fn all_tags_of_a_run_go_back() {
    for registry in watched::each() {
        let Release {
            shell,
            digests: [first, second],
            run,
        } = release(&registry);
        let dry = shell.run(&format!("rollback --dry-run --run {run}"));
        dry.succeeds();
        all_are_at(&registry, &second);
        registry.lines();
        // The start of the identifier is enough.
        let back = shell.run(&format!("rollback --run {}", &run[..8]));
        back.succeeds()
            .prints(&dry.stdout)
            .says("REGISTRY/app:1         written\nREGISTRY/app:latest    written\nREGISTRY/mirror/app:1  written\n");
        assert_eq!(
            back.stdout,
            TAGS.map(|(repository, tag)| format!("REGISTRY/{repository}:{tag}@{first}\n"))
                .concat()
        );
        all_are_at(&registry, &first);
        // Only the tags were written, after each check.
        let lines = registry.lines();
        let put = |line: &String| line.starts_with("PUT ");
        let first_put = lines.iter().position(put).unwrap();
        let writes: Vec<&String> = lines.iter().filter(|line| put(line)).collect();
        assert_eq!(writes.len(), 3, "{lines:#?}");
        assert!(
            lines[..first_put]
                .iter()
                .filter(|line| line.starts_with("HEAD ") && !line.contains("sha256:"))
                .count()
                >= 3,
            "{lines:#?}"
        );
        // The same command again finds its work done.
        shell
            .run(&format!("rollback --run {run}"))
            .succeeds()
            .says("REGISTRY/app:latest    there already");
        assert!(
            registry
                .writes()
                .iter()
                .all(|line| !line.starts_with("PUT "))
        );
        // The rollback is a run as well.
        let back = last_run(&shell);
        assert_eq!(records(&shell, &format!("--run {back}")).len(), 3);
        shell.run(&format!("rollback --run {back}")).succeeds();
        all_are_at(&registry, &second);
    }
}

#[test]
fn one_moved_tag_keeps_all_from_going_back() {
    for registry in watched::each() {
        let Release {
            shell,
            digests: [_, second],
            run,
        } = release(&registry);
        let moved = registry.push("app", "latest", world::image("app:amd64"));
        registry.lines();
        let refused = shell.run(&format!("rollback --run {run}"));
        refused
            .fails(7)
            .prints("")
            .says(&format!("REGISTRY/app:latest has moved since it was written: it was {second}, it is now {moved}"))
            .says("REGISTRY/mirror/app:1  not written");
        assert!(registry.writes().is_empty());
        assert_eq!(digest(&registry, "app", "1"), second);
        // The others can be named.
        shell
            .run(&format!("rollback --run {run} @/app:1 @/mirror/app:1"))
            .succeeds();
        assert_eq!(digest(&registry, "app", "latest"), moved);
        shell
            .run(&format!("rollback --run {run} @/app:other"))
            .fails(1)
            .says(&format!("run {run} did not write REGISTRY/app:other"));
    }
}

#[test]
fn a_later_run_is_undone_first() {
    for registry in watched::each() {
        let Release {
            shell,
            digests: [first, second],
            run,
        } = release(&registry);
        publish(&shell, "@/app:1 @/app:armv7");
        let later = last_run(&shell);
        shell.run(&format!("rollback --run {run}")).fails(7);
        shell.run(&format!("rollback --run {later}")).succeeds();
        all_are_at(&registry, &second);
        shell.run(&format!("rollback --run {run}")).succeeds();
        all_are_at(&registry, &first);
    }
}

#[test]
fn new_tags_are_refused_or_left_alone() {
    for registry in watched::each() {
        let shell = Shell::new(&registry);
        let first = publish(&shell, "@/app:1 @/app:amd64 -t @/app:latest");
        let created = last_run(&shell);
        publish(&shell, "@/app:2 @/app:arm64 -t @/app:latest -t @/app:3");
        let run = last_run(&shell);
        registry.lines();
        shell
            .run(&format!("rollback --run {run}"))
            .fails(1)
            .says("REGISTRY/app:2 did not exist before")
            .says("REGISTRY/app:3 did not exist before")
            .says("`--skip-new` leaves them alone");
        assert!(registry.lines().is_empty());
        let back = shell.run(&format!("rollback --skip-new --run {run}"));
        back.succeeds()
            .prints(&format!("REGISTRY/app:latest@{first}\n"));
        assert_eq!(digest(&registry, "app", "latest"), first);
        assert_ne!(digest(&registry, "app", "2"), "");
        shell
            .run(&format!("rollback --skip-new --run {created}"))
            .succeeds()
            .prints("")
            .says("all these tags are new, so they stay: nothing was written");
    }
}

#[test]
fn a_partly_failed_rollback_says_which_tags_are_back() {
    for registry in watched::each() {
        let Release {
            shell,
            digests: [first, second],
            run,
        } = release(&registry);
        registry.fault(Fault::on("PUT", "/v2/app/manifests/latest").respond(Response::status(403)));
        let failed = shell.run(&format!("rollback --run {run}"));
        failed
            .fails(4)
            .says("REGISTRY/app:latest    failed")
            .says("live: REGISTRY/app:1, REGISTRY/mirror/app:1");
        assert_eq!(digest(&registry, "app", "latest"), second);
        registry.clear_faults();
        assert_eq!(
            records(&shell, &format!("--run {}", last_run(&shell))).len(),
            2
        );
        // The same command again does the rest.
        shell.run(&format!("rollback --run {run}")).succeeds();
        all_are_at(&registry, &first);
    }
}

#[test]
fn a_killed_run_is_undone() {
    for registry in watched::each() {
        let Release {
            shell,
            digests: [first, second],
            run,
        } = release(&registry);
        // The process ended before it noted that it had written the tags.
        let journal = shell.home.manifests().join(".docker-manifest/journal");
        let text = fs::read_to_string(&journal).unwrap();
        let is_left = |line: &&str| !(line.contains(&run) && line.contains("\"written\""));
        let left: Vec<&str> = text.lines().filter(is_left).collect();
        fs::write(&journal, left.join("\n") + "\n").unwrap();
        let found = records(&shell, &format!("--run {run}"));
        assert!(
            found.iter().all(|record| record["state"] == "unconfirmed"),
            "{found:#?}"
        );
        assert_eq!(found.len(), 3);
        all_are_at(&registry, &second);
        shell.run(&format!("rollback --run {run}")).succeeds();
        all_are_at(&registry, &first);
    }
}

/// Kills a push when it has written a tag and reads it back, before it has noted that.
#[test]
fn a_push_that_was_killed_after_the_write_is_undone() {
    for registry in watched::each() {
        let shell = Shell::new(&registry);
        let first = publish(&shell, "@/app:1 @/app:amd64");
        registry.lines();
        let path = "/v2/app/manifests/1";
        registry.fault(Fault::on("HEAD", path).nth(2).respond(Response::Hang));
        let mut command = shell.command("create --push -q @/app:1 @/app:arm64");
        let mut child = command.stdout(Stdio::null()).spawn().unwrap();
        let mut looks = BTreeSet::new();
        let is_read_back = |request: &Request| {
            if request.is("HEAD", path) {
                looks.insert(request.seq);
            }
            looks.len() == 2
        };
        let seen = registry.log().wait_for(LIMIT, is_read_back);
        assert!(seen.is_some(), "{:#?}", registry.log().lines());
        child.kill().unwrap();
        child.wait().unwrap();
        registry.clear_faults();
        assert_ne!(digest(&registry, "app", "1"), first);
        let last = &records(&shell, "")[0];
        assert_eq!(last["state"], "unconfirmed");
        assert_eq!(last["before"], first);
        // The same command again finds its work done, and notes nothing.
        let again = shell.run("create --push @/app:1 @/app:arm64");
        again.succeeds().says("nothing was written");
        shell
            .run(&format!("rollback --run {}", last_run(&shell)))
            .succeeds();
        assert_eq!(digest(&registry, "app", "1"), first);
    }
}

#[test]
fn a_run_whose_records_were_dropped_is_refused() {
    for registry in watched::each() {
        let Release { shell, run, .. } = release(&registry);
        let journal = shell.home.manifests().join(".docker-manifest/journal");
        let text = fs::read_to_string(&journal).unwrap();
        let mark = format!("{{\"version\":1,\"incomplete\":\"{run}\"}}\n");
        fs::write(&journal, mark + &text).unwrap();
        shell
            .run(&format!("rollback --run {run}"))
            .fails(1)
            .says(&format!("the oldest records of run {run} were dropped"))
            .says(&format!("docker-manifest rollback --run {run} TAG..."));
        shell
            .run(&format!("rollback --run {run} @/app:1"))
            .succeeds();
    }
}
