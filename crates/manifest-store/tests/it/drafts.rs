//! The plain operations: create, add, replace, annotate, list, remove.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use manifest_core::draft::Origin;
use manifest_core::{Platform, entry_json};
use manifest_store::{Change, Removal, StoreError};

use manifest_core::{ListSettings, Source};
use manifest_store::Store;

use crate::support::*;

const FOLDER: &str = "q.io_app-1";

#[test]
fn nothing_is_touched_by_questions() {
    let home = Home::new();
    let (list, image) = (reference("q.io/app:1"), reference("q.io/app:a"));
    assert!(!home.store.contains(&list).unwrap());
    assert!(home.store.load(&list).unwrap().is_none());
    assert!(home.store.entry(&list, &image).unwrap().is_none());
    assert!(home.store.entries(&list).unwrap().is_none());
    assert!(home.store.drafts().unwrap().is_empty());
    assert!(!home.store.remove(&list).unwrap());
    assert!(
        !home
            .store
            .update_entry::<StoreError>(&list, &image, |_| Ok(()))
            .unwrap()
    );
    assert!(names(home.folder.path()).is_empty());
}

#[test]
fn a_draft_has_dockers_files() {
    let home = Home::new();
    let entries = vec![entry("q.io/app:b", "B", 1), entry("q.io/app:a", "A", 2)];
    home.add("q.io/app:1", entries.clone());
    assert_eq!(names(&home.path(FOLDER)), ["q.io_app-a", "q.io_app-b"]);
    let file = home.path(FOLDER).join("q.io_app-a");
    assert_eq!(fs::read(&file).unwrap(), entry_json::encode(&entries[1]));
    // The umask of the tests may be stricter than Docker's modes.
    let mode = |path| fs::metadata(path).unwrap().permissions().mode() & 0o700;
    assert_eq!((mode(home.path(FOLDER)), mode(file)), (0o700, 0o600));
    assert_eq!(
        home.shown("q.io/app:1"),
        ["q.io/app:a A 2", "q.io/app:b B 1"]
    );
    let mut stored = [entries[1].clone(), entries[0].clone()];
    (stored[0].position, stored[1].position) = (Some(1), Some(0));
    assert_eq!(home.load("q.io/app:1").unwrap().entries, stored);
    assert!(names(&home.path(".docker-manifest/staging")).is_empty());
}

#[test]
fn an_outline_tells_the_images_without_reading_them() {
    let home = Home::new();
    let list = reference("q.io/app:1");
    assert_eq!(home.store.outline(&list), None);
    let mut insecure = entry("lan.io/app:c", "C", 3);
    insecure.origin = Some(Origin {
        digest: insecure.descriptor.digest.clone(),
        resolved_at: 1,
        platform: Platform::default(),
        annotations: BTreeMap::new(),
        config: None,
        source: None,
        insecure: true,
    });
    let entries = vec![entry("q.io/app:b", "B", 1), entry("q.io/app:a", "A", 2)];
    home.add("q.io/app:1", entries);
    let images = ["q.io/app:a", "q.io/app:b"].map(reference);
    let outline = home.store.outline(&list).unwrap();
    assert_eq!(outline.images, images);
    assert!(!outline.is_insecure);
    // Damaged files are replaced unread.
    fs::write(home.path(FOLDER).join("q.io_app-a"), "damaged").unwrap();
    assert_eq!(home.store.outline(&list), Some(outline));
    home.add("q.io/other:1", vec![insecure]);
    let other = home.store.outline(&reference("q.io/other:1")).unwrap();
    assert!(other.is_insecure);
    // Docker's CLI records nothing.
    fs::remove_dir_all(home.path(".docker-manifest/extras")).unwrap();
    assert_eq!(home.store.outline(&list), None);
}

#[test]
fn added_and_replaced_entries_leave_the_others() {
    for capabilities in [
        Capabilities::default(),
        Capabilities {
            exchange: false,
            hard_links: false,
            ..Capabilities::default()
        },
    ] {
        let mut home = Home::new();
        home.store = home.store.with_capabilities(capabilities);
        home.add(
            "q.io/app:1",
            vec![entry("q.io/app:a", "A", 1), entry("q.io/app:b", "B", 1)],
        );
        home.add("q.io/app:1", vec![entry("q.io/app:c", "C", 2)]);
        home.add(
            "q.io/app:1",
            vec![entry("q.io/app:a", "A2", 3), entry("q.io/app:d", "D", 3)],
        );
        // The same content again, resolved later.
        home.add("q.io/app:1", vec![entry("q.io/app:c", "C", 4)]);
        // Twice in one change: the last counts.
        home.add(
            "q.io/app:1",
            vec![entry("q.io/app:d", "X", 5), entry("q.io/app:d", "D", 5)],
        );
        assert_eq!(
            home.shown("q.io/app:1"),
            [
                "q.io/app:a A2 3",
                "q.io/app:b B 1",
                "q.io/app:c C 4",
                "q.io/app:d D 5"
            ]
        );
        assert_eq!(names(&home.path(FOLDER)).len(), 4);
        assert_eq!(
            names(&home.path(".docker-manifest/extras")),
            ["q.io_app-1.json"]
        );
        assert!(names(&home.path(".docker-manifest/staging")).is_empty());
    }
}

