//! The JSON form, checked against its schema.

use manifest_testkit::image::Image;
use manifest_testkit::layout::LayoutFiles;
use serde_json::Value;

use super::{index, json, registry};
use crate::commands::Shell;
use crate::harness::schema;

#[test]
fn each_kind_follows_the_schema() {
    let (registry, ..) = registry();
    let model = Image::oci()
        .config("application/vnd.example", b"no json")
        .artifact_type("application/vnd.example")
        .build();
    registry.push("app", "model", &model);
    let docker = Image::docker().platform("linux/s390x").build();
    registry.push("app", "docker", &docker);
    let shell = Shell::new(&registry);
    let (outer, _) = index(&["linux/amd64"]);
    LayoutFiles::new()
        .image(None, &docker)
        .write_folder(&shell.home.path().join("layout"));
    registry.push("other", "1", &outer);
    shell
        .run("create --insecure @/app:draft @/app:amd64 @/app:1 @/app:docker")
        .succeeds();
    shell
        .run("create --insecure @/app:1 @/app:arm64 @/app:docker")
        .succeeds();
    let mut keys = None;
    for (words, kind, origin) in [
        ("@/other:1", "index", "registry"),
        ("@/app:arm64", "image", "registry"),
        ("@/app:docker", "image", "registry"),
        ("@/app:model", "artifact", "registry"),
        ("@/app:draft", "draft", "draft"),
        ("--local @/app:draft", "draft", "draft"),
        ("@/app:1", "draft", "draft"),
        ("--remote @/app:1", "index", "registry"),
        ("@/app:draft @/app:docker", "image", "draft"),
        ("oci-layout://layout", "image", "disk"),
        (
            "--platform linux/arm/v7 --remote @/app:1",
            "image",
            "registry",
        ),
        ("--attestations --remote @/app:1", "index", "registry"),
        (
            "--config --layers --history --attestations --platform linux/amd64 --remote @/app:1",
            "image",
            "registry",
        ),
    ] {
        let ran = shell.run(&format!("inspect --format json {words}"));
        let json = json(&ran);
        schema::check("inspect", &json);
        assert_eq!(
            (&json["kind"], &json["origin"]),
            (&kind.into(), &origin.into()),
            "{ran}"
        );
        // The fields are always the same.
        let found: Vec<String> = json.as_object().unwrap().keys().cloned().collect();
        assert_eq!(keys.get_or_insert_with(|| found.clone()), &found, "{ran}");
    }
}

#[test]
fn the_schema_refuses_other_shapes() {
    let (registry, ..) = registry();
    let good = json(&Shell::new(&registry).run("inspect --format json @/app:1"));
    for change in [
        |json: &mut Value| json["digest"] = "sha256:1".into(),
        |json: &mut Value| json["manifests"][0]["kind"] = "other".into(),
        |json: &mut Value| json["new"] = 1.into(),
        |json: &mut Value| drop(json.as_object_mut().unwrap().remove("created")),
    ] {
        let mut bad = good.clone();
        change(&mut bad);
        assert!(std::panic::catch_unwind(|| schema::check("inspect", &bad)).is_err());
    }
}
