//! Broken lists: each kind of damage is found, and none is invented.

use manifest_testkit::fault::{Fault, Response};
use manifest_testkit::image::{Image, Index, buildkit_index};
use serde_json::{Value, json};

use super::{
    DOCKER_LIST, Lab, OCI_INDEX, descriptor, oci, push_sound_docker_list, push_sound_list, windows,
    with,
};

/// Checks the findings of `verify @/app:1`, with the severity and a part of the message of each, in order, and the exit code.
#[track_caller]
fn finds(lab: &Lab, flags: &str, expected: &[(&str, &str, &str)], code: i32) {
    let line = format!("verify {flags} @/app:1");
    let report = lab.json(&line);
    let findings = report["findings"].as_array().unwrap();
    let text = |finding: &Value, field: &str| finding[field].as_str().unwrap().to_owned();
    let found: Vec<_> = findings
        .iter()
        .map(|finding| {
            (
                text(finding, "check"),
                text(finding, "severity"),
                text(finding, "message"),
            )
        })
        .collect();
    assert_eq!(found.len(), expected.len(), "{found:#?}");
    for ((check, severity, message), (wanted, weight, part)) in found.iter().zip(expected) {
        assert_eq!(
            (check.as_str(), severity.as_str()),
            (*wanted, *weight),
            "{found:#?}"
        );
        assert!(message.contains(part), "{part} in {message}");
    }
    lab.run(&line).fails(code);
}

#[test]
fn sound_lists_have_no_findings() {
    let lab = Lab::new();
    let sound: [&dyn Fn(); 5] = [
        &|| push_sound_list(&lab, "1"),
        &|| push_sound_docker_list(&lab, "1"),
        &|| drop(lab.registry.seed("app", "1", &oci("linux/amd64", "alone"))),
        &|| {
            let inner = buildkit_index(&oci("linux/amd64", "inner"));
            let outer = Index::oci()
                .index(&inner)
                .image(&oci("linux/arm/v7", "outer"));
            lab.registry.seed("app", "1", &outer.build());
        },
        // A configuration often says less than the list.
        &|| {
            let image = oci("linux/arm", "x");
            let platform = json!({"os": "linux", "architecture": "arm", "variant": "v6"});
            lab.list(
                OCI_INDEX,
                "1",
                &[with(lab.image(&image), "platform", platform)],
            );
        },
    ];
    for push in sound {
        push();
        for flags in ["", "--strict", "--strict --deep"] {
            finds(&lab, flags, &[], 0);
        }
    }
}

#[test]
fn missing_and_wrong_manifests() {
    let lab = Lab::new();
    let (amd64, arm64) = (oci("linux/amd64", "1"), oci("linux/arm64", "2"));
    lab.list(OCI_INDEX, "1", &[lab.image(&amd64), descriptor(&arm64)]);
    finds(&lab, "", &[("manifests", "error", "does not have it")], 1);

    let wrong_size = with(lab.image(&amd64), "size", json!(5));
    lab.list(OCI_INDEX, "1", &[wrong_size]);
    finds(
        &lab,
        "",
        &[(
            "manifests",
            "error",
            "the list says 5 bytes, the registry has",
        )],
        1,
    );

    let docker = "application/vnd.docker.distribution.manifest.v2+json";
    lab.list(
        OCI_INDEX,
        "1",
        &[with(lab.image(&amd64), "mediaType", json!(docker))],
    );
    let expected = [
        (
            "media-types",
            "error",
            "the registry sends application/vnd.oci.image.manifest.v1+json",
        ),
        (
            "media-types",
            "warning",
            "1 of its 1 manifests are Docker's",
        ),
    ];
    finds(&lab, "", &expected, 1);

    lab.list(OCI_INDEX, "1", &[]);
    finds(&lab, "", &[("manifests", "error", "the list is empty")], 1);

    lab.list(OCI_INDEX, "1", &[lab.image(&amd64)]);
    let path = format!("/manifests/{}", amd64.digest);
    lab.registry
        .fault(Fault::on("GET", &path).respond(Response::CorruptBody));
    finds(
        &lab,
        "--retry 0",
        &[("manifests", "error", "verification failed for digest")],
        1,
    );
}

#[test]
fn media_types_that_do_not_go_together() {
    let lab = Lab::new();
    let docker = Image::docker().platform("linux/arm64").build();
    let both = [lab.image(&oci("linux/amd64", "1")), lab.image(&docker)];
    let warning = "1 of its 2 manifests are Docker's: some registries refuse a mixed list";
    lab.list(OCI_INDEX, "1", &both);
    finds(&lab, "", &[("media-types", "warning", warning)], 0);
    finds(&lab, "--strict", &[("media-types", "warning", warning)], 1);
    lab.list(DOCKER_LIST, "1", &both);
    finds(
        &lab,
        "",
        &[("media-types", "warning", "1 of its 2 manifests are OCI's")],
        0,
    );

    let unknown = "application/vnd.example.thing";
    let digest = lab.registry.put_manifest("app", None, unknown, b"{}");
    let thing = json!({"mediaType": unknown, "digest": digest, "size": 2});
    lab.list(
        OCI_INDEX,
        "1",
        &[lab.image(&oci("linux/amd64", "1")), thing.clone()],
    );
    finds(
        &lab,
        "",
        &[("media-types", "warning", "engines skip the media type")],
        0,
    );
    lab.registry.remove_manifest("app", &digest);
    let expected = [
        ("manifests", "error", "does not have it"),
        ("media-types", "warning", "engines skip"),
    ];
    finds(&lab, "", &expected, 1);
}

