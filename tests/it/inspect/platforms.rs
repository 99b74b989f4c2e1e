//! `--platform`, and one image in depth.

use manifest_testkit::image::Index;

use super::{image, inspect, json, registry};
use crate::commands::Watched;
use manifest_testkit::suite::Kind;

#[test]
fn an_engine_gets_its_image_or_the_best_that_it_runs() {
    let (registry, index, images) = registry();
    for (platform, place, reason) in [
        ("linux/amd64", 0, "the only entry for linux/amd64"),
        (
            "linux/amd64/v3",
            0,
            "the only entry for linux/amd64, the best that linux/amd64/v3 runs: none is for linux/amd64/v3 itself",
        ),
        ("linux/aarch64", 1, "the only entry for linux/arm64"),
        (
            "linux/arm/v7",
            2,
            "the only entry for linux/arm/v6, the best that linux/arm/v7 runs",
        ),
        ("linux/arm", 2, "the only entry for linux/arm/v6"),
    ] {
        let ran = inspect(
            &registry,
            &format!("--platform {platform} --format json @/app:1"),
        );
        let view = json(&ran);
        assert_eq!(view["digest"], images[place].digest.as_str(), "{ran}");
        assert_eq!(view["selection"]["list"], index.digest.as_str());
        assert!(
            view["selection"]["reason"]
                .as_str()
                .unwrap()
                .starts_with(reason),
            "{ran}"
        );
        let table = inspect(&registry, &format!("--platform {platform} @/app:1"));
        assert!(
            table
                .succeeds()
                .stdout
                .contains(&format!("Chosen:     {reason}")),
            "{table}"
        );
        let raw = inspect(&registry, &format!("--raw --platform {platform} @/app:1"));
        assert_eq!(raw.succeeds().stdout.as_bytes(), images[place].manifest);
    }
}

#[test]
fn no_image_for_an_engine() {
    let (registry, ..) = registry();
    let ran = inspect(&registry, "--platform linux/s390x @/app:1");
    ran.fails(1)
        .prints("")
        .says("REGISTRY/app:1 has no image that linux/s390x runs");
    ran.says("linux/amd64 (another architecture)");
    inspect(&registry, "--platform linux/arm/v5 @/app:1")
        .fails(1)
        .says("linux/arm/v6 (another variant)");
    inspect(&registry, "--platform linux/amd64 @/app:arm64")
        .fails(1)
        .says("linux/arm64 (another architecture)");
    inspect(&registry, "--platform linux/arm64 @/app:arm64").succeeds();
    inspect(&registry, "--platform linux/amd46 @/app:1")
        .fails(125)
        .says("unknown platform");
}

#[test]
fn windows_and_entries_without_a_platform() {
    let registry = Watched::empty(Kind::Embedded);
    let windows = |version: &str| {
        manifest_testkit::image::Image::docker()
            .platform("windows/amd64")
            .os_version(version)
            .seed(version)
            .build()
    };
    let (old, new) = (windows("10.0.17763.100"), windows("10.0.20348.200"));
    let unstated = image("linux/arm64");
    let index = Index::oci()
        .image(&old)
        .image(&new)
        .image_with(&unstated, None, &[])
        .build();
    registry.push("app", "1", &index);
    for (platform, digest) in [
        ("windows(10.0.17763.1)/amd64", &old.digest),
        ("windows(10.0.26100)/amd64", &new.digest),
        ("windows/amd64", &old.digest),
        ("linux/arm64", &unstated.digest),
    ] {
        let ran = inspect(
            &registry,
            &format!("--digest --platform {platform} @/app:1"),
        );
        ran.succeeds().prints(&format!("{digest}\n"));
    }
    inspect(&registry, "--platform windows(10.0.18362)/amd64 @/app:1")
        .fails(1)
        .says("another version of Windows");
}

