//! Layouts and archives of every form, whole and damaged, read and written.

#![allow(clippy::unwrap_used, reason = "in a test, a panic is the report")]

use std::fs;
use std::path::Path;

use manifest_core::{Content, Descriptor, Digest, Manifest};
use manifest_layout::{Layout, LayoutError, LayoutWriter, Location, Relation};
use manifest_testkit::image::{BuiltImage, BuiltIndex, Image, Index, buildkit_index};
use manifest_testkit::layout::{LayoutFiles, blob, docker_save, tar};
use tempfile::TempDir;

fn image(platform: &str) -> BuiltImage {
    Image::oci().platform(platform).layers(2, 300).build()
}

fn built() -> (BuiltImage, BuiltIndex) {
    let image = image("linux/arm64");
    let index = buildkit_index(&image);
    (image, index)
}

fn location(text: &str) -> Location {
    Location::parse(text).unwrap().unwrap()
}

/// Opens an image and returns its manifest.
fn root(text: &str) -> Result<Manifest, LayoutError> {
    Layout::open(&location(text))?.root()
}

/// Reads all that a manifest leads to.
fn read_all(layout: &Layout, manifest: &Manifest) -> Result<usize, LayoutError> {
    let mut count = 0;
    match manifest.content() {
        Content::List(list) => {
            for child in &list.manifests {
                count += read_all(layout, &layout.manifest(child)?)?;
            }
        }
        Content::Image(image) => {
            for blob in image.blobs() {
                layout.bytes(blob, usize::MAX)?;
                count += 1;
            }
        }
    }
    Ok(count)
}

#[track_caller]
fn fails(text: &str, part: &str) {
    let layout = Layout::open(&location(text));
    let result = layout.and_then(|layout| read_all(&layout, &layout.root()?));
    let error = result.unwrap_err();
    assert!(error.to_string().contains(part), "{text}: {error}");
}

/// A folder for files, and where the layout in it is.
fn folder() -> (TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x").to_str().unwrap().to_owned();
    (folder, path)
}

#[test]
fn a_folder_and_an_archive_of_it_are_the_same() {
    let (_, index) = built();
    let other = image("linux/s390x");
    let files = LayoutFiles::new()
        .image(Some("1.0"), &index)
        .image(None, &other);
    let (guard, path) = folder();
    files.clone().write_folder(Path::new(&path));
    let archive = guard.path().join("a.tar");
    fs::write(&archive, files.tar()).unwrap();
    let archive = archive.display();
    for place in [
        format!("oci-layout://{path}"),
        format!("oci-archive:{archive}"),
        format!("docker-archive:{archive}"),
    ] {
        for (name, bytes, blobs) in [
            (":1.0".to_owned(), &index.manifest, 5),
            (format!("@{}", index.digest), &index.manifest, 5),
            (format!("@{}", other.digest), &other.manifest, 3),
            // A child of an index is in no index.json.
            (format!("@{}", index.children[0]), &built().0.manifest, 3),
        ] {
            let layout = Layout::open(&location(&format!("{place}{name}"))).unwrap();
            let manifest = layout.root().unwrap();
            assert_eq!(manifest.bytes(), bytes, "{place}{name}");
            assert_eq!(read_all(&layout, &manifest).unwrap(), blobs);
        }
        fails(&place, "has several images");
        fails(
            &format!("{place}:2.0"),
            "has no image named \"2.0\": \"1.0\"",
        );
        let nowhere = Digest::sha256(b"nowhere");
        fails(&format!("{place}@{nowhere}"), &format!("has no {nowhere}"));
    }
}

#[test]
fn names_of_containerd_are_names_too() {
    let (_, index) = built();
    let other = buildkit_index(&image("linux/s390x"));
    let files = LayoutFiles::new()
        .image(Some("1"), &index)
        .annotation("io.containerd.image.name", "docker.io/library/app:1")
        .image(Some("1"), &other)
        .annotation("io.containerd.image.name", "q.io/b:1");
    let (_guard, path) = folder();
    fs::write(&path, files.tar()).unwrap();
    for (name, expected) in [
        ("app:1", &index),
        ("docker.io/library/app:1", &index),
        ("q.io/b:1", &other),
    ] {
        let manifest = root(&format!("docker-archive:{path}:{name}")).unwrap();
        assert_eq!(manifest.bytes(), expected.manifest, "{name}");
    }
    fails(
        &format!("docker-archive:{path}:1"),
        "has several images: \"docker.io/library/app:1\", \"q.io/b:1\"",
    );
}

