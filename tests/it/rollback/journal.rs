//! The records that each command leaves, and machines without a journal.

use std::fs;

use manifest_testkit::fault::{Fault, Response};
use serde_json::Value;

use super::{last_run, publish, publish_with_child_tags, records};
use crate::commands::{Shell, watched};
use crate::harness::Ran;

/// Returns the fields of records that do not change from run to run.
fn summary(records: &[Value]) -> Vec<String> {
    let line = |record: &Value| {
        let text = |key: &str| record[key].as_str().unwrap_or("-").replace("REGISTRY", "@");
        let before = match record["existed"].as_bool() {
            Some(true) => text("before"),
            Some(false) => "none".to_owned(),
            None => "unknown".to_owned(),
        };
        let texts = [
            text("command"),
            text("source"),
            text("tag"),
            before,
            text("after"),
        ];
        format!("{} {}", texts.join(" "), text("state"))
    };
    records.iter().map(line).collect()
}

#[test]
fn each_command_notes_the_tags_that_it_wrote() {
    for registry in watched::each() {
        let shell = Shell::new(&registry);
        let first = publish(&shell, "@/app:1 @/app:amd64 -t @/app:latest");
        shell
            .run("create @/app:1 @/app:amd64 @/app:arm64")
            .succeeds();
        let second = shell.run("push -q @/app:1");
        let second = second.stdout.trim().to_owned();
        shell
            .run("tag @/app:1 @/app:latest @/other/app:new")
            .succeeds();
        shell.run("rollback @/app:latest").succeeds();
        let expected = [
            format!("rollback @/app@{first} @/app:latest {second} {first} written"),
            format!("tag @/app:1 @/other/app:new none {second} written"),
            format!("tag @/app:1 @/app:latest {first} {second} written"),
            format!("push @/app:1 @/app:1 {first} {second} written"),
            format!("create @/app:1 @/app:latest none {first} written"),
            format!("create @/app:1 @/app:1 none {first} written"),
        ];
        let found = records(&shell, "");
        assert_eq!(summary(&found), expected);
        // One identifier for each run.
        let runs: Vec<&str> = found
            .iter()
            .filter_map(|record| record["run"].as_str())
            .collect();
        assert_eq!(runs[1], runs[2]);
        assert!(runs[0] != runs[1] && runs[2] != runs[3] && runs[3] != runs[4]);
    }
}

#[test]
fn nothing_is_noted_of_what_was_not_written() {
    for registry in watched::each() {
        let shell = Shell::new(&registry);
        publish(&shell, "@/app:1 @/app:amd64");
        let before = records(&shell, "");
        assert_eq!(before.len(), 1);
        // There already, by digest, dry, refused before the tag, and to a layout.
        publish(&shell, "@/app:1 @/app:amd64");
        publish(&shell, "@/app:1 @/app:arm64 --by-digest");
        publish(&shell, "@/app:1 @/app:arm64 --dry-run");
        shell
            .run("create --push --if-not-exists @/app:1 @/app:arm64")
            .fails(7);
        shell
            .run("create --push @/app:1 @/app:arm64 --to oci-layout://out")
            .succeeds();
        registry.fault(Fault::on("PUT", "/v2/app/manifests/1").respond(Response::status(409)));
        shell.run("create --push @/app:1 @/app:arm64").fails(7);
        assert_eq!(records(&shell, ""), before);
        // The refused write was noted as begun, and then as not made.
        let journal = shell.home.manifests().join(".docker-manifest/journal");
        let text = fs::read_to_string(journal).unwrap();
        assert_eq!(text.matches("\"begun\"").count(), 2, "{text}");
        assert_eq!(text.matches("\"not-written\"").count(), 1, "{text}");
    }
}

#[test]
fn a_partly_failed_publication_notes_the_written_tags() {
    for registry in watched::each() {
        let shell = Shell::new(&registry);
        registry.fault(Fault::on("PUT", "/v2/app/manifests/held").respond(Response::status(409)));
        shell
            .run("create --push @/app:1 @/app:amd64 -t @/app:held -t @/app:latest")
            .says("failed");
        let tags = records(&shell, "");
        let tags: Vec<&str> = tags
            .iter()
            .filter_map(|record| record["tag"].as_str())
            .collect();
        assert_eq!(tags, ["REGISTRY/app:latest", "REGISTRY/app:1"]);
    }
}

#[test]
fn a_write_without_a_response_is_unconfirmed() {
    for registry in watched::each() {
        let shell = Shell::new(&registry);
        publish(&shell, "@/app:1 @/app:amd64");
        // The registry may have made the write.
        registry.fault(Fault::on("PUT", "/v2/app/manifests/1").respond(Response::status(502)));
        shell
            .run("create --push --retry 0 @/app:1 @/app:arm64")
            .fails(6);
        registry.clear_faults();
        let found = records(&shell, "");
        let states: Vec<&str> = found
            .iter()
            .filter_map(|record| record["state"].as_str())
            .collect();
        assert_eq!(states, ["unconfirmed", "written"]);
        // It was not made, so there is nothing to put back.
        shell
            .run("rollback @/app:1")
            .succeeds()
            .says("REGISTRY/app:1 and its images are there already: nothing was written");
    }
}

