//! Images on disk as sources of a list.

use std::fs;
use std::path::{Path, PathBuf};

use manifest_testkit::image::{BuiltImage, BuiltIndex, Image};
use manifest_testkit::layout::{LayoutFiles, blob, docker_save, tar};
use manifest_testkit::sha256;
use manifest_testkit::suite::Kind;
use serde_json::Value;

use super::{built, entries, entries_of, platforms};
use crate::commands::{Shell, Watched, watched};

/// Writes two builds of BuildKit to disk, one to a folder, the other to an archive, and returns their paths.
pub(super) fn two_builds(folder: &Path, one: &BuiltIndex, two: &BuiltIndex) -> (PathBuf, PathBuf) {
    let (layout, archive) = (folder.join("out"), folder.join("two.tar"));
    LayoutFiles::new()
        .image(Some("1"), one)
        .write_folder(&layout);
    fs::write(&archive, LayoutFiles::new().image(None, two).tar()).unwrap();
    (layout, archive)
}

/// Checks that a repository has an image.
#[track_caller]
fn check_image(registry: &Watched<'_>, repository: &str, image: &BuiltImage) {
    assert_eq!(registry.bytes(repository, &image.digest), image.manifest);
}

#[test]
fn builds_on_disk_become_the_same_list_as_those_in_a_registry() {
    for registry in watched::each() {
        let (amd64, one) = built("linux/amd64", "1");
        let (arm64, two) = built("linux/arm64", "2");
        let shell = Shell::new(&registry);
        let home = shell.home.path().to_owned();
        let (layout, archive) = two_builds(&home, &one, &two);
        let (layout, archive) = (layout.display(), archive.display());
        shell
            .run(&format!(
                "create --order given @/app:1 oci-layout://{layout}:1 oci-archive:{archive}"
            ))
            .succeeds()
            .is_quiet();
        assert!(registry.writes().is_empty(), "create writes to no registry");
        let pushed = shell.run("push @/app:1");
        pushed.succeeds().says("uploading 10 blobs");
        let expected = [entries_of(&one), entries_of(&two)].concat();
        assert_eq!(entries(&registry, "app", "1"), expected);
        for image in [&amd64, &arm64] {
            check_image(&registry, "app", image);
        }
        // The same from a registry: the same bytes.
        registry.push("base", "one", &one);
        registry.push("base", "two", &two);
        shell
            .run("create --order given @/other:1 @/base:one @/base:two")
            .succeeds();
        shell.run("push @/other:1").succeeds();
        assert_eq!(registry.bytes("other", "1"), registry.bytes("app", "1"));
        let digest = sha256(&registry.bytes("app", "1"));
        assert!(pushed.stdout.ends_with(&format!("{digest}\n")), "{pushed}");
        // Again: nothing is written, and nothing on disk is needed any more.
        fs::remove_dir_all(home.join("out")).unwrap();
        fs::remove_file(home.join("two.tar")).unwrap();
        registry.lines();
        shell
            .run("push @/app:1")
            .succeeds()
            .says("nothing was written");
        assert!(registry.writes().is_empty());
        // The published list can be pulled: it has every blob.
        let copy = home.join("copy");
        let copy = copy.display();
        shell.run("create @/again:1 @/app:1").succeeds();
        shell
            .run(&format!("push @/again:1 --to oci-layout://{copy}"))
            .succeeds();
        assert!(registry.writes().is_empty(), "no registry is written to");
    }
}

#[test]
fn create_pushes_from_disk_at_once() {
    for registry in watched::each() {
        let (_, one) = built("linux/amd64", "1");
        let (_, two) = built("linux/arm64", "2");
        let shell = Shell::new(&registry);
        let (layout, archive) = two_builds(shell.home.path(), &one, &two);
        let (layout, archive) = (layout.display(), archive.display());
        let line = format!(
            "create --push --order given -t @/elsewhere:2 @/app:1 oci-layout://{layout}@{} oci-archive:{archive}",
            one.digest
        );
        registry.lines();
        // The second repository mounts the blobs of the first.
        shell.run(&line).succeeds().says("uploading 10 blobs");
        let writes = registry.writes();
        let count = |of: &dyn Fn(&&String) -> bool| writes.iter().filter(of).count();
        let mounts = count(&|line| line.contains("mount=") && line.ends_with(" 201"));
        let is_single = |line: &str| line.contains("/?digest=") && line.ends_with(" 201");
        let uploads = count(&|line| {
            line.starts_with("PUT ") && line.contains("/blobs/uploads/") || is_single(line)
        });
        assert_eq!((mounts, uploads), (10, 10), "{writes:#?}");
        let expected = [entries_of(&one), entries_of(&two)].concat();
        for (repository, tag) in [("app", "1"), ("elsewhere", "2")] {
            assert_eq!(entries(&registry, repository, tag), expected);
        }
        // Choosing platforms chooses their attestations too. The path may be relative.
        let mut command =
            shell.command("create --push --platform linux/arm64 @/app:2 oci-archive:two.tar");
        shell
            .run_command(command.current_dir(shell.home.path()))
            .succeeds();
        assert_eq!(
            platforms(&entries(&registry, "app", "2")),
            ["linux/arm64", "unknown/unknown"]
        );
        assert!(shell.drafts().is_empty());
    }
}

