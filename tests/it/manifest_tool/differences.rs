//! A test for each row of the table of differences from `manifest-tool`, named after the row.

use manifest_testkit::fault::{Fault, Response};
use manifest_testkit::image::{Image, Index};
use manifest_testkit::{EmbeddedRegistry, TestCa, sha256};
use serde_json::Value;

use super::{DOCKER_LIST, FAILED, Tool};
use crate::harness::home::OURS;

fn registry() -> EmbeddedRegistry {
    let registry = EmbeddedRegistry::start();
    registry.seed(
        "app",
        "amd64",
        &Image::docker().platform("linux/amd64").build(),
    );
    registry
}

/// Returns the entries of the list `app:1`.
fn entries(registry: &EmbeddedRegistry) -> Vec<Value> {
    let (_, bytes) = registry.manifest("app", "1").expect("a list");
    let list: Value = serde_json::from_slice(&bytes).unwrap();
    list["manifests"].as_array().unwrap().clone()
}

#[test]
fn keys_are_ignored_in_silence() {
    let registry = registry();
    let tool = Tool::on(&registry);
    tool.write(
        "list.yaml",
        "image: @/app:1\nimages: x\nmanifests:\n- image: @/app:amd64\n  platform:\n    os: linux\n    architecture: amd64\n    os.version: '1'\n",
    );
    tool.run("push from-spec list.yaml")
        .succeeds()
        .says("warning: list.yaml:2:1: the key \"images\" is ignored")
        .says("list.yaml:8:5: the key \"os.version\" is ignored: manifest-tool reads osversion");
    assert_eq!(entries(&registry)[0]["platform"].get("os.version"), None);
}

#[test]
fn features_of_a_file_are_ignored_in_silence() {
    let registry = registry();
    let tool = Tool::on(&registry);
    tool.write(
        "list.yaml",
        "image: @/app:1\nmanifests:\n- image: @/app:amd64\n  platform: {features: [sse4]}\n",
    );
    tool.run("push from-spec list.yaml").succeeds();
    let platform = &entries(&registry)[0]["platform"];
    assert_eq!(platform["features"][0], "sse4");
    assert_eq!(platform["architecture"], "amd64");
}

#[test]
fn nothing_is_noted_of_a_push() {
    let registry = registry();
    let tool = Tool::on(&registry);
    let push = |image: &str| {
        tool.run(&format!(
            "push from-args --platforms linux/{image} --template @/app:ARCH --target @/app:1 --tags latest"
        ))
        .succeeds();
        let (_, bytes) = registry.manifest("app", "1").expect("a list");
        sha256(&bytes)
    };
    let image = Image::docker().platform("linux/arm64").build();
    registry.seed("app", "arm64", &image);
    let (first, second) = (push("amd64"), push("arm64"));
    let ours = |line: &str| {
        let mut command = tool.home.command(OURS);
        let ran = tool.home.run(command.args(line.split_whitespace()));
        ran.succeeds();
        ran.stdout
    };
    let run = ours("history -q --limit 1");
    let run = run.trim();
    let records: Value =
        serde_json::from_str(&ours(&format!("history --format json --run {run}"))).unwrap();
    let records = records["records"].as_array().unwrap();
    assert_eq!(records.len(), 2);
    for record in records {
        assert_eq!(record["command"], "manifest-tool");
        assert_eq!(
            (record["before"].as_str(), record["after"].as_str()),
            (Some(&*first), Some(&*second))
        );
    }
    ours(&format!("rollback --run {run}"));
    for tag in ["1", "latest"] {
        let (_, bytes) = registry.manifest("app", tag).expect("a list");
        assert_eq!(sha256(&bytes), first);
    }
}

#[test]
fn ignore_missing_hides_every_error() {
    for status in [401, 403, 500] {
        let registry = registry();
        registry.fault(Fault::on_any("app/manifests/arm64").respond(Response::status(status)));
        let tool = Tool::on(&registry);
        tool.run("push from-args --ignore-missing --platforms linux/amd64,linux/arm64 --template @/app:ARCH --target @/app:1")
            .fails(1)
            .prints("")
            .says(FAILED)
            .says(&status.to_string());
        assert_eq!(registry.tags("app"), ["amd64"], "{status}");
    }
}

#[test]
fn sources_in_another_registry_are_refused() {
    let (registry, other) = (registry(), EmbeddedRegistry::start());
    let image = Image::docker().platform("linux/arm64").build();
    other.seed("far", "1", &image);
    let tool = Tool::on(&registry);
    tool.write(
        "list.yaml",
        &format!(
            "image: @/app:1\nmanifests:\n- image: @/app:amd64\n- image: {}/far:1\n",
            other.host()
        ),
    );
    tool.run("push from-spec list.yaml").succeeds();
    for blob in image.blob_digests() {
        assert!(registry.blob("app", &blob).is_some(), "{blob}");
    }
}

