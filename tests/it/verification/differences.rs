//! `diff`: each kind of difference, and the choice between draft and registry.

use serde_json::{Value, json};

use super::{DOCKER_LIST, Lab, OCI_INDEX, oci, push_sound_list, with};

/// Returns the changes of the lists, and of their entries, as short lines.
fn changes(report: &Value) -> Vec<String> {
    let field = |entry: &str, change: &Value| {
        let text = |name: &str| {
            change
                .get(name)
                .and_then(Value::as_str)
                .unwrap_or("-")
                .to_owned()
        };
        format!(
            "{entry} {}: {} to {}",
            text("field"),
            text("from"),
            text("to")
        )
    };
    let mut lines = Vec::new();
    for change in report["list"].as_array().unwrap() {
        lines.push(field("list", change));
    }
    for entry in report["entries"].as_array().unwrap() {
        let name = entry["entry"].as_str().unwrap();
        lines.push(format!("{} {name}", entry["change"].as_str().unwrap()));
        for change in entry["fields"].as_array().unwrap() {
            lines.push(field("  ", change));
        }
    }
    lines
}

#[test]
fn each_kind_of_difference_is_found() {
    let lab = Lab::new();
    let amd64 = lab.image(&oci("linux/amd64", "1"));
    let arm64 = lab.image(&oci("linux/arm64", "1"));
    let newer = lab.image(&oci("linux/arm64/v8", "2"));
    let arm = lab.image(&oci("linux/arm", "1"));
    let both = [amd64.clone(), arm64.clone()];
    let v7 = json!({"os": "linux", "architecture": "arm", "variant": "v7"});
    let v6 = json!({"os": "linux", "architecture": "arm", "variant": "v6"});
    let (arm_v6, arm_v7) = (with(arm.clone(), "platform", v6), with(arm, "platform", v7));
    let noted = with(amd64.clone(), "annotations", json!({"a": "new"}));
    for (old, new, expected) in [
        (both.to_vec(), both.to_vec(), &[][..]),
        (both.to_vec(), vec![amd64.clone()], &["removed linux/arm64"]),
        (vec![amd64.clone()], both.to_vec(), &["added linux/arm64"]),
        (
            both.to_vec(),
            vec![amd64.clone(), newer],
            &[
                "moved linux/arm64/v8",
                "   platform: linux/arm64 to linux/arm64/v8",
            ],
        ),
        (
            vec![arm_v6],
            vec![arm_v7],
            &[
                "changed linux/arm/v7",
                "   platform: linux/arm/v6 to linux/arm/v7",
            ],
        ),
        (
            vec![amd64.clone()],
            vec![noted],
            &["changed linux/amd64", "   annotations.a: - to new"],
        ),
        (
            both.to_vec(),
            vec![arm64, amd64],
            &["list order: linux/amd64, linux/arm64 to linux/arm64, linux/amd64"],
        ),
    ] {
        lab.list(OCI_INDEX, "1", &old);
        lab.list(OCI_INDEX, "2", &new);
        let report = lab.json("diff @/app:1 @/app:2");
        assert_eq!(changes(&report), expected);
        assert_eq!(report["same"], expected.is_empty());
        let code = i32::from(!expected.is_empty());
        lab.run("diff @/app:1 @/app:2").fails(code);
        let quiet = lab.run("diff --quiet @/app:1 @/app:2");
        quiet.fails(code).prints("");
        assert_eq!(quiet.stderr, "");
    }
}

