//! Images that do not exist.

use manifest_testkit::image::Image;
use manifest_testkit::suite;

use super::{ARCHITECTURES, by_digest, by_tag, image, report, seed, write, writes};
use crate::commands::{Shell, Watched};

/// Returns the architectures of a list.
fn architectures(registry: &Watched<'_>, tag: &str) -> Vec<String> {
    let list: serde_json::Value = serde_json::from_slice(&registry.bytes("app", tag)).unwrap();
    let manifests = list["manifests"].as_array().unwrap().iter();
    let architecture = |entry: &serde_json::Value| entry["platform"]["architecture"].clone();
    let architectures = manifests.map(architecture);
    architectures
        .map(|text| text.as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn missing_images_are_left_out_on_request() {
    for kind in suite::kinds() {
        let registry = Watched::empty(kind);
        registry.push("src", "0-amd64", &image(0, "amd64"));
        registry.log().clear();
        let mut shell = Shell::new(&registry);
        shell.home.enable_cache();
        write(&shell, "lists.yaml", &by_tag(1));
        let ran = shell.run("apply lists.yaml");
        ran.fails(1).says("no such manifest: REGISTRY/src:0-arm64");
        assert!(writes(&registry).is_empty());
        let ran = shell.run("apply --ignore-missing --report report.json lists.yaml");
        ran.succeeds().says(
            "warning: REGISTRY/app:0: REGISTRY/src:0-arm64 does not exist, so it is left out",
        );
        let list = report(&shell)["lists"][0].clone();
        assert_eq!(list["leftOut"].as_array().unwrap().len(), 1, "{list:#}");
        assert_eq!(architectures(&registry, "0"), ["amd64"]);
        // Once the image is there, the next run adds it, although this list is known.
        registry.push("src", "0-arm64", &image(0, "arm64"));
        shell.run("apply --ignore-missing lists.yaml").succeeds();
        assert_eq!(architectures(&registry, "0"), ARCHITECTURES);
        let none = by_tag(1).replace("src:0", "src:none");
        write(&shell, "none.yaml", &none);
        let ran = shell.run("apply --ignore-missing none.yaml");
        ran.fails(1).says("nothing is left for REGISTRY/app:0");
    }
}

#[test]
fn an_image_by_digest_that_comes_later_is_added() {
    let registry = Watched::embedded(manifest_testkit::EmbeddedRegistry::start());
    registry.push("src", "0-amd64", &image(0, "amd64"));
    let mut shell = Shell::new(&registry);
    shell.home.enable_cache();
    let digests = ARCHITECTURES.map(|architecture| image(0, architecture).digest);
    write(&shell, "lists.yaml", &by_digest(&[digests]));
    for _ in 0..2 {
        shell.run("apply --ignore-missing lists.yaml").succeeds();
        assert_eq!(architectures(&registry, "0"), ["amd64"]);
    }
    registry.push("src", "0-arm64", &image(0, "arm64"));
    shell.run("apply --ignore-missing lists.yaml").succeeds();
    assert_eq!(architectures(&registry, "0"), ARCHITECTURES);
}

#[test]
fn published_lists_lose_images_only_on_request() {
    let registry = Watched::embedded(manifest_testkit::EmbeddedRegistry::start());
    seed(&registry, 2);
    let shell = Shell::new(&registry);
    write(&shell, "lists.yaml", &by_tag(2));
    shell.run("apply lists.yaml").succeeds();
    let text = by_tag(2).replace("src:0-arm64", "src:none");
    write(&shell, "lists.yaml", &text);
    registry.log().clear();
    for flags in ["--ignore-missing", "--ignore-missing --dry-run"] {
        let ran = shell.run(&format!("apply {flags} lists.yaml"));
        ran.fails(7)
            .says("REGISTRY/app:0 would lose linux/arm64")
            .says("--prune-missing")
            .says("2 lists: 1 unchanged, 1 failed");
    }
    assert!(writes(&registry).is_empty());
    // Another image for the same platform is no loss.
    let replaced = text.replace(
        "---\nimage: @/app:1",
        "  - image: @/src:1-arm64\n---\nimage: @/app:1",
    );
    write(&shell, "replaced.yaml", &replaced);
    shell.run("apply --ignore-missing replaced.yaml").succeeds();
    assert_eq!(architectures(&registry, "0"), ARCHITECTURES);
    let ran = shell.run("apply --prune-missing lists.yaml");
    ran.succeeds().says("2 lists: 1 written, 1 unchanged");
    assert_eq!(architectures(&registry, "0"), ["amd64"]);
    // A single image in the place of the list has no platforms to lose.
    registry.push("app", "0", &Image::oci().platform("linux/s390x").build());
    shell.run("apply --ignore-missing lists.yaml").succeeds();
}