#[test]
fn archives_of_docker_save_are_pushed() {
    for registry in watched::each() {
        let arm = Image::docker()
            .platform("linux/arm/v7")
            .layers(2, 4000)
            .build();
        let shell = Shell::new(&registry);
        let old = shell.home.path().join("old.tar");
        fs::write(&old, tar(&docker_save(&arm, &["app:arm"]))).unwrap();
        let (_, new) = built("linux/amd64", "1");
        let files = LayoutFiles::new()
            .image(Some("amd"), &new)
            .annotation("io.containerd.image.name", "docker.io/library/app:amd")
            .file("manifest.json", "[]");
        let recent = shell.home.path().join("new.tar");
        fs::write(&recent, files.tar()).unwrap();
        let (old, recent) = (old.display(), recent.display());
        shell
            .run(&format!(
                "create @/app:1 docker-archive:{old}:app:arm docker-archive:{recent}:app:amd"
            ))
            .succeeds();
        shell
            .run("annotate --platform linux/arm/v6 @/app:1 linux/arm/v7")
            .succeeds();
        // The entry can also be named by its source.
        shell
            .run(&format!(
                "annotate --annotation k=v @/app:1 docker-archive:{old}:app:arm"
            ))
            .succeeds();
        shell.run("push @/app:1").succeeds();
        let found = entries(&registry, "app", "1");
        assert!(
            platforms(&found).contains(&"linux/arm/v6".to_owned()),
            "{found:?}"
        );
        let is_docker = |entry: &&Value| {
            entry["mediaType"] == "application/vnd.docker.distribution.manifest.v2+json"
        };
        let saved = found.iter().find(is_docker).unwrap();
        assert_eq!(saved["annotations"]["k"], "v");
        let manifest = registry.bytes("app", saved["digest"].as_str().unwrap());
        let manifest: Value = serde_json::from_slice(&manifest).unwrap();
        assert_eq!(manifest["config"]["digest"], arm.config_digest.as_str());
        let layers = manifest["layers"].as_array().unwrap();
        let digests: Vec<&str> = layers
            .iter()
            .filter_map(|layer| layer["digest"].as_str())
            .collect();
        let expected: Vec<&str> = arm
            .layers
            .iter()
            .map(|layer| layer.digest.as_str())
            .collect();
        assert_eq!(digests, expected);
    }
}

#[test]
fn changes_on_disk_are_reported() {
    for registry in watched::each() {
        let (image, one) = built("linux/amd64", "1");
        let (_, two) = built("linux/amd64", "2");
        let shell = Shell::new(&registry);
        let layout = shell.home.path().join("out");
        LayoutFiles::new()
            .image(Some("1"), &one)
            .write_folder(&layout);
        let place = format!("oci-layout://{}:1", layout.display());
        shell.run(&format!("create @/app:1 {place}")).succeeds();
        // A tag that moves in a layout is treated like one in a registry.
        LayoutFiles::new()
            .image(Some("1"), &two)
            .write_folder(&layout);
        let moved = format!(
            "oci-layout://HOME/out:1 has moved since the draft was created: it was {}, it is now {}",
            one.digest, two.digest
        );
        shell
            .run("push --moved error @/app:1")
            .fails(7)
            .says(&moved);
        assert!(registry.writes().is_empty());
        shell.run("push --moved refresh @/app:1").succeeds();
        assert_eq!(entries(&registry, "app", "1"), entries_of(&two));
        // A damaged blob, then a missing one.
        shell
            .run(&format!("create @/damaged:1 {place}@{}", one.digest).replace(":1@", "@"))
            .succeeds();
        let layer = layout.join(blob(&image.layers[0].digest));
        let mut bytes = fs::read(&layer).unwrap();
        bytes[0] ^= 1;
        fs::write(&layer, bytes).unwrap();
        let named = format!(
            "{} cannot be read from oci-layout://HOME/out@{}",
            image.layers[0].digest, one.digest
        );
        shell
            .run("push @/damaged:1")
            .fails(1)
            .says(&named)
            .says("verification failed")
            .says("it may have been changed or removed since the draft was created");
        fs::remove_dir_all(&layout).unwrap();
        shell
            .run("push @/damaged:1")
            .fails(1)
            .says("cannot read HOME/out");
        assert!(registry.manifest("damaged", "1").is_none());
    }
}

