//! The sources of `create`, and their entries.

use std::fs;

use manifest_testkit::fault::{Fault, Response};
use manifest_testkit::image::Index;
use manifest_testkit::suite::Kind;

use super::{built, entries, entries_of, platforms};
use crate::commands::{Shell, Watched, watched};

#[test]
fn two_builds_of_buildkit_become_one_index() {
    for registry in watched::each() {
        let (amd64, one) = built("linux/amd64", "1");
        let (arm64, two) = built("linux/arm64", "2");
        registry.push("one", "1", &one);
        registry.push("two", "1", &two);
        let shell = Shell::new(&registry);
        shell
            .run("create @/app:1 @/one:1 @/two:1")
            .succeeds()
            .is_quiet();
        shell.run("push @/app:1").succeeds().is_quiet();
        let (media_type, _) = registry.manifest("app", "1").unwrap();
        assert_eq!(media_type, "application/vnd.oci.image.index.v1+json");
        // Every descriptor is unchanged, attestations beside their images.
        let expected = [entries_of(&one), entries_of(&two)].concat();
        assert_eq!(entries(&registry, "app", "1"), expected);
        for image in [&amd64, &arm64] {
            assert_eq!(registry.bytes("app", &image.digest), image.manifest);
        }
        for child in one.children.iter().chain(&two.children) {
            assert!(registry.manifest("app", child).is_some(), "{child}");
        }
        // Again: the same bytes, and nothing is written.
        registry.lines();
        shell
            .run("create --amend @/app:1 @/two:1 @/one:1")
            .succeeds();
        shell
            .run("push @/app:1")
            .succeeds()
            .says("nothing was written");
        assert!(registry.writes().is_empty());
    }
}

#[test]
fn platforms_and_attestations_are_chosen() {
    for registry in watched::each() {
        let (_, one) = built("linux/amd64", "1");
        let (_, two) = built("linux/arm64/v8", "2");
        let (_, three) = built("linux/s390x", "3");
        let mut all = Index::oci();
        for (image, platform) in [
            ("linux/amd64", "1"),
            ("linux/arm64/v8", "2"),
            ("linux/s390x", "3"),
        ] {
            all = all.image(&built(image, platform).0);
        }
        registry.push("app", "all", &all.build());
        for (tag, index) in [("1", &one), ("2", &two), ("3", &three)] {
            registry.push("app", tag, index);
        }
        let shell = Shell::new(&registry);
        let unknown = "unknown/unknown";
        for (row, (flags, expected)) in [
            ("--platform linux/arm64 @/app:all", &["linux/arm64/v8"][..]),
            (
                "--platform linux/aarch64,linux/amd64 @/app:1 @/app:2 @/app:3",
                &["linux/amd64", unknown, "linux/arm64/v8", unknown],
            ),
            (
                "--attestations drop @/app:1 @/app:2",
                &["linux/amd64", "linux/arm64/v8"],
            ),
            ("--attestations=keep @/app:3", &["linux/s390x", unknown]),
        ]
        .into_iter()
        .enumerate()
        {
            let (options, sources): (Vec<&str>, Vec<&str>) =
                flags.split(' ').partition(|word| !word.starts_with('@'));
            let line = format!(
                "create {} @/app:row{row} {}",
                options.join(" "),
                sources.join(" ")
            );
            shell.run(&line).succeeds();
            shell.run(&format!("push @/app:row{row}")).succeeds();
            assert_eq!(
                platforms(&entries(&registry, "app", &format!("row{row}"))),
                expected,
                "{flags}"
            );
        }
        shell
            .run("create --platform linux/aarch64 @/app:note @/app:2")
            .succeeds()
            .says("linux/aarch64 is linux/arm64");
        // A platform without an image is an error, and so is an unknown one.
        shell
            .run("create --platform linux/riscv64 @/app:none @/app:all")
            .fails(1)
            .says("no source has an image for linux/riscv64");
        shell
            .run("create --platform linux/amd64/v8 @/app:none @/app:all")
            .fails(125)
            .says("amd64 has no variant \"v8\"");
        assert!(!shell.drafts().keys().any(|name| name.contains("none")));
    }
}

#[test]
fn an_index_is_nested_on_request_and_nested_ones_are_walked() {
    for registry in watched::each() {
        let (_, one) = built("linux/amd64", "1");
        let (arm64, two) = built("linux/arm64", "2");
        let nested = Index::oci().index(&one).index(&two).build();
        registry.push("base", "nested", &nested);
        registry.push("base", "one", &one);
        let shell = Shell::new(&registry);
        shell.run("create @/app:flat @/base:nested").succeeds();
        shell.run("push @/app:flat").succeeds();
        let expected = [entries_of(&one), entries_of(&two)].concat();
        assert_eq!(entries(&registry, "app", "flat"), expected);
        // The whole content of the nested index is copied.
        shell
            .run("create --no-flatten @/other:deep @/base:nested")
            .succeeds();
        shell.run("push @/other:deep").succeeds();
        let found = entries(&registry, "other", "deep");
        assert_eq!(found.len(), 1);
        assert_eq!(found[0]["digest"], nested.digest.as_str());
        assert!(found[0].get("platform").is_none(), "{found:?}");
        assert_eq!(registry.bytes("other", &nested.digest), nested.manifest);
        assert_eq!(registry.bytes("other", &arm64.digest), arm64.manifest);
    }
}

