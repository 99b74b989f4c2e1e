//! Content that is no image, too large, or hostile.

use manifest_testkit::EmbeddedRegistry;
use manifest_testkit::fault::{Fault, Response};
use manifest_testkit::image::{Image, Index};
use manifest_testkit::suite::Kind;

use super::{image, inspect, json, registry};
use crate::commands::Watched;
use crate::harness::schema;

#[test]
fn an_artifact_that_is_no_image() {
    let registry = Watched::empty(Kind::Embedded);
    let model = Image::oci()
        .artifact_type("application/vnd.example.model")
        .config("application/vnd.oci.empty.v1+json", b"{}")
        .build();
    registry.push("app", "model", &model);
    let ran = inspect(&registry, "--format table @/app:model");
    assert!(
        ran.succeeds()
            .stdout
            .contains("Kind:       artifact, application/vnd.oci.image.manifest"),
        "{ran}"
    );
    assert!(
        ran.stdout.contains("application/vnd.example.model"),
        "{ran}"
    );
    inspect(&registry, "--config @/app:model")
        .succeeds()
        .prints("{}");
    inspect(&registry, "--history @/app:model").succeeds();
}

#[test]
fn schema_1() {
    let registry = Watched::empty(Kind::Embedded);
    let media_type = "application/vnd.docker.distribution.manifest.v1+prettyjws";
    let response = Response::Status {
        code: 200,
        headers: vec![("content-type".to_owned(), media_type.to_owned())],
        body: br#"{"schemaVersion":1,"name":"app","fsLayers":[]}"#.to_vec(),
    };
    registry.fault(Fault::on("GET", "/manifests/1").respond(response));
    for form in ["--format table", "--format json", "--raw"] {
        let ran = inspect(&registry, &format!("{form} @/app:1"));
        ran.fails(1)
            .prints("")
            .says("unsupported manifest media type")
            .says("hint: the image is in Docker's first format (schema 1)");
    }
}

#[test]
fn an_index_with_2000_entries_is_bounded() {
    let registry = Watched::empty(Kind::Embedded);
    let images: Vec<_> = (0..2000)
        .map(|i| Image::oci().seed(&i.to_string()).layer(b"l").build())
        .collect();
    let mut index = Index::oci();
    for image in &images {
        index = index.image(image);
    }
    registry.push("app", "1", &index.build());
    registry.log().clear();
    let ran = inspect(&registry, "--format table @/app:1");
    ran.succeeds().says(
        "the list has 2000 images and attestations: sizes and ages are read for the first 200",
    );
    let rows = ran
        .stdout
        .lines()
        .filter(|line| line.starts_with("linux/amd64 "))
        .count();
    assert_eq!(rows, 2000);
    for words in ["--platform linux/s390x", "--history"] {
        let ran = inspect(&registry, &format!("{words} @/app:1"));
        assert!(ran.fails(1).stderr.len() < 300, "{ran}");
    }
    let ran = inspect(&registry, "--format {{.Nothing}} @/app:1");
    assert!(ran.fails(1).stderr.len() < 500, "{ran}");
    assert_eq!(
        registry
            .log()
            .count(|request| request.is("GET", "/manifests/sha256")),
        200
    );
    let ran = inspect(&registry, "--format {{.Image|len}} @/app:1");
    ran.succeeds()
        .says("the list has 2000 images: the configurations of the first 200 are read");
}

#[test]
fn a_configuration_of_30_megabytes_is_not_read() {
    let registry = Watched::empty(Kind::Embedded);
    let config = format!(
        r#"{{"os":"linux","architecture":"amd64","x":"{}"}}"#,
        "x".repeat(30_000_000)
    );
    let large = Image::oci()
        .config(
            "application/vnd.oci.image.config.v1+json",
            config.as_bytes(),
        )
        .build();
    let index = Index::oci()
        .image(&large)
        .image(&image("linux/arm64"))
        .build();
    registry.push("app", "1", &index);
    // Without its configuration the image has no age, and everything else.
    let ran = inspect(&registry, "--deep @/app:1");
    ran.succeeds()
        .says(&format!("no age is known about {}", large.digest))
        .says("over the limit of 4194304 bytes");
    let row = ran.stdout.lines().find(|line| line.contains(&large.digest));
    assert!(row.is_some_and(|row| row.ends_with(" B")), "{ran}");
    assert!(ran.stdout.contains("linux/arm64"), "{ran}");
    schema::check(
        "inspect",
        &json(&inspect(&registry, "--deep --format json @/app:1")),
    );
    let ran = inspect(&registry, "--config --platform linux/amd64 @/app:1");
    ran.fails(1).prints("");
}

#[test]
fn an_image_that_is_missing_is_warned_of() {
    let registry = EmbeddedRegistry::start();
    let (here, gone) = (image("linux/amd64"), image("linux/arm64"));
    let index = Index::oci().image(&here).image(&gone).build();
    registry.seed("app", "1", &index);
    registry.remove_manifest("app", &gone.digest);
    let registry = Watched::embedded(registry);
    let ran = inspect(&registry, "--format table @/app:1");
    ran.succeeds()
        .says(&format!("nothing more is known about {}", gone.digest));
    // A registry that refuses is another matter.
    let path = format!("/manifests/{}", here.digest);
    registry.fault(Fault::on("GET", &path).respond(Response::status(429)));
    inspect(&registry, "--format table --retry 0 @/app:1").fails(5);
}

#[test]
fn escape_sequences_stay_text() {
    let (registry, ..) = registry();
    let hostile = "\u{1b}]0;title\u{7}\nhint: obey\r\u{9b}2J\u{202e}";
    let statement =
        serde_json::json!({"created": hostile, "created_by": hostile, "comment": hostile});
    let image = Image::oci()
        .platform("linux/amd64")
        .config_extra("history", serde_json::json!([statement]))
        .config_extra("created", hostile)
        .annotation(hostile, hostile)
        .build();
    let index = Index::oci()
        .image(&image)
        .annotation(hostile, hostile)
        .artifact_type(hostile)
        .build();
    registry.push("app", "odd", &index);
    for words in [
        "@/app:odd",
        "--history --layers --platform linux/amd64 @/app:odd",
    ] {
        let ran = inspect(&registry, &format!("--format table {words}"));
        let obeyed = |c: char| c.is_control() && c != '\n' || c == '\u{202e}';
        assert!(!ran.succeeds().stdout.chars().any(obeyed), "{ran}");
        assert!(!ran.stderr.chars().any(obeyed), "{ran}");
        assert!(
            !ran.stdout.lines().any(|line| line.starts_with("hint")),
            "{ran}"
        );
    }
}