#[test]
fn invalid_sources_on_disk() {
    let registry = Watched::empty(Kind::Embedded);
    let (_, one) = built("linux/amd64", "1");
    let (_, two) = built("linux/arm64", "2");
    let shell = Shell::new(&registry);
    let home = shell.home.path();
    let files = || {
        LayoutFiles::new()
            .image(Some("a"), &one)
            .image(Some("b"), &two)
    };
    files().write_folder(&home.join("out"));
    fs::write(home.join("a.tar.gz"), b"\x1f\x8b\x08 and so on").unwrap();
    let here = home.display();
    for (source, parts) in [
        (
            format!("oci-layout://{here}/none"),
            &["cannot read HOME/none"][..],
        ),
        (
            format!("oci-layout://{here}/out"),
            &[
                "HOME/out has several images: \"a\", \"b\"",
                "hint: name one of them",
            ],
        ),
        (
            format!("oci-layout://{here}/out:c"),
            &["HOME/out has no image named \"c\": \"a\", \"b\""],
        ),
        (
            format!("oci-archive:{here}/a.tar.gz"),
            &["compressed with gzip", "gunzip"],
        ),
        ("oci-layout://".to_owned(), &["has no path"]),
    ] {
        let ran = shell.run(&format!("create @/app:1 {source}"));
        ran.fails(1);
        for part in parts {
            assert!(ran.stderr.contains(part), "{part}: {ran}");
        }
    }
    assert!(shell.drafts().is_empty());
    // Nothing is copied from another registry, so --no-copy accepts it.
    shell
        .run(&format!(
            "create --no-copy @/app:1 oci-layout://{here}/out:a"
        ))
        .succeeds();
}

#[test]
fn an_image_that_is_only_in_the_engine() {
    for registry in watched::each() {
        let shell = Shell::new(&registry);
        shell
            .run("create @/app:1 @/mine:local")
            .fails(1)
            .says("no such manifest: REGISTRY/mine:local")
            .says("docker save -o FILE REGISTRY/mine:local")
            .says("docker-archive:FILE");
    }
}

#[test]
fn locations_have_several_spellings() {
    let registry = Watched::empty(Kind::Embedded);
    let (_, one) = built("linux/amd64", "1");
    let (_, two) = built("linux/arm64", "2");
    let shell = Shell::new(&registry);
    let (layout, archive) = two_builds(shell.home.path(), &one, &two);
    let (layout, archive) = (layout.display(), archive.display());
    let digest = |name: &str, sources: &str| {
        shell
            .run(&format!("create --order given @/app:{name} {sources}"))
            .succeeds();
        let pushed = shell.run(&format!("push --dry-run -q @/app:{name}"));
        pushed.succeeds().stdout.clone()
    };
    let usual = digest("0", &format!("oci-layout://{layout} oci-archive:{archive}"));
    for (name, sources) in [
        ("1", format!("oci-layout:{layout} oci-archive://{archive}")),
        ("2", format!("oci:{layout}:1 oci-archive:{archive}")),
    ] {
        assert_eq!(digest(name, &sources), usual, "{sources}");
    }
    // The draft keeps one spelling. An image is found by any of them.
    shell
        .run(&format!("remove @/app:1 oci:{layout}"))
        .succeeds();
}

