//! Content that is too large, too much, or not an image.

use manifest_testkit::image::{Image, Index};
use serde_json::{Value, json};

use super::{Lab, OCI_INDEX, oci, with};

#[test]
fn artifacts_are_not_taken_for_images() {
    let lab = Lab::new();
    let chart = Image::oci()
        .config("application/vnd.cncf.helm.config.v1+json", b"{}")
        .build();
    lab.registry.seed("app", "1", &chart);
    let ran = lab.run("verify --deep @/app:1");
    ran.succeeds();
    let part = "artifact of type application/vnd.cncf.helm.config.v1+json, not an image";
    assert!(ran.stdout.contains(part), "{ran}");
    let require = lab.run("verify --require linux/amd64 @/app:1");
    require.fails(1).says("1 error");
}

#[test]
fn schema_1_is_refused_with_its_name() {
    let lab = Lab::new();
    let media_type = "application/vnd.docker.distribution.manifest.v1+prettyjws";
    let bytes = br#"{"schemaVersion":1,"name":"app","tag":"1","fsLayers":[],"history":[]}"#;
    let digest = lab
        .registry
        .put_manifest("app", Some("1"), media_type, bytes);
    for line in ["verify @/app:1", "diff @/app:1 @/app:1"] {
        lab.run(line).fails(1).says("manifest.v1+prettyjws");
    }
    let child = json!({"mediaType": media_type, "digest": digest, "size": bytes.len()});
    lab.list(OCI_INDEX, "2", &[child]);
    let ran = lab.run("verify @/app:2");
    ran.succeeds();
    assert!(ran.stdout.contains("engines skip the media type"), "{ran}");
}

#[test]
fn a_list_of_2000_images_is_read_to_its_end() {
    let lab = Lab::new();
    let image = lab.image(&oci("linux/amd64", "1"));
    let missing = |place: usize| {
        let digest = format!("sha256:{place:064}");
        let variant = json!({"os": "linux", "architecture": "amd64", "variant": place.to_string()});
        with(
            with(image.clone(), "digest", json!(digest)),
            "platform",
            variant,
        )
    };
    let mut children: Vec<Value> = (1..2000).map(missing).collect();
    children.push(image.clone());
    lab.list(OCI_INDEX, "1", &children);
    let report = lab.json("verify @/app:1");
    assert_eq!(report["findings"].as_array().unwrap().len(), 1999);
    let ran = lab.run("verify @/app:1");
    ran.fails(1).says("1999 errors");
    assert!(ran.stdout.contains("and 1499 more; --format json has all"));
    assert!(
        ran.stdout.lines().count() < 520,
        "{}",
        ran.stdout.lines().count()
    );
    lab.list(OCI_INDEX, "2", &[image]);
    let ran = lab.run("diff @/app:1 @/app:2");
    ran.fails(1);
    assert!(
        ran.stdout.lines().count() < 520,
        "{}",
        ran.stdout.lines().count()
    );
}

/// A configuration over the limit is not read, but the rest is checked.
#[test]
fn a_configuration_of_30_mb_is_not_read() {
    let lab = Lab::new();
    let config = vec![b' '; 30_000_000];
    let image = Image::oci().config("application/vnd.oci.image.config.v1+json", &config);
    let image = image.build();
    let platform = json!({"os": "linux", "architecture": "amd64"});
    lab.list(
        OCI_INDEX,
        "1",
        &[with(lab.image(&image), "platform", platform)],
    );
    lab.registry.log().clear();
    let ran = lab.run("verify --deep @/app:1");
    ran.succeeds();
    let part = "it has 30.0 MB, over the limit of 4.1 MB: its platform was not compared";
    assert!(ran.stdout.contains(part), "{ran}");
    let gets = lab
        .registry
        .log()
        .count(|request| request.is("GET", "/blobs/"));
    assert_eq!(gets, 0);
}

#[test]
fn lists_in_lists_are_followed_to_a_limit() {
    let lab = Lab::new();
    let mut list = Index::oci().image(&oci("linux/amd64", "1")).build();
    for _ in 0..10 {
        list = Index::oci().index(&list).build();
    }
    lab.registry.seed("app", "1", &list);
    let ran = lab.run("verify @/app:1");
    ran.fails(1).says("nested too deep");
}

#[test]
fn escape_sequences_are_shown_as_text() {
    let lab = Lab::new();
    let image = lab.image(&oci("linux/amd64", "1"));
    let evil = "evil\u{1b}[2J\r\u{9b}1m".repeat(1000);
    let platform = json!({"os": evil, "architecture": evil});
    let mut child = with(image.clone(), "platform", platform);
    child["annotations"] = json!({ &evil: &evil });
    lab.list(
        OCI_INDEX,
        "1",
        &[child, with(image.clone(), "mediaType", json!(evil))],
    );
    lab.list(OCI_INDEX, "2", &[image]);
    for line in [
        "verify @/app:1",
        "diff @/app:1 @/app:2",
        "diff @/app:2 @/app:1",
    ] {
        let ran = lab.run(line);
        ran.fails(1);
        let controls = |c: char| c.is_control() && c != '\n';
        assert!(!ran.stdout.contains(controls), "{ran}");
        assert!(!ran.stderr.contains(controls), "{ran}");
        assert!(ran.stdout.len() < 8000, "{} bytes", ran.stdout.len());
    }
}
