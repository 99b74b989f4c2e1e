//! The table of each kind of manifest in 60, 100 and 200 columns, compared with the files in `tests/`, which
//! `SNAPSHOTS=overwrite` writes.

use std::collections::BTreeMap;

use manifest_core::media_type::{OCI_INDEX, OCI_MANIFEST};
use manifest_core::{
    Content, Descriptor, Digest, Draft, Entry, Manifest, NamedPlatform, Reference,
};
use snapbox::{Data, assert_data_eq};

use super::*;
use crate::terminal::Terminal;

const NOW: u64 = 1_800_000_000;

fn digest(name: &str) -> Digest {
    Digest::sha256(name.as_bytes())
}

/// Returns the JSON of a descriptor; `about` is the name of the image that an attestation is about.
fn descriptor(name: &str, platform: &str, about: Option<&str>) -> serde_json::Value {
    let mut descriptor = serde_json::json!({
        "mediaType": OCI_MANIFEST, "digest": digest(name).as_str(), "size": 500,
    });
    if !platform.is_empty() {
        let platform = NamedPlatform::parse_any(platform).unwrap().platform;
        descriptor["platform"] = serde_json::to_value(platform).unwrap();
    }
    if let Some(about) = about {
        descriptor["annotations"] = serde_json::json!({
            "vnd.docker.reference.type": "attestation-manifest",
            "vnd.docker.reference.digest": digest(about).as_str(),
        });
    }
    descriptor
}

fn index(manifests: Vec<serde_json::Value>) -> Manifest {
    let json = serde_json::json!({
        "schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": manifests,
        "annotations": {"org.opencontainers.image.version": "1.0 \u{1b}[31mred", "日本語": "🚀"},
    });
    Manifest::parse(OCI_INDEX, json.to_string().into_bytes()).unwrap()
}

fn image() -> Manifest {
    let layer = |name: &str, size: u64| {
        serde_json::json!({
            "mediaType": "application/vnd.oci.image.layer.v1.tar+gzip",
            "digest": digest(name).as_str(), "size": size,
        })
    };
    let json = serde_json::json!({
        "schemaVersion": 2, "mediaType": OCI_MANIFEST,
        "config": {"mediaType": "application/vnd.oci.image.config.v1+json", "digest": digest("config").as_str(), "size": 1500},
        "layers": [layer("base", 29_000_000), layer("app", 1_200_000)],
    });
    Manifest::parse(OCI_MANIFEST, json.to_string().into_bytes()).unwrap()
}

const CONFIG: &str = r#"{"os":"linux","architecture":"arm64","variant":"v8","created":"2026-12-01T10:00:00Z",
    "config":{"Env":["A=1"]},
    "history":[
        {"created":"2026-11-01T00:00:00Z","created_by":"ADD rootfs.tar.gz /   # buildkit"},
        {"created":"2026-12-01T00:00:00Z","created_by":"ENV A=1","empty_layer":true},
        {"created":"2026-12-01T00:00:00Z","created_by":"RUN make \u001b[2J && 日本語を表示する","comment":"buildkit.dockerfile.v0"}]}"#;

/// Returns the model of a list with attestations, an orphan, an artifact and an entry without a platform.
fn list_view() -> ManifestView {
    let manifest = index(vec![
        descriptor("amd64", "linux/amd64", None),
        descriptor("armv7", "linux/arm/v7", None),
        descriptor("windows", "windows(10.0.20348.2113)/amd64", None),
        descriptor("none", "", None),
        descriptor("sbom", "unknown/unknown", Some("amd64")),
        descriptor("orphan", "unknown/unknown", Some("gone")),
        serde_json::json!({
            "mediaType": OCI_MANIFEST, "digest": digest("helm").as_str(), "size": 5, "artifactType": "application/vnd.cncf.helm"
        }),
    ]);
    let mut view = ManifestView::of(
        "example.com/app:1.0".to_owned(),
        Origin::Registry,
        &manifest,
    );
    let details = |size: u64, created: &str| Details {
        compressed_size: Some(size),
        created: Some(created.to_owned()),
        predicate_types: Vec::new(),
    };
    let statements = Details {
        predicate_types: vec![
            "https://spdx.dev/Document".into(),
            "https://slsa.dev/provenance/v1".into(),
        ],
        ..Details::default()
    };
    view.add_details(&BTreeMap::from([
        (digest("amd64"), details(30_200_000, "2027-01-10T00:00:00Z")),
        (digest("armv7"), details(1_500, "2024-01-01T00:00:00Z")),
        (
            digest("windows"),
            details(2_000_000_000, "1970-01-01T00:00:00Z"),
        ),
        (digest("sbom"), statements),
    ]));
    view
}

fn image_view() -> ManifestView {
    let mut view = ManifestView::of(
        "example.com/app@sha256:1".to_owned(),
        Origin::Disk,
        &image(),
    );
    let config = ConfigFile::parse(CONFIG.as_bytes()).unwrap();
    view.add_config(&config);
    view.shows_layers = true;
    view.history = Some(config.history(&view.layers));
    view.configuration = Some(config.json()["config"].clone());
    view.selection = Some(Selection {
        platform: "linux/arm64".into(),
        matched: Some("linux/arm64".into()),
        list: Some(digest("list")),
        reason: "the only entry for linux/arm64".into(),
    });
    let platform = NamedPlatform::parse("linux/arm64").unwrap().platform;
    let attestation = |predicate_type: &str, predicate| Attestation {
        about: Some(digest("image").to_string()),
        platform: Some(platform.clone()),
        predicate_type: predicate_type.to_owned(),
        digest: digest(predicate_type),
        size: 12_345,
        predicate,
    };
    let builder = serde_json::json!({"runDetails": {"builder": {"id": "https://github.com/org/app/actions/runs/1"}}});
    view.attestations = Some(vec![
        attestation(
            "https://spdx.dev/Document",
            serde_json::json!({"packages": [1, 2, 3]}),
        ),
        attestation("https://slsa.dev/provenance/v1", builder),
        attestation("https://example.com/other", serde_json::json!("x")),
    ]);
    view
}