#[test]
fn lists_differ_in_type_annotations_and_bytes() {
    let lab = Lab::new();
    let image = lab.image(&oci("linux/amd64", "1"));
    lab.list(OCI_INDEX, "1", std::slice::from_ref(&image));
    lab.list(DOCKER_LIST, "2", std::slice::from_ref(&image));
    let types = format!("list mediaType: {OCI_INDEX} to {DOCKER_LIST}");
    assert_eq!(changes(&lab.json("diff @/app:1 @/app:2")), [types]);

    let list = json!({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": [image], "annotations": {"k": "v"}});
    let bytes = serde_json::to_vec(&list).unwrap();
    lab.registry
        .put_manifest("app", Some("2"), OCI_INDEX, &bytes);
    let annotated = ["list annotations.k: - to v"];
    assert_eq!(changes(&lab.json("diff @/app:1 @/app:2")), annotated);

    // The same content with other spaces is another list.
    let bytes = serde_json::to_vec_pretty(&list).unwrap();
    lab.registry
        .put_manifest("app", Some("1"), OCI_INDEX, &bytes);
    let report = lab.json("diff @/app:1 @/app:2");
    assert_eq!(report["list"][0]["field"], "digest");
    assert_eq!(report["same"], false);
    lab.run("diff -q @/app:1 @/app:2").fails(1);
}

#[test]
fn an_attestation_moves_with_its_image() {
    let lab = Lab::new();
    let built = |seed| manifest_testkit::image::buildkit_index(&oci("linux/amd64", seed));
    lab.registry.seed("app", "1", &built("1"));
    lab.registry.seed("app", "2", &built("2"));
    let expected = ["moved linux/amd64", "moved attestation of linux/amd64"];
    assert_eq!(changes(&lab.json("diff @/app:1 @/app:2")), expected);
}

#[test]
fn a_draft_is_compared_with_what_its_push_would_replace() {
    let lab = Lab::new();
    for (tag, platform) in [("a", "linux/amd64"), ("b", "linux/arm64")] {
        lab.registry.seed("app", tag, &oci(platform, tag));
    }
    lab.run("diff @/app:1")
        .fails(1)
        .says("No such manifest")
        .says("there is no draft of");
    lab.run("create @/app:1 @/app:a").succeeds();
    let unpublished = lab.run("diff @/app:1");
    unpublished
        .fails(1)
        .says("REGISTRY/app:1 does not exist in the registry");
    assert_eq!(changes(&lab.json("diff @/app:1")), ["added linux/amd64"]);
    lab.run("diff -q @/app:1").fails(1);
    lab.run("push @/app:1").succeeds();
    let same = lab.run("diff @/app:1");
    assert_eq!(same.succeeds().stdout, "");
    lab.run("create --amend @/app:1 @/app:b").succeeds();
    let report = lab.json("diff @/app:1");
    assert_eq!(changes(&report), ["added linux/arm64"]);
    assert_eq!(report["from"]["origin"], "registry");
    assert_eq!(report["to"]["origin"], "draft");
    // Two names are of the registry, unless --local is given.
    lab.run("diff @/app:1 @/app:1").succeeds();
    let local = lab.json("diff --local @/app:b @/app:1");
    assert_eq!(local["from"]["origin"], "registry");
    assert_eq!(local["to"]["origin"], "draft");
    lab.run("annotate --annotation k=v @/app:1").succeeds();
    let expected = ["list annotations.k: - to v", "added linux/arm64"];
    assert_eq!(changes(&lab.json("diff @/app:1")), expected);
}

#[test]
fn names_that_do_not_exist_and_layouts() {
    let lab = Lab::new();
    push_sound_list(&lab, "1");
    let one = lab.run("diff @/app:1 @/app:none");
    one.fails(1)
        .says("REGISTRY/app:none does not exist in the registry")
        .does_not_say("draft");
    lab.run("create @/app:drafted @/app:1").succeeds();
    let drafted = lab.run("diff @/app:1 @/app:drafted");
    drafted
        .fails(1)
        .says("hint: it is a draft on this machine, which `--local` compares");
    let local = lab.run("diff --local @/app:1 @/app:drafted");
    local.fails(1).does_not_say("hint");
    assert_eq!(
        lab.json("diff @/app:1 @/app:none")["entries"]
            .as_array()
            .unwrap()
            .len(),
        6
    );
    let none = lab.run("diff @/app:none @/app:nope");
    none.fails(1)
        .says("neither REGISTRY/app:none nor REGISTRY/app:nope exists");
    lab.run("create --push --to oci-layout://out @/app:x @/app:1")
        .succeeds();
    let layout = lab.json("diff @/app:1 oci-layout://out");
    assert_eq!(layout["to"]["origin"], "layout");
    assert_eq!(layout["entries"], json!([]));
    lab.run("diff @/app:1 oci-layout://nowhere")
        .fails(1)
        .says("nowhere");
    lab.run("diff --format yaml @/app:1 @/app:1").fails(125);
}

/// The platform of a single image is in its configuration only.
#[test]
fn a_single_image_has_the_platform_of_its_configuration() {
    let lab = Lab::new();
    let (amd64, arm64) = (oci("linux/amd64", "1"), oci("linux/arm64", "1"));
    lab.list(OCI_INDEX, "1", &[lab.image(&amd64), lab.image(&arm64)]);
    lab.registry.seed("app", "amd64", &amd64);
    lab.registry.seed("app", "newer", &oci("linux/amd64", "2"));
    let entries = |line: &str| {
        let lines = changes(&lab.json(line)).into_iter();
        lines.filter(|line| !line.starts_with("list ")).collect()
    };
    let found: Vec<String> = entries("diff @/app:1 @/app:amd64");
    assert_eq!(found, ["removed linux/arm64"]);
    let found: Vec<String> = entries("diff @/app:1 @/app:newer");
    assert_eq!(found, ["moved linux/amd64", "removed linux/arm64"]);
    let found: Vec<String> = entries("diff @/app:amd64 @/app:newer");
    assert_eq!(found, ["moved linux/amd64"]);
    // Without its configuration it has none.
    lab.registry.remove_blob("app", &amd64.config_digest);
    let found: Vec<String> = entries("diff @/app:amd64 @/app:newer");
    assert_eq!(found, ["added linux/amd64", "removed manifest"]);
}
