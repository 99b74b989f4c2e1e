//! `inspect`: lines and JSON.

use manifest_testkit::EmbeddedRegistry;
use manifest_testkit::image::{BuiltImage, Image, Index, buildkit_index};
use manifest_testkit::suite;
use serde_json::{Value, json};

use super::{FAILED, Tool};

fn windows() -> BuiltImage {
    Image::docker()
        .platform("windows/amd64")
        .os_version("10.0.17763.1")
        .os_features(&["win32k", "other"])
        .build()
}

#[test]
fn an_image_as_lines() {
    for registry in suite::registries() {
        let image = Image::docker()
            .platform("linux/arm/v7")
            .layers(2, 100)
            .build();
        registry.push("app", "arm", &image);
        let tool = Tool::new(&registry.host());
        let expected = format!(
            "Name: REGISTRY/app:arm (Type: {})\n      Digest: {}\n        Size: {}\n          OS: linux\n        Arch: arm\n    # Layers: 2\n      layer 01: digest = {}\n      layer 02: digest = {}\n",
            image.media_type,
            image.digest,
            image.size(),
            image.layers[0].digest,
            image.layers[1].digest,
        );
        tool.run("inspect @/app:arm")
            .succeeds()
            .prints(&expected)
            .is_quiet();
        let by_digest = tool.run(&format!("inspect @/app@{}", image.digest));
        assert!(by_digest.stdout.contains("Arch: arm\n"), "{by_digest}");
    }
}

#[test]
fn a_list_as_lines() {
    let (arm, windows) = (Image::docker().platform("linux/arm/v7").build(), windows());
    let list = Index::docker().image(&arm).image(&windows).build();
    for registry in suite::registries() {
        registry.push("app", "list", &list);
        let tool = Tool::new(&registry.host());
        let layers = |image: &BuiltImage| {
            let layer = &image.layers[0];
            format!(
                "     layer 01: digest = {}\n                 type = {}\n",
                layer.digest, layer.media_type
            )
        };
        let expected = format!(
            "Name:   REGISTRY/app:list (Type: {})
Digest: {}
 * Contains 2 manifest references (2 images, 0 attestation):
[1]     Type: {}
[1]   Digest: {}
[1]   Length: {}
[1] Platform:
[1]    -      OS: linux
[1]    -    Arch: arm
[1]    - Variant: v7
[1] # Layers: 1
{}
[2]     Type: {}
[2]   Digest: {}
[2]   Length: {}
[2] Platform:
[2]    -      OS: windows
[2]    - OS Vers: 10.0.17763.1
[2]    - OS Feat: [win32k other]
[2]    -    Arch: amd64
[2] # Layers: 1
{}
",
            list.media_type,
            list.digest,
            arm.media_type,
            arm.digest,
            arm.size(),
            layers(&arm),
            windows.media_type,
            windows.digest,
            windows.size(),
            layers(&windows),
        );
        tool.run("inspect @/app:list")
            .succeeds()
            .prints(&expected)
            .is_quiet();
    }
}

#[test]
fn attestations_as_lines() {
    let registry = EmbeddedRegistry::start();
    let image = Image::oci().platform("linux/amd64").build();
    let index = buildkit_index(&image);
    registry.seed("app", "1", &index);
    let shown = Tool::on(&registry).run("inspect @/app:1");
    shown.succeeds();
    let attestation = &index.children[1];
    for part in [
        " * Contains 2 manifest references (1 image, 1 attestation):\n".to_owned(),
        format!(
            "[2]     Type: {} (vnd.docker.reference.type=attestation-manifest)\n[2]   Digest: {attestation}\n",
            image.media_type
        ),
        format!("[2]       >>> Attestation for digest: {}\n\n", image.digest),
    ] {
        assert!(shown.stdout.contains(&part), "{part} in {shown}");
    }
}

#[test]
fn a_list_as_json() {
    let registry = EmbeddedRegistry::start();
    let (arm, windows) = (Image::docker().platform("linux/arm/v7").build(), windows());
    let list = Index::oci()
        .image(&arm)
        .image(&windows)
        .annotation("a", "<b>")
        .build();
    registry.seed("app", "list", &list);
    let raw = Tool::on(&registry).run("inspect --raw @/app:list");
    raw.succeeds().is_quiet();
    let value: Value = serde_json::from_str(&raw.stdout).unwrap();
    let manifest = |image: &BuiltImage| -> Value {
        let mut value: Value = serde_json::from_slice(&image.manifest).unwrap();
        value["schemaVersion"] = json!(2);
        value
    };
    let expected = json!({
        "name": "REGISTRY/app:list",
        "digest": list.digest,
        "schemaVersion": 2,
        "mediaType": list.media_type,
        "manifests": [manifest(&arm), manifest(&windows)],
        "annotations": { "a": "<b>" },
    });
    assert_eq!(value, expected);
    let start = format!(
        "{{\n    \"name\": \"REGISTRY/app:list\",\n    \"digest\": \"{}\",\n    \"schemaVersion\": 2,\n    \"mediaType\": \"{}\",\n    \"manifests\": [\n        {{\n            \"schemaVersion\": 2,\n            \"mediaType\": ",
        list.digest, list.media_type
    );
    assert!(raw.stdout.starts_with(&start), "{raw}");
    assert!(
        raw.stdout.contains("\\u003cb\\u003e"),
        "as Go writes it: {raw}"
    );
}

