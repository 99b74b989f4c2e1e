//! The output of `inspect` for a registry's content.

use manifest_testkit::image::{Image, Index};

use super::{dockers, embedded, ours, stage};
use crate::harness::world;

#[test]
fn inspect_drops_annotations() {
    let stage = stage();
    let image = world::image("app:oci-amd64");
    let index = Index::oci()
        .image_with(
            image,
            Some(image.platform.clone()),
            &[("org.example.child", "of one <child>")],
        )
        .annotation("org.example.index", "of the index")
        .artifact_type("application/vnd.example")
        .subject(world::image("app:oci-arm64"))
        .build();
    embedded(&stage).seed("app", "annotated", &index);
    let inspect = "inspect --insecure @/app:annotated";
    if let Some(seen) = dockers(&stage, &[inspect]) {
        let ran = seen.ran;
        ran.succeeds();
        assert!(!ran.stdout.contains("org.example"), "{ran}");
    }
    let ran = ours(&stage).play(inspect).ran;
    ran.succeeds();
    let json: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    let sent: serde_json::Value = serde_json::from_slice(&index.manifest).unwrap();
    for field in ["annotations", "artifactType", "subject"] {
        assert_eq!(json[field], sent[field], "{ran}");
    }
    assert_eq!(
        json["manifests"][0]["annotations"], sent["manifests"][0]["annotations"],
        "{ran}"
    );
    // Verbose: the complete descriptors of the children.
    let ran = ours(&stage)
        .play("inspect --insecure -v @/app:annotated")
        .ran;
    ran.succeeds();
    let json: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    let annotations = &json[0]["Descriptor"]["annotations"];
    assert_eq!(*annotations, sent["manifests"][0]["annotations"], "{ran}");
}

#[test]
fn inspect_needs_the_configuration() {
    let stage = stage();
    let image = Image::docker()
        .config("application/vnd.example", b"no json")
        .build();
    embedded(&stage).seed("app", "model", &image);
    let inspect = "inspect --insecure @/app:model";
    if let Some(seen) = dockers(&stage, &[inspect]) {
        seen.ran.fails(1).says("unsupported manifest format: &{{{");
    }
    let seen = ours(&stage).play(inspect);
    assert!(
        seen.ran.succeeds().stdout.contains(&image.config_digest),
        "{}",
        seen.ran
    );
    // A request for the platform fails if it cannot be read.
    for line in [
        "inspect --insecure -v @/app:model",
        "create --insecure @/app:1 @/app:model",
    ] {
        ours(&stage)
            .play(line)
            .ran
            .fails(1)
            .prints("")
            .says(&image.config_digest);
    }
}

#[test]
fn inspect_fails_on_an_index_in_an_index() {
    let stage = stage();
    let inner = Index::docker().image(world::image("app:amd64")).build();
    let outer = Index::oci()
        .image(world::image("app:oci-amd64"))
        .index(&inner)
        .build();
    embedded(&stage).seed("app", "nested", &outer);
    for flag in ["", "-v"] {
        let inspect = format!("inspect --insecure {flag} @/app:nested");
        if let Some(seen) = dockers(&stage, &[&inspect]) {
            seen.ran.fails(1).says("unsupported manifest type");
        }
        let seen = ours(&stage).play(&inspect);
        assert!(
            seen.ran.succeeds().stdout.contains(&inner.digest),
            "{}",
            seen.ran
        );
    }
}

#[test]
fn inspect_does_not_find_an_empty_index() {
    let stage = stage();
    embedded(&stage).seed("app", "empty", &Index::oci().build());
    for (flag, shown) in [("", "\"manifests\": []"), ("-v", "[]\n")] {
        let inspect = format!("inspect --insecure {flag} @/app:empty");
        if let Some(seen) = dockers(&stage, &[&inspect]) {
            seen.ran.fails(1).says("no such manifest");
        }
        let seen = ours(&stage).play(&inspect);
        assert!(seen.ran.succeeds().stdout.contains(shown), "{}", seen.ran);
    }
}

#[test]
fn inspect_shows_an_empty_platform_where_there_is_none() {
    let stage = stage();
    let image = world::image("app:oci-amd64");
    let index = Index::oci().image_with(image, None, &[]).build();
    embedded(&stage).seed("app", "without", &index);
    for flag in ["", "-v"] {
        let inspect = format!("inspect --insecure {flag} @/app:without");
        if let Some(seen) = dockers(&stage, &[&inspect]) {
            let ran = seen.ran;
            assert!(
                ran.succeeds().stdout.contains("\"architecture\": \"\""),
                "{ran}"
            );
        }
        let ran = ours(&stage).play(&inspect).ran;
        assert!(!ran.succeeds().stdout.contains("platform"), "{ran}");
    }
}