#[test]
fn tags_of_single_images_are_noted() {
    for registry in watched::each() {
        let shell = Shell::new(&registry);
        publish_with_child_tags(&shell, "create --push @/app:1 @/app:amd64 @/app:arm64").succeeds();
        let found = records(&shell, "'@/app:1-*'");
        assert_eq!(found.len(), 2);
        for record in &found {
            assert_eq!(record["existed"], false);
            assert_eq!(record["source"], "REGISTRY/app:1");
        }
        let image = crate::harness::world::digest("app:amd64");
        assert!(found.iter().any(|record| record["after"] == image));
        assert_eq!(records(&shell, "").len(), 3);
    }
}

#[test]
fn no_argument_is_noted() {
    for registry in watched::each() {
        let shell = Shell::new(&registry);
        publish(&shell, "@/app:1 @/app:amd64 --annotation index:key=hidden");
        let journal = shell.home.manifests().join(".docker-manifest/journal");
        let text = fs::read_to_string(journal).unwrap();
        assert!(!text.contains("hidden"), "{text}");
    }
}

/// Publishes in a home, and returns the result.
#[track_caller]
fn push_somewhere(shell: &Shell<'_>, variables: &str, tag: usize) -> Ran {
    let pushed = shell.run(&format!(
        "{variables} docker --debug manifest create --push @/app:{tag} @/app:amd64"
    ));
    pushed.succeeds();
    pushed
}

#[test]
fn a_machine_without_a_folder_keeps_no_journal() {
    for registry in watched::each() {
        let shell = Shell::new(&registry);
        let nowhere = shell.home.path().join("nowhere");
        let none = "there is no folder for a journal, so none is kept";
        let folders = [
            format!("DOCKER_CONFIG={}", nowhere.join(".docker").display()),
            "DOCKER_CONFIG=/dev/null".to_owned(),
            // File systems of the kernel: nobody can make a folder there.
            "DOCKER_CONFIG=/proc/docker".to_owned(),
        ];
        for (tag, variables) in folders.iter().enumerate() {
            push_somewhere(&shell, variables, tag)
                .says(none)
                .does_not_say("warning: the written");
        }
        assert!(!nowhere.exists());
        let shown = shell.run(&format!("DOCKER_CONFIG={} history", nowhere.display()));
        shown.succeeds().says("there are no records in");
        // Without --debug, nothing is said.
        let pushed = shell.run("DOCKER_CONFIG=/dev/null create --push -q @/app:8 @/app:amd64");
        pushed.succeeds().does_not_say("journal");
        // A home that exists gets a folder.
        push_somewhere(&shell, "", 7).does_not_say("journal");
        assert_eq!(last_run(&shell).len(), 12);
    }
}

#[test]
fn a_journal_that_cannot_be_written_is_a_warning() {
    for registry in watched::each() {
        let shell = Shell::new(&registry);
        let own = shell.home.manifests().join(".docker-manifest");
        // For every user, also for one who may write everywhere.
        fs::create_dir_all(own.join("journal")).unwrap();
        let pushed = shell.run("create --push @/app:1 @/app:amd64 -t @/app:2");
        pushed
            .succeeds()
            .says("warning: the written tags are not noted in the journal")
            .says(".docker-manifest/journal");
        assert_eq!(pushed.stderr.matches("warning: the written").count(), 1);
        shell
            .run("history")
            .fails(1)
            .says("cannot read the journal");
        shell
            .run("rollback @/app:1")
            .fails(1)
            .says("cannot read the journal");
    }
}

#[cfg(unix)]
#[test]
fn a_read_only_folder_is_a_warning() {
    use std::os::unix::fs::PermissionsExt as _;
    for registry in watched::each() {
        let shell = Shell::new(&registry);
        publish(&shell, "@/app:1 @/app:amd64");
        let own = shell.home.manifests().join(".docker-manifest");
        let set = |mode: u32| fs::set_permissions(&own, fs::Permissions::from_mode(mode)).unwrap();
        fs::remove_file(own.join("journal.lock")).unwrap();
        set(0o555);
        // A user who may write everywhere is not kept from it.
        let is_kept_out = fs::write(own.join("probe"), "").is_err();
        let pushed = shell.run("create --push @/app:1 @/app:arm64");
        pushed.succeeds();
        if is_kept_out {
            pushed
                .says("warning: the written tags are not noted in the journal")
                .says("open the lock");
        } else {
            pushed.does_not_say("warning: the written");
        }
        set(0o755);
        assert_eq!(records(&shell, "").len(), if is_kept_out { 1 } else { 2 });
    }
}

#[test]
fn lines_that_cannot_be_read_are_left_out() {
    for registry in watched::each() {
        let shell = Shell::new(&registry);
        publish(&shell, "@/app:1 @/app:amd64");
        let journal = shell.home.manifests().join(".docker-manifest/journal");
        let mut text = fs::read_to_string(&journal).unwrap();
        text.push_str("{\"version\":2,\"x\":[]}\nhuh\n{\"version\":1,\"ti");
        fs::write(&journal, text).unwrap();
        publish(&shell, "@/app:1 @/app:arm64");
        let shown = shell.run("history --limit 1");
        shown
            .succeeds()
            .says(
                "warning: HOME/.docker/manifests/.docker-manifest/journal: lines that cannot be read are left out: 2",
            )
            .says("lines that are of a newer version of this program are left out: 1")
            .says("the newest 1 of 2 records are shown; --limit 0 shows all");
        shell.run("rollback @/app:1").succeeds();
    }
}
