//! `rollback` of single tags.

use manifest_testkit::fault::{Fault, Response};
use manifest_testkit::suite::Kind;
use serde_json::Value;

use super::{digest, publish, records};
use crate::commands::{Shell, Watched, watched};
use crate::harness::world;

/// A registry in which `app:1` was written three times.
fn three_times(shell: &Shell<'_>) -> [String; 3] {
    ["amd64", "arm64", "armv7"].map(|image| publish(shell, &format!("@/app:1 @/app:{image}")))
}

#[test]
fn a_tag_goes_back_byte_for_byte() {
    for registry in watched::each() {
        let shell = Shell::new(&registry);
        let [_, second, third] = three_times(&shell);
        let old = registry.manifest("app", &second).unwrap();
        let dry = shell.run("rollback --dry-run @/app:1");
        dry.succeeds()
            .prints(&format!("REGISTRY/app:1@{second}\n"))
            .says(&format!(
                "would move REGISTRY/app:1 from {third} to {second}"
            ));
        assert_eq!(digest(&registry, "app", "1"), third);
        let back = shell.run("rollback @/app:1");
        back.succeeds()
            .prints(&format!("REGISTRY/app:1@{second}\n"))
            .is_quiet();
        assert_eq!(registry.manifest("app", "1").unwrap(), old);
        // A rollback can be rolled back, and that again.
        shell.run("rollback @/app:1").succeeds();
        assert_eq!(digest(&registry, "app", "1"), third);
        shell.run("rollback -q @/app:1").succeeds();
        assert_eq!(digest(&registry, "app", "1"), second);
    }
}

#[test]
fn older_digests_are_named() {
    for registry in watched::each() {
        let shell = Shell::new(&registry);
        let [first, _, third] = three_times(&shell);
        shell
            .run(&format!("rollback --to {first} @/app:1"))
            .succeeds();
        assert_eq!(digest(&registry, "app", "1"), first);
        // Again: nothing is to be done.
        registry.lines();
        shell
            .run(&format!("rollback --to {first} @/app:1"))
            .succeeds()
            .says("there already: nothing was written");
        assert!(registry.writes().is_empty());
        assert_eq!(records(&shell, "").len(), 4);
        shell.run("rollback @/app:1").succeeds();
        assert_eq!(digest(&registry, "app", "1"), third);
    }
}

#[test]
fn single_images_and_several_tags() {
    for registry in watched::each() {
        let shell = Shell::new(&registry);
        for image in ["amd64", "arm64"] {
            shell
                .run(&format!("tag @/app:{image} @/app:a @/lone/app:b"))
                .succeeds();
        }
        let back = shell.run("rollback --format json @/app:a @/lone/app:b @/app:a");
        back.succeeds();
        for repository in ["app", "lone/app"] {
            let tag = if repository == "app" { "a" } else { "b" };
            assert_eq!(
                registry.bytes(repository, tag),
                registry.bytes("app", "amd64")
            );
        }
        let report: Value = serde_json::from_str(&back.stdout).unwrap();
        let image = world::digest("app:amd64");
        let target = |name: &str| {
            serde_json::json!({
                "reference": format!("REGISTRY/{name}"),
                "state": "written",
                "before": world::digest("app:arm64"),
                "digest": image,
            })
        };
        assert_eq!(report["dryRun"], false);
        assert_eq!(
            report["targets"],
            serde_json::json!([target("app:a"), target("lone/app:b")])
        );
        assert_eq!(report["run"], super::last_run(&shell));
    }
}

#[test]
fn a_tag_that_somebody_else_moved_is_refused() {
    for registry in watched::each() {
        let shell = Shell::new(&registry);
        let [_, second, third] = three_times(&shell);
        publish(&shell, "@/app:2 @/app:amd64");
        publish(&shell, "@/app:2 @/app:arm64");
        let found = registry.push("app", "1", world::image("app:amd64"));
        registry.lines();
        for flags in ["", "--dry-run"] {
            let refused = shell.run(&format!("rollback {flags} @/app:1 @/app:2"));
            refused
                .fails(7)
                .prints("")
                .says(&format!(
                    "REGISTRY/app:1 has moved since it was written: it was {third}, it is now {found}"
                ))
                .says(&format!(
                    "docker-manifest rollback --expect-digest {found} --to {second} REGISTRY/app:1"
                ))
                .does_not_say("app:2 has moved");
        }
        assert!(registry.writes().is_empty());
        // The hint works.
        shell
            .run(&format!(
                "rollback --expect-digest {found} --to {second} @/app:1"
            ))
            .succeeds();
        assert_eq!(digest(&registry, "app", "1"), second);
    }
}

