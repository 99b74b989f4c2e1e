//! Damaged layouts and archives, and files that lead elsewhere.

use std::fs;
use std::path::Path;

use manifest_layout::Layout;
use manifest_testkit::layout::{LayoutFiles, blob};

use super::{built, fails, folder, location, read_all, root};

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
            "larger than the limit of 4194304 bytes",
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
        (
            files().file(&layer, wrong),
            "its content has the digest sha256:",
        ),
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
        ("oci-layout", "it has no oci-layout file"),
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
    // Any cut within the content is an error. The zeros at the end are optional.
    let content = whole.len() - 1024;
    for length in (0..content - 512).step_by(97) {
        fs::write(&path, &whole[..length]).unwrap();
        assert!(root(&text).is_err(), "cut at {length}");
    }
    fs::write(&path, &whole[..content]).unwrap();
    assert_eq!(root(&text).unwrap().bytes(), index.manifest);
    for (bytes, part) in [
        (&b"\x1f\x8b\x08\x00 and so on"[..], "compressed with gzip"),
        (&[b'x'; 2048], "not a tar archive"),
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
    fails(&format!("oci-archive:{path}"), "a header is too large");
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
        "a link that leads out of it",
    );
}
