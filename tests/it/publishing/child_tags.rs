//! Tags for the images of a list, by `--child-tags`.

use manifest_testkit::fault::{Fault, Response};
use manifest_testkit::suite::Kind;

use super::built;
use crate::commands::{Shell, Watched, watched};

#[test]
fn images_get_tags_of_their_own() {
    for registry in watched::each() {
        let (amd64, one) = built("linux/amd64", "1");
        registry.push("base", "1", &one);
        let shell = Shell::new(&registry);
        shell.run("create @/app:9 @/base:1 @/app:armv7").succeeds();
        let push = |template: &str| {
            let mut command = shell.command("push @/app:9");
            shell.run_command(command.args(["--child-tags", template]))
        };
        push("{tag}").fails(1).says("the list's own tag");
        push("{tag}-{os}").fails(1).says("another image has it");
        push("a/b").fails(1).says("it is not a valid tag");
        assert!(registry.manifest("app", "9").is_none());
        push("{tag}-{arch}{variant}").succeeds();
        assert_eq!(registry.bytes("app", "9-amd64"), amd64.manifest);
        assert_eq!(
            registry.bytes("app", "9-armv7"),
            registry.bytes("app", "armv7")
        );
    }
}

#[test]
fn tags_of_images_come_before_the_report() {
    for registry in watched::each() {
        let (_, one) = built("linux/amd64", "1");
        registry.push("base", "1", &one);
        let shell = Shell::new(&registry);
        shell.run("create @/app:1 @/base:1").succeeds();
        let report = shell.home.path().join("digest");
        let push = |more: &[&str]| {
            let mut command = shell.command("push @/app:1 --child-tags");
            let command = command.args(["1-{arch}", "--digestfile"]);
            shell.run_command(command.arg(&report).args(more))
        };
        push(&["--dry-run"])
            .succeeds()
            .says("would write REGISTRY/app:1-amd64");
        registry
            .fault(Fault::on("PUT", "/v2/app/manifests/1-amd64").respond(Response::status(403)));
        let refused = push(&[]);
        refused
            .fails(4)
            .says("REGISTRY/app:1        written")
            .says("REGISTRY/app:1-amd64  failed")
            .says("live: REGISTRY/app:1\n");
        assert!(
            !refused
                .stdout
                .lines()
                .any(|line| line.starts_with("sha256:")),
            "{refused}"
        );
        assert!(!report.exists());
        registry.clear_faults();
        push(&[]).succeeds();
        assert!(report.exists());
        push(&["--dry-run"])
            .succeeds()
            .says("REGISTRY/app:1-amd64 is there already");
        let json = push(&["--format", "json"]);
        let json: serde_json::Value = serde_json::from_str(&json.stdout).unwrap();
        assert_eq!(json["childTags"][0]["reference"], "REGISTRY/app:1-amd64");
        assert_eq!(json["childTags"][0]["state"], "there already");
    }
}

#[test]
fn conditions_and_tags_of_images() {
    for registry in watched::each() {
        let (_, one) = built("linux/amd64", "1");
        registry.push("base", "1", &one);
        registry.push("app", "1-amd64", &built("linux/amd64", "other").0);
        let shell = Shell::new(&registry);
        shell.run("create @/app:1 @/base:1").succeeds();
        registry.lines();
        let push = |more: &[&str]| {
            let mut command = shell.command("push @/app:1 -t @/app:2 --child-tags");
            shell.run_command(command.arg("1-{arch}").args(more))
        };
        push(&["--if-not-exists"])
            .fails(7)
            .says("REGISTRY/app:1-amd64 was not written: it already points to");
        push(&["--if-not-exists", "--dry-run"]).fails(7);
        assert!(registry.writes().is_empty());
        // Two tags of the list, and one of the image.
        let dry = push(&["--dry-run"]);
        assert_eq!(dry.stderr.matches("app:1-amd64").count(), 1, "{dry}");
        push(&[]).succeeds().says("REGISTRY/app:1-amd64  written");
        assert_eq!(
            registry.bytes("app", "1-amd64"),
            registry.bytes("app", &one.children[0])
        );
        let mut command = shell.command("push @/app:1 --child-tags");
        shell
            .run_command(command.arg("{tag}-{cpu}"))
            .fails(1)
            .says("the placeholders are {tag}, {os}, {arch}, {variant} and {os.version}");
    }
}

#[test]
fn a_child_tag_without_head_support_still_exists() {
    let registry = Watched::empty(Kind::Embedded);
    registry.push("base", "1", &built("linux/amd64", "1").1);
    registry.push("app", "1-amd64", &built("linux/amd64", "other").0);
    let shell = Shell::new(&registry);
    shell.run("create @/app:1 @/base:1").succeeds();
    let silent = Fault::on("HEAD", "/v2/app/manifests/1-amd64");
    registry.fault(silent.respond(Response::status(405)));
    registry.lines();
    let mut command = shell.command("push @/app:1 --if-not-exists --child-tags");
    shell
        .run_command(command.arg("1-{arch}"))
        .fails(7)
        .says("REGISTRY/app:1-amd64 was not written: it already points to");
    assert!(registry.writes().is_empty());
}