#[test]
fn a_mount_that_is_refused_is_fatal() {
    let registry = EmbeddedRegistry::builder().never_mount().start();
    let image = Image::docker().platform("linux/arm64").build();
    registry.seed("other", "arm64", &image);
    let tool = Tool::on(&registry);
    tool.run("push from-args --platforms linux/arm64 --template @/other:ARCH --target @/app:1")
        .succeeds();
    for blob in image.blob_digests() {
        assert!(registry.blob("app", &blob).is_some(), "{blob}");
    }
}

#[test]
fn an_entry_without_a_platform_and_an_index_in_an_index_crash_it() {
    let registry = registry();
    let (arm, bare) = (
        Image::oci().platform("linux/arm64").build(),
        Image::oci().platform("linux/s390x").build(),
    );
    let inner = Index::oci().image(&arm).build();
    let index = Index::oci()
        .image_with(&bare, None, &[])
        .index(&inner)
        .build();
    registry.seed("app", "nested", &index);
    let tool = Tool::on(&registry);
    tool.run("push from-args --platforms linux/amd64 --template @/app:nested --target @/app:1")
        .succeeds();
    let entries = entries(&registry);
    let shown: Vec<(&str, &str)> = entries
        .iter()
        .map(|entry| {
            let architecture = entry["platform"]["architecture"].as_str().unwrap();
            (entry["digest"].as_str().unwrap(), architecture)
        })
        .collect();
    assert_eq!(shown, [(&*bare.digest, "s390x"), (&*arm.digest, "arm64")]);

    let shown = tool.run("inspect @/app:nested");
    shown.succeeds();
    for line in [
        "[1]    -      (no platform specified)\n".to_owned(),
        format!(
            "Unknown media type for further display: {}\n",
            index.media_type
        ),
    ] {
        assert!(shown.stdout.contains(&line), "{line} in {shown}");
    }
    let raw = tool.run("inspect --raw @/app:nested");
    let value: Value = serde_json::from_str(&raw.succeeds().stdout).unwrap();
    assert_eq!(
        value["manifests"][1]["manifests"][0]["digest"],
        arm.digest.as_str()
    );
}

#[test]
fn variants_beside_arm_are_refused() {
    let registry = registry();
    let tool = Tool::on(&registry);
    tool.run("push from-args --platforms linux/amd64/v3 --template @/app:ARCH --target @/app:1")
        .succeeds();
    assert_eq!(entries(&registry)[0]["platform"]["variant"], "v3");
}

#[test]
fn half_a_platform_is_an_error() {
    let registry = registry();
    let tool = Tool::on(&registry);
    tool.write(
        "list.yaml",
        "image: @/app:1\nmanifests:\n- image: @/app:amd64\n  platform: {os: linux}\n",
    );
    tool.run("push from-spec list.yaml").succeeds();
    assert_eq!(entries(&registry)[0]["platform"]["architecture"], "amd64");
}

#[test]
fn a_list_without_images_is_published() {
    let registry = registry();
    let tool = Tool::on(&registry);
    for yaml in ["image: @/app:1\n", "image: @/app:1\nmanifests: []\n"] {
        tool.write("list.yaml", yaml);
        tool.run("push from-spec list.yaml")
            .fails(1)
            .prints("")
            .says(FAILED);
    }
    assert_eq!(registry.tags("app"), ["amd64"]);
}

#[test]
fn values_of_annotations_have_no_equals_sign() {
    let registry = registry();
    let tool = Tool::on(&registry);
    tool.run("push --type oci from-args --platforms linux/amd64 --template @/app:ARCH --target @/app:1 --annotations q=a=b")
        .succeeds();
    let (_, bytes) = registry.manifest("app", "1").unwrap();
    let list: Value = serde_json::from_slice(&bytes).unwrap();
    assert_eq!(list["annotations"]["q"], "a=b");
    tool.run("push --type oci from-args --platforms linux/amd64 --template @/app:ARCH --target @/app:1 --annotations q")
        .fails(1)
        .says("the --annotations argument must be a string in the form 'key=value': q");
}

