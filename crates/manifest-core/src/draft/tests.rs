//! What is annotated, what stays, and what is pushed.

use super::*;
use crate::media_type::DOCKER_MANIFEST;

fn manifest(tail: &str) -> Manifest {
    let digest = format!("sha256:{}", "a".repeat(64));
    let body = format!(
        r#"{{"schemaVersion":2,"mediaType":"{DOCKER_MANIFEST}","config":{{"mediaType":"c","size":1,"digest":"{digest}"}},"layers":[]{tail}}}"#
    );
    Manifest::parse(DOCKER_MANIFEST, body.into_bytes()).unwrap()
}

fn platform(text: &str) -> Platform {
    let mut parts = text.split('/').map(str::to_owned);
    let mut next = || parts.next().unwrap_or_default();
    Platform {
        os: next(),
        architecture: next(),
        variant: next(),
        ..Platform::default()
    }
}

fn entry(stated: &str) -> Entry {
    let reference = Reference::parse("app:1").unwrap();
    Entry::resolved(reference, &manifest(""), platform(stated), 1)
}

fn edit(os: &str, architecture: &str, variant: &str) -> PlatformEdit {
    let some = |text: &str| (text != "-").then(|| text.to_owned());
    PlatformEdit {
        os: some(os),
        architecture: some(architecture),
        variant: some(variant),
        ..PlatformEdit::default()
    }
}

fn platform_of(entry: &Entry) -> String {
    entry.descriptor.platform.as_ref().unwrap().to_string()
}

#[test]
fn annotations_replace_and_add() {
    let mut entry = entry("linux/amd64");
    entry.annotate(&edit("-", "arm", "v7")).unwrap();
    assert_eq!(platform_of(&entry), "linux/arm/v7");
    entry.annotate(&edit("", "", "")).unwrap();
    assert_eq!(
        platform_of(&entry),
        "linux/arm/v7",
        "empty text empties nothing"
    );
    for features in [["a", "b"], ["b", "c"]] {
        let os_features = features.map(str::to_owned).to_vec();
        let edit = PlatformEdit {
            os_features,
            ..PlatformEdit::default()
        };
        entry.annotate(&edit).unwrap();
    }
    assert_eq!(
        entry.descriptor.platform.as_ref().unwrap().os_features,
        ["a", "b", "c"]
    );
    let clear = PlatformEdit {
        clear: vec![
            Clear::Field(Field::OsFeatures),
            Clear::Field(Field::Variant),
        ],
        features: vec!["neon".to_owned()],
        annotations: [("k".to_owned(), "v".to_owned())].into(),
        ..PlatformEdit::default()
    };
    entry.annotate(&clear).unwrap();
    let platform = entry.descriptor.platform.clone().unwrap();
    assert_eq!(platform.to_string(), "linux/arm");
    assert_eq!(
        (platform.os_features.len(), platform.features.len()),
        (0, 1)
    );
    assert_eq!(entry.descriptor.annotations["k"], "v");
    let all = PlatformEdit {
        clear: vec![Clear::All],
        ..PlatformEdit::default()
    };
    entry.annotate(&all).unwrap();
    assert_eq!(entry, self::entry("linux/amd64"));
    let whole = |platform: &str, is_forced| PlatformEdit {
        platform: Some(self::platform(platform)),
        is_forced,
        ..PlatformEdit::default()
    };
    entry.annotate(&whole("linux/arm64", false)).unwrap();
    assert_eq!(platform_of(&entry), "linux/arm64");
    assert!(entry.annotate(&whole("linux/vax", false)).is_err());
    entry.annotate(&whole("linux/vax", true)).unwrap();
    entry.annotate(&whole("linux/arm/v6", false)).unwrap();
    let before = entry.clone();
    let error = entry.annotate(&edit("windows", "s390x", "-")).unwrap_err();
    assert_eq!(
        error.to_string(),
        "manifest entry for image has unsupported os/arch combination: windows/s390x"
    );
    assert_eq!(entry, before);
}

#[test]
fn what_was_annotated_stays_when_an_image_is_resolved_anew() {
    let mut old = entry("linux/amd64");
    old.annotate(&edit("-", "arm", "v7")).unwrap();
    let mut new = entry("linux/amd64/v2");
    new.keep_annotations(&old);
    assert_eq!(platform_of(&new), "linux/arm/v7");

    let unchanged = entry("linux/arm64");
    let mut new = entry("linux/riscv64");
    new.keep_annotations(&unchanged);
    assert_eq!(
        platform_of(&new),
        "linux/riscv64",
        "nothing had been annotated"
    );

    let mut dockers = entry("linux/arm64");
    dockers.origin = None;
    let mut new = entry("linux/amd64");
    new.keep_annotations(&dockers);
    assert_eq!(
        platform_of(&new),
        "linux/arm64",
        "nobody knows what was annotated"
    );
}

#[test]
fn a_payload_has_the_digest_or_is_none() {
    let entry = entry("linux/amd64");
    assert_eq!(entry.payload().unwrap(), manifest("").bytes());
    let changed = Entry {
        raw: Some(b"{}".to_vec()),
        ..entry.clone()
    };
    let error = changed.payload().unwrap_err().to_string();
    assert!(
        error.starts_with("internal digest mismatch for docker.io/library/app:1"),
        "{error}"
    );
    let nothing = Entry {
        raw: None,
        shown: None,
        ..entry.clone()
    };
    assert!(matches!(nothing.payload(), Err(PayloadError::Missing(_))));
    // Old files have no raw bytes: Docker laid them out with three spaces.
    let pretty = go_json::indent(manifest("").bytes(), "   ");
    let pretty = Manifest::parse(DOCKER_MANIFEST, pretty).unwrap();
    let mut old = Entry::resolved(entry.reference, &pretty, Platform::default(), 0);
    old.raw = None;
    old.shown = Some(Shown {
        oci: false,
        json: go_json::compact(pretty.bytes()).unwrap(),
    });
    assert_eq!(old.payload().unwrap(), pretty.bytes());
}
