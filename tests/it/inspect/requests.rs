//! The number of requests of each form.

use std::fs;
use std::time::Duration;

use manifest_testkit::image::{Image, Index};
use manifest_testkit::log::longest_chain;
use manifest_testkit::suite::Kind;
use manifest_testkit::{EmbeddedRegistry, TestCa};

use super::{inspect, inspect_in, registry};
use crate::commands::{Shell, Watched};

/// The latency of a round trip: long, compared with the program's own work between two.
const LATENCY: Duration = Duration::from_millis(150);

/// The requests beside the first one, which finds out how the registry is reached.
fn counts(registry: &Watched<'_>) -> (usize, usize, usize) {
    let log = registry.log();
    let heads = log.count(|request| request.method == "HEAD");
    let manifests = log.count(|request| request.is("GET", "/manifests/"));
    let blobs = log.count(|request| request.is("GET", "/blobs/"));
    log.clear();
    (heads, manifests, blobs)
}

#[test]
fn each_form_sends_what_it_needs() {
    let (registry, ..) = registry();
    for (words, expected) in [
        ("@/app:1", (0, 1, 0)),
        ("--raw @/app:1", (0, 1, 0)),
        ("--digest @/app:1", (1, 0, 0)),
        ("--format {{.Digest}} @/app:1", (0, 1, 0)),
        ("--raw --platform linux/arm64 @/app:1", (0, 2, 0)),
        ("--config --platform linux/arm64 @/app:1", (0, 2, 1)),
        ("--platform linux/arm64 @/app:1", (0, 2, 1)),
        // The list, then three images and three attestations; with `--deep` the images' configurations.
        ("--format table @/app:1", (0, 7, 0)),
        ("--format json @/app:1", (0, 7, 0)),
        ("--format {{.|json}} @/app:1", (0, 7, 0)),
        ("--format {{.MediaType}} @/app:1", (0, 1, 0)),
        ("--deep @/app:1", (0, 7, 3)),
        ("--deep --format json @/app:1", (0, 7, 3)),
        ("--format {{.Manifests|len}}{{.Created}} @/app:1", (0, 7, 3)),
        ("--format json @/app:amd64", (0, 1, 1)),
    ] {
        inspect(&registry, words).succeeds();
        assert_eq!(counts(&registry), expected, "{words}");
    }
    let shell = Shell::new(&registry);
    shell
        .run("create --insecure @/app:1 @/app:amd64")
        .succeeds();
    registry.lines();
    for (words, expected) in [
        ("", (0, 0, 0)),
        ("--raw", (1, 0, 0)),
        ("--format {{.Kind}}", (1, 0, 0)),
    ] {
        inspect_in(&shell, &format!("{words} @/app:1")).succeeds();
        assert_eq!(counts(&registry), expected, "{words}");
    }
    // The registry has another list under the name, then the same one.
    inspect_in(&shell, "--format json @/app:1").succeeds();
    assert_eq!(counts(&registry), (1, 1, 1));
    shell.run("push --insecure @/app:1").succeeds();
    registry.lines();
    inspect_in(&shell, "--format json @/app:1").succeeds();
    assert_eq!(counts(&registry), (1, 0, 1));
}

/// 20 children: one GET for the list, then one parallel round. `--deep` takes a round more, unless annotations state the ages.
#[test]
fn a_table_of_20_children_is_one_get_and_one_parallel_round() {
    for (is_annotated, flags, ages, blobs, depth) in [
        (true, "--format table", 20, 0, 2),
        (false, "--format table", 0, 0, 2),
        (false, "--format json", 0, 0, 2),
        (true, "--deep", 20, 0, 2),
        (false, "--deep", 20, 20, 3),
    ] {
        let ca = TestCa::new();
        let far = EmbeddedRegistry::builder().tls(&ca).latency(LATENCY);
        let registry = Watched::embedded(far.start());
        let mut index = Index::oci();
        for i in 0..20 {
            let mut image = Image::oci().platform("linux/amd64").seed(&i.to_string());
            if is_annotated {
                image =
                    image.annotation("org.opencontainers.image.created", "2024-01-01T00:00:00Z");
            }
            index = index.image(&image.build());
        }
        registry.push("app", "1", &index.build());
        registry.log().clear();
        let shell = Shell::new(&registry);
        fs::write(shell.home.path().join("ca.pem"), ca.ca_pem()).unwrap();
        let ran = inspect_in(&shell, &format!("--ca-file ca.pem {flags} @/app:1"));
        let lines = ran.succeeds().stdout.lines();
        let found = lines.filter(|line| line.contains(" years")).count();
        assert_eq!(found, ages, "{ran}");
        let is_hinted = ages == 0 && !flags.contains("json");
        let hint = "no annotation states the age of 20 images; `--deep` reads it";
        assert_eq!(ran.stderr.contains(hint), is_hinted, "{ran}");
        let requests = registry.log().requests();
        let by_name: Vec<_> = requests
            .iter()
            .filter(|request| request.is("GET", "/manifests/1"))
            .collect();
        assert_eq!(by_name.len(), 1);
        let chain = longest_chain(&requests);
        assert_eq!(counts(&registry), (0, 21, blobs), "{flags}");
        assert_eq!(chain, depth, "{flags}");
    }
}

#[test]
fn the_registry_kind_does_not_matter() {
    for kind in manifest_testkit::suite::kinds() {
        let registry = Watched::empty(kind);
        let image = Image::oci().platform("linux/arm64").build();
        registry.push("app", "1", &Index::oci().image(&image).build());
        inspect(&registry, "--format table @/app:1").succeeds();
        let ran = inspect(&registry, "--digest --platform linux/arm64 @/app:1");
        ran.succeeds().prints(&format!("{}\n", image.digest));
    }
    assert!(manifest_testkit::suite::kinds().contains(&Kind::Embedded));
}