#[test]
fn an_image_under_two_names_is_one() {
    let (_, index) = built();
    let files = LayoutFiles::new()
        .image(Some("1"), &index)
        .image(Some("latest"), &index);
    let (_guard, path) = folder();
    files.write_folder(Path::new(&path));
    assert_eq!(
        root(&format!("oci-layout://{path}")).unwrap().bytes(),
        index.manifest
    );
}

#[test]
fn docker_save_without_digests() {
    let image = Image::docker()
        .platform("linux/arm64")
        .layers(2, 5000)
        .build();
    let (_guard, path) = folder();
    fs::write(&path, tar(&docker_save(&image, &["app:1", "app:2"]))).unwrap();
    let text = format!("docker-archive:{path}");
    for name in ["", ":app:1", ":docker.io/library/app:2"] {
        let layout = Layout::open(&location(&format!("{text}{name}"))).unwrap();
        let manifest = layout.root().unwrap();
        assert_eq!(
            manifest.media_type(),
            manifest_core::MediaType::DockerManifest
        );
        let Content::Image(found) = manifest.content() else {
            panic!("an image")
        };
        assert_eq!(found.config.digest.as_str(), image.config_digest);
        let layers: Vec<(&str, &str)> = found
            .layers
            .iter()
            .map(|layer| (layer.digest.as_str(), layer.media_type.as_str()))
            .collect();
        let uncompressed = "application/vnd.docker.image.rootfs.diff.tar";
        let expected = image
            .layers
            .iter()
            .map(|layer| (layer.digest.as_str(), uncompressed));
        assert_eq!(layers, expected.collect::<Vec<_>>());
        assert_eq!(read_all(&layout, &manifest).unwrap(), 3);
        // The same bytes each time: what a draft has is found again.
        assert_eq!(manifest.bytes(), root(&text).unwrap().bytes());
    }
    fails(
        &format!("{text}:app:3"),
        "has no image named \"app:3\": \"app:1\", \"app:2\"",
    );
    fails(&format!("oci-archive:{path}"), "it has no index.json");
}

#[test]
fn layers_of_docker_save_may_be_links_and_compressed() {
    let image = Image::docker().layers(2, 700).build();
    let mut files = docker_save(&image, &["app:1"]);
    let (_, second) = files.remove(2);
    assert_eq!(second, image.layers[1].bytes);
    let mut builder = tar::Builder::new(tar(&files));
    // Behind the end of the archive nothing counts, so that is taken away.
    let whole = builder.get_mut();
    whole.truncate(whole.len() - 1024);
    let mut header = tar::Header::new_ustar();
    header.set_size(second.len() as u64);
    let name = format!("{}/other.tar", "9".repeat(64));
    builder
        .append_data(&mut header, &name, second.as_slice())
        .unwrap();
    let mut header = tar::Header::new_gnu();
    header.set_entry_type(tar::EntryType::Symlink);
    header.set_size(0);
    builder
        .append_link(
            &mut header,
            format!("{:064}/layer.tar", 1),
            format!("../{name}"),
        )
        .unwrap();
    let (_guard, path) = folder();
    fs::write(&path, builder.into_inner().unwrap()).unwrap();
    let layout = Layout::open(&location(&format!("docker-archive:{path}"))).unwrap();
    assert_eq!(read_all(&layout, &layout.root().unwrap()).unwrap(), 3);

    let mut files = docker_save(&image, &["app:1"]);
    files[1].1.splice(0..2, [0x1f, 0x8b]);
    fs::write(&path, tar(&files)).unwrap();
    let manifest = root(&format!("docker-archive:{path}")).unwrap();
    let Content::Image(found) = manifest.content() else {
        panic!("an image")
    };
    assert_eq!(
        found.layers[0].media_type,
        "application/vnd.docker.image.rootfs.diff.tar.gzip"
    );
    assert_eq!(found.layers[0].digest, Digest::sha256(&files[1].1));
}

#[test]
fn damage_in_docker_save() {
    let image = Image::docker().layers(1, 700).build();
    let whole = docker_save(&image, &["app:1"]);
    let damaged = |place: usize, bytes: &[u8]| {
        let mut files = whole.clone();
        files[place].1 = bytes.to_vec();
        files
    };
    let (_guard, path) = folder();
    for (files, part) in [
        (damaged(0, b"{"), "is damaged"),
        (damaged(1, b"other"), "its content has sha256:"),
        (damaged(2, b"[{}]"), "manifest.json"),
        (damaged(2, b"[]"), "has no images"),
        (whole[..2].to_vec(), "neither index.json nor manifest.json"),
        (whole[1..].to_vec(), "there is no "),
        ([&whole[..1], &whole[2..]].concat(), "there is no "),
    ] {
        fs::write(&path, tar(&files)).unwrap();
        fails(&format!("docker-archive:{path}"), part);
    }
}

