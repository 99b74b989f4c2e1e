//! Files that are not entries, and folders that are not drafts: each is named by its path, and hides nothing else.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use manifest_core::Draft;
use manifest_store::{Change, StoreError};

use crate::support::*;

const LIST: &str = "q.io/app:1";
const FOLDER: &str = "q.io_app-1";

/// Puts something in place of a file.
type Spoil = fn(&Path);

const SPOILT: &[(&str, Spoil)] = &[
    ("empty", |file| fs::write(file, "").unwrap()),
    ("cut", |file| {
        let whole = fs::read(file).unwrap();
        fs::write(file, &whole[..whole.len() / 2]).unwrap();
    }),
    ("no JSON", |file| fs::write(file, [0xff, 0, 1]).unwrap()),
    ("other JSON", |file| {
        fs::write(file, r#"{"Ref":"a"}"#).unwrap();
    }),
    ("a folder", |file| {
        fs::remove_file(file).unwrap();
        fs::create_dir(file).unwrap();
        fs::write(file.join("inside"), "").unwrap();
    }),
    ("a link", |file| {
        let target = file.ancestors().nth(3).unwrap().join("target");
        fs::rename(file, &target).unwrap();
        symlink(target, file).unwrap();
    }),
];

fn home_with(spoil: Spoil) -> Home {
    let home = Home::new();
    home.add(
        LIST,
        vec![entry("q.io/app:a", "A", 1), entry("q.io/app:b", "B", 2)],
    );
    spoil(&home.path(FOLDER).join("q.io_app-a"));
    home
}

#[track_caller]
fn check_names(error: &StoreError, path: &Path, what: &str) {
    assert_eq!(error.path(), path, "{what}");
    assert!(error.is_damaged(), "{what}: {error:?}");
    assert!(
        error.to_string().contains(&path.display().to_string()),
        "{what}: {error}"
    );
    let hint = error.hint().unwrap_or_default();
    assert!(
        hint.contains("docker-manifest rm q.io/app:1"),
        "{what}: {hint}"
    );
}

#[test]
fn a_damaged_entry_is_named_and_hides_no_other() {
    let (list, good) = (reference(LIST), reference("q.io/app:b"));
    for (what, spoil) in SPOILT {
        let home = home_with(*spoil);
        let damaged = home.path(FOLDER).join("q.io_app-a");
        check_names(&home.store.load(&list).unwrap_err(), &damaged, what);
        let entries = home.store.entries(&list).unwrap().unwrap();
        assert_eq!(entries.len(), 2, "{what}");
        check_names(entries[0].as_ref().unwrap_err(), &damaged, what);
        assert_eq!(
            show(entries[1].as_ref().unwrap()),
            "q.io/app:b B 2",
            "{what}"
        );
        assert!(home.store.entry(&list, &good).unwrap().is_some(), "{what}");
        let changed = home
            .store
            .update_entry::<StoreError>(&list, &good, |entry| {
                entry.descriptor.platform = Some(platform("arm64"));
                Ok(())
            });
        assert!(changed.unwrap(), "{what}");
        let error = add(&home.store, LIST, vec![entry("q.io/app:c", "C", 3)]).unwrap_err();
        check_names(&error, &damaged, what);
        assert_eq!(
            names(&home.path(FOLDER)),
            ["q.io_app-a", "q.io_app-b"],
            "{what}"
        );
    }
}

#[test]
fn a_damaged_file_is_mended_by_adding_its_image_again() {
    for (what, spoil) in &SPOILT[..4] {
        let home = home_with(*spoil);
        home.add(LIST, vec![entry("q.io/app:a", "A2", 3)]);
        assert_eq!(
            home.shown(LIST),
            ["q.io/app:a A2 3", "q.io/app:b B 2"],
            "{what}"
        );
    }
}

#[test]
fn a_damaged_draft_is_removed_and_nothing_outside_of_it() {
    for (what, spoil) in SPOILT {
        let home = home_with(*spoil);
        assert!(home.store.remove(&reference(LIST)).unwrap(), "{what}");
        assert!(!home.path(FOLDER).exists(), "{what}");
        let target = home.folder.path().join("docker/target");
        assert_eq!(
            target.exists(),
            *what == "a link",
            "what a link leads to stays"
        );
    }
}

#[test]
fn one_damaged_draft_does_not_hide_the_others() {
    let home = home_with(SPOILT[0].1);
    home.add("q.io/good:1", vec![entry("q.io/good:a", "A", 1)]);
    fs::write(home.path("a-file"), "").unwrap();
    symlink(home.path("q.io_good-1"), home.path("z-link")).unwrap();
    let drafts = home.store.drafts().unwrap();
    assert_eq!(drafts.len(), 4);
    assert!(
        drafts[0]
            .as_ref()
            .unwrap_err()
            .to_string()
            .contains("a-file is a file")
    );
    let damaged = drafts[1].as_ref().unwrap();
    assert_eq!(damaged.list, Some(reference(LIST)));
    assert_eq!(
        damaged.entries.iter().filter(|entry| entry.is_ok()).count(),
        1
    );
    assert_eq!(
        drafts[2].as_ref().unwrap().list,
        Some(reference("q.io/good:1"))
    );
    assert!(
        drafts[3]
            .as_ref()
            .unwrap_err()
            .to_string()
            .contains("z-link is a symbolic link")
    );
}

#[test]
fn a_link_in_place_of_a_draft_is_not_followed() {
    let home = Home::new();
    home.add("q.io/other:1", vec![entry("q.io/other:a", "A", 1)]);
    symlink(home.path("q.io_other-1"), home.path(FOLDER)).unwrap();
    let list = reference(LIST);
    for error in [
        home.store.load(&list).unwrap_err(),
        add(&home.store, LIST, vec![entry("q.io/app:a", "A", 1)]).unwrap_err(),
    ] {
        check_names(&error, &home.path(FOLDER), "a link");
    }
    assert!(home.store.remove(&list).unwrap());
    assert_eq!(home.shown("q.io/other:1"), ["q.io/other:a A 1"]);
    assert!(!home.path(FOLDER).is_symlink());
}

#[test]
fn damaged_extras_cost_no_draft() {
    for damage in ["", "{", "[]", r#"{"version":"1"}"#, "\u{0}"] {
        let home = Home::new();
        home.add(LIST, vec![entry("q.io/app:a", "A", 1)]);
        let extras = home.path(".docker-manifest/extras/q.io_app-1.json");
        fs::write(&extras, damage).unwrap();
        assert_eq!(
            home.shown(LIST),
            ["q.io/app:a A"],
            "{damage:?}: only what is noted is gone"
        );
        home.add(LIST, vec![entry("q.io/app:b", "B", 2)]);
        assert_eq!(
            home.shown(LIST),
            ["q.io/app:a A", "q.io/app:b B 2"],
            "{damage:?}"
        );
        let aside = extras.with_extension("json.damaged");
        assert_eq!(
            fs::read_to_string(aside).unwrap(),
            damage,
            "it is put aside"
        );
    }
}

#[test]
fn extras_of_a_newer_version_are_refused_with_advice() {
    let home = Home::new();
    home.add(LIST, vec![entry("q.io/app:a", "A", 1)]);
    let extras = home.path(".docker-manifest/extras/q.io_app-1.json");
    let before = fs::read_to_string(&extras).unwrap();
    let newer = before.replace("\"version\": 1", "\"version\": 2");
    assert_ne!(newer, before);
    fs::write(&extras, newer).unwrap();
    for error in [
        home.store.load(&reference(LIST)).unwrap_err(),
        home.store.remove(&reference(LIST)).unwrap_err(),
        add(&home.store, LIST, vec![entry("q.io/app:b", "B", 2)]).unwrap_err(),
    ] {
        assert_eq!(error.path(), extras);
        assert!(
            error
                .hint()
                .unwrap_or_default()
                .starts_with("upgrade this program"),
            "{error}"
        );
    }
    fs::remove_file(extras).unwrap();
    assert_eq!(home.shown(LIST), ["q.io/app:a A"]);
}

#[test]
fn replacing_all_ignores_damaged_entries() {
    for (what, spoil) in &SPOILT[..4] {
        let home = home_with(*spoil);
        let list = reference(LIST);
        fs::write(home.path(FOLDER).join("junk"), "junk").unwrap();
        let change = || Change {
            put: vec![entry("q.io/app:b", "B", 2), entry("q.io/app:a", "A", 1)],
            replaces_all: true,
            ..Change::default()
        };
        let replace = |_: Option<&Draft>| Ok::<_, StoreError>((change(), ()));
        home.store.update(&list, replace).unwrap();
        let draft = home.store.load(&list).unwrap().unwrap();
        let shown: Vec<_> = draft.entries.iter().map(show).collect();
        assert_eq!(shown, ["q.io/app:a A 1", "q.io/app:b B 2"], "{what}");
        let positions: Vec<_> = draft.entries.iter().map(|e| e.position).collect();
        assert_eq!(
            positions,
            [Some(1), Some(0)],
            "{what}: the order is the new one"
        );
        let less = |_: Option<&Draft>| {
            let put = vec![entry("q.io/app:c", "C", 3)];
            let change = Change { put, ..change() };
            Ok::<_, StoreError>((change, ()))
        };
        home.store.update(&list, less).unwrap();
        let draft = home.store.load(&list).unwrap().unwrap();
        assert_eq!(draft.entries.len(), 1, "{what}");
    }
}