#[test]
fn platforms_that_are_wrong_missing_or_twice() {
    let lab = Lab::new();
    let amd64 = lab.image(&oci("linux/amd64", "1"));
    let platform = |text: &str| {
        let (os, architecture) = text.split_once('/').unwrap();
        json!({"os": os, "architecture": architecture})
    };
    lab.list(
        OCI_INDEX,
        "1",
        &[with(amd64.clone(), "platform", platform("linux/arm64"))],
    );
    let lie = "the list says linux/arm64, its configuration says linux/amd64";
    finds(&lab, "", &[("platforms", "error", lie)], 1);

    for none in [Value::Null, platform("/")] {
        lab.list(OCI_INDEX, "1", &[with(amd64.clone(), "platform", none)]);
        let none = "no platform for it, its configuration says linux/amd64";
        finds(&lab, "", &[("platforms", "error", none)], 1);
    }

    let odd = lab.image(&oci("linux/amd46", "1"));
    lab.list(OCI_INDEX, "1", &[odd]);
    finds(
        &lab,
        "",
        &[("platforms", "warning", "no engine will select it")],
        0,
    );

    let other = lab.image(&oci("linux/amd64", "2"));
    lab.list(OCI_INDEX, "1", &[amd64.clone(), other]);
    finds(
        &lab,
        "",
        &[("duplicates", "error", "is for the same platform")],
        1,
    );
    lab.list(OCI_INDEX, "1", &[amd64.clone(), amd64]);
    finds(
        &lab,
        "",
        &[("duplicates", "error", "it is listed twice")],
        1,
    );

    let arm = lab.image(&oci("linux/arm", "1"));
    let variant = |variant: &str| {
        let platform = json!({"os": "linux", "architecture": "arm", "variant": variant});
        with(arm.clone(), "platform", platform)
    };
    lab.list(OCI_INDEX, "1", &[variant("v6"), variant("v7")]);
    finds(
        &lab,
        "",
        &[("duplicates", "warning", "it is listed for linux/arm/v6 too")],
        0,
    );
}

#[test]
fn windows_versions_that_hosts_cannot_tell_apart() {
    let lab = Lab::new();
    let images =
        |one: &str, two: &str| [lab.image(&windows(one, "1")), lab.image(&windows(two, "2"))];
    lab.list(OCI_INDEX, "1", &images("10.0.17763.1", "10.0.17763.2"));
    let one_build = "os.version 10.0.17763.1 and 10.0.17763.2 are one build";
    finds(&lab, "", &[("windows", "warning", one_build)], 0);
    lab.list(OCI_INDEX, "1", &images("10.0.17763.1", "10.0.17763.1"));
    finds(
        &lab,
        "",
        &[("duplicates", "error", "is for the same platform")],
        1,
    );
    lab.list(OCI_INDEX, "1", &images("", ""));
    let expected = [
        ("duplicates", "error", "is for the same platform"),
        ("windows", "warning", "has no os.version"),
    ];
    finds(&lab, "", &expected, 1);
}

#[test]
fn attestations_without_their_image() {
    let lab = Lab::new();
    let image = oci("linux/amd64", "1");
    let index = buildkit_index(&image);
    lab.registry.seed("app", "untagged", &index);
    let index: Value = serde_json::from_slice(&index.manifest).unwrap();
    let [image, attestation] = [0, 1].map(|place| index["manifests"][place].clone());
    let about = |digest: Value| {
        let mut attestation = attestation.clone();
        attestation["annotations"]["vnd.docker.reference.digest"] = digest;
        attestation
    };
    let other = lab.image(&oci("linux/arm64", "2"));
    lab.list(OCI_INDEX, "1", &[other, attestation.clone()]);
    finds(
        &lab,
        "",
        &[("attestations", "warning", "which is not in the list")],
        0,
    );

    let mut unpaired = attestation.clone();
    unpaired["annotations"]
        .as_object_mut()
        .unwrap()
        .remove("vnd.docker.reference.digest");
    lab.list(OCI_INDEX, "1", &[image.clone(), unpaired]);
    finds(
        &lab,
        "",
        &[("attestations", "warning", "does not say which image")],
        0,
    );

    let of_itself = about(attestation["digest"].clone());
    lab.list(OCI_INDEX, "1", &[image.clone(), of_itself]);
    finds(
        &lab,
        "",
        &[("attestations", "warning", "which is an attestation")],
        0,
    );

    let platform = json!({"os": "linux", "architecture": "arm64"});
    lab.list(
        OCI_INDEX,
        "1",
        &[image, with(attestation, "platform", platform)],
    );
    finds(
        &lab,
        "",
        &[("attestations", "error", "engines may take it for an image")],
        1,
    );
}

