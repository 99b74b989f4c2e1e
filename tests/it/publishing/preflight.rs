//! The checks before a push: duplicate platforms, and lists that may be a mistake.

use manifest_testkit::image::{Image, Index};
use manifest_testkit::suite::Kind;

use super::{built, entries, entries_of};
use crate::commands::{Shell, Watched, watched};

#[test]
fn duplicates_give_a_warning_an_error_or_a_replacement() {
    for registry in watched::each() {
        let (_, old) = built("linux/arm64", "old");
        let (_, new) = built("linux/arm64/v8", "new");
        registry.push("app", "old", &old);
        registry.push("app", "new", &new);
        let shell = Shell::new(&registry);
        shell
            .run("create @/app:1 @/app:old @/app:new")
            .succeeds()
            .is_quiet();
        shell
            .run("push --on-duplicate error @/app:1")
            .fails(1)
            .says("are both for linux/arm64");
        shell
            .run("push --on-duplicate warn --strict @/app:1")
            .fails(1)
            .says("are both for linux/arm64");
        assert!(registry.manifest("app", "1").is_none());
        shell
            .run("push @/app:1")
            .succeeds()
            .says("are both for linux/arm64");
        assert_eq!(entries(&registry, "app", "1").len(), 4);
        shell.run("push --on-duplicate keep @/app:1").succeeds();
        // The later image replaces the earlier one, whatever the order of names. Its attestation is removed too.
        shell
            .run("push --on-duplicate replace @/app:1")
            .succeeds()
            .says("was left out");
        assert_eq!(entries(&registry, "app", "1"), entries_of(&new));
        for flags in ["-t @/app:2", "--by-digest", "--to oci-layout://out"] {
            shell
                .run(&format!("push {flags} @/app:1"))
                .fails(1)
                .says("are both for linux/arm64");
        }
        let pushing = shell.run("create --push @/app:2 @/app:old @/app:new");
        pushing.fails(1).says("are both for linux/arm64");
        assert!(registry.manifest("app", "2").is_none());
        shell
            .run("create --push --on-duplicate replace @/app:2 @/app:new @/app:old")
            .succeeds();
        assert_eq!(entries(&registry, "app", "2"), entries_of(&old));
        // With `--quiet` there is no message.
        for line in [
            "push -q -t @/app:3 @/app:1",
            "create --push -q @/app:4 @/app:new @/app:old",
        ] {
            let ran = shell.run(&line.replace("-q", "-q --on-duplicate replace"));
            assert_eq!(ran.succeeds().stderr, "", "{line}");
        }
    }
}

#[test]
fn likely_mistakes_are_reported_before_the_push() {
    let registry = Watched::empty(Kind::Embedded);
    let windows = |seed: &str| Image::docker().platform("windows/amd64").seed(seed).build();
    registry.push("app", "w1", &windows("1"));
    registry.push("app", "w2", &windows("2"));
    // The list states another platform than the image itself.
    let liar = Image::oci().platform("linux/amd64").build();
    let (arm64, _) = built("linux/arm64", "x");
    let list = Index::oci()
        .image_with(&liar, Some(arm64.platform.clone()), &[])
        .build();
    registry.push("app", "liar", &list);
    let shell = Shell::new(&registry);
    shell.run("create @/app:1 @/app:w1 @/app:w2").succeeds();
    shell
        .run("push --strict @/app:1")
        .fails(1)
        .says("have no os.version");
    shell
        .run("push @/app:1")
        .succeeds()
        .says("have no os.version");
    shell
        .run("create @/app:2 @/app:liar")
        .succeeds()
        .says("its configuration says linux/amd64");
    for flags in ["--strict --replace", "--strict --push"] {
        let strict = shell.run(&format!("create {flags} @/app:2 @/app:liar"));
        strict.fails(1).says("its configuration says linux/amd64");
    }
    assert!(registry.manifest("app", "2").is_none());
}