/// Returns the model of a draft and what it would change.
fn draft_view() -> ManifestView {
    let children = [
        descriptor("amd64", "linux/amd64", None),
        descriptor("new-arm64", "linux/arm64", None),
        descriptor("s390x", "linux/s390x", None),
        descriptor("windows", "windows(10.0.20348.2113)/amd64", None),
        descriptor("sbom", "unknown/unknown", Some("new-arm64")),
    ];
    let manifest = index(children.to_vec());
    let entries = children.iter().enumerate().map(|(place, child)| Entry {
        reference: Reference::parse(&format!("example.com/app:{place}")).unwrap(),
        descriptor: Descriptor::parse(child.to_string().as_bytes()).unwrap(),
        raw: None,
        shown: None,
        origin: None,
        position: None,
    });
    let draft = Draft::new(
        Reference::parse("example.com/app:1.0").unwrap(),
        entries.collect(),
    );
    let live = index(vec![
        descriptor("old-arm64", "linux/arm64/v8", None),
        descriptor("amd64", "linux/amd64", None),
        descriptor("old-armv7", "linux/arm/v7", None),
        descriptor("old-sbom", "unknown/unknown", Some("old-arm64")),
    ]);
    let mut view = ManifestView::of("example.com/app:1.0".to_owned(), Origin::Draft, &manifest);
    view.add_draft(&draft);
    let details = |size: u64, created: &str| Details {
        compressed_size: Some(size),
        created: Some(created.to_owned()),
        predicate_types: Vec::new(),
    };
    let statements = Details {
        predicate_types: vec!["https://slsa.dev/provenance/v1".into()],
        ..Details::default()
    };
    view.add_details(&BTreeMap::from([
        (digest("amd64"), details(30_200_000, "2027-01-10T00:00:00Z")),
        (
            digest("new-arm64"),
            details(129_100_000, "2026-11-10T00:00:00Z"),
        ),
        (digest("sbom"), statements),
    ]));
    view.add_live(Some(&live));
    view
}

#[track_caller]
fn check(name: &str, view: &ManifestView) {
    for columns in [60, 100, 200] {
        let terminal = Terminal {
            columns: Some(columns),
            has_colours: false,
        };
        let text = view.to_table(&Layout { terminal, now: NOW });
        assert!(!text.contains('\u{1b}'), "{text}");
        let file = format!(
            "{}/src/view/tests/{name}-{columns}.txt",
            env!("CARGO_MANIFEST_DIR")
        );
        assert_data_eq!(
            text,
            Data::read_from(std::path::Path::new(&file), None).raw()
        );
    }
}

#[test]
fn a_list() {
    check("list", &list_view());
}

#[test]
fn an_image() {
    check("image", &image_view());
}

#[test]
fn a_draft() {
    check("draft", &draft_view());
}

#[test]
fn without_a_terminal_nothing_is_cut() {
    let layout = Layout {
        terminal: Terminal::default(),
        now: NOW,
    };
    let text = list_view().to_table(&layout);
    assert!(text.contains(digest("amd64").as_str()), "{text}");
    let text = draft_view().to_table(&layout);
    assert!(text.contains("example.com/app:2"), "{text}");
}

#[test]
fn entries_are_compared_by_content_then_by_platform() {
    let view = draft_view().to_json();
    let entries = view["manifests"].as_array().unwrap();
    let changes: Vec<_> = entries
        .iter()
        .map(|entry| entry["change"].as_str().unwrap())
        .collect();
    assert_eq!(changes, ["same", "changed", "added", "added", "added"]);
    assert_eq!(entries[1]["replaces"], digest("old-arm64").as_str());
    assert_eq!(view["live"]["state"], "different");
    let removed: Vec<_> = view["live"]["removed"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| &entry["kind"])
        .collect();
    assert_eq!(removed, ["image", "attestation"]);
    let mut same = list_view();
    let Content::List(_) = index(Vec::new()).content() else {
        panic!("a list")
    };
    same.add_live(None);
    assert_eq!(same.live.unwrap().state, LiveState::Absent);
}

#[test]
fn history_pairs_steps_with_layers() {
    let view = image_view();
    let history = view.history.unwrap();
    let layers: Vec<_> = history.iter().map(|step| step.size).collect();
    assert_eq!(layers, [Some(29_000_000), None, Some(1_200_000)]);
    for odd in [
        r#"{"history":3,"created":[]}"#,
        "[]",
        "null",
        r#"{"history":[{}]}"#,
    ] {
        let config = ConfigFile::parse(odd.as_bytes()).unwrap();
        assert!(config.history(&[]).len() <= 1, "{odd}");
        assert_eq!(config.created(), None);
    }
    assert!(ConfigFile::parse(b"no").is_err());
}