#[test]
fn a_manifest_that_is_gone_is_refused() {
    // The real registry deletes nothing, unless it is told to.
    let registry = Watched::empty(Kind::Embedded);
    world_of_three(&registry);
    let shell = Shell::new(&registry);
    let [_, second, third] = three_times(&shell);
    registry.lines();
    let path = format!("/v2/app/manifests/{second}");
    let fault = registry.fault(Fault::on("*", &path).respond(Response::status(404)));
    let refused = shell.run("rollback @/app:1");
    refused
        .fails(1)
        .prints("")
        .says(&format!(
            "REGISTRY/app:1 cannot be put back: the registry no longer has REGISTRY/app@{second}"
        ))
        .says("`--to DIGEST` puts one of them back");
    assert!(fault.hits() > 0 && registry.writes().is_empty());
    registry.clear_faults();
    // Or one of its images.
    let image = world::digest("app:arm64");
    let path = format!("/v2/app/manifests/{image}");
    registry.fault(Fault::on("HEAD", &path).respond(Response::status(404)));
    let refused = shell.run("rollback @/app:1");
    refused.fails(1).says(&format!(
        "the registry no longer has REGISTRY/app@{image}, an image of {second}"
    ));
    assert!(registry.writes().is_empty());
    assert_eq!(digest(&registry, "app", "1"), third);
    assert_eq!(records(&shell, "").len(), 3);
}

/// Seeds the images of [`three_times`].
fn world_of_three(registry: &Watched<'_>) {
    for image in ["amd64", "arm64", "armv7"] {
        registry.push("app", image, world::image(&format!("app:{image}")));
    }
}

#[test]
fn a_tag_that_did_not_exist_before_is_refused() {
    for registry in watched::each() {
        let shell = Shell::new(&registry);
        publish(&shell, "@/app:1 @/app:amd64");
        registry.lines();
        shell
            .run("rollback @/app:1")
            .fails(1)
            .says("REGISTRY/app:1 did not exist before, and writing a tag cannot delete it")
            .says("docker-manifest rollback --to DIGEST REGISTRY/app:1");
        assert!(registry.lines().is_empty());
    }
}

#[test]
fn a_state_that_the_registry_did_not_state_is_refused() {
    let registry = Watched::empty(Kind::Embedded);
    world_of_three(&registry);
    let shell = Shell::new(&registry);
    let stateless = Response::status(200);
    registry.fault(Fault::on("HEAD", "/v2/app/manifests/1").respond(stateless));
    let [_, second, _] = three_times(&shell);
    let found = records(&shell, "--limit 1");
    assert!(found[0].get("existed").is_none() && found[0].get("before").is_none());
    shell.run("history").succeeds();
    shell
        .run("rollback @/app:1")
        .fails(1)
        .says("the journal does not say where REGISTRY/app:1 pointed before")
        .says("rollback --to DIGEST TAG");
    shell
        .run(&format!("rollback --to {second} @/app:1"))
        .succeeds();
    assert_eq!(digest(&registry, "app", "1"), second);
}

#[test]
fn tags_without_a_record() {
    for registry in watched::each() {
        let shell = Shell::new(&registry);
        shell
            .run("rollback @/app:1")
            .fails(1)
            .says("the journal has no record of REGISTRY/app:1")
            .says("HOME/.docker/manifests/.docker-manifest/journal");
        let image = world::digest("app:amd64");
        shell
            .run(&format!("rollback @/app@{image}"))
            .fails(1)
            .says("is not a tag");
        // Both digests are known without a journal.
        let live = world::digest("app:arm64");
        shell
            .run(&format!(
                "DOCKER_CONFIG=/dev/null rollback --expect-digest {live} --to {image} @/app:arm64"
            ))
            .succeeds();
        assert_eq!(digest(&registry, "app", "arm64"), image);
    }
}

#[test]
fn command_lines() {
    let registry = Watched::empty(Kind::Embedded);
    let shell = Shell::new(&registry);
    let digest = format!("sha256:{}", "0".repeat(64));
    for (line, code) in [
        ("rollback", 1),
        (&*format!("rollback --to {digest}"), 1),
        (&format!("rollback --to {digest} @/app:1 @/app:2"), 1),
        (&format!("rollback --run x --to {digest}"), 125),
        (&format!("rollback --from x --expect-digest {digest}"), 125),
        ("rollback --run x --from y", 125),
        ("rollback --to x @/app:1", 125),
        ("rollback --format xml @/app:1", 125),
        ("rollback --from no-such-file", 1),
        ("rollback --run 123", 1),
        ("history a b", 1),
        ("history -q --format json", 125),
        ("history --run 123", 1),
        ("history APP", 1),
    ] {
        shell.run(line).fails(code);
    }
    shell.run("history a b").says("requires at most 1 argument");
    assert!(registry.lines().is_empty());
}
