//! Layouts and archives of every form, whole and damaged, read and written.

#![allow(clippy::unwrap_used, reason = "in a test, a panic is the report")]

mod damage;
mod docker_save;
mod reading;
mod referrers;
mod writing;

use std::fs;
use std::path::Path;

use manifest_core::{Content, Manifest};
use manifest_layout::{Layout, LayoutError, Location};
use manifest_testkit::image::{BuiltImage, BuiltIndex, Image, buildkit_index};
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

/// Reads a manifest's blobs, and those of its children.
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

/// Creates a temporary folder, and returns it with the path of a layout in it.
fn folder() -> (TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x").to_str().unwrap().to_owned();
    (folder, path)
}

#[test]
fn no_test_file_is_forgotten() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it");
    for file in fs::read_dir(folder).unwrap() {
        let name = file.unwrap().file_name().into_string().unwrap();
        let module = format!("\nmod {};", name.trim_end_matches(".rs"));
        assert!(
            name == "main.rs" || include_str!("main.rs").contains(&module),
            "{name}"
        );
    }
}
