//! Versions from the future, foreign and hostile content under the tags of parts.

use manifest_testkit::image::Image;
use manifest_testkit::suite::Kind;
use manifest_testkit::{Client, seed, sha256};
use serde_json::{Value, json};

use super::{LIST, fill, names, source_tag};
use crate::commands::{Shell, Watched};
use crate::harness::schema;

/// The media type of a part's document.
const PART: &str = "application/vnd.docker-manifest.draft.v1+json";

/// A registry with one staged draft of two images.
fn registry() -> Watched<'static> {
    let registry = Watched::empty(Kind::Embedded);
    fill(&registry, 2);
    let line = format!("create --stage @/stage {LIST} @/app:0 @/app:1");
    Shell::new(&registry).run(&line).succeeds();
    registry
}

fn document(registry: &Watched<'_>, tag: &str) -> Value {
    let manifest: Value = serde_json::from_slice(&registry.bytes("stage", tag)).unwrap();
    let blob = manifest["layers"][0]["digest"].as_str().unwrap();
    let client = Client::new(&registry.host());
    let path = format!("/v2/stage/blobs/{blob}");
    client.get(&path).unwrap().json()
}

/// Puts a part with this document under a tag. The document is in a blob alone.
fn put(registry: &Watched<'_>, tag: &str, media_type: &str, document: &[u8]) {
    let client = Client::new(&registry.host());
    let digest = sha256(document);
    seed::push_blob(&client, "stage", &digest, document).unwrap();
    let descriptor = |media_type: &str, digest: &str, size: usize| json!({"mediaType": media_type, "digest": digest, "size": size});
    let empty = descriptor("application/vnd.oci.empty.v1+json", &sha256(b"{}"), 2);
    put_manifest(
        registry,
        tag,
        &json!({
            "schemaVersion": 2,
            "mediaType": "application/vnd.oci.image.manifest.v1+json",
            "config": empty,
            "layers": [descriptor(media_type, &digest, document.len())],
        }),
    );
}

fn put_manifest(registry: &Watched<'_>, tag: &str, manifest: &Value) {
    let media_type = manifest["mediaType"].as_str().unwrap();
    let path = format!("/v2/stage/manifests/{tag}");
    let client = Client::new(&registry.host());
    let bytes = manifest.to_string().into_bytes();
    let response = client.put(&path, media_type, &bytes).unwrap();
    assert_eq!(response.status, 201, "{}", response.text());
}

/// Checks that no command uses a draft with such a part, that the others name it, and that it can be removed.
#[track_caller]
fn is_refused(registry: &Watched<'_>, code: i32, texts: &[&str]) {
    let shell = Shell::new(registry);
    let tags = registry.tags("app");
    for line in [
        "push --stage @/stage @/app:list",
        "inspect --stage @/stage @/app:list",
        "export --stage @/stage @/app:list",
        "annotate --stage @/stage @/app:list --annotation a=b",
    ] {
        let ran = shell.run(line);
        ran.fails(code);
        for text in texts {
            ran.says(text);
        }
    }
    assert_eq!(registry.tags("app"), tags, "nothing is published");
    let listed = shell.run("ls --stage @/stage");
    listed.succeeds().says(texts[0]);
    assert!(listed.stdout.contains("damaged"), "{listed}");
    shell.run("rm --stage @/stage @/app:list").succeeds();
    assert_eq!(names(&shell), "");
}

#[test]
fn a_newer_version_is_refused_with_advice() {
    let registry = registry();
    let tag = source_tag(&registry.host(), "@/app:0");
    let newer = PART.replace("v1", "v2");
    put(&registry, &tag, &newer, b"anything");
    let said = format!("a newer version of docker-manifest staged REGISTRY/stage:{tag}");
    is_refused(&registry, 1, &[&said, "hint: upgrade docker-manifest"]);

    let registry = self::registry();
    let tag = source_tag(&registry.host(), "@/app:0");
    let mut future = document(&registry, &tag);
    future["version"] = 2.into();
    put(&registry, &tag, PART, future.to_string().as_bytes());
    let said = format!("a newer version of docker-manifest staged REGISTRY/stage:{tag}");
    is_refused(&registry, 1, &[&said, "hint: upgrade docker-manifest"]);
}

#[test]
fn a_draft_of_which_nothing_can_be_read_has_no_age() {
    let registry = Watched::empty(Kind::Embedded);
    fill(&registry, 1);
    let shell = Shell::new(&registry);
    let line = format!("create --stage @/stage {LIST} @/app:0");
    shell.run(&line).succeeds();
    let tag = source_tag(&registry.host(), "@/app:0");
    put(&registry, &tag, PART, b"{}");
    let listed = shell.run("ls --stage @/stage");
    let row: Vec<&str> = listed
        .stdout
        .lines()
        .nth(1)
        .unwrap()
        .split_whitespace()
        .collect();
    assert_eq!(row[row.len() - 3..], ["-", "-", "damaged"], "{listed}");
    let listed = schema::json("ls", &shell.run("ls --stage @/stage --format json"));
    assert_eq!(listed[0].get("changedAt"), None, "{listed}");
    let pruned = shell.run("prune --stage @/stage --older-than 0");
    pruned.says("is damaged");
    assert_eq!(pruned.stdout, "");
    shell.run("rm --stage @/stage @/app:list").succeeds();
}

