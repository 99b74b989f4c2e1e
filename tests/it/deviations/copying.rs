//! Content from another repository or registry.

use manifest_testkit::EmbeddedRegistry;
use manifest_testkit::suite::TestRegistry;

use super::{dockers, embedded, ours, stage};
use crate::harness::{Stage, world};

#[test]
fn a_mount_answered_with_202_is_fatal() {
    let stage = || {
        let registry = EmbeddedRegistry::builder().never_mount().start();
        Stage::on(TestRegistry::Embedded(registry))
    };
    let create = "create --insecure @/new:1 @/app:amd64 @/other:s390x @/other:windows";
    let push = "push --insecure @/new:1";
    if let Some(seen) = dockers(&stage(), &[create, push]) {
        seen.ran.fails(1).says("error mounting");
    }
    let stage = stage();
    let ours = ours(&stage);
    ours.play(create).ran.succeeds();
    let seen = ours.play(push);
    seen.ran.succeeds();
    let registry = embedded(&stage);
    for image in ["app:amd64", "other:s390x", "other:windows"] {
        let image = world::image(image);
        assert!(registry.manifest("new", &image.digest).is_some());
        for blob in image.blob_digests() {
            assert!(registry.blob("new", &blob).is_some(), "{blob}");
        }
        // Foreign layers are not copied.
        for layer in image.layers.iter().filter(|layer| !layer.urls.is_empty()) {
            assert!(registry.blob("new", &layer.digest).is_none());
        }
    }
    assert_eq!(registry.open_uploads("new"), 0, "no upload is left open");
}

#[test]
fn sources_in_another_registry_are_refused() {
    let (stage, source) = (stage(), EmbeddedRegistry::start());
    let (image, oci) = (
        world::image("other:mips64le"),
        world::image("other:oci-386"),
    );
    source.seed("far/away", "1", image);
    source.seed("far/away", "oci", oci);
    let far = source.host();
    let create =
        format!("create --insecure @/new:1 @/app:amd64 {far}/far/away:1 {far}/far/away:oci");
    let push = "push --insecure @/new:1";
    let inspect = "inspect @/new:1";
    for line in [push, inspect] {
        if let Some(seen) = dockers(&stage, &[&create, line]) {
            seen.ran
                .fails(1)
                .says("cannot use source images from a different registry");
        }
    }
    let ours = ours(&stage);
    ours.play(&create).ran.succeeds();
    ours.play(inspect).ran.succeeds();
    let seen = ours.play(push);
    let ran = seen.ran;
    ran.succeeds();
    let registry = embedded(&stage);
    for image in [image, oci] {
        let line = format!(
            "Pushed ref REGISTRY/new@{0} with digest: {0}\n",
            image.digest
        );
        assert!(ran.stdout.contains(&line), "{ran}");
        assert_eq!(
            registry.manifest("new", &image.digest).unwrap().1,
            image.manifest
        );
        for blob in image.blob_digests() {
            assert_eq!(
                registry.blob("new", &blob),
                source.blob("far/away", &blob),
                "{blob}"
            );
        }
    }
}
