//! Changes by Docker's CLI are adopted, and records stay where they still hold.

use std::fs;

use manifest_core::entry_json;
use manifest_store::{Change, StoreError};

use crate::support::*;

const LIST: &str = "q.io/app:1";
const FOLDER: &str = "q.io_app-1";

#[test]
fn a_draft_of_dockers_is_read_and_changed() {
    let home = Home::new();
    for image in ["b", "a"] {
        let image_entry = entry(&format!("q.io/app:{image}"), image, 1);
        docker_writes(
            &home.path(FOLDER),
            &format!("q.io_app-{image}"),
            &image_entry,
        );
    }
    assert_eq!(home.shown(LIST), ["q.io/app:a a", "q.io/app:b b"]);
    assert!(
        !home.path(".docker-manifest").exists(),
        "reading writes nothing"
    );
    let (list, image) = (reference(LIST), reference("q.io/app:a"));
    let changed = home
        .store
        .update_entry::<StoreError>(&list, &image, |entry| {
            entry.descriptor.platform = Some(platform("arm"));
            Ok(())
        });
    assert!(changed.unwrap());
    home.add(
        LIST,
        vec![entry("q.io/app:c", "c", 2), entry("q.io/app:b", "b", 3)],
    );
    assert_eq!(
        home.shown(LIST),
        ["q.io/app:a a", "q.io/app:b b 3", "q.io/app:c c 2"]
    );
    assert_eq!(docker_reads(&home.path(FOLDER)).unwrap().len(), 3);
}

#[test]
fn an_annotated_entry_keeps_its_origin_and_another_does_not() {
    let home = Home::new();
    home.add(
        LIST,
        ["a", "b", "c"]
            .map(|tag| entry(&format!("q.io/app:{tag}"), tag, 1))
            .to_vec(),
    );
    let mut annotated = entry("q.io/app:a", "a", 1);
    annotated.descriptor.platform = Some(platform("s390x"));
    docker_writes(&home.path(FOLDER), "q.io_app-a", &annotated);
    docker_writes(
        &home.path(FOLDER),
        "q.io_app-b",
        &entry("q.io/app:b", "other", 1),
    );
    docker_writes(
        &home.path(FOLDER),
        "q.io_app-d",
        &entry("q.io/app:d", "d", 1),
    );
    let expected = [
        "q.io/app:a a 1",
        "q.io/app:b other",
        "q.io/app:c c 1",
        "q.io/app:d d",
    ];
    assert_eq!(home.shown(LIST), expected);
    let draft = home.load(LIST).unwrap();
    assert_eq!(
        draft.entries[0].descriptor.platform,
        Some(platform("s390x"))
    );
    assert_eq!(
        draft.entries[0].origin.as_ref().unwrap().platform,
        platform("amd64")
    );
    // A change by this program keeps all of that.
    home.add(LIST, vec![entry("q.io/app:e", "e", 5)]);
    assert_eq!(home.shown(LIST)[..4], expected);
    fs::remove_file(home.path(FOLDER).join("q.io_app-c")).unwrap();
    home.add(
        LIST,
        vec![entry("q.io/app:e", "e", 6), entry("q.io/app:f", "f", 6)],
    );
    assert_eq!(
        home.shown(LIST),
        [
            "q.io/app:a a 1",
            "q.io/app:b other",
            "q.io/app:d d",
            "q.io/app:e e 6",
            "q.io/app:f f 6"
        ]
    );
}

#[test]
fn all_entries_annotated_by_docker_keep_their_origins() {
    for home in [Home::new(), Home::in_memory()] {
        home.add(LIST, vec![entry("q.io/app:a", "a", 1)]);
        let mut annotated = entry("q.io/app:a", "a", 1);
        annotated.descriptor.platform = Some(platform("s390x"));
        docker_writes(&home.path(FOLDER), "q.io_app-a", &annotated);
        assert_eq!(home.shown(LIST), ["q.io/app:a a 1"]);
    }
}

#[test]
fn an_empty_draft_of_dockers_is_one() {
    let home = Home::new();
    fs::create_dir_all(home.path(FOLDER)).unwrap();
    assert!(home.store.contains(&reference(LIST)).unwrap());
    assert!(home.shown(LIST).is_empty());
    home.store
        .update(&reference(LIST), |draft| {
            assert!(draft.unwrap().entries.is_empty());
            Ok::<_, StoreError>((Change::put(vec![entry("q.io/app:a", "a", 1)]), ()))
        })
        .unwrap();
    assert_eq!(home.shown(LIST), ["q.io/app:a a 1"]);
}

#[test]
fn a_stray_copy_counts_as_docker_counts_it() {
    let home = Home::new();
    home.add(LIST, vec![entry("q.io/app:a", "a", 1)]);
    let folder = home.path(FOLDER);
    fs::copy(folder.join("q.io_app-a"), folder.join("a copy")).unwrap();
    assert_eq!(home.shown(LIST), ["q.io/app:a a", "q.io/app:a a 1"]);
}

#[test]
fn old_forms_are_read_and_rewritten_when_changed() {
    let home = Home::new();
    let digest = "c2ffa2a5b37af1d63ebe97a06da31df5a1a3b9d9ef4f7a5a0f2d1d6b7b1c0d11";
    let manifest = r#"{"schemaVersion":2,"config":{}}"#;
    let first = format!(
        r#"{{"Ref":"q.io/app:a","Digest":"{}","SchemaV2Manifest":{manifest},"Platform":{{"architecture":"arm","os":"linux"}}}}"#,
        manifest_core::Digest::sha256(manifest.as_bytes())
    );
    let second = format!(
        r#"{{"Ref":"q.io/app:b","Descriptor":{{"mediaType":"m","digest":"sha256:{digest}","size":7}},"SchemaV2Manifest":{manifest}}}"#
    );
    fs::create_dir_all(home.path(FOLDER)).unwrap();
    for (file, json) in [("q.io_app-a", &first), ("q.io_app-b", &second)] {
        fs::write(home.path(FOLDER).join(file), json).unwrap();
    }
    let draft = home.load(LIST).unwrap();
    assert_eq!(draft.entries.len(), 2);
    assert_eq!(draft.entries[0].descriptor.platform, Some(platform("arm")));
    let image = reference("q.io/app:a");
    let changed = home
        .store
        .update_entry::<StoreError>(&draft.list, &image, |entry| {
            entry.descriptor.platform = Some(platform("arm64"));
            Ok(())
        });
    assert!(changed.unwrap());
    let new = fs::read_to_string(home.path(FOLDER).join("q.io_app-a")).unwrap();
    assert!(
        new.starts_with(r#"{"Ref":"q.io/app:a","Descriptor":{"#) && !new.contains("\"Digest\"")
    );
    assert_eq!(
        fs::read_to_string(home.path(FOLDER).join("q.io_app-b")).unwrap(),
        second
    );
    entry_json::decode(new.as_bytes()).unwrap();
}

/// Docker's CLI empties a file, and then writes it. A reader in between waits for the rest.
#[test]
fn a_file_that_docker_is_writing_is_read_again() {
    let home = Home::new();
    home.add(LIST, vec![entry("q.io/app:a", "a", 1)]);
    let file = home.path(FOLDER).join("q.io_app-a");
    let whole = fs::read(&file).unwrap();
    fs::write(&file, "").unwrap();
    let writer = std::thread::spawn(move || {
        std::thread::sleep(std::time::Duration::from_millis(3));
        fs::write(file, whole).unwrap();
    });
    assert_eq!(home.shown(LIST), ["q.io/app:a a 1"]);
    writer.join().unwrap();
}