#[test]
fn only_the_listed_fields_of_entries_are_kept() {
    let registry = registry();
    let image = Image::docker().platform("linux/amd64").build();
    let index = format!(
        r#"{{"schemaVersion":2,"mediaType":"{DOCKER_LIST}","manifests":[{{"mediaType":"{}","size":{},"digest":"{}","urls":["https://u.test/x"],"new":1,"platform":{{"os":"linux","architecture":"amd64","features":["sse4"]}}}}]}}"#,
        image.media_type,
        image.size(),
        image.digest
    );
    registry.put_manifest("app", Some("features"), DOCKER_LIST, index.as_bytes());
    let tool = Tool::on(&registry);
    tool.run("push from-args --platforms linux/amd64 --template @/app:features --target @/app:1")
        .succeeds();
    let entry = &entries(&registry)[0];
    assert_eq!(entry["urls"][0], "https://u.test/x");
    assert_eq!(entry["platform"]["features"][0], "sse4");
    assert_eq!(entry.get("new"), None);
    tool.run("push --type oci from-args --platforms linux/amd64 --template @/app:features --target @/app:1")
        .succeeds();
    assert_eq!(entries(&registry)[0]["new"], 1);
}

#[test]
fn one_transient_failure_ends_the_push() {
    let registry = registry();
    registry.fault(
        Fault::on("PUT", "app/manifests/")
            .times(1)
            .respond(Response::status(503)),
    );
    let ran = Tool::on(&registry)
        .run("push from-args --platforms linux/amd64 --template @/app:ARCH --target @/app:1");
    ran.succeeds().says("retrying in ");
    let (_, bytes) = registry.manifest("app", "1").unwrap();
    assert!(ran.stdout.contains(&sha256(&bytes)), "{ran}");
}

#[test]
fn platforms_that_engines_cannot_tell_apart_are_published_in_silence() {
    let registry = EmbeddedRegistry::start();
    for tag in ["a", "b"] {
        let image = Image::docker().platform("linux/arm64").seed(tag).build();
        registry.seed("app", tag, &image);
    }
    let tool = Tool::on(&registry);
    tool.write(
        "list.yaml",
        "image: @/app:1\nmanifests:\n- image: @/app:a\n- image: @/app:b\n  platform: {variant: v8}\n",
    );
    tool.run("push from-spec list.yaml")
        .succeeds()
        .says("are both for linux/arm64/v8: most clients only see the first\n");
    assert_eq!(entries(&registry).len(), 2);
    tool.write(
        "list.yaml",
        "image: @/app:1\nmanifests:\n- image: @/app:a\n  platform: {os: windows, architecture: s390x}\n",
    );
    tool.run("push from-spec list.yaml")
        .succeeds()
        .says("no engine will select REGISTRY/app:a");
}

#[test]
fn tags_are_of_the_lists_repository() {
    let (registry, other) = (registry(), EmbeddedRegistry::start());
    let tool = Tool::on(&registry);
    let ran = tool.run(&format!(
        "push from-args --platforms linux/amd64 --template @/app:ARCH --target @/app:1 --tags 2,@/copy:3,{}/far:4",
        other.host()
    ));
    ran.succeeds();
    let digest = registry.digest("app", "1");
    assert!(digest.is_some());
    for (registry, repository, tag) in [
        (&registry, "app", "2"),
        (&registry, "copy", "3"),
        (&other, "far", "4"),
    ] {
        assert_eq!(
            registry.digest(repository, tag),
            digest,
            "{repository}:{tag}"
        );
    }
}

#[test]
fn docker_cfg_is_the_only_place_for_logins() {
    let registry = EmbeddedRegistry::builder()
        .basic_auth("me", "s3cr3t-pa55")
        .start();
    registry.seed(
        "app",
        "amd64",
        &Image::docker().platform("linux/amd64").build(),
    );
    let mut tool = Tool::on(&registry);
    tool.write("empty.json", "{}");
    let line = "--docker-cfg empty.json inspect @/app:amd64";
    tool.run(line).fails(1).says(FAILED);
    let auths = format!(
        r#"{{"auths":{{"{}":{{"auth":"bWU6czNjcjN0LXBhNTU="}}}}}}"#,
        registry.host()
    );
    tool.home.set("DOCKER_AUTH_CONFIG", auths);
    tool.run(line).succeeds().is_quiet();
}

#[test]
fn there_are_no_ca_certificates() {
    let ca = TestCa::new();
    let registry = EmbeddedRegistry::builder().tls(&ca).start();
    registry.seed(
        "app",
        "amd64",
        &Image::docker().platform("linux/amd64").build(),
    );
    let tool = Tool::on(&registry);
    tool.run("inspect @/app:amd64")
        .fails(1)
        .says(FAILED)
        .says("(--ca-file is a flag of `docker-manifest` only)");
    let folder = tool
        .home
        .config_folder()
        .join("certs.d")
        .join(registry.host());
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("ca.crt"), ca.ca_pem()).unwrap();
    tool.run("inspect @/app:amd64").succeeds().is_quiet();
}
