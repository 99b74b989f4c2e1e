use super::*;
use crate::manifest::Manifest;
use crate::media_type::DOCKER_MANIFEST;
use crate::reference::Reference;

fn manifest() -> Manifest {
    let digest = format!("sha256:{}", "a".repeat(64));
    let body = format!(
        r#"{{"schemaVersion":2,"mediaType":"{DOCKER_MANIFEST}","config":{{"mediaType":"c","size":1,"digest":"{digest}"}},"layers":[]}}"#
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
    Entry::resolved(reference, &manifest(), platform(stated), 1)
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
    let mut windows = self::entry("windows/amd64");
    let own = windows.descriptor.platform.as_mut().unwrap();
    own.os_version = "10.0.1".to_owned();
    windows.annotate(&whole("windows/arm64", false)).unwrap();
    assert_eq!(platform_of(&windows), "windows(10.0.1)/arm64");
    windows.annotate(&whole("linux/arm64", false)).unwrap();
    assert_eq!(platform_of(&windows), "linux/arm64");
    entry.annotate(&whole("linux/arm/v6", false)).unwrap();
    let clear = |field| PlatformEdit {
        clear: vec![field],
        ..PlatformEdit::default()
    };
    let mut odd = self::entry("unknown/unknown");
    odd.annotate(&clear(Clear::Field(Field::Annotations)))
        .unwrap();
    odd.annotate(&edit("linux", "arm", "v7")).unwrap();
    odd.annotate(&clear(Clear::All)).unwrap();
    assert_eq!(odd, self::entry("unknown/unknown"));
    let before = entry.clone();
    let error = entry.annotate(&edit("windows", "s390x", "-")).unwrap_err();
    assert_eq!(
        error.to_string(),
        "manifest entry for image has unsupported os/arch combination: windows/s390x"
    );
    assert_eq!(entry, before);
}

#[test]
fn names_of_other_programs() {
    let meant = |os: &str, architecture: &str| {
        let pair = UnsupportedPair {
            os: os.to_owned(),
            architecture: architecture.to_owned(),
        };
        pair.meant().map(|platform| platform.to_string())
    };
    for (os, architecture, expected) in [
        ("linux", "aarch64", Some("linux/arm64")),
        ("linux", "x86_64", Some("linux/amd64")),
        ("linux", "armv7l", Some("linux/arm/v7")),
        ("linux", "amd64v2", Some("linux/amd64/v2")),
        ("Linux", "AMD64", Some("linux/amd64")),
        ("macos", "arm64", Some("darwin/arm64")),
        ("linux", "bogus", None),
        ("", "aarch64", None),
        ("windows", "s390x", None),
    ] {
        let expected = expected.map(str::to_owned);
        assert_eq!(meant(os, architecture), expected, "{os}/{architecture}");
    }
}

#[test]
fn edits_that_contradict_themselves_or_change_nothing() {
    let with = |whole: &str, edit: PlatformEdit| PlatformEdit {
        platform: Some(platform(whole)),
        ..edit
    };
    for (whole, other, expected) in [
        ("linux/arm64", edit("-", "arm64", "v8"), None),
        ("linux/arm64", edit("", "", ""), None),
        (
            "linux/arm64",
            edit("-", "amd64", "-"),
            Some(Field::Architecture),
        ),
        ("linux/arm/v7", edit("windows", "-", "-"), Some(Field::Os)),
        (
            "linux/arm/v7",
            edit("linux", "arm", "v6"),
            Some(Field::Variant),
        ),
    ] {
        assert_eq!(with(whole, other).contradiction(), expected, "{whole}");
    }
    assert_eq!(edit("linux", "arm", "v6").contradiction(), None);
    assert!(edit("-", "", "-").is_empty());
    assert!(!edit("-", "arm", "-").is_empty());
    assert!(!with("linux/arm64", edit("-", "-", "-")).is_empty());
}

#[test]
fn annotations_stay_when_an_image_is_resolved_again() {
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

    let clear = PlatformEdit {
        clear: vec![
            Clear::Field(Field::Variant),
            Clear::Field(Field::Annotations),
        ],
        annotations: [("mine".to_owned(), "1".to_owned())].into(),
        ..PlatformEdit::default()
    };
    let with_annotations = |platform: &str| {
        let mut entry = entry(platform);
        entry.descriptor.annotations = [("its".to_owned(), "1".to_owned())].into();
        let origin = entry.origin.as_mut().unwrap();
        origin.annotations.clone_from(&entry.descriptor.annotations);
        entry
    };
    let mut emptied = with_annotations("linux/arm64/v8");
    emptied.annotate(&clear).unwrap();
    let mut new = with_annotations("linux/arm64/v8");
    new.keep_annotations(&emptied);
    assert_eq!(
        platform_of(&new),
        "linux/arm64",
        "what was emptied stays empty"
    );
    assert_eq!(new.descriptor.annotations, clear.annotations);
    let mut bare = entry("linux/arm64");
    bare.descriptor.platform = None;
    let mut annotated = bare.clone();
    annotated
        .descriptor
        .annotations
        .clone_from(&clear.annotations);
    bare.keep_annotations(&annotated);
    assert_eq!(bare, annotated, "nor does it need a platform");

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
