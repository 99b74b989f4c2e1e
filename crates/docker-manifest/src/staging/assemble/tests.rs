use manifest_core::media_type::DOCKER_MANIFEST;
use manifest_core::settings::{ListType, Order};
use manifest_core::{Manifest, Platform};

use super::*;

fn reference(text: &str) -> Reference {
    Reference::parse(text).unwrap()
}

fn manifest(note: &str) -> Manifest {
    let digest = format!("sha256:{}", "a".repeat(64));
    let body = format!(
        r#"{{"schemaVersion":2,"mediaType":"{DOCKER_MANIFEST}","config":{{"digest":"{digest}","size":1}},"note":"{note}"}}"#
    );
    Manifest::parse(DOCKER_MANIFEST, body.into_bytes()).unwrap()
}

fn entry(name: &str) -> Entry {
    let platform = Platform {
        os: "linux".into(),
        architecture: "amd64".into(),
        ..Platform::default()
    };
    Entry::resolved(reference(name), &manifest(name), platform, 7)
}

/// Returns an image as the child of a list, for a platform of its own.
fn child(list: &str, note: &str, variant: &str) -> Entry {
    let manifest = manifest(note);
    let mut descriptor = manifest.descriptor();
    descriptor.platform = Some(Platform {
        os: "linux".into(),
        architecture: "arm".into(),
        variant: variant.into(),
        ..Platform::default()
    });
    let list = reference(list);
    let name = list.repository().at(manifest.digest().clone());
    let source = (Source::Registry(list), manifest.digest().clone());
    Entry::child(name, descriptor, &manifest, source, 7)
}

fn draft(entries: Vec<Entry>) -> Draft {
    Draft {
        settings: ListSettings {
            list_type: Some(ListType::Oci),
            order: Order::Platform,
            annotations: [("a", "1"), ("b", "2")]
                .map(|(key, value)| (key.to_owned(), value.to_owned()))
                .into(),
            ..ListSettings::default()
        },
        ..Draft::new(reference("q.io/app:1"), in_storage_order(entries))
    }
}

#[test]
fn a_draft_is_the_sum_of_its_parts_in_any_order() {
    let entries = vec![
        entry("q.io/app:z"),
        child("q.io/app:list", "x", "v7"),
        child("q.io/app:list", "y", "v6"),
        entry("q.io/app:a"),
    ];
    let mut reversed = entries.clone();
    reversed.reverse();
    // The children of one source keep its order.
    reversed.swap(1, 2);
    let whole = draft(entries);
    let parts = parts(&whole, 9);
    assert_eq!(parts.len(), 3 + 4, "three sources and four settings");
    for (key, part) in &parts {
        assert_eq!(
            PartKey::of(part).as_ref(),
            Some(key),
            "each part tells its key"
        );
        let bytes = part.encode().unwrap();
        let read = DraftDocument::decode(&bytes).unwrap();
        assert!(is_same(&read, part));
        assert_eq!(read.changed_at, Some(9));
    }
    let together = super::draft(&whole.list, &parts);
    let names = |draft: &Draft| -> Vec<String> {
        let entries = draft.entries.iter();
        entries.map(|entry| entry.reference.to_string()).collect()
    };
    assert_eq!(names(&together), names(&whole));
    assert_eq!(together.settings, whole.settings);
    let other = super::parts(&draft(reversed), 10);
    let other = super::draft(&whole.list, &other);
    assert_eq!(
        other.entries, together.entries,
        "whatever order jobs arrive in"
    );
}

#[test]
fn one_image_of_two_lists_is_two_entries() {
    let parts = parts(
        &draft(vec![
            child("q.io/app:one", "x", "v6"),
            child("q.io/app:two", "x", "v7"),
        ]),
        9,
    );
    let together = super::draft(&reference("q.io/app:1"), &parts);
    let names: Vec<_> = together.entries.iter().map(|e| &e.reference).collect();
    assert_eq!(names.len(), 2);
    assert_ne!(names[0], names[1]);
    let again = super::parts(&together, 9);
    assert_eq!(
        super::draft(&together.list, &again).entries,
        together.entries
    );
}

#[test]
fn documents_that_are_not_one_part_have_no_key() {
    let whole = draft(vec![entry("q.io/app:a"), entry("q.io/app:b")]);
    let document = |settings: &ListSettings, entries: &[Entry]| DraftDocument {
        list: whole.list.clone(),
        settings: settings.clone(),
        entries: entries.to_vec(),
        changed_at: None,
    };
    let none = ListSettings::default();
    for part in [
        document(&none, &[]),
        document(&none, &whole.entries),
        document(&whole.settings, &[]),
        document(&whole.settings, &whole.entries[..1]),
    ] {
        assert_eq!(PartKey::of(&part), None, "{part:?}");
    }
}

#[test]
fn a_change_touches_only_the_parts_that_it_names() {
    let before = draft(vec![entry("q.io/app:a"), entry("q.io/app:b")]);
    let mut annotated = entry("q.io/app:b");
    annotated
        .descriptor
        .annotations
        .insert("k".into(), "v".into());
    let change = Change {
        put: vec![annotated, entry("q.io/app:c")],
        remove: vec![reference("q.io/app:a")],
        ..Change::default()
    };
    let after = changed(Some(&before), &before.list, change);
    let (before, after) = (parts(&before, 1), parts(&after, 2));
    let written: Vec<&PartKey> = after
        .iter()
        .filter(|(key, part)| before.get(key).is_none_or(|was| !is_same(was, part)))
        .map(|(key, _)| key)
        .collect();
    let key = |name: &str| PartKey::Source(Source::Registry(reference(name)));
    assert_eq!(written, [&key("q.io/app:b"), &key("q.io/app:c")]);
    let gone: Vec<&PartKey> = before
        .keys()
        .filter(|key| !after.contains_key(key))
        .collect();
    assert_eq!(gone, [&key("q.io/app:a")]);
}
