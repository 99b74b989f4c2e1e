//! Images of other repositories and registries: mounts, uploads, and unchanged bytes.

use std::collections::BTreeSet;
use std::process::Stdio;
use std::time::Duration;

use manifest_testkit::image::{BuiltImage, Image};
use manifest_testkit::suite::{self, Kind, TestRegistry};
use manifest_testkit::{EmbeddedRegistry, sha256};
use serde_json::Value;

use super::Shell;
use super::watched::{self, Watched};
use crate::harness::{Home, world};

/// Returns the digests of the blobs that an image has in its registry, all but foreign layers.
fn blobs(manifest: &[u8]) -> Vec<String> {
    let manifest: Value = serde_json::from_slice(manifest).unwrap();
    let layers = manifest["layers"].as_array().unwrap().iter();
    let layers = layers.filter(|layer| layer.get("urls").is_none());
    let blobs = std::iter::once(&manifest["config"]).chain(layers);
    blobs
        .map(|blob| blob["digest"].as_str().unwrap().to_owned())
        .collect()
}

/// The repository of a list, and the images in it: those of other repositories are mounted.
const MOUNTED: [(&str, &[&str]); 5] = [
    (
        "release/all",
        &[
            "app:arm64",
            "other:s390x",
            "other:mips64le",
            "deep/er/repo:amd64",
        ],
    ),
    (
        "app",
        &["app:arm64", "other:s390x", "app:armv7", "other:mips64le"],
    ),
    ("other", &["app:oci-amd64", "other:oci-386", "app:oci-odd"]),
    ("windows", &["app:windows-foreign", "other:windows"]),
    ("app", &["app:amd64", "app:arm64"]),
];

