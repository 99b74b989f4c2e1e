//! Several tags, repositories and registries at once, and conditions on what they show.

use manifest_testkit::fault::{Answer, Fault};
use manifest_testkit::suite::Kind;

use super::{built, entries, entries_of};
use crate::commands::{Shell, Watched, watched};

#[test]
fn one_body_goes_everywhere_and_tags_come_last() {
    for registry in watched::each() {
        let far = Watched::empty(Kind::Embedded);
        let (_, one) = built("linux/amd64", "1");
        registry.push("base", "1", &one);
        let shell = Shell::new(&registry);
        shell.run("create @/app:1 @/base:1").succeeds();
        registry.lines();
        let pushed = shell.run(&format!(
            "push @/app:1 -t @/app:latest --tag @/mirror:1 -t {}/copy:1 -t @/app:latest",
            far.host()
        ));
        pushed.succeeds().says("app:latest");
        let digest = pushed.stdout.lines().last().unwrap().to_owned();
        for (registry, repository, tag) in [
            (&registry, "app", "1"),
            (&registry, "app", "latest"),
            (&registry, "mirror", "1"),
            (&far, "copy", "1"),
        ] {
            let bytes = registry.bytes(repository, tag);
            assert_eq!(manifest_testkit::sha256(&bytes), digest);
            assert_eq!(entries(registry, repository, tag), entries_of(&one));
        }
        // No tag before everything is everywhere.
        let writes = registry.writes();
        let is_tag = |line: &String| {
            line.starts_with("PUT ")
                && line.contains("/manifests/")
                && !line.contains("/manifests/sha256:")
        };
        let first = writes.iter().position(is_tag).unwrap();
        assert!(writes[first..].iter().all(is_tag), "{writes:#?}");
        assert_eq!(writes[first..].len(), 3);
        // Again: nothing is written anywhere.
        far.lines();
        let again = shell.run(&format!(
            "push -q @/app:1 -t @/app:latest -t @/mirror:1 -t {}/copy:1",
            far.host()
        ));
        again
            .succeeds()
            .prints(&format!("{digest}\n"))
            .says("there already");
        assert!(registry.writes().is_empty());
        assert!(far.writes().is_empty());
    }
}

#[test]
fn nothing_is_written_where_one_target_refuses() {
    for registry in watched::each() {
        let far = Watched::empty(Kind::Embedded);
        far.fault(Fault::on("POST", "/v2/copy/blobs/uploads/").answer(Answer::status(403)));
        let shell = Shell::new(&registry);
        shell.run("create @/app:1 @/app:amd64").succeeds();
        registry.lines();
        let pushed = shell.run(&format!("push @/app:1 -t {}/copy:1", far.host()));
        pushed.fails(4);
        let puts = registry
            .writes()
            .into_iter()
            .filter(|line| line.starts_with("PUT "));
        assert_eq!(puts.count(), 0);
        assert!(registry.manifest("app", "1").is_none());
    }
}

#[test]
fn a_tag_that_fails_is_told_from_those_that_are_live() {
    let registry = Watched::empty(Kind::Embedded);
    let (_, one) = built("linux/amd64", "1");
    registry.push("app", "one", &one);
    let shell = Shell::new(&registry);
    shell.run("create @/app:1 @/app:one").succeeds();
    registry.fault(Fault::on("PUT", "/v2/app/manifests/held").answer(Answer::status(409)));
    let pushed = shell.run("push @/app:1 -t @/app:held -t @/app:latest");
    pushed.says("live: ").says("app:1").says("failed");
    assert_ne!(pushed.code, 0);
    assert_eq!(entries(&registry, "app", "latest"), entries_of(&one));
    assert!(registry.manifest("app", "held").is_none());
}

