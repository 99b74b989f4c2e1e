//! The bytes of images equal those of Docker and BuildKit.

use super::{Image, Index, Pushable, buildkit_index};
use crate::digest::sha256;
use crate::image::Platform;

#[test]
fn docker_manifests_have_three_spaces_and_size_before_digest() {
    let image = Image::docker().layer(b"layer").build();
    let expect = format!(
        r#"{{
   "schemaVersion": 2,
   "mediaType": "application/vnd.docker.distribution.manifest.v2+json",
   "config": {{
      "mediaType": "application/vnd.docker.container.image.v1+json",
      "size": {},
      "digest": "{}"
   }},
   "layers": [
      {{
         "mediaType": "application/vnd.docker.image.rootfs.diff.tar.gzip",
         "size": 5,
         "digest": "{}"
      }}
   ]
}}"#,
        image.config.len(),
        image.config_digest,
        sha256(b"layer")
    );
    assert_eq!(String::from_utf8(image.manifest).unwrap(), expect);
}

#[test]
fn images_are_the_same_on_every_run_and_differ_by_platform_and_seed() {
    let image = |platform: &str, seed: &str| {
        Image::oci()
            .platform(platform)
            .seed(seed)
            .layers(2, 100)
            .build()
    };
    let one = image("linux/arm/v7", "");
    assert_eq!(one.digest, image("linux/arm/v7", "").digest);
    assert_ne!(one.digest, image("linux/arm64", "").digest);
    assert_ne!(one.digest, image("linux/arm/v7", "x").digest);
    assert_ne!(one.layers[0].digest, one.layers[1].digest);
    assert_eq!(one.layers[1].bytes.len(), 100);
    let config = String::from_utf8(one.config).unwrap();
    assert!(
        config.starts_with(r#"{"architecture":"arm","os":"linux","variant":"v7","#),
        "{config}"
    );
}

#[test]
fn manifests_can_be_written_in_any_form() {
    let image = Image::oci().layer(b"x");
    let plain = image.clone().build();
    let compact = image.clone().compact().trailing("\n").build();
    assert_eq!(compact.manifest.iter().filter(|&&b| b == b'\n').count(), 1);
    let reversed = image.clone().reverse_keys().compact().build();
    assert!(reversed.manifest.starts_with(b"{\"layers\":[{\"size\":1,"));
    let json = |bytes: &[u8]| serde_json::from_slice::<serde_json::Value>(bytes).unwrap();
    assert_eq!(json(&plain.manifest), json(&compact.manifest));
    assert_eq!(json(&plain.manifest), json(&reversed.manifest));
    let extra = image
        .clone()
        .extra("x-unknown", 7)
        .without_media_type()
        .build();
    assert_eq!(json(&extra.manifest)["x-unknown"], 7);
    assert!(json(&extra.manifest)["mediaType"].is_null());
    assert_eq!(image.raw_manifest(b"{ }").build().digest, sha256(b"{ }"));
}

#[test]
fn foreign_layers_are_described_but_not_pushed() {
    let image = Image::docker()
        .platform("windows/amd64")
        .foreign_layer()
        .layer(b"own")
        .build();
    assert_eq!(image.layers.len(), 2);
    assert_eq!(image.blobs().len(), 2);
    assert!(
        String::from_utf8(image.manifest)
            .unwrap()
            .contains("foreign.invalid")
    );
}

#[test]
fn lists_have_their_entries_in_order() {
    let (amd, arm) = (
        Image::docker().build(),
        Image::docker().platform("linux/arm64/v8").build(),
    );
    let list = Index::docker().image(&arm).image(&amd).build();
    let text = String::from_utf8(list.manifest.clone()).unwrap();
    let platform = r#"         "platform": {
            "architecture": "arm64",
            "os": "linux",
            "variant": "v8"
         }"#;
    assert!(text.contains(platform), "{text}");
    assert_eq!(list.children, [arm.digest, amd.digest.clone()]);
    assert_eq!(list.manifests().len(), 3);
    let nested = Index::oci()
        .index(&list)
        .image_with(&amd, None, &[])
        .build();
    assert_eq!(nested.manifests().last().unwrap().1, nested.manifest);
    assert!(
        !String::from_utf8(nested.manifest)
            .unwrap()
            .contains("platform")
    );
}

#[test]
fn buildkit_pushes_an_attestation_beside_the_image() {
    let image = Image::oci().platform("linux/arm64").build();
    let index = buildkit_index(&image);
    let json: serde_json::Value = serde_json::from_slice(&index.manifest).unwrap();
    let entry = &json["manifests"][1];
    assert_eq!(entry["platform"]["os"], "unknown");
    assert_eq!(
        entry["annotations"]["vnd.docker.reference.digest"],
        image.digest.as_str()
    );
    assert_eq!(
        entry["annotations"]["vnd.docker.reference.type"],
        "attestation-manifest"
    );
    let text = String::from_utf8(index.manifests()[1].1.clone()).unwrap();
    assert!(text.contains("in-toto.io/predicate-type"), "{text}");
    assert_eq!(image.platform, Platform::parse("linux/arm64"));
}