#[test]
fn damaged_layouts() {
    let (image, index) = built();
    let files = || LayoutFiles::new().image(Some("1"), &index);
    let child = blob(&index.children[0]);
    let layer = blob(&image.layers[0].digest);
    let wrong = image.layers[0]
        .bytes
        .iter()
        .map(|byte| !byte)
        .collect::<Vec<u8>>();
    let huge = vec![b' '; 4 * 1024 * 1024 + 1];
    for (files, part) in [
        (files().file("index.json", "{"), "index.json"),
        (
            files().file("index.json", huge),
            "more than the 4194304 bytes",
        ),
        (
            files().file(
                "index.json",
                r#"{"manifests":[{"digest":"sha256:../../x"}]}"#,
            ),
            "index.json",
        ),
        (
            files().file("index.json", r#"{"manifests":[]}"#),
            "has no images",
        ),
        (files().file("index.json", "{}"), "has no images"),
        (
            files().file("oci-layout", r#"{"imageLayoutVersion":"2.0.0"}"#),
            "version \"2.0.0\"",
        ),
        (files().file("oci-layout", ""), "oci-layout"),
        (files().file(&child, "{}"), "it has 2 bytes"),
        (files().file(&layer, wrong), "its content has sha256:"),
    ] {
        let (guard, path) = folder();
        files.clone().write_folder(Path::new(&path));
        fails(&format!("oci-layout://{path}"), part);
        let archive = guard.path().join("a.tar");
        fs::write(&archive, files.tar()).unwrap();
        fails(&format!("oci-archive:{}", archive.display()), part);
    }
    for (absent, part) in [
        (layer.as_str(), "has no sha256:"),
        ("index.json", "it has no index.json"),
        ("oci-layout", "it has no file oci-layout"),
    ] {
        let (_guard, path) = folder();
        files().write_folder(Path::new(&path));
        fs::remove_file(Path::new(&path).join(absent)).unwrap();
        fails(&format!("oci-layout://{path}"), part);
    }
    let (guard, path) = folder();
    fails(&format!("oci-layout://{path}"), "cannot read");
    fails(&format!("oci-archive:{path}"), "cannot read");
    let here = guard.path().display();
    fails(&format!("oci-archive:{here}"), "cannot read");
}

#[test]
fn damaged_archives() {
    let (_, index) = built();
    let whole = LayoutFiles::new().image(Some("1"), &index).tar();
    let (_guard, path) = folder();
    let text = format!("oci-archive:{path}");
    // Wherever content is cut off, it is an error; the zeros behind it need not be there.
    let content = whole.len() - 1024;
    for length in (0..content - 512).step_by(97) {
        fs::write(&path, &whole[..length]).unwrap();
        assert!(root(&text).is_err(), "cut at {length}");
    }
    fs::write(&path, &whole[..content]).unwrap();
    assert_eq!(root(&text).unwrap().bytes(), index.manifest);
    for (bytes, part) in [
        (&b"\x1f\x8b\x08\x00 and so on"[..], "compressed with gzip"),
        (&[b'x'; 2048], "no tar archive"),
        (b"", "no index.json"),
    ] {
        fs::write(&path, bytes).unwrap();
        fails(&text, part);
    }
}

#[test]
fn long_names_are_bounded() {
    let mut builder = tar::Builder::new(Vec::new());
    let mut header = tar::Header::new_gnu();
    header.set_entry_type(tar::EntryType::GNULongName);
    header.set_size(1024 * 1024);
    header.set_cksum();
    builder
        .append(&header, &vec![b'a'; 1024 * 1024][..])
        .unwrap();
    let (_guard, path) = folder();
    fs::write(&path, builder.into_inner().unwrap()).unwrap();
    fails(
        &format!("oci-archive:{path}"),
        "a header in it is too large",
    );
}

#[test]
fn long_names_and_sizes_of_pax_are_read() {
    let (_, index) = built();
    let mut builder = tar::Builder::new(Vec::new());
    for (name, bytes) in LayoutFiles::new().image(None, &index).files() {
        let size = bytes.len().to_string();
        let extensions = [("path", name.as_bytes()), ("size", size.as_bytes())];
        builder.append_pax_extensions(extensions).unwrap();
        // What an archiver writes whose fields are too small. The builder pads by what it is given.
        let mut header = tar::Header::new_ustar();
        header.set_path("short").unwrap();
        header.set_size(0);
        header.set_cksum();
        builder.append(&header, bytes.as_slice()).unwrap();
    }
    let (_guard, path) = folder();
    fs::write(&path, builder.into_inner().unwrap()).unwrap();
    let layout = Layout::open(&location(&format!("oci-archive:{path}"))).unwrap();
    assert_eq!(read_all(&layout, &layout.root().unwrap()).unwrap(), 5);
}

#[cfg(unix)]
#[test]
fn links_lead_nowhere_outside() {
    let (image, index) = built();
    let (guard, path) = folder();
    let root = Path::new(&path);
    LayoutFiles::new().image(None, &index).write_folder(root);
    let layer = root.join(blob(&image.layers[0].digest));
    let aside = root.join("aside");
    fs::rename(&layer, &aside).unwrap();
    std::os::unix::fs::symlink(&aside, &layer).unwrap();
    let layout = Layout::open(&location(&format!("oci-layout://{path}"))).unwrap();
    assert_eq!(read_all(&layout, &layout.root().unwrap()).unwrap(), 5);
    let outside = guard.path().join("outside");
    fs::rename(&aside, &outside).unwrap();
    fs::remove_file(&layer).unwrap();
    std::os::unix::fs::symlink(&outside, &layer).unwrap();
    fails(
        &format!("oci-layout://{path}"),
        "a link to something outside",
    );
}

fn descriptor(bytes: &[u8], media_type: &str) -> Descriptor {
    Descriptor::new(media_type, Digest::sha256(bytes), bytes.len() as u64)
}

#[test]
fn what_is_written_is_read() {
    let (image, index) = built();
    let (_guard, path) = folder();
    let path = Path::new(&path);
    let writer = LayoutWriter::open(path).unwrap();
    for built in [&index, &buildkit_index(&image)] {
        use manifest_testkit::image::Pushable as _;
        for bytes in built.blobs() {
            writer.put(&descriptor(&bytes, ""), &bytes).unwrap();
        }
        for (media_type, bytes) in built.manifests() {
            writer
                .put(&descriptor(&bytes, &media_type), &bytes)
                .unwrap();
        }
    }
    let of = |manifest: &[u8], media_type: &str| descriptor(manifest, media_type);
    writer
        .name(&of(&index.manifest, &index.media_type), Some("1"))
        .unwrap();
    writer
        .name(&of(&image.manifest, &image.media_type), Some("2"))
        .unwrap();
    let text = |name: &str| format!("oci-layout://{}{name}", path.display());
    assert_eq!(root(&text(":1")).unwrap().bytes(), index.manifest);
    assert_eq!(root(&text(":2")).unwrap().bytes(), image.manifest);
    // A name moves, the others stay, and so does what this program does not know.
    let file = path.join("index.json");
    let more = fs::read_to_string(&file)
        .unwrap()
        .replacen('{', "{\"vendor\":{\"a\":1},", 1);
    fs::write(&file, more).unwrap();
    let writer = LayoutWriter::open(path).unwrap();
    writer
        .name(&of(&image.manifest, &image.media_type), Some("1"))
        .unwrap();
    assert_eq!(root(&text(":1")).unwrap().bytes(), image.manifest);
    let index_json: serde_json::Value = serde_json::from_slice(&fs::read(&file).unwrap()).unwrap();
    assert_eq!(index_json["manifests"].as_array().unwrap().len(), 2);
    assert_eq!(index_json["vendor"]["a"], 1);
    // Without a name it is there once.
    for _ in 0..2 {
        writer
            .name(&of(&index.manifest, &index.media_type), None)
            .unwrap();
    }
    let index_json: serde_json::Value = serde_json::from_slice(&fs::read(&file).unwrap()).unwrap();
    assert_eq!(index_json["manifests"].as_array().unwrap().len(), 3);
}

#[test]
fn only_what_is_right_is_kept() {
    let (_guard, path) = folder();
    let path = Path::new(&path);
    let writer = LayoutWriter::open(path).unwrap();
    let wanted = descriptor(b"right", "");
    for bytes in [&b"wrong"[..], b"righ", b"rightt"] {
        let mut blob = writer.begin(&wanted).unwrap();
        blob.write(bytes).unwrap();
        assert!(blob.finish().is_err());
    }
    drop(writer.begin(&wanted).unwrap());
    assert!(!writer.has(&wanted).unwrap());
    let folder = path.join("blobs/sha256");
    assert_eq!(
        fs::read_dir(&folder).unwrap().count(),
        0,
        "nothing is left behind"
    );
    // What is damaged is written anew.
    fs::write(folder.join(wanted.digest.hex()), "wrong").unwrap();
    writer.put(&wanted, b"right").unwrap();
    assert!(writer.has(&wanted).unwrap());
    // A folder of something else is left alone.
    let error = LayoutWriter::open(&folder).unwrap_err();
    assert!(error.to_string().contains("none is oci-layout"), "{error}");
}

#[test]
fn names_given_at_once_are_all_kept() {
    let (image, _) = built();
    let (_guard, path) = folder();
    let path = Path::new(&path);
    LayoutWriter::open(path).unwrap();
    let image = descriptor(&image.manifest, &image.media_type);
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let image = &image;
            scope.spawn(move || {
                let writer = LayoutWriter::open(path).unwrap();
                for number in 0..20 {
                    writer
                        .name(image, Some(&format!("{thread}-{number}")))
                        .unwrap();
                }
            });
        }
    });
    let bytes = fs::read(path.join("index.json")).unwrap();
    let index: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
    assert_eq!(index["manifests"].as_array().unwrap().len(), 80);
}