#[test]
fn an_image_as_json() {
    let registry = EmbeddedRegistry::start();
    let image = Image::oci()
        .platform("linux/arm64/v8")
        .annotation("k", "v")
        .build();
    registry.seed("app", "1", &image);
    let tool = Tool::on(&registry);
    let raw = tool.run("inspect --raw @/app:1");
    raw.succeeds();
    let keys = |text: &str| -> Vec<String> {
        let lines = text.lines().filter(|line| line.starts_with("    \""));
        lines
            .map(|line| line.trim().split('"').nth(1).unwrap().to_owned())
            .collect()
    };
    assert_eq!(
        keys(&raw.stdout),
        [
            "name",
            "digest",
            "os",
            "architecture",
            "schemaVersion",
            "mediaType",
            "config",
            "layers",
            "annotations"
        ]
    );
    let value: Value = serde_json::from_str(&raw.stdout).unwrap();
    assert_eq!(value["os"], "linux");
    assert_eq!(value["architecture"], "arm64");
    assert_eq!(value["config"]["digest"], image.config_digest.as_str());

    let expanded = tool.run("inspect --raw --expand-config @/app:1");
    expanded.succeeds();
    assert_eq!(
        keys(&expanded.stdout),
        [
            "schemaVersion",
            "name",
            "digest",
            "os",
            "architecture",
            "mediaType",
            "config",
            "layers",
            "annotations"
        ]
    );
    let value: Value = serde_json::from_str(&expanded.stdout).unwrap();
    let config: Value = serde_json::from_slice(&image.config).unwrap();
    assert_eq!(value["config"], config);
    assert_eq!(value["annotations"]["k"], "v");
}

#[test]
fn names_need_a_tag_or_a_digest() {
    let registry = EmbeddedRegistry::start();
    let tool = Tool::on(&registry);
    tool.run("inspect @/app")
        .fails(1)
        .prints("")
        .says(&format!("{FAILED}image reference must include a tag or a digest; manifest-tool does not default to 'latest'\"\n"))
        .says("hint: the tag may be latest: REGISTRY/app:latest\n");
    assert_eq!(registry.log().requests().len(), 0);
    tool.run("inspect")
        .fails(1)
        .says("error parsing image reference: invalid reference format");
    tool.run("inspect @/app:1")
        .fails(1)
        .prints("")
        .says(FAILED)
        .says("REGISTRY/app:1");
}

#[test]
fn text_of_a_registry_stays_on_its_line() {
    let registry = EmbeddedRegistry::start();
    let image = Image::docker()
        .platform("linux/amd64")
        .config(
            "application/vnd.docker.container.image.v1+json",
            br#"{"os":"li\nnux\u001b[2J","architecture":"amd64","rootfs":{}}"#,
        )
        .build();
    registry.seed("app", "1", &image);
    let shown = Tool::on(&registry).run("inspect @/app:1");
    shown.succeeds();
    assert!(
        shown.stdout.contains("          OS: li\\nnux\\u{1b}[2J\n"),
        "{shown}"
    );
}

#[test]
fn values_have_colours_where_they_may() {
    let registry = EmbeddedRegistry::start();
    let image = Image::docker().platform("linux/amd64").build();
    registry.seed("app", "1", &image);
    let mut tool = Tool::on(&registry);
    tool.home.set("CLICOLOR_FORCE", "1");
    let shown = tool.run("inspect @/app:1");
    shown.succeeds();
    for part in [
        "Name: \u{1b}[1;32mREGISTRY/app:1\u{1b}[0m (Type: ".to_owned(),
        format!("Digest: \u{1b}[1;33m{}\u{1b}[0m\n", image.digest),
        format!("Size: \u{1b}[1;34m{}\u{1b}[0m\n", image.size()),
        "# Layers: \u{1b}[1;31m1\u{1b}[0m\n".to_owned(),
    ] {
        assert!(shown.stdout.contains(&part), "{part:?} in {shown}");
    }
}