#[test]
fn conditions_on_what_a_tag_shows() {
    for registry in watched::each() {
        let shell = Shell::new(&registry);
        shell.run("create @/app:1 @/app:amd64").succeeds();
        let first = shell.run("push -q --if-not-exists @/app:1");
        first.succeeds();
        let first = first.stdout.trim().to_owned();
        // The same again is no conflict.
        shell.run("push --if-not-exists @/app:1").succeeds();
        shell.run("create --amend @/app:1 @/app:arm64").succeeds();
        registry.lines();
        shell
            .run("push --if-not-exists @/app:1")
            .fails(7)
            .says("it is there already");
        let other = format!("sha256:{}", "0".repeat(64));
        shell
            .run(&format!("push --expect-digest {other} @/app:1"))
            .fails(7)
            .says(&first);
        assert!(registry.writes().is_empty());
        shell
            .run(&format!("push --expect-digest {first} @/app:1"))
            .succeeds();
        assert_eq!(entries(&registry, "app", "1").len(), 2);
        shell
            .run(&format!("push --expect-digest {first} @/new:1"))
            .fails(1);
    }
}

#[test]
fn without_a_tag_and_then_with_one() {
    for registry in watched::each() {
        let far = Watched::empty(Kind::Embedded);
        let (_, one) = built("linux/amd64", "1");
        registry.push("base", "1", &one);
        let shell = Shell::new(&registry);
        shell.run("create @/app:1 @/base:1").succeeds();
        let dry = shell.run("push --dry-run -q @/app:1");
        let pushed = shell.run("push --by-digest -q @/app:1");
        pushed.succeeds();
        assert_eq!(pushed.stdout, dry.stdout);
        assert!(registry.tags("app").iter().all(|tag| tag != "1"));
        let digest = pushed.stdout.trim();
        registry.lines();
        let tagged = shell.run(&format!(
            "tag @/app@{digest} @/app:1 @/app:2 @/other:1 {}/far:1",
            far.host()
        ));
        tagged.succeeds();
        assert!(tagged.stdout.ends_with(&format!("{digest}\n")), "{tagged}");
        for (registry, repository, tag) in [
            (&registry, "app", "2"),
            (&registry, "other", "1"),
            (&far, "far", "1"),
        ] {
            assert_eq!(
                manifest_testkit::sha256(&registry.bytes(repository, tag)),
                digest
            );
            for child in &one.children {
                assert!(registry.manifest(repository, child).is_some());
            }
        }
        // An image alone is tagged byte for byte, too.
        shell.run("tag @/app:arm64 @/lone:1").succeeds();
        assert_eq!(registry.bytes("lone", "1"), registry.bytes("app", "arm64"));
        shell
            .run("tag @/app:gone @/lone:2")
            .fails(1)
            .says("no such manifest");
        shell
            .run("tag --if-not-exists @/app:amd64 @/lone:1")
            .fails(7);
    }
}

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
        push("a/b").fails(1).says("it is no tag");
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
fn a_child_that_is_not_there_afterwards_is_told() {
    let registry = Watched::empty(Kind::Embedded);
    let (_, one) = built("linux/amd64", "1");
    registry.push("app", "one", &one);
    let shell = Shell::new(&registry);
    shell.run("create @/app:1 @/app:one").succeeds();
    let gone = &one.children[0];
    let path = format!("/v2/app/manifests/{gone}");
    registry.fault(Fault::on("HEAD", &path).answer(Answer::status(404)));
    shell
        .run("push @/app:1")
        .fails(1)
        .says("is published, and the registry does not have")
        .says(gone);
    shell.run("push --no-verify -t @/app:2 @/app:1").succeeds();
}

#[test]
fn tags_of_images_come_before_the_report() {
    let registry = Watched::empty(Kind::Embedded);
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
    registry.fault(Fault::on("PUT", "/v2/app/manifests/1-amd64").answer(Answer::status(403)));
    let refused = push(&[]);
    refused.fails(4);
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
}

#[test]
fn what_is_in_a_list_is_asked_for_once() {
    let registry = Watched::empty(Kind::Embedded);
    let (_, one) = built("linux/amd64", "1");
    registry.push("base", "1", &one);
    let shell = Shell::new(&registry);
    registry.lines();
    shell.run("tag @/base:1 @/a:1 @/b:1 @/c:1").succeeds();
    let gets = registry.lines().into_iter();
    let gets = gets.filter(|line| line.starts_with("GET /v2/base/manifests/"));
    // The list, the image, the attestation.
    assert_eq!(gets.count(), 3);
    // What is published at once cannot have moved since.
    shell.run("create --push @/d:1 @/base:1").succeeds();
    let lines = registry.lines();
    assert!(
        !lines.iter().any(|line| line.starts_with("HEAD /v2/base/")),
        "{lines:#?}"
    );
}