#[test]
fn documents_in_blobs_are_read() {
    let registry = registry();
    let tag = source_tag(&registry.host(), "@/app:0");
    let document = document(&registry, &tag);
    put(&registry, &tag, PART, document.to_string().as_bytes());
    let shell = Shell::new(&registry);
    shell.run("push --stage @/stage @/app:list").succeeds();
}

type Change = fn(&mut Value);

#[test]
fn hostile_parts_are_refused() {
    let changes: [(Change, &str); 7] = [
        (
            |part| part["list"] = "q.io/other:1".into(),
            "it belongs to another tag",
        ),
        (
            |part| part["entries"][0]["entry"]["Ref"] = "q.io/other:1".into(),
            "it belongs to another tag",
        ),
        (
            |part| part["entries"][0]["entry"]["Raw"] = "e30=".into(),
            "it has a wrong manifest",
        ),
        (
            |part| {
                part["entries"][0]["origin"]["source"] = json!({"disk": "oci-layout:///etc"});
            },
            "its source is on a machine",
        ),
        (|part| part["entries"] = json!([]), "it has several parts"),
        (
            |part| part["settings"] = json!({"type": "oci"}),
            "it has several parts",
        ),
        (|part| *part = json!({"format": "x"}), "it is not a draft"),
    ];
    for (change, text) in changes {
        let registry = registry();
        let tag = source_tag(&registry.host(), "@/app:0");
        let mut part = document(&registry, &tag);
        change(&mut part);
        put(&registry, &tag, PART, part.to_string().as_bytes());
        is_refused(&registry, 1, &[&format!("REGISTRY/stage:{tag}"), text]);
    }
}

#[test]
fn other_content_under_the_tag_of_a_part_is_refused() {
    let registry = registry();
    let tag = source_tag(&registry.host(), "@/app:0");
    let image = Image::oci().platform("linux/amd64").build();
    registry.push("stage", "1.0", &image);
    registry.push("stage", &tag, &image);
    is_refused(
        &registry,
        1,
        &["is not a part of a draft: its layer is not a draft"],
    );

    // `rm` moves the tag, and does not delete the image, which has a tag of its own.
    assert_eq!(registry.bytes("stage", "1.0"), image.manifest);

    // A part of one image under the tag of another one would be two entries.
    let registry = self::registry();
    let (one, other) = ("@/app:0", "@/app:1");
    let [one, other] = [one, other].map(|image| source_tag(&registry.host(), image));
    let manifest = serde_json::from_slice(&registry.bytes("stage", &one)).unwrap();
    put_manifest(&registry, &other, &manifest);
    is_refused(
        &registry,
        1,
        &["is not a part of a draft: it belongs to another tag"],
    );
}

#[test]
fn embedded_content_that_is_not_the_layer_is_not_used() {
    let registry = registry();
    let tag = source_tag(&registry.host(), "@/app:0");
    let mut manifest: Value = serde_json::from_slice(&registry.bytes("stage", &tag)).unwrap();
    manifest["layers"][0]["data"] = "e30=".into();
    put_manifest(&registry, &tag, &manifest);
    let shell = Shell::new(&registry);
    shell.run("push --stage @/stage @/app:list").succeeds();
}

#[test]
fn a_stage_never_turns_tls_verification_off() {
    let registry = registry();
    let tag = source_tag(&registry.host(), "@/app:0");
    let mut part = document(&registry, &tag);
    part["entries"][0]["origin"]["insecure"] = true.into();
    put(&registry, &tag, PART, part.to_string().as_bytes());
    let shell = Shell::new(&registry);
    let exported = shell.run("export --stage @/stage @/app:list");
    exported.succeeds().does_not_say("insecure");
    assert!(!exported.stdout.contains("insecure"));
}

#[test]
fn old_drafts_are_pruned() {
    let registry = registry();
    let shell = Shell::new(&registry);
    shell
        .run("create --stage @/stage @/app:new @/app:0")
        .succeeds();
    let prune = "prune --stage @/stage --older-than 7d";
    shell.run(prune).succeeds().prints("");
    for image in ["@/app:0", "@/app:1"] {
        let tag = source_tag(&registry.host(), image);
        let mut part = document(&registry, &tag);
        part["changedAt"] = 1_000_000_000.into();
        put(&registry, &tag, PART, part.to_string().as_bytes());
    }
    let both = "REGISTRY/app:list\nREGISTRY/app:new\n";
    shell
        .run(&format!("{prune} --dry-run"))
        .succeeds()
        .prints("REGISTRY/app:list\n");
    assert_eq!(names(&shell), both);
    let pruned = shell.run(&format!("{prune} --format json"));
    let pruned = schema::json("prune", &pruned);
    let expected = json!([{
        "list": "REGISTRY/app:list",
        "stage": "REGISTRY/stage",
        "changedAt": 1_000_000_000,
    }]);
    assert_eq!(pruned["removed"], expected);
    assert_eq!(names(&shell), "REGISTRY/app:new\n");
}