#[test]
fn configurations_and_layers_that_are_missing_or_damaged() {
    let lab = Lab::new();
    let image = Image::oci().platform("linux/amd64").layers(2, 300).build();
    lab.list(OCI_INDEX, "1", &[lab.image(&image)]);
    lab.registry.remove_blob("app", &image.layers[1].digest);
    finds(&lab, "", &[], 0);
    finds(&lab, "--deep", &[("blobs", "error", "does not have it")], 1);
    lab.registry.remove_blob("app", &image.config_digest);
    finds(&lab, "", &[("configs", "error", "does not have it")], 1);

    // A manifest that states wrong sizes.
    let mut manifest: Value = serde_json::from_slice(&image.manifest).unwrap();
    manifest["layers"][0]["size"] = json!(7);
    manifest["config"]["size"] = json!(8);
    let wrong = Image::oci().platform("linux/amd64").layers(2, 300);
    let wrong = wrong
        .raw_manifest(&serde_json::to_vec(&manifest).unwrap())
        .build();
    lab.list(OCI_INDEX, "1", &[lab.image(&wrong)]);
    let config = ("configs", "error", "but its descriptor says 8");
    let layer = (
        "blobs",
        "error",
        "the manifest says 7 bytes, the registry has 300",
    );
    finds(&lab, "--deep", &[config, layer], 1);

    let broken = Image::oci()
        .config("application/vnd.oci.image.config.v1+json", b"[]")
        .build();
    let platform = json!({"os": "linux", "architecture": "amd64"});
    lab.list(
        OCI_INDEX,
        "1",
        &[with(lab.image(&broken), "platform", platform)],
    );
    finds(&lab, "", &[("configs", "error", "it cannot be read")], 1);
}

#[test]
fn required_platforms_that_no_image_is_for() {
    let lab = Lab::new();
    push_sound_list(&lab, "1");
    finds(&lab, "--require linux/amd64,linux/arm64", &[], 0);
    finds(&lab, "--require windows(10.0.17763)/amd64", &[], 0);
    let expected = [("required", "error", "no image is for it"); 2];
    finds(
        &lab,
        "--require linux/s390x,linux/amd64 --require linux/arm",
        &expected,
        1,
    );
    lab.registry
        .seed("app", "1", &oci("linux/arm64/v8", "alone"));
    finds(&lab, "--require linux/arm64", &[], 0);
    finds(&lab, "--require linux/amd64", &expected[..1], 1);
}

/// A list in the list and an attestation have parts of their own.
#[test]
fn damage_below_lists_in_the_list_and_attestations() {
    let lab = Lab::new();
    let image = oci("linux/amd64", "inner");
    let inner = buildkit_index(&image);
    let push = || {
        let outer = Index::oci().index(&inner).image(&oci("linux/arm64", "1"));
        lab.registry.seed("app", "1", &outer.build());
    };
    let index: Value = serde_json::from_slice(&inner.manifest).unwrap();
    let attestation = index["manifests"][1]["digest"].as_str().unwrap().to_owned();
    let missing = |check: &'static str| [(check, "error", "does not have it")];

    push();
    let (_, manifest) = lab.registry.manifest("app", &attestation).unwrap();
    let manifest: Value = serde_json::from_slice(&manifest).unwrap();
    let statement = manifest["layers"][0]["digest"].as_str().unwrap();
    lab.registry.remove_blob("app", statement);
    finds(&lab, "", &[], 0);
    finds(&lab, "--deep", &missing("blobs"), 1);
    for digest in [&attestation, &image.digest, &inner.digest] {
        push();
        lab.registry.remove_manifest("app", digest);
        finds(&lab, "", &missing("manifests"), 1);
    }
}

/// What the registry sends is not what it stored.
#[test]
fn content_that_changes_on_its_way() {
    let lab = Lab::new();
    let image = oci("linux/amd64", "1");
    for (path, response, expected) in [
        (
            format!("/blobs/{}", image.config_digest),
            Response::CorruptBody,
            ("configs", "error", "verification failed for digest"),
        ),
        (
            format!("/manifests/{}", image.digest),
            Response::Status {
                code: 200,
                headers: vec![("content-type".to_owned(), OCI_INDEX.to_owned())],
                body: b"{}".to_vec(),
            },
            ("manifests", "error", "verification failed for digest"),
        ),
    ] {
        lab.list(OCI_INDEX, "1", &[lab.image(&image)]);
        lab.registry
            .fault(Fault::on("GET", &path).respond(response));
        finds(&lab, "--retry 0", &[expected], 1);
        lab.registry.clear_faults();
    }
}
