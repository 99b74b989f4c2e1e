//! Properties of random indexes. The seed is printed.

use std::io::Write as _;

use fastrand::Rng;
use manifest_testkit::image::{BuiltImage, BuiltIndex, Image, Index};
use manifest_testkit::sha256;
use serde_json::{Value, json};

use super::{entries, entries_of};
use crate::commands::{Shell, watched};
use crate::harness::docker;

/// The number of lists on each registry.
const ROUNDS: usize = 12;

/// Builds an image whose manifest has a random layout, and unknown fields.
fn image(random: &mut Rng) -> BuiltImage {
    let platforms = [
        "linux/amd64",
        "linux/arm64/v8",
        "linux/s390x",
        "windows/amd64",
    ];
    let platform = platforms[random.usize(..platforms.len())];
    let image = if random.bool() {
        Image::oci()
    } else {
        Image::docker()
    };
    let mut image = image
        .platform(platform)
        .seed(&random.u64(..).to_string())
        .layers(random.usize(1..4), random.usize(1..300));
    if random.bool() {
        image = image.reverse_keys();
    }
    if random.bool() {
        image = image
            .extra("x-note", "a<b & \u{2028} \u{1f433}")
            .extra("x-number", 1e3);
    }
    image = match random.u8(..3) {
        0 => image.compact(),
        1 => image.indent(random.usize(1..5)),
        _ => image.trailing("\n \n"),
    };
    image.build()
}

/// Builds an index of such images, with unknown fields in its descriptors, in a random layout.
fn index(random: &mut Rng, count: usize) -> (BuiltIndex, Vec<BuiltImage>) {
    let images: Vec<BuiltImage> = (0..count).map(|_| image(random)).collect();
    let index = images.iter().fold(Index::oci(), Index::image);
    let mut index = index.build();
    let mut list: Value = serde_json::from_slice(&index.manifest).unwrap();
    for entry in list["manifests"].as_array_mut().unwrap() {
        let entry = entry.as_object_mut().unwrap();
        if random.bool() {
            entry.insert(
                "annotations".into(),
                json!({ "k": random.u32(..).to_string() }),
            );
        }
        if random.bool() {
            entry.insert(
                "x-unknown".into(),
                json!([random.u32(..), { "deep": null }]),
            );
        }
        if random.bool() {
            entry.insert("artifactType".into(), json!("application/x"));
        }
        if random.bool() {
            entry["platform"]["features"] = json!(["sse4"]);
            entry["platform"]["x-unknown"] = json!({ "<": ">" });
        }
        if random.bool() {
            entry.insert("data".into(), json!("e30="));
        }
        if random.bool() {
            entry.insert("urls".into(), json!(["https://example.com/"]));
        }
    }
    index.manifest = if random.bool() {
        serde_json::to_vec(&list).unwrap()
    } else {
        serde_json::to_vec_pretty(&list).unwrap()
    };
    index.digest = sha256(&index.manifest);
    (index, images)
}

#[test]
fn flattening_loses_nothing_and_dry_runs_are_right() {
    let seed = docker::setting("PROPERTY_SEED").and_then(|text| text.parse().ok());
    let seed = seed.unwrap_or_else(|| fastrand::u64(..));
    // `println!` would be captured with the output of a passing test.
    let _ = writeln!(
        std::io::stderr(),
        "publishing: {ROUNDS} random lists, PROPERTY_SEED={seed}"
    );
    for registry in watched::each() {
        let mut random = Rng::with_seed(seed);
        let shell = Shell::new(&registry);
        for round in 0..ROUNDS {
            let mut expected = Vec::new();
            let mut images = Vec::new();
            let mut sources = Vec::new();
            for source in 0..random.usize(1..4) {
                // Mostly none, one or two images.
                let count = [0, 1, 2, 2, 5][random.usize(..5)];
                let (index, built) = index(&mut random, count);
                let repository = format!("s{source}");
                registry.push(&repository, &format!("r{round}"), &index);
                expected.extend(entries_of(&index));
                images.extend(built);
                sources.push(format!("@/{repository}:r{round}"));
            }
            random.shuffle(&mut sources);
            let list = format!("@/app:r{round}");
            let created = shell.run(&format!("create {list} {}", sources.join(" ")));
            if expected.is_empty() {
                created.fails(1).says("nothing is left");
                let at_once = format!("create --push {list} {}", sources.join(" "));
                shell.run(&at_once).fails(1).says("not found");
                let line = format!("create --push --allow-empty {list} {}", sources.join(" "));
                shell.run(&line).succeeds();
                assert!(entries(&registry, "app", &format!("r{round}")).is_empty());
                continue;
            }
            created.succeeds();
            registry.lines();
            let flags = "--on-duplicate keep";
            let dry = shell.run(&format!("push --dry-run -q {flags} {list}"));
            assert!(registry.writes().is_empty());
            let pushed = shell.run(&format!("push -q {flags} {list}"));
            pushed.succeeds();
            assert_eq!(dry.stdout, pushed.stdout, "seed {seed}, round {round}");
            let bytes = registry.bytes("app", &format!("r{round}"));
            assert_eq!(pushed.stdout.trim(), sha256(&bytes));
            // Each descriptor is unchanged, in the order of the sources' names.
            assert_eq!(
                entries(&registry, "app", &format!("r{round}")),
                expected,
                "seed {seed}, round {round}"
            );
            for image in &images {
                assert_eq!(registry.bytes("app", &image.digest), image.manifest);
            }
            registry.lines();
            shell
                .run(&format!("push {flags} {list}"))
                .succeeds()
                .says("nothing was written");
            assert!(registry.writes().is_empty());
        }
    }
}
