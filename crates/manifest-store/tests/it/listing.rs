//! Listings of drafts: names, times, and the removal of a draft that is still as it was listed.

use std::fs::{self, File};
use std::path::Path;
use std::time::{Duration, SystemTime};

use manifest_core::{ListSettings, TagState};
use manifest_store::{Change, DraftSummary, Removal, StoreError};

use crate::support::*;

const LIST: &str = "q.io/app:1";
const FOLDER: &str = "q.io_app-1";

/// A time long ago, to which the files of a draft are set back.
fn long_ago() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000)
}

fn set_back(path: &Path) {
    File::open(path).unwrap().set_modified(long_ago()).unwrap();
}

/// Sets a draft back with all its files, the sidecar included.
fn set_back_draft(home: &Home, folder: &str) {
    for file in fs::read_dir(home.path(folder)).unwrap() {
        set_back(&file.unwrap().path());
    }
    set_back(&home.path(folder));
    let sidecar = home.path(&format!(".docker-manifest/extras/{folder}.json"));
    if sidecar.exists() {
        set_back(&sidecar);
    }
}

fn listed(home: &Home, folder: &str) -> DraftSummary {
    let drafts = home.store.drafts().unwrap().into_iter().map(Result::unwrap);
    let mut drafts = drafts.filter(|draft| draft.folder.ends_with(folder));
    drafts.next().unwrap_or_else(|| panic!("no {folder}"))
}

fn home() -> Home {
    let home = Home::new();
    home.add(LIST, vec![entry("q.io/app:a", "A", 1)]);
    set_back_draft(&home, FOLDER);
    home
}

/// Changes a draft in one of the ways in which it can change.
type ChangeDraft = fn(&Home);

const CHANGES: &[(&str, ChangeDraft)] = &[
    ("an entry is added", |home| {
        home.add(LIST, vec![entry("q.io/app:b", "B", 2)]);
    }),
    ("an entry is resolved again", |home| {
        home.add(LIST, vec![entry("q.io/app:a", "A", 2)]);
    }),
    ("only the settings change", |home| {
        let settings = ListSettings {
            observed_tag: Some(TagState::Absent),
            ..ListSettings::default()
        };
        let change = Change {
            settings: Some(settings),
            ..Change::default()
        };
        let changed = home
            .store
            .update(&reference(LIST), |_| Ok::<_, StoreError>((change, ())));
        changed.unwrap();
    }),
    ("Docker's CLI writes an entry in place", |home| {
        let mut annotated = entry("q.io/app:a", "A", 1);
        annotated.descriptor.platform = Some(platform("arm64"));
        docker_writes(&home.path(FOLDER), "q.io_app-a", &annotated);
    }),
    ("Docker's CLI adds an entry", |home| {
        docker_writes(
            &home.path(FOLDER),
            "q.io_app-c",
            &entry("q.io/app:c", "C", 1),
        );
    }),
];

#[test]
fn each_change_counts_for_the_time_and_prevents_a_removal() {
    for (what, change) in CHANGES {
        let home = home();
        let before = listed(&home, FOLDER);
        assert_eq!(before.changed_at, long_ago(), "{what}");
        change(&home);
        let after = listed(&home, FOLDER);
        assert!(after.changed_at > long_ago(), "{what}");
        assert_eq!(
            home.store.remove_listed(&before).unwrap(),
            Removal::Changed,
            "{what}"
        );
        assert!(home.path(FOLDER).exists(), "{what}");
        assert_eq!(
            home.store.remove_listed(&after).unwrap(),
            Removal::Removed,
            "{what}"
        );
        assert_eq!(names(home.store.root()), [".docker-manifest"], "{what}");
        assert_eq!(
            home.store.remove_listed(&after).unwrap(),
            Removal::Absent,
            "{what}"
        );
    }
}

#[test]
fn a_sidecar_of_an_earlier_folder_does_not_count() {
    let home = home();
    fs::remove_dir_all(home.path(FOLDER)).unwrap();
    let other = entry("q.io/other/app:x", "X", 1);
    docker_writes(&home.path(FOLDER), "q.io_other_app-x", &other);
    let sidecar = home.path(".docker-manifest/extras/q.io_app-1.json");
    set_back_draft(&home, FOLDER);
    File::open(sidecar)
        .unwrap()
        .set_modified(SystemTime::now())
        .unwrap();
    let draft = listed(&home, FOLDER);
    assert_eq!(draft.changed_at, long_ago());
    assert_eq!(draft.list, None, "another repository's images name nothing");
    assert_eq!(
        home.store.remove_listed(&draft).unwrap(),
        Removal::Removed,
        "a draft without a name can be removed"
    );
}

#[test]
fn damaged_drafts_are_listed_and_never_count_as_unchanged() {
    let home = home();
    fs::write(home.path(FOLDER).join("q.io_app-b"), "").unwrap();
    let draft = listed(&home, FOLDER);
    assert!(draft.is_damaged() && draft.draft().is_none());
    let error = draft.entries[1].as_ref().unwrap_err();
    assert!(error.hint().unwrap().contains("rm q.io/app:1"));
    assert_eq!(home.store.remove_listed(&draft).unwrap(), Removal::Changed);
    fs::remove_file(home.path(FOLDER).join("q.io_app-b")).unwrap();
    let draft = listed(&home, FOLDER);
    assert_eq!(
        draft.draft().unwrap().entries,
        home.load(LIST).unwrap().entries
    );
}

#[test]
fn a_name_from_the_entries_finds_the_draft() {
    let home = Home::new();
    let image = entry("q.io/app:1-amd64", "A", 1);
    docker_writes(&home.path(FOLDER), "q.io_app-1-amd64", &image);
    let list = listed(&home, FOLDER).list.unwrap();
    assert_eq!(list, reference(LIST));
    assert!(home.store.remove(&list).unwrap());
    assert!(home.store.drafts().unwrap().is_empty());
}

#[test]
fn a_thousand_drafts_are_listed_in_order() {
    let home = Home::in_memory();
    let folder = |number: usize| format!("q.io_app-{number:04}");
    for number in 0..1000 {
        let image = entry(&format!("q.io/app:{number:04}-amd64"), "A", 1);
        docker_writes(&home.path(&folder(number)), "amd64", &image);
    }
    fs::write(home.path(&folder(7)).join("x"), "").unwrap();
    let drafts = home.store.drafts().unwrap();
    let listed: Vec<String> = drafts
        .iter()
        .map(|draft| draft.as_ref().unwrap().list.as_ref().unwrap().to_string())
        .collect();
    let expected: Vec<String> = (0..1000).map(|n| format!("q.io/app:{n:04}")).collect();
    assert_eq!(listed, expected);
    let damaged: Vec<usize> = (0..1000)
        .filter(|&number| drafts[number].as_ref().unwrap().is_damaged())
        .collect();
    assert_eq!(damaged, [7]);
}
