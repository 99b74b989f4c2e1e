//! Archives of `docker save`.

use std::fs;

use manifest_core::{Content, Digest};
use manifest_layout::Layout;
use manifest_testkit::image::Image;
use manifest_testkit::layout::{docker_save, tar};

use super::{fails, folder, location, read_all, root};

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
        // The same bytes each time: a draft's digest is found again.
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
    // Nothing after the end of the archive counts, so the end is removed.
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
        (damaged(1, b"other"), "its content has the digest sha256:"),
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
