//! Dry runs, and output for scripts.

use std::fs;

use serde_json::{Value, json};

use super::built;
use crate::commands::{Shell, watched};
use crate::harness::schema;

#[test]
fn a_dry_run_writes_nothing_and_reports_everything() {
    for registry in watched::each() {
        let (_, one) = built("linux/amd64", "1");
        registry.push("base", "1", &one);
        let shell = Shell::new(&registry);
        shell.run("create @/app:1 @/base:1 @/app:armv7").succeeds();
        registry.lines();
        let dry = shell.run("push --dry-run @/app:1 -t @/app:2");
        dry.succeeds()
            .says("would mount sha256:")
            .says("would write REGISTRY/app:2")
            .says("linux/arm/v7");
        let json = shell.run("push --dry-run --format json @/app:1");
        let json = schema::json("push", &json);
        assert!(registry.writes().is_empty());
        assert!(registry.manifest("app", "1").is_none());
        shell.run("push @/app:1").succeeds();
        let bytes = registry.bytes("app", "1");
        let digest = manifest_testkit::sha256(&bytes);
        assert_eq!(
            dry.stdout.replace("REGISTRY", &registry.host()).as_bytes(),
            bytes
        );
        assert_eq!(json["digest"], digest);
        assert_eq!(json["content"].as_str().unwrap().as_bytes(), bytes);
        assert_eq!(json["puts"].as_array().unwrap().len(), 2);
        assert!(
            json["blobs"]
                .as_array()
                .unwrap()
                .iter()
                .all(|blob| blob["action"] == "mount")
        );
        shell
            .run("push --dry-run @/app:1")
            .succeeds()
            .says("app:1 is there already");
    }
}

#[test]
fn unwritable_report_files_fail_before_the_push() {
    for registry in watched::each() {
        let shell = Shell::new(&registry);
        shell.run("create @/app:1 @/app:amd64").succeeds();
        // A path that cannot be written is reported before anything is pushed, and so is a missing variable.
        shell
            .run("push --digestfile /nowhere/x @/app:1")
            .fails(1)
            .says("cannot write /nowhere/x");
        shell
            .run("push --github-output @/app:1")
            .fails(1)
            .says("$GITHUB_OUTPUT is not set");
        for flag in ["--digestfile", "--metadata-file"] {
            let folder = shell.home.path().display();
            shell
                .run(&format!("push {flag} {folder} @/app:1"))
                .fails(1)
                .says("cannot write HOME");
        }
        shell
            .run("GITHUB_OUTPUT=/nowhere/x push --github-output @/app:1")
            .fails(1)
            .says("cannot write /nowhere/x");
        assert!(registry.manifest("app", "1").is_none());
    }
}

#[test]
fn the_digest_is_in_every_report() {
    for registry in watched::each() {
        let (image, one) = built("linux/amd64", "1");
        registry.push("base", "1", &one);
        let shell = Shell::new(&registry);
        shell.run("create @/app:1 @/base:1").succeeds();
        let file = |name: &str| shell.home.path().join(name);
        let path = |name: &str| file(name).display().to_string();
        let files = format!(
            "--digestfile {} --metadata-file {} --github-output",
            path("digest"),
            path("metadata")
        );
        fs::write(file("output"), "before=1\n").unwrap();
        let line = format!(
            "GITHUB_OUTPUT={} push --format json {files} @/app:1",
            path("output")
        );
        let pushed = shell.run(&line);
        pushed.succeeds();
        let digest = manifest_testkit::sha256(&registry.bytes("app", "1"));
        assert_eq!(fs::read_to_string(file("digest")).unwrap(), digest);
        let metadata: Value = serde_json::from_slice(&fs::read(file("metadata")).unwrap()).unwrap();
        assert_eq!(metadata["containerimage.digest"], digest);
        assert_eq!(metadata["image.name"], format!("{}/app:1", registry.host()));
        assert_eq!(
            fs::read_to_string(file("output")).unwrap(),
            format!(
                "before=1\ndigest={digest}\nimage={0}/app@{digest}\nimages<<EOF\n{0}/app@{digest}\nEOF\n",
                registry.host()
            )
        );
        let json = schema::json("push", &pushed);
        assert_eq!(json["digest"], digest);
        assert_eq!(
            json["targets"],
            json!([{ "reference": "REGISTRY/app:1", "state": "written" }])
        );
        let manifests = json["manifests"].as_array().unwrap();
        assert_eq!(manifests.len(), 2);
        assert_eq!(manifests[0]["kind"], "image");
        assert_eq!(manifests[0]["platform"], "linux/amd64");
        assert_eq!(manifests[0]["digest"], image.digest.as_str());
        assert_eq!(manifests[1]["kind"], "attestation");
        assert_eq!(manifests[1]["about"], image.digest.as_str());
        let quiet = shell.run("push -q @/app:1");
        quiet.succeeds().prints(&format!("{digest}\n"));
        assert_eq!(quiet.stderr, "");
        // JSON is printed even with `--quiet`.
        for flags in ["", "--dry-run"] {
            let json = shell.run(&format!("push -q --format json {flags} @/app:1"));
            let json = schema::json("push", &json);
            assert_eq!(json["digest"], digest);
        }
        schema::json("push", &shell.run("tag --format json @/app:1 @/other:1"));
        // A push that fails writes none of them.
        let failing = format!(
            "push --expect-digest sha256:{} --digestfile {} @/app:1",
            "0".repeat(64),
            path("no")
        );
        shell.run("create --amend @/app:1 @/app:arm64").succeeds();
        shell.run(&failing).fails(7);
        assert!(!file("no").exists());
    }
}