#[test]
fn ignore_missing_and_require() {
    for registry in watched::each() {
        let shell = Shell::new(&registry);
        shell
            .run("create --ignore-missing @/app:1 @/app:amd64 @/app:gone @/nowhere:1")
            .succeeds()
            .says("app:gone does not exist")
            .says("nowhere:1 does not exist");
        assert_eq!(shell.drafts(), [("REGISTRY_app-1".to_owned(), 1)].into());
        shell
            .run("create --ignore-missing @/app:2 @/app:gone")
            .fails(1)
            .says("nothing is left");
        shell
            .run("create --ignore-missing --require linux/amd64,linux/arm64/v8 @/app:2 @/app:amd64 @/app:gone")
            .fails(1)
            .says("has no image for linux/arm64/v8");
        shell
            .run("push --require linux/s390x @/app:1")
            .fails(1)
            .says("has no image for linux/s390x");
        assert!(registry.manifest("app", "1").is_none());
        shell.run("push --require linux/amd64 @/app:1").succeeds();
        // A temporary failure is no reason to leave an image out.
        let fault = Fault::on_any("/v2/").respond(Response::status(503));
        registry.fault(fault);
        shell
            .run("create --retry 0 --ignore-missing @/app:3 @/app:amd64")
            .fails(6);
        registry.clear_faults();
    }
}

#[test]
fn images_of_another_registry_are_copied_or_refused() {
    for registry in watched::each() {
        let source = Watched::empty(Kind::Embedded);
        let (image, index) = built("linux/amd64", "far");
        source.push("base", "1", &index);
        let shell = Shell::new(&registry);
        let far = format!("{}/base:1", source.host());
        shell
            .run(&format!("create --no-copy @/app:1 {far}"))
            .fails(1)
            .says("is not in the registry of");
        shell.run(&format!("create @/app:1 {far}")).succeeds();
        shell
            .run("push @/app:1")
            .succeeds()
            .says("copying 5 blobs (");
        assert_eq!(entries(&registry, "app", "1"), entries_of(&index));
        assert_eq!(registry.bytes("app", &image.digest), image.manifest);
    }
}

#[test]
fn a_push_without_a_draft_needs_no_folder() {
    for registry in watched::each() {
        let (_, one) = built("linux/amd64", "1");
        registry.push("base", "1", &one);
        let shell = Shell::new(&registry);
        // No folder can be created there.
        fs::write(shell.home.path().join("file"), "").unwrap();
        let config = shell.home.path().join("file/docker");
        let line = format!(
            "DOCKER_CONFIG={} create --push -t @/app:latest @/app:1 @/base:1",
            config.display()
        );
        shell.run(&line).succeeds();
        for tag in ["1", "latest"] {
            assert_eq!(entries(&registry, "app", tag), entries_of(&one));
        }
        shell
            .run("create --push --amend @/app:1 @/base:1")
            .fails(125)
            .says("--push, which keeps no draft");
        shell
            .run("create -t @/app:2 @/app:1 @/base:1")
            .fails(125)
            .says("--tag has no effect without --push");
        assert!(shell.drafts().is_empty());
        // The digest is the same as that of `create` and `push`.
        shell
            .run("create @/app:3 @/app:arm64 @/base:1 @/app:amd64")
            .succeeds();
        let pushed = shell.run("push -q @/app:3");
        let at_once = shell
            .run("create --push -q @/app:4 @/app:arm64 @/base:1 @/app:amd64 --on-duplicate keep");
        assert_eq!(pushed.stdout, at_once.stdout);
    }
}

#[test]
fn all_missing_images_are_named() {
    for registry in watched::each() {
        let shell = Shell::new(&registry);
        let ran = shell.run("create @/app:1 @/app:amd64 @/no:1 @/app:none @/app:arm64");
        ran.fails(1).prints("");
        assert_eq!(ran.error(), "no such manifest: REGISTRY/no:1");
        let lines = ran.stderr.lines();
        let named: Vec<&str> = lines.filter(|line| line.starts_with("no such")).collect();
        let expected = [
            "no such manifest: REGISTRY/no:1",
            "no such manifest: REGISTRY/app:none",
        ];
        assert_eq!(named, expected, "{ran}");
        assert_eq!(
            ran.stderr.matches("docker save -o FILE").count(),
            1,
            "{ran}"
        );
        assert!(shell.drafts().is_empty());
    }
}

#[test]
fn a_truncated_digest_is_not_a_repository_name() {
    let registry = Watched::empty(Kind::Embedded);
    let shell = Shell::new(&registry);
    let full = format!("sha256:{}", "a".repeat(64));
    for (line, text) in [
        (
            "create @/app:1 sha256:1234".to_owned(),
            "sha256:1234 looks like a cut digest",
        ),
        (
            format!("create --push @/app:1 {full}0"),
            "has 64 lower-case hex characters",
        ),
        (
            format!("create --subject sha256:12 @/app:1 {full}"),
            "subject: sha256:12 looks like a cut digest",
        ),
    ] {
        shell
            .run(&line)
            .fails(1)
            .prints("")
            .says(text)
            .says("docker.io/library/sha256:");
    }
    assert!(registry.lines().is_empty() && shell.drafts().is_empty());
}
