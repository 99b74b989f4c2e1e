//! `rollback --from`: the reports of other machines.

use std::fs;

use serde_json::{Value, json};

use super::{digest, publish, publish_with_child_tags};
use manifest_testkit::fault::{Fault, Response};

use crate::commands::{Shell, watched};
use crate::harness::{schema, world};

#[test]
fn a_metadata_file_and_a_report_tell_where_tags_pointed() {
    for registry in watched::each() {
        let ci = Shell::new(&registry);
        let first = publish(&ci, "@/app:1 @/app:amd64 -t @/app:latest");
        let metadata = ci.home.path().join("metadata.json");
        let line = format!(
            "@/app:1 @/app:arm64 -t @/app:latest -t @/app:new --metadata-file {}",
            metadata.display()
        );
        let second = publish(&ci, &line);
        let bytes = fs::read(&metadata).unwrap();
        let file: Value = serde_json::from_slice(&bytes).unwrap();
        let host = registry.host();
        let target = |tag: &str| json!({"reference": format!("{host}/app:{tag}"), "state": "written", "before": first});
        let new = json!({"reference": format!("{host}/app:new"), "state": "written"});
        assert_eq!(
            file["docker-manifest.targets"],
            json!([target("1"), target("latest"), new])
        );
        // Another machine has no journal.
        let other = Shell::new(&registry);
        fs::write(other.home.path().join("metadata.json"), bytes).unwrap();
        registry.lines();
        other
            .run("rollback --from metadata.json")
            .fails(1)
            .says("metadata.json does not say where REGISTRY/app:new pointed before")
            .says("`--skip-new` leaves alone");
        assert!(registry.lines().is_empty());
        other
            .run("rollback --skip-new --from metadata.json @/app:latest")
            .succeeds()
            .prints(&format!("REGISTRY/app:latest@{first}\n"));
        assert_eq!(digest(&registry, "app", "1"), second);
        let back = other.run("rollback --skip-new --from metadata.json --format json");
        back.succeeds();
        assert_eq!(digest(&registry, "app", "1"), first);
        assert_eq!(digest(&registry, "app", "new"), second);
        // The report of a rollback is one, too. One tag was there already.
        let report = back.stdout.replace("REGISTRY", &host);
        fs::write(other.home.path().join("report.json"), report).unwrap();
        other.run("rollback --from report.json").succeeds();
        assert_eq!(digest(&registry, "app", "1"), second);
        assert_eq!(digest(&registry, "app", "latest"), first);
    }
}

#[test]
fn a_push_in_json_and_tags_of_images() {
    for registry in watched::each() {
        let shell = Shell::new(&registry);
        // One of the tags exists.
        shell.run("tag @/app:arm64 @/app:1-xarm").succeeds();
        let old = publish(&shell, "@/app:1 @/app:amd64");
        let line = "create --push --format json @/app:1 @/app:amd64 @/app:armv7";
        let pushed = publish_with_child_tags(&shell, line);
        pushed.succeeds();
        let report = schema::json("push", &pushed);
        let tags = report["childTags"].as_array().unwrap();
        let images = ["app:amd64", "app:armv7"].map(world::digest);
        for tag in tags {
            assert!(images.iter().any(|image| tag["digest"] == *image), "{tag}");
        }
        // The tag of the other image is new.
        let text = pushed.stdout.replace("REGISTRY", &registry.host());
        fs::write(shell.home.path().join("pushed.json"), text).unwrap();
        let back = shell.run("rollback --skip-new --from pushed.json");
        let arm64 = world::digest("app:arm64");
        back.succeeds().prints(&format!(
            "REGISTRY/app:1@{old}\nREGISTRY/app:1-xarm@{arm64}\n"
        ));
        assert_eq!(digest(&registry, "app", "1-xarm"), arm64);
        assert_eq!(
            digest(&registry, "app", "1-xamd64"),
            world::digest("app:amd64")
        );
        shell
            .run("rollback --skip-new --from pushed.json")
            .succeeds()
            .says("there already");
    }
}