/// containerd follows a list without a platform, after the entries that state one.
#[test]
fn a_list_in_the_list() {
    let (registry, index, images) = registry();
    let (arm64, s390x) = (image("linux/arm64"), image("linux/s390x"));
    let outer = Index::oci().index(&index).image(&s390x).image(&arm64);
    registry.push("app", "2", &outer.build());
    for (platform, digest) in [
        ("linux/amd64", &images[0].digest),
        ("linux/arm/v7", &images[2].digest),
        ("linux/arm64", &arm64.digest),
        ("linux/s390x", &s390x.digest),
    ] {
        let words = format!("--digest --platform {platform} @/app:2");
        let ran = inspect(&registry, &words);
        ran.succeeds().prints(&format!("{digest}\n"));
    }
    let words = "--platform linux/amd64 --attestations --format json @/app:2";
    let view = json(&inspect(&registry, words));
    assert_eq!(view["selection"]["list"], index.digest.as_str());
    assert_eq!(view["attestations"].as_array().unwrap().len(), 2);
    inspect(&registry, "--platform linux/riscv64 @/app:2").fails(1);
}

#[test]
fn parts_that_an_image_lacks() {
    let registry = Watched::empty(Kind::Embedded);
    let bare = manifest_testkit::image::Image::oci();
    let bare = bare.platform("linux/amd64").build();
    registry.push("app", "1", &bare);
    let ran = inspect(&registry, "--history --attestations @/app:1");
    for line in [
        "The configuration has no history.",
        "There are no attestations.",
    ] {
        assert!(ran.succeeds().stdout.contains(line), "{ran}");
    }
    ran.says("hint: attestations are in the list of their image");
}

#[test]
fn the_configuration_is_printed_as_it_is() {
    let (registry, _, images) = registry();
    let ran = inspect(&registry, "--config --platform linux/arm64 @/app:1");
    assert_eq!(ran.succeeds().stdout.as_bytes(), images[1].config);
    let ran = inspect(&registry, "--config @/app:amd64");
    assert_eq!(ran.succeeds().stdout.as_bytes(), images[0].config);
    let ran = inspect(&registry, "--config @/app:1");
    ran.fails(1)
        .prints("")
        .says("is a list of 3 images, and one is needed");
    ran.says("choose one with `--platform`: linux/amd64, linux/arm64, linux/arm/v6");
}

#[test]
fn layers_history_and_attestations() {
    let (registry, _, images) = registry();
    let ran = inspect(&registry, "--layers --history @/app:amd64");
    ran.succeeds();
    for text in ["LAYER", "CREATED BY", "COPY / /", "ENV A=1"] {
        assert!(ran.stdout.contains(text), "{ran}");
    }
    let view = json(&inspect(&registry, "--history --format json @/app:amd64"));
    assert_eq!(
        view["history"][0]["layer"],
        images[0].layers[0].digest.as_str()
    );
    assert!(view["history"][1]["layer"].is_null());
    let ran = inspect(&registry, "--attestations @/app:1");
    let rows: Vec<&str> = ran.succeeds().stdout.lines().collect();
    let count = |text: &str| rows.iter().filter(|row| row.contains(text)).count();
    assert_eq!(count("2 packages"), 3, "{ran}");
    assert_eq!(count("https://ci.example/1"), 3, "{ran}");
    let ran = inspect(
        &registry,
        "--attestations --platform linux/arm64 --format json @/app:1",
    );
    let view = json(&ran);
    let statements = view["attestations"].as_array().unwrap();
    assert_eq!(statements.len(), 2, "{ran}");
    for statement in statements {
        assert_eq!(statement["about"], images[1].digest.as_str());
        assert_eq!(statement["platform"]["architecture"], "arm64");
    }
    assert_eq!(statements[0]["predicate"]["packages"][1]["name"], "b");
}

#[test]
fn entries_without_a_platform_over_the_limit_are_not_dropped_silently() {
    let registry = Watched::empty(Kind::Embedded);
    let (arm64, s390x) = (image("linux/arm64"), image("linux/s390x"));
    let mut index = Index::oci();
    for _ in 0..200 {
        index = index.image_with(&arm64, None, &[]);
    }
    registry.push("app", "200", &index.clone().build());
    let index = index.image_with(&s390x, None, &[]).build();
    registry.push("app", "201", &index);
    let warning = "REGISTRY/app:201 has 201 entries without a platform: only the first 200 are looked into, the others can be inspected by digest\n";
    inspect(&registry, "--platform linux/s390x @/app:201")
        .fails(1)
        .says(warning);
    inspect(&registry, "--platform linux/arm64 --digest @/app:201")
        .succeeds()
        .prints(&format!("{}\n", arm64.digest))
        .says(warning);
    inspect(&registry, "--platform linux/arm64 --digest @/app:200")
        .succeeds()
        .does_not_say("without a platform");
}
