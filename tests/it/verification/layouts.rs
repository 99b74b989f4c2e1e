//! Lists on disk.

use std::fs;
use std::path::{Path, PathBuf};

use manifest_testkit::image::{Image, Index};
use manifest_testkit::layout::{LayoutFiles, docker_save, tar};
use serde_json::Value;

use super::{Lab, oci};
use crate::harness::schema;

/// Writes a layout of two images, and returns its path and the images' digests.
fn layout(lab: &Lab) -> (PathBuf, [String; 2]) {
    let amd64 = oci("linux/amd64", "1");
    let arm64 = Image::oci().platform("linux/arm64").layer(b"a layer");
    let arm64 = arm64.build();
    let list = Index::oci().image(&amd64).image(&arm64).build();
    let path = lab.home.path().join("layout");
    LayoutFiles::new().image(None, &list).write_folder(&path);
    (path, [amd64.digest, arm64.digest])
}

fn blob(layout: &Path, digest: &str) -> PathBuf {
    layout.join("blobs").join(digest.replacen(':', "/", 1))
}

/// Returns the check, the severity and the message of each finding.
fn findings(lab: &Lab, line: &str) -> Vec<[String; 3]> {
    let report = lab.json(line);
    schema::check("verify", &report);
    let text = |finding: &Value, field: &str| finding[field].as_str().unwrap().to_owned();
    let findings = report["findings"].as_array().unwrap().iter();
    let fields = ["check", "severity", "message"];
    findings
        .map(|finding| fields.map(|field| text(finding, field)))
        .collect()
}

#[test]
fn a_sound_layout_has_no_findings() {
    let lab = Lab::new();
    let (path, _) = layout(&lab);
    lab.registry.log().clear();
    let name = format!("oci-layout://{}", path.display());
    for flags in ["", "--strict --deep --require linux/amd64,linux/arm64"] {
        let ran = lab.run(&format!("verify {flags} {name}"));
        ran.succeeds();
        assert!(ran.stdout.contains("2 configurations"), "{ran}");
    }
    let report = lab.json(&format!("verify {name}"));
    assert_eq!(report["reference"], name.as_str());
    lab.run(&format!("verify --require linux/s390x {name}"))
        .fails(1)
        .says("has 1 error");
    lab.run("verify oci-layout://layout").succeeds();
    assert_eq!(lab.registry.log().lines(), [""; 0]);
    let saved = docker_save(&oci("linux/amd64", "1"), &["app:1"]);
    fs::write(lab.home.path().join("saved.tar"), tar(&saved)).unwrap();
    lab.run("verify --deep --strict docker-archive:saved.tar")
        .succeeds();
}

#[test]
fn damage_in_a_layout_is_found() {
    let lab = Lab::new();
    let (path, [amd64, arm64]) = layout(&lab);
    let manifest: Value = serde_json::from_slice(&fs::read(blob(&path, &arm64)).unwrap()).unwrap();
    let layer = manifest["layers"][0]["digest"].as_str().unwrap();
    let config = manifest["config"]["digest"].as_str().unwrap();
    let deep = "verify --deep oci-layout://layout";

    let bytes = fs::read(blob(&path, layer)).unwrap();
    fs::write(blob(&path, layer), vec![b'x'; bytes.len()]).unwrap();
    assert!(findings(&lab, "verify oci-layout://layout").is_empty());
    let found = findings(&lab, deep);
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(found[0][..2], ["blobs", "error"]);
    assert!(found[0][2].starts_with("its content has the digest sha256:"));
    fs::write(blob(&path, layer), b"x").unwrap();
    let found = findings(&lab, deep);
    assert!(found[0][2].starts_with("it has 1 bytes, but its descriptor says"));
    fs::remove_file(blob(&path, layer)).unwrap();
    let missing = "the layout does not have it";
    assert_eq!(findings(&lab, deep), [["blobs", "error", missing]]);

    fs::remove_file(blob(&path, config)).unwrap();
    let shallow = "verify oci-layout://layout";
    assert_eq!(findings(&lab, shallow), [["configs", "error", missing]]);
    fs::remove_file(blob(&path, &amd64)).unwrap();
    let found = findings(&lab, shallow);
    assert_eq!(found[0], ["manifests", "error", missing]);
    lab.run(shallow).fails(1).says("has 2 errors");

    lab.run("verify oci-layout://gone")
        .fails(1)
        .says("cannot read");
    lab.run("verify oci-layout://layout:gone")
        .fails(1)
        .says("has no image named");
}