#[test]
fn content_of_the_registry_is_mounted_and_the_tag_is_written_last() {
    for registry in watched::each() {
        let shell = Shell::new(&registry);
        for (row, (target, images)) in MOUNTED.iter().enumerate() {
            let list = format!("@/{target}:multi-{row}");
            let arguments: Vec<String> = images.iter().map(|image| format!("@/{image}")).collect();
            shell
                .run(&format!("create {list} {}", arguments.join(" ")))
                .succeeds();
            let draft = shell
                .run(&format!("inspect {list}"))
                .stdout
                .trim_end()
                .to_owned();
            registry.lines();

            let pushed = shell.run(&format!("push {list}"));
            pushed.succeeds().is_quiet();
            let writes = registry.writes();
            let foreign = images
                .iter()
                .filter(|image| image.split(':').next() != Some(target));
            let (mut mounts, mut puts, mut said) =
                (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
            for image in foreign {
                let (source, digest) = (image.split(':').next().unwrap(), world::digest(image));
                let source_in_query = source.replace('/', "%2F");
                mounts.extend(blobs(&registry.bytes(source, digest)).into_iter().map(|blob| {
                    let blob = blob.replace(':', "%3A");
                    format!("POST /v2/{target}/blobs/uploads/?from={source_in_query}&mount={blob} 201")
                }));
                puts.insert(format!("PUT /v2/{target}/manifests/{digest} 201"));
                said.insert(format!(
                    "Pushed ref REGISTRY/{target}@{digest} with digest: {digest}"
                ));
                assert_eq!(
                    registry.bytes(target, digest),
                    registry.bytes(source, digest),
                    "{image}"
                );
            }
            // Mounts and children in any order, each once, without uploads; then the tag.
            let (tag, before) = writes.split_last().unwrap();
            assert_eq!(tag, &format!("PUT /v2/{target}/manifests/multi-{row} 201"));
            assert_eq!(before.len(), mounts.len() + puts.len(), "{writes:#?}");
            let expected: BTreeSet<String> = mounts.union(&puts).cloned().collect();
            assert_eq!(before.iter().cloned().collect::<BTreeSet<_>>(), expected);

            let (digest, children) = {
                let lines: Vec<&str> = pushed.stdout.lines().collect();
                let (digest, children) = lines.split_last().unwrap();
                (
                    (*digest).to_owned(),
                    children.iter().map(|line| (*line).to_owned()).collect(),
                )
            };
            assert_eq!(said, children, "{pushed}");
            let published = registry.bytes(target, &format!("multi-{row}"));
            assert_eq!(String::from_utf8(published.clone()).unwrap(), draft);
            assert_eq!(digest, sha256(&published));
        }
    }
}

#[test]
fn a_registry_that_mounts_nothing_gets_uploads() {
    let registry = EmbeddedRegistry::builder().never_mount().start();
    let image = Image::docker()
        .platform("linux/arm64")
        .layers(3, 900)
        .build();
    registry.seed("base", "1", &image);
    let host = registry.host();
    let home = Home::new();
    home.ours(&[
        "create",
        &format!("{host}/app:1"),
        &format!("{host}/base:1"),
    ])
    .succeeds();
    let pushed = home.ours(&["push", "--purge", &format!("{host}/app:1")]);
    let tag = registry.digest("app", "1").expect("the list is there");
    pushed
        .succeeds()
        .prints(&format!(
            "Pushed ref {host}/app@{0} with digest: {0}\n{tag}\n",
            image.digest
        ))
        .is_quiet();
    for blob in image.blob_digests() {
        assert_eq!(registry.blob("app", &blob), registry.blob("base", &blob));
    }
    assert_eq!(registry.open_uploads("app"), 0);
    assert!(home.drafts().is_empty());
}

#[test]
fn images_of_another_registry_are_copied() {
    for (from, to) in [(Kind::Embedded, Kind::Real), (Kind::Real, Kind::Embedded)] {
        if !suite::kinds().contains(&from) || !suite::kinds().contains(&to) {
            continue;
        }
        let source = TestRegistry::start(from);
        let target = Watched::empty(to);
        let docker = Image::docker()
            .platform("linux/arm64/v8")
            .layers(2, 700)
            .foreign_layer()
            .build();
        let oci = Image::oci()
            .platform("linux/riscv64")
            .layers(2, 700)
            .build();
        source.push("base", "docker", &docker);
        source.push("base", "oci", &oci);
        let shell = Shell::new(&target);
        let base = format!("{}/base", source.host());
        shell
            .run(&format!("create @/app:1 {base}:docker {base}:oci"))
            .succeeds()
            .is_quiet();
        target.lines();
        let pushed = shell.run("push -p @/app:1");
        pushed.succeeds().is_quiet();
        let writes = target.writes();
        assert!(
            writes.iter().all(|line| !line.contains("mount=")),
            "{writes:#?}"
        );
        let tag = "PUT /v2/app/manifests/1 201".to_owned();
        assert_eq!(writes.last(), Some(&tag));
        assert_eq!(writes.iter().filter(|line| **line == tag).count(), 1);
        for image in [&docker, &oci] {
            assert_eq!(target.bytes("app", &image.digest), image.manifest);
            assert!(pushed.stdout.contains(&format!(
                "Pushed ref REGISTRY/app@{0} with digest: {0}\n",
                image.digest
            )));
        }
        assert!(
            pushed
                .stdout
                .ends_with(&format!("\n{}\n", sha256(&target.bytes("app", "1"))))
        );
        assert_eq!(shell.drafts(), [].into());
    }
}

/// Rewrites an image's manifest in another layout.
fn laid_out(image: BuiltImage, change: impl Fn(String) -> String) -> BuiltImage {
    let manifest = change(String::from_utf8(image.manifest).unwrap()).into_bytes();
    BuiltImage {
        digest: sha256(&manifest),
        manifest,
        ..image
    }
}

/// Manifests whose bytes no encoder would write.
fn layouts() -> Vec<(&'static str, BuiltImage)> {
    let docker = |seed: &str| Image::docker().platform("linux/arm64/v8").seed(seed);
    let oci = |seed: &str| Image::oci().platform("linux/arm64/v8").seed(seed);
    let odd = "a<b & c>d \u{2028}\u{2029} \u{1f433} \u{7f} \\ \" /";
    vec![
        ("without any space", docker("compact").compact().build()),
        (
            "keys in reverse, one space",
            docker("reverse").reverse_keys().indent(1).build(),
        ),
        (
            "lines of DOS, and one more",
            laid_out(docker("dos").trailing("\n\n").build(), |text| {
                text.replace('\n', "\r\n")
            }),
        ),
        (
            "tabs for indentation and after colons",
            laid_out(oci("tabs").build(), |text| {
                text.replace("  ", "\t").replace(": ", " :\t ")
            }),
        ),
        (
            "white space around it all",
            laid_out(docker("around").build(), |text| {
                format!("\n \t{text} \r\n\t\n")
            }),
        ),
        (
            "fields that nobody knows",
            oci("unknown")
                .extra(
                    "vendor",
                    serde_json::json!({ "z": [1, null, { "y": {} }], "a": odd, "": true }),
                )
                .annotation("org.example.odd", odd)
                .without_media_type()
                .build(),
        ),
        (
            "numbers as they were written",
            laid_out(docker("numbers").extra("n", 1).build(), |text| {
                text.replace(
                    "\"n\": 1",
                    "\"n\": [1e3, 1.0, -0, 18446744073709551616, 0.1000]",
                )
            }),
        ),
        (
            "escapes that need not be",
            laid_out(oci("escapes").build(), |text| {
                text.replace("application/", "application\\/")
                    .replace("sha256:", "sha\\u003256:")
            }),
        ),
        (
            "unknown fields in what is known",
            laid_out(docker("within").build(), |text| {
                text.replace("\"config\": {", "\"config\": { \"x-note\" : [ ], ")
            }),
        ),
    ]
}

#[test]
fn manifests_arrive_byte_for_byte_in_another_repository() {
    for registry in watched::each() {
        let shell = Shell::new(&registry);
        let layouts = layouts();
        for (index, (name, image)) in layouts.iter().enumerate() {
            let stored = registry.push("source", &format!("l{index}"), image);
            assert_eq!(stored, image.digest, "{name}");
        }
        let images: Vec<String> = (0..layouts.len())
            .map(|l| format!("@/source:l{l}"))
            .collect();
        shell
            .run(&format!("create @/target:1 {}", images.join(" ")))
            .succeeds()
            .prints("Created manifest list REGISTRY/target:1\n");
        // Changed and changed back: the bytes do not come from the draft's parsed view.
        shell
            .run("annotate @/target:1 @/source:l0 --variant v9")
            .succeeds();
        shell
            .run("annotate @/target:1 @/source:l0 --variant v8")
            .succeeds();
        registry.lines();
        let pushed = shell.run("push @/target:1");
        pushed.succeeds().says("are both for linux/arm64/v8");
        assert!(registry.writes().iter().all(|line| line.ends_with(" 201")));
        for (name, image) in &layouts {
            let (media_type, bytes) = registry
                .manifest("target", &image.digest)
                .unwrap_or_default();
            assert_eq!(
                String::from_utf8(bytes),
                String::from_utf8(image.manifest.clone()),
                "{name}"
            );
            assert_eq!(media_type, image.media_type, "{name}");
        }
        assert_eq!(pushed.stdout.lines().count(), layouts.len() + 1);
    }
}

/// The memory limit of the program, in KiB, while it copies a hundred layers of 1 MB. A release build uses some 30 MB (`cargo
/// xtask bench`), a build with debug assertions more.
const MEMORY: u64 = 60 * 1024;

#[test]
fn memory_is_bounded_for_many_concurrent_blobs() {
    let target = EmbeddedRegistry::builder().latency(Duration::from_millis(20));
    let target = Watched::embedded(target.start());
    let source = EmbeddedRegistry::start();
    source.seed("app", "1", &Image::oci().layers(100, 1_000_000).build());
    let shell = Shell::new(&target);
    let line = format!("create --push @/app:1 {}/app:1", source.host());
    let mut child = shell
        .command(&line)
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let status_file = format!("/proc/{}/status", child.id());
    let mut peak = 0;
    let ended = loop {
        // Linux reports the peak until the process has ended.
        if let Ok(status) = std::fs::read_to_string(&status_file) {
            let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
            let kib = line.and_then(|line| line.trim().strip_suffix("kB")?.trim().parse().ok());
            peak = peak.max(kib.unwrap_or(0));
        }
        if let Some(ended) = child.try_wait().unwrap() {
            break ended;
        }
        std::thread::sleep(Duration::from_millis(5));
    };
    assert!(ended.success());
    assert!(peak > 0 && peak < MEMORY, "{peak} KiB");
}