#[test]
fn images_on_disk_are_inspected_as_those_in_a_registry() {
    for registry in watched::each() {
        let (image, one) = built("linux/amd64", "1");
        registry.push("app", "one", &one);
        registry.push("app", "image", &image);
        let shell = Shell::new(&registry);
        let home = shell.home.path();
        let layout = home.join("out").display().to_string();
        LayoutFiles::new()
            .image(Some("1"), &one)
            .write_folder(&home.join("out"));
        fs::write(
            home.join("one.tar"),
            LayoutFiles::new().image(None, &one).tar(),
        )
        .unwrap();
        let places = [
            format!("oci-layout://{layout}"),
            format!("oci-layout://{layout}:1"),
            format!("oci-archive:{}", home.join("one.tar").display()),
        ];
        let shown = shell.run("inspect @/app:one").succeeds().stdout.clone();
        for place in &places {
            shell
                .run(&format!("inspect {place}"))
                .succeeds()
                .prints(&shown);
        }
        let manifest = shell.run("inspect @/app:image").succeeds().stdout.clone();
        let place = format!("oci-layout://{layout}@{}", image.digest);
        shell
            .run(&format!("inspect {place}"))
            .succeeds()
            .prints(&manifest);
        // The verbose output differs only in the location.
        let verbose = |place: &str| -> Value {
            let ran = shell.run(&format!("inspect -v {place}"));
            serde_json::from_str(&ran.succeeds().stdout).unwrap()
        };
        for (place, same) in [(&places[0], "@/app:one"), (&place, "@/app:image")] {
            let (mut found, mut expected) = (verbose(place), verbose(same));
            let entry = |value: &mut Value| match value {
                Value::Array(entries) => entries[0]["Ref"].take(),
                value => value["Ref"].take(),
            };
            let name = entry(&mut found);
            let name = name.as_str().unwrap();
            assert_eq!(name, format!("oci-layout://HOME/out@{}", image.digest));
            entry(&mut expected);
            let clear = |value: &mut Value| {
                for entry in value.as_array_mut().into_iter().flatten() {
                    entry["Ref"].take();
                }
            };
            clear(&mut found);
            clear(&mut expected);
            assert_eq!(found, expected);
        }
        // An entry of a draft is found by its source.
        shell
            .run(&format!("create @/app:1 oci-layout://{layout}"))
            .succeeds();
        shell
            .run(&format!("inspect @/app:1 oci-layout://{layout}"))
            .succeeds()
            .prints(&manifest);
        shell
            .run(&format!("inspect oci-layout://{layout}:2"))
            .fails(1)
            .prints("")
            .says("HOME/out has no image named \"2\"");
        shell
            .run(&format!("inspect @/app:1 oci-layout://{layout}:2"))
            .fails(1)
            .says("No such manifest: oci-layout://HOME/out:2");
    }
}

#[test]
fn tag_publishes_images_on_disk() {
    for registry in watched::each() {
        let (amd64, one) = built("linux/amd64", "1");
        let far = Watched::empty(Kind::Embedded);
        let shell = Shell::new(&registry);
        let layout = shell.home.path().join("out");
        LayoutFiles::new()
            .image(Some("1"), &one)
            .write_folder(&layout);
        let layout = layout.display();
        shell
            .run(&format!(
                "tag oci-layout://{layout}:1 @/app:1 @/app:2 @/other:1 {}/far:1",
                far.host()
            ))
            .succeeds();
        for (registry, repository, tag) in [
            (&registry, "app", "1"),
            (&registry, "app", "2"),
            (&registry, "other", "1"),
            (&far, "far", "1"),
        ] {
            assert_eq!(registry.bytes(repository, tag), one.manifest);
            check_image(registry, repository, &amd64);
            for child in &one.children {
                assert!(registry.manifest(repository, child).is_some());
            }
        }
        // A single image of it, with its blobs.
        let digest = &amd64.digest;
        shell
            .run(&format!("tag -q oci-layout://{layout}@{digest} @/alone:1"))
            .succeeds()
            .prints(&format!("{digest}\n"));
        assert_eq!(registry.bytes("alone", "1"), amd64.manifest);
        let copy = shell.home.path().join("copy");
        shell.run("create @/alone:copy @/alone:1").succeeds();
        shell
            .run(&format!(
                "push --to oci-layout://{} @/alone:copy",
                copy.display()
            ))
            .succeeds();
        // Again: everything is there.
        registry.lines();
        shell
            .run(&format!("tag oci-layout://{layout}:1 @/app:1"))
            .succeeds();
        assert!(registry.writes().is_empty());
        shell
            .run(&format!("tag oci-layout://{layout}:none @/app:3"))
            .fails(1)
            .says("HOME/out has no image named \"none\"");
    }
}
