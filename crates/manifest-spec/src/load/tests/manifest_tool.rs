//! The files of manifest-tool's users.

use super::*;

/// All keys that the tool reads, and the two spellings that it does not.
const ALL_KEYS: &str = r#"
image: localhost:5000/you/app:1.0
tags: ["1", 1.10, latest]
annotations:
  org.opencontainers.image.title: An app
manifests:
  - image: localhost:5000/you/app:1.0-amd64
    platform:
      architecture: amd64
      os: linux
      features: [sse4]
  - image: localhost:5000/you/app:1.0-386
    platform: {architecture: 386, os: linux}
  - image: localhost:5000/you/app:1.0-arm
    platform:
      architecture: arm
      os: linux
      variant: v7
  - image: localhost:5000/you/app:1.0-windows
    platform:
      architecture: amd64
      os: windows
      osversion: "10.0.17763.1"
      osfeatures: [win32k]
  - image: localhost:5000/you/app:1.0-windows-new
    platform:
      architecture: amd64
      os: windows
      os.version: 10.0.20348.1
      os.features:
        - win32k
  - image: localhost:5000/you/app:1.0-riscv64
"#;

#[test]
fn all_keys() {
    let list = only(ALL_KEYS);
    assert_eq!(list.list.to_string(), "localhost:5000/you/app:1.0");
    assert!(!list.by_digest);
    let tags: Vec<String> = list.tags.iter().map(ToString::to_string).collect();
    // A tag is the text that is written, not the number.
    assert_eq!(
        tags,
        [
            "localhost:5000/you/app:1",
            "localhost:5000/you/app:1.10",
            "localhost:5000/you/app:latest"
        ]
    );
    assert_eq!(list.annotations["org.opencontainers.image.title"], "An app");
    assert_eq!(list.order, manifest_core::Order::Given);
    let images: Vec<String> = list.images.iter().map(shown).collect();
    assert_eq!(
        images,
        [
            "localhost:5000/you/app:1.0-amd64 linux/amd64/sse4",
            "localhost:5000/you/app:1.0-386 linux/386",
            "localhost:5000/you/app:1.0-arm linux/arm/v7",
            "localhost:5000/you/app:1.0-windows windows/amd64/10.0.17763.1/win32k",
            "localhost:5000/you/app:1.0-windows-new windows/amd64/10.0.20348.1/win32k",
            "localhost:5000/you/app:1.0-riscv64 /",
        ]
    );
    assert_eq!(list.position.to_string(), "a.yaml:2:8");
    assert_eq!(list.images[1].position.to_string(), "a.yaml:12:12");
}

#[test]
fn the_tools_own_rules() {
    let loaded = load_for_manifest_tool(&text(ALL_KEYS)).unwrap();
    let images: Vec<String> = loaded.lists[0].images.iter().map(shown).collect();
    assert_eq!(
        images[4],
        "localhost:5000/you/app:1.0-windows-new windows/amd64"
    );
    let warnings: Vec<String> = loaded.warnings.iter().map(ToString::to_string).collect();
    assert_eq!(
        warnings,
        [
            "a.yaml:29:7: the key \"os.version\" is ignored: manifest-tool reads osversion",
            "a.yaml:30:7: the key \"os.features\" is ignored: manifest-tool reads osfeatures",
        ]
    );
}

#[test]
fn the_tool_takes_texts_as_they_are_and_ignores_the_rest() {
    let yaml = "image: you/app:1\ntags: ['1']\ntype: oci\nlists: 1\nannotations: {a: $x}\nmanifests:\n\
                - image: you/app:ARCH\n  platform: {os: plan10, architecture: z80}\n---\nimage: you/other\n";
    let loaded = load_for_manifest_tool(&text(yaml)).unwrap();
    let [list] = &loaded.lists[..] else {
        panic!("one list")
    };
    assert_eq!(list.list_type, None);
    assert_eq!(list.annotations["a"], "$x");
    assert_eq!(shown(&list.images[0]), "you/app:ARCH plan10/z80");
    let warnings: Vec<String> = loaded.warnings.iter().map(ToString::to_string).collect();
    assert_eq!(
        warnings,
        [
            "a.yaml:3:1: the key \"type\" is ignored",
            "a.yaml:4:1: the key \"lists\" is ignored",
            "a.yaml:2:8: docker.io/you/app:1 is published twice, first at a.yaml:1:8",
            "a.yaml:10:1: this document is ignored: manifest-tool reads the first one only",
        ]
    );
}

#[test]
fn the_tool_has_tags_of_one_repository() {
    let yaml = "image: you/app:1\ntags: [a, ghcr.io/you/app:1]\nmanifests: [{image: b}]\n";
    assert!(read(yaml).is_ok());
    let errors = load_for_manifest_tool(&text(yaml)).unwrap_err();
    assert_eq!(
        errors.to_string(),
        "a.yaml:2:11: \"ghcr.io/you/app:1\" is not a tag"
    );
}

#[test]
fn several_documents_and_names_without_a_tag() {
    let yaml = "image: you/app\nmanifests: [{image: you/app:x}]\n---\n---\nimage: you/app\ntags: [a, ghcr.io/you/app:a, other/app]\n\
                manifests: [{image: 'oci-layout://out:1'}]\n---\n# nothing\n";
    let lists = read(yaml).unwrap();
    assert_eq!(lists.len(), 2);
    assert!(lists.iter().all(|list| list.by_digest));
    let tags: Vec<String> = lists[1].tags.iter().map(ToString::to_string).collect();
    assert_eq!(
        tags,
        [
            "docker.io/you/app:a",
            "ghcr.io/you/app:a",
            "docker.io/other/app:latest"
        ]
    );
    assert_eq!(lists[1].images[0].image, "oci-layout://out:1");
}
