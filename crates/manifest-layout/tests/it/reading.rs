//! Valid layouts and archives.

use std::fs;
use std::path::Path;

use manifest_core::Digest;
use manifest_layout::Layout;
use manifest_testkit::image::buildkit_index;
use manifest_testkit::layout::LayoutFiles;

use super::{built, fails, folder, image, location, read_all, root};

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
            // No index.json lists the child of an index.
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
fn long_names_and_sizes_of_pax_are_read() {
    let (_, index) = built();
    let mut builder = tar::Builder::new(Vec::new());
    for (name, bytes) in LayoutFiles::new().image(None, &index).files() {
        let size = bytes.len().to_string();
        let extensions = [("path", name.as_bytes()), ("size", size.as_bytes())];
        builder.append_pax_extensions(extensions).unwrap();
        // An archiver writes such a header if the fields are too small. The builder pads by the given size.
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