#[test]
fn a_refused_change_changes_nothing() {
    let home = Home::new();
    let list = reference("q.io/app:1");
    let refuse = |home: &Home| {
        home.store.update(&list, |draft| {
            Err::<(Change, ()), _>(StoreError::Interference {
                path: format!("{}", draft.is_some()).into(),
            })
        })
    };
    assert_eq!(refuse(&home).unwrap_err().path().to_str(), Some("false"));
    assert!(!home.path(FOLDER).exists());
    home.add("q.io/app:1", Vec::new());
    assert!(
        !home.store.contains(&list).unwrap(),
        "no draft is made of no entries"
    );

    home.add("q.io/app:1", vec![entry("q.io/app:a", "A", 1)]);
    assert_eq!(refuse(&home).unwrap_err().path().to_str(), Some("true"));
    let image = reference("q.io/app:a");
    let result = home.store.update_entry(&list, &image, |entry| {
        entry.raw = None;
        Err(StoreError::Interference { path: "x".into() })
    });
    assert!(result.is_err());
    assert_eq!(home.shown("q.io/app:1"), ["q.io/app:a A 1"]);
}

#[test]
fn one_entry_is_changed() {
    let home = Home::new();
    let (list, image) = (reference("q.io/app:1"), reference("q.io/app:b"));
    home.add(
        "q.io/app:1",
        vec![entry("q.io/app:a", "A", 1), entry("q.io/app:b", "B", 1)],
    );
    let changed = home
        .store
        .update_entry::<StoreError>(&list, &image, |entry| {
            entry.descriptor.platform = Some(platform("riscv64"));
            Ok(())
        });
    assert!(changed.unwrap());
    let entry = home.store.entry(&list, &image).unwrap().unwrap();
    assert_eq!(entry.descriptor.platform, Some(platform("riscv64")));
    assert_eq!(entry.origin.unwrap().platform, platform("amd64"));
    let other = reference("q.io/app:zzz");
    assert!(
        !home
            .store
            .update_entry::<StoreError>(&list, &other, |_| Ok(()))
            .unwrap()
    );
}

#[test]
fn all_drafts_are_listed() {
    let home = Home::new();
    home.add("q.io/app:2", vec![entry("q.io/app:a", "A", 1)]);
    home.add("q.io/app:1", vec![entry("q.io/app:a", "A", 1)]);
    docker_writes(
        &home.path("q.io_docker-1"),
        "q.io_app-a",
        &entry("q.io/app:a", "A", 1),
    );
    docker_writes(
        &home.path("q.io_damaged-1"),
        "q.io_app-a",
        &entry("q.io/app:a", "A", 1),
    );
    fs::write(home.path("q.io_damaged-1/x"), "x").unwrap();
    fs::write(home.path("a file"), "x").unwrap();
    fs::write(home.path(".DS_Store"), "x").unwrap();
    let shown: Vec<_> = home
        .store
        .drafts()
        .unwrap()
        .into_iter()
        .map(|draft| match draft {
            Ok(draft) => format!(
                "{} {} {}/{}",
                draft.folder.file_name().unwrap().display(),
                draft.list.map_or("?".into(), |list| list.to_string()),
                draft.entries.iter().filter(|entry| entry.is_ok()).count(),
                draft.entries.len(),
            ),
            Err(error) => error
                .to_string()
                .replace(home.path("").to_str().unwrap(), ""),
        })
        .collect();
    assert_eq!(
        shown,
        [
            "a file is a file, not the folder of a draft",
            "q.io_app-1 q.io/app:1 1/1",
            "q.io_app-2 q.io/app:2 1/1",
            "q.io_damaged-1 q.io/damaged:1 1/2",
            "q.io_docker-1 q.io/docker:1 1/1",
        ]
    );
}

#[test]
fn removal() {
    let home = Home::new();
    let list = reference("q.io/app:1");
    home.add("q.io/app:1", vec![entry("q.io/app:a", "A", 1)]);
    assert!(home.store.remove(&list).unwrap());
    assert!(!home.store.remove(&list).unwrap());
    assert!(!home.path(FOLDER).exists());
    assert!(names(&home.path(".docker-manifest/extras")).is_empty());
    assert!(names(&home.path(".docker-manifest/staging")).is_empty());
}

