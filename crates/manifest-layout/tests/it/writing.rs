//! Writing layouts.

use std::fs;
use std::path::Path;

use manifest_core::{Descriptor, Digest};
use manifest_layout::LayoutWriter;
use manifest_testkit::image::buildkit_index;

use super::{built, folder, root};

fn descriptor(bytes: &[u8], media_type: &str) -> Descriptor {
    Descriptor::new(media_type, Digest::sha256(bytes), bytes.len() as u64)
}

#[test]
fn written_layouts_are_read() {
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
    // A name moves. Other names and unknown fields stay.
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
    // Without a name it is listed once.
    for _ in 0..2 {
        writer
            .name(&of(&index.manifest, &index.media_type), None)
            .unwrap();
    }
    let index_json: serde_json::Value = serde_json::from_slice(&fs::read(&file).unwrap()).unwrap();
    assert_eq!(index_json["manifests"].as_array().unwrap().len(), 3);
}

#[test]
fn only_verified_blobs_are_kept() {
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
    // A damaged blob is written again.
    fs::write(folder.join(wanted.digest.hex()), "wrong").unwrap();
    writer.put(&wanted, b"right").unwrap();
    assert!(writer.has(&wanted).unwrap());
    // A folder with other files is left alone.
    let error = LayoutWriter::open(&folder).unwrap_err();
    assert!(error.to_string().contains("but no oci-layout"), "{error}");
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
