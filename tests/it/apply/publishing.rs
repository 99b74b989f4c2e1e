//! What is published, and that it is what `create --push` publishes.

use manifest_testkit::{EmbeddedRegistry, suite};
use serde_json::{Value, json};

use super::{by_tag, seed, write};
use crate::commands::{Shell, Watched, watched};

#[test]
fn lists_are_published_as_create_publishes_them() {
    for kind in suite::kinds() {
        let registry = Watched::empty(kind);
        seed(&registry, 2);
        let shell = Shell::new(&registry);
        write(&shell, "lists.yaml", &by_tag(2));
        let ran = shell.run("apply -f lists.yaml");
        ran.succeeds().says("2 lists: 2 written");
        assert!(ran.stdout.starts_with("TARGET"), "{ran}");
        let created =
            shell.run("create --push --order given -q @/created:0 @/src:0-amd64 @/src:0-arm64");
        created.succeeds();
        assert_eq!(registry.bytes("app", "0"), registry.bytes("created", "0"));
        let again = shell.run("apply lists.yaml");
        again.succeeds().prints("").says("2 lists: 2 unchanged");
    }
}

#[test]
fn all_properties_of_a_list() {
    for registry in watched::each() {
        let shell = Shell::new(&registry);
        let text = "\
image: @/app:all
tags: [stable, '@/mirror/app:all']
type: oci
order: platform
annotations:
  org.example.a: b
artifactType: application/vnd.example
subject: '@/app:oci-amd64'
manifests:
  - image: @/app:windows
    platform: { os: windows, architecture: amd64, osversion: '1.2.3', osfeatures: [a] }
  - image: @/app:armv7
    platform: { os: linux, architecture: arm, variant: v6 }
    annotations: { org.example.c: d }
  - image: @/app:armv7
  - image: @/app:list
    platform: { os: linux, architecture: arm64 }
  - image: @/app:buildkit
";
        write(&shell, "all.yaml", text);
        let ran = shell.run("apply -q -f all.yaml");
        ran.succeeds();
        let list: Value = serde_json::from_slice(&registry.bytes("app", "all")).unwrap();
        assert_eq!(list["annotations"], json!({ "org.example.a": "b" }));
        assert_eq!(list["artifactType"], "application/vnd.example");
        let platforms = list["manifests"].as_array().unwrap().iter().map(|entry| {
            let platform = &entry["platform"];
            let text = |key: &str| platform[key].as_str().unwrap_or_default().to_owned();
            [text("os"), text("architecture"), text("variant")].join("/")
        });
        let expected = [
            "linux/amd64/",
            "unknown/unknown/",
            "linux/arm/v6",
            "linux/arm/v7",
            "linux/arm64/v8",
            "windows/amd64/",
        ];
        assert_eq!(platforms.collect::<Vec<_>>(), expected, "{list:#}");
        let windows = &list["manifests"][5]["platform"];
        assert_eq!(windows["os.version"], "1.2.3");
        assert_eq!(windows["os.features"], json!(["a"]));
        let armv6 = &list["manifests"][2];
        assert_eq!(armv6["annotations"], json!({ "org.example.c": "d" }));
        assert_eq!(armv6["digest"], list["manifests"][3]["digest"]);
        for (repository, tag) in [("app", "stable"), ("mirror/app", "all")] {
            assert_eq!(
                registry.bytes(repository, tag),
                registry.bytes("app", "all")
            );
        }
        assert_eq!(ran.stdout.lines().count(), 1, "{ran}");
    }
}

#[test]
fn images_of_one_list_are_chosen_by_their_platforms() {
    for registry in watched::each() {
        let shell = Shell::new(&registry);
        let chosen = |platforms: [&str; 2]| {
            let images = platforms.map(|platform| {
                let (os, architecture) = platform.split_once('/').unwrap();
                format!("  - image: @/app:list\n    platform: {{ os: {os}, architecture: {architecture} }}\n")
            });
            format!("image: @/app:chosen\nmanifests:\n{}", images.concat())
        };
        write(&shell, "list.yaml", &chosen(["linux/arm64", "linux/amd64"]));
        shell.run("apply list.yaml").succeeds();
        let chosen_list: Value = serde_json::from_slice(&registry.bytes("app", "chosen")).unwrap();
        let all: Value = serde_json::from_slice(&registry.bytes("app", "list")).unwrap();
        // In the order of the file, with the descriptors of the list.
        let (chosen_list, all) = (&chosen_list["manifests"], &all["manifests"]);
        assert_eq!([&chosen_list[0], &chosen_list[1]], [&all[1], &all[0]]);
        // A draft that is refreshed still has both.
        let draft = chosen(["linux/amd64", "linux/arm64"]).replace("chosen", "draft");
        write(&shell, "draft.yaml", &draft);
        shell.run("create -f draft.yaml").succeeds();
        shell.run("push --moved refresh @/app:draft").succeeds();
        let draft: Value = serde_json::from_slice(&registry.bytes("app", "draft")).unwrap();
        assert_eq!(draft["manifests"], *all);
        for (text, message) in [
            (
                chosen(["linux/arm64", "linux/s390x"]),
                "REGISTRY/app:list is a list, and has no image for linux/s390x",
            ),
            (
                chosen(["linux/arm64", "linux/amd64"]).replace("os: linux, ", ""),
                "its images have platforms of their own",
            ),
        ] {
            write(&shell, "list.yaml", &text);
            shell.run("apply list.yaml").fails(1).says(message);
        }
    }
}

#[test]
fn platforms_choose_among_the_images_of_lists_only() {
    let registry = Watched::embedded(EmbeddedRegistry::start());
    seed(&registry, 1);
    let shell = Shell::new(&registry);
    let text = "\
defaults: { platforms: [linux/amd64, linux/arm64] }
lists:
  - image: @/app:all
    template: @/src:0-ARCH
---
image: @/app:one
manifests: [{ image: @/src:0-amd64 }]
";
    write(&shell, "lists.yaml", text);
    shell.run("apply lists.yaml").succeeds();
    let one: Value = serde_json::from_slice(&registry.bytes("app", "one")).unwrap();
    assert_eq!(one["manifests"].as_array().unwrap().len(), 1, "{one:#}");
    let of_list = text
        .replace("src:0-amd64", "app:all")
        .replace("linux/arm64]", "linux/s390x]")
        .replace(
            "template: @/src:0-ARCH",
            "manifests: [{ image: @/src:0-amd64 }]",
        )
        .replace("image: @/app:all\n", "image: @/app:again\n");
    write(&shell, "lists.yaml", &of_list);
    let ran = shell.run("apply lists.yaml");
    ran.fails(1)
        .says("no source has an image for linux/s390x")
        .says("2 lists: 1 written, 1 failed");
}