#[test]
fn what_refers_to_manifests_is_found() {
    let (image, index) = built();
    let subject: Digest = image.digest.parse().unwrap();
    let artifact = |seed: &str, subject: &BuiltImage| {
        let artifact = Image::oci().artifact_type("example/x");
        artifact.layer(seed.as_bytes()).subject(subject).build()
    };
    let sbom = artifact("sbom", &image);
    let of_sbom = artifact("signature of sbom", &sbom);
    let stranger = artifact("stranger", &Image::oci().seed("other").build());
    let in_list = artifact("in a list under the tag", &image);
    let tag = image.digest.replace(':', "-");
    let cosign = Image::oci().layer(b"cosign").build();
    let of_cosign = artifact("of cosign's", &cosign);
    let under_tag = Index::oci().image_with(&in_list, None, &[]).build();
    let cosign_tag = format!("q.io/app:{tag}.sig");
    // An index that refers to the image, with an image in it.
    let inside = Image::oci().layer(b"inside").build();
    let referring = Index::oci().image(&inside).subject(&image).build();
    let files = || {
        LayoutFiles::new()
            .image(Some("1"), &index)
            .image(None, &of_sbom)
            .image(None, &sbom)
            .image(Some(&tag), &under_tag)
            .image(Some(&cosign_tag), &cosign)
            .image(None, &of_cosign)
            .image(None, &referring)
    };
    let home = TempDir::new().unwrap();
    files().write_folder(&home.path().join("out"));
    let archive = home.path().join("out.tar");
    fs::write(&archive, files().image(Some("other"), &stranger).tar()).unwrap();
    let folder = format!("oci-layout://{}/out", home.path().display());
    let archive = format!("oci-archive:{}", archive.display());
    // Nobody means what refers to an image there who names none.
    assert_eq!(root(&folder).unwrap().digest().as_str(), index.digest);
    fails(&archive, "has several images: \"1\", \"other\"");
    for text in [&folder, &archive] {
        let layout = Layout::open(&location(text)).unwrap();
        let found = layout.referrers([subject.clone()]).unwrap();
        let found: Vec<(&str, &Relation)> = found
            .iter()
            .map(|found| (found.manifest.digest().as_str(), &found.relation))
            .collect();
        let cosigned = Relation::Tag(format!("{tag}.sig"));
        for expected in [
            (sbom.digest.as_str(), &Relation::Subject),
            (of_sbom.digest.as_str(), &Relation::Subject),
            (in_list.digest.as_str(), &Relation::Subject),
            (of_cosign.digest.as_str(), &Relation::Subject),
            (referring.digest.as_str(), &Relation::Subject),
            (inside.digest.as_str(), &Relation::Inside),
            (cosign.digest.as_str(), &cosigned),
        ] {
            assert!(found.contains(&expected), "{expected:?}: {found:?}");
        }
        assert_eq!(found.len(), 7, "{found:?}");
        let place = |digest: &str| found.iter().position(|(other, _)| *other == digest);
        assert!(place(&inside.digest) < place(&referring.digest));
        assert!(layout.referrers([]).unwrap().is_empty());
    }
    // A list's image that is not there is nothing to refer; what is damaged may be.
    let out = home.path().join("out");
    fs::remove_file(out.join(blob(&image.digest))).unwrap();
    let layout = Layout::open(&location(&folder)).unwrap();
    assert_eq!(layout.referrers([subject.clone()]).unwrap().len(), 7);
    fs::write(
        out.join(blob(&sbom.digest)),
        vec![b' '; sbom.manifest.len()],
    )
    .unwrap();
    let error = layout.referrers([subject]).unwrap_err();
    assert!(error.to_string().contains(&sbom.digest), "{error}");
}