#[test]
fn removal_of_an_unchanged_draft() {
    let home = Home::new();
    let list = reference("q.io/app:1");
    home.add(
        "q.io/app:1",
        vec![entry("q.io/app:a", "A", 1), entry("q.io/app:b", "B", 1)],
    );
    let pushed = home.load("q.io/app:1").unwrap();
    assert_eq!(
        home.store.remove_unchanged(&pushed).unwrap(),
        Removal::Removed
    );
    assert_eq!(
        home.store.remove_unchanged(&pushed).unwrap(),
        Removal::Absent
    );

    for change in [
        |home: &Home| home.add("q.io/app:1", vec![entry("q.io/app:c", "C", 2)]),
        |home: &Home| home.add("q.io/app:1", vec![entry("q.io/app:a", "A", 2)]),
        |home: &Home| docker_writes(&home.path(FOLDER), "x", &entry("q.io/x:1", "X", 2)),
        |home: &Home| fs::write(home.path(FOLDER).join("x"), "damage").unwrap(),
        |home: &Home| fs::remove_file(home.path(FOLDER).join("q.io_app-a")).unwrap(),
    ] {
        home.add(
            "q.io/app:1",
            vec![entry("q.io/app:a", "A", 1), entry("q.io/app:b", "B", 1)],
        );
        let pushed = home.load("q.io/app:1").unwrap();
        change(&home);
        assert_eq!(
            home.store.remove_unchanged(&pushed).unwrap(),
            Removal::Changed
        );
        assert!(home.path(FOLDER).exists());
        assert!(home.store.remove(&list).unwrap());
    }
}

#[test]
fn entries_go_and_settings_stay() {
    for capabilities in [
        Capabilities::default(),
        Capabilities {
            exchange: false,
            ..Capabilities::default()
        },
    ] {
        let home = Home::new();
        let store = Store::new(home.store.root().to_owned()).with_capabilities(capabilities);
        let list = reference("q.io/app:1");
        let settings = ListSettings {
            annotations: [("k".to_owned(), "v".to_owned())].into(),
            ..ListSettings::default()
        };
        let change = |change: Change| {
            store
                .update(&list, |_| Ok::<_, StoreError>((change, ())))
                .unwrap();
        };
        change(Change {
            put: vec![
                entry("q.io/app:a", "A", 1),
                entry("q.io/app:b", "B", 1),
                entry("q.io/app:c", "C", 1),
            ],
            settings: Some(settings.clone()),
            ..Change::default()
        });
        change(Change {
            remove: vec![reference("q.io/app:a"), reference("q.io/app:no")],
            ..Change::default()
        });
        assert_eq!(
            home.shown("q.io/app:1"),
            ["q.io/app:b B 1", "q.io/app:c C 1"]
        );
        change(Change {
            put: vec![entry("q.io/app:a", "A2", 2)],
            remove: vec![reference("q.io/app:b")],
            ..Change::default()
        });
        assert_eq!(
            home.shown("q.io/app:1"),
            ["q.io/app:a A2 2", "q.io/app:c C 1"]
        );
        let draft = store.load(&list).unwrap().unwrap();
        assert_eq!(draft.settings, settings);
        // An entry that was removed and added again is last in the order of the arguments.
        let positions: Vec<_> = draft.entries.iter().map(|entry| entry.position).collect();
        assert_eq!(positions, [Some(3), Some(2)]);
        assert_eq!(names(&home.path(FOLDER)), ["q.io_app-a", "q.io_app-c"]);
        change(Change {
            put: vec![entry("q.io/app:b", "B2", 2)],
            order: ["q.io/app:a", "q.io/app:b", "q.io/app:c"]
                .map(reference)
                .to_vec(),
            ..Change::default()
        });
        let draft = store.load(&list).unwrap().unwrap();
        let positions: Vec<_> = draft.entries.iter().map(|entry| entry.position).collect();
        assert_eq!(positions, [Some(0), Some(1), Some(2)]);
    }
}

#[test]
fn children_of_a_list_stand_together_in_its_order() {
    let home = Home::new();
    let child = |content: &str| {
        let mut entry = entry("q.io/app:m", content, 1);
        let origin = entry.origin.as_mut().unwrap();
        origin.source = Some(Source::Registry(reference("q.io/app:m")));
        entry.reference = entry
            .reference
            .repository()
            .at(entry.descriptor.digest.clone());
        entry
    };
    let children = ["9", "1", "5", "7"].map(child);
    let mut given = vec![entry("q.io/app:z", "Z", 1)];
    given.extend(children.clone());
    given.push(entry("q.io/app:a", "A", 1));
    let all = given.clone();
    home.add("q.io/app:1", given);
    let draft = home.load("q.io/app:1").unwrap();
    let found: Vec<_> = draft
        .entries
        .iter()
        .map(|e| e.descriptor.digest.clone())
        .collect();
    let expected: Vec<_> = [entry("q.io/app:a", "A", 1)]
        .into_iter()
        .chain(children)
        .chain([entry("q.io/app:z", "Z", 1)])
        .map(|entry| entry.descriptor.digest)
        .collect();
    assert_eq!(found, expected);
    let positions: Vec<_> = draft.entries.iter().map(|entry| entry.position).collect();
    assert_eq!(positions, [5, 1, 2, 3, 4, 0].map(Some));
    assert_eq!(manifest_store::in_storage_order(all), draft.entries);
}