#[test]
fn the_report_of_several_lists() {
    for registry in watched::each() {
        let shell = Shell::new(&registry);
        let host = registry.host();
        let mut lists = Vec::new();
        let mut olds = Vec::new();
        for repository in ["a", "b"] {
            let name = format!("@/{repository}:1");
            let before = publish(&shell, &format!("{name} @/app:amd64"));
            let after = publish(&shell, &format!("{name} @/app:arm64"));
            lists.push(json!({
                "list": format!("{host}/{repository}:1"),
                "digest": after,
                "targets": [{"reference": format!("{host}/{repository}:1"), "state": "written", "before": before}],
            }));
            olds.push(before);
        }
        lists.push(json!({"list": format!("{host}/c:1"), "error": "no such manifest"}));
        let report = json!({"lists": lists}).to_string();
        let path = shell.home.path().join("report.json");
        fs::write(&path, &report).unwrap();
        // By standard input.
        let input = fs::File::open(&path).unwrap();
        let mut command = shell.command("rollback --from -");
        shell
            .run_command(command.stdin(input))
            .succeeds()
            .says("REGISTRY/a:1  written\nREGISTRY/b:1  written\n");
        for (repository, old) in ["a", "b"].iter().zip(&olds) {
            assert_eq!(digest(&registry, repository, "1"), *old);
        }
        // A tag that has moved since is refused, also by a report.
        registry.push("a", "1", world::image("app:amd64"));
        shell
            .run("rollback --from report.json")
            .fails(7)
            .says("REGISTRY/a:1 has moved since it was written");
    }
}

#[test]
fn files_that_are_no_reports() {
    for registry in watched::each() {
        let shell = Shell::new(&registry);
        registry.lines();
        for (text, expected) in [
            ("", "report.json is not a report of this program: "),
            ("{}", "it has neither \"targets\" nor \"lists\""),
            (
                "{\"containerimage.digest\":\"x\"}",
                "another program wrote it",
            ),
        ] {
            fs::write(shell.home.path().join("report.json"), text).unwrap();
            shell
                .run("rollback --from report.json")
                .fails(1)
                .says(expected)
                .says("--from takes the report of `apply`");
        }
        assert!(registry.lines().is_empty());
    }
}

/// A push to several tags, one of which the registry refuses. The others have moved.
#[test]
fn a_push_that_fails_midway_reports_the_tags_that_it_moved() {
    for registry in watched::each() {
        let ci = Shell::new(&registry);
        let first = publish(&ci, "@/app:1 @/app:amd64 -t @/app:held");
        registry.fault(Fault::on("PUT", "/v2/app/manifests/held").respond(Response::status(409)));
        let path = |name: &str| ci.home.path().join(name);
        let files = format!(
            "--digestfile {} --metadata-file {}",
            path("digest").display(),
            path("metadata.json").display()
        );
        let line = format!("create --push --format json {files} @/app:1 @/app:arm64 -t @/app:held");
        let pushed = ci.run(&line);
        pushed.fails(7).says("REGISTRY/app:held  failed");
        let second = digest(&registry, "app", "1");
        assert_ne!(second, first);
        registry.clear_faults();

        let bytes = fs::read(path("metadata.json")).unwrap();
        let metadata: Value = serde_json::from_slice(&bytes).unwrap();
        let host = registry.host();
        let targets = |host: &str| {
            json!([
                {"reference": format!("{host}/app:1"), "state": "written", "before": first},
                {"reference": format!("{host}/app:held"), "state": "failed", "before": first},
            ])
        };
        assert_eq!(metadata["docker-manifest.targets"], targets(&host));
        assert_eq!(metadata["containerimage.digest"], second);
        assert_eq!(metadata["image.name"], format!("{host}/app:1"));
        let report: Value = serde_json::from_str(&pushed.stdout).unwrap();
        schema::check("push", &report);
        assert_eq!(report["targets"], targets("REGISTRY"));
        // The other files say that the list is published.
        assert!(!path("digest").exists());

        let other = Shell::new(&registry);
        fs::write(other.home.path().join("metadata.json"), bytes).unwrap();
        other
            .run("rollback --from metadata.json")
            .succeeds()
            .prints(&format!("REGISTRY/app:1@{first}\n"));
        assert_eq!(digest(&registry, "app", "1"), first);
    }
}

/// A push that moved nothing leaves the report of an earlier one.
#[test]
fn a_push_that_moved_no_tag_writes_no_report() {
    for registry in watched::each() {
        let shell = Shell::new(&registry);
        publish(&shell, "@/app:1 @/app:amd64");
        let metadata = shell.home.path().join("metadata.json");
        for tag in ["1", "2"] {
            let path = format!("/v2/app/manifests/{tag}");
            registry.fault(Fault::on("PUT", &path).respond(Response::status(409)));
        }
        let line = format!(
            "create --push --format json --metadata-file {} @/app:1 @/app:arm64 -t @/app:2",
            metadata.display()
        );
        shell.run(&line).fails(7).prints("");
        assert!(!metadata.exists());
    }
}
