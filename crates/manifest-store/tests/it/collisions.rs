//! References that share Docker's file name.

use std::fs;

use manifest_store::StoreError;

use crate::support::*;

const LISTS: [&str; 2] = ["app:alpine-3.18", "app-alpine:3.18"];
const FOLDER: &str = "docker.io_library_app-alpine-3.18";

#[test]
fn two_lists_never_share_a_draft() {
    for home in [Home::new(), Home::in_memory()] {
        let [first, second] = LISTS;
        home.add(first, vec![entry("app:a", "A", 1)]);
        assert!(home.load(second).is_none());
        assert!(!home.store.contains(&reference(second)).unwrap());
        assert!(!home.store.remove(&reference(second)).unwrap());
        home.add(second, vec![entry("app:b", "B", 1), entry("app:c", "C", 1)]);
        home.add(first, vec![entry("app:d", "D", 1)]);
        assert_eq!(
            home.shown(first),
            ["docker.io/library/app:a A 1", "docker.io/library/app:d D 1"]
        );
        assert_eq!(
            home.shown(second),
            ["docker.io/library/app:b B 1", "docker.io/library/app:c C 1"]
        );
        let folders = names(home.store.root());
        assert_eq!(folders[1], FOLDER);
        assert_eq!(folders[2].split_once('~').unwrap().0, FOLDER);
        assert_eq!(names(&home.path(FOLDER)).len(), 2);
        let listed: Vec<_> = home
            .store
            .drafts()
            .unwrap()
            .into_iter()
            .map(|draft| draft.unwrap().list.unwrap())
            .collect();
        assert_eq!(listed, LISTS.map(reference));

        assert!(home.store.remove(&reference(first)).unwrap());
        assert!(home.load(first).is_none());
        assert_eq!(home.shown(second).len(), 2, "it keeps its place");
        home.add(first, vec![entry("app:e", "E", 1)]);
        assert!(home.store.remove(&reference(second)).unwrap());
        assert_eq!(home.shown(first), ["docker.io/library/app:e E 1"]);
        assert!(home.load(second).is_none());
    }
}

#[test]
fn dockers_draft_belongs_to_the_first_list_that_asks() {
    let home = Home::new();
    let [first, second] = LISTS;
    docker_writes(
        &home.path(FOLDER),
        "docker.io_library_app-a",
        &entry("app:a", "A", 1),
    );
    assert_eq!(home.shown(first), home.shown(second));
    home.add(second, vec![entry("app:b", "B", 2)]);
    assert_eq!(
        home.shown(second),
        ["docker.io/library/app:a A", "docker.io/library/app:b B 2"]
    );
    assert!(home.load(first).is_none());
}

/// Docker's CLI removes the draft of the first list and creates one of the second.
#[test]
fn a_folder_recreated_by_docker_has_no_records() {
    for home in [Home::new(), Home::in_memory()] {
        let [first, second] = LISTS;
        home.add(first, vec![entry("app:a", "A", 1)]);
        fs::remove_dir_all(home.path(FOLDER)).unwrap();
        assert!(home.load(first).is_none());
        docker_writes(
            &home.path(FOLDER),
            "docker.io_library_app-b",
            &entry("app:b", "B", 2),
        );
        assert_eq!(home.shown(second), ["docker.io/library/app:b B"]);
        home.add(second, vec![entry("app:c", "C", 3)]);
        assert!(home.load(first).is_none());
    }
}

/// A home folder that was copied or restored from a backup has other inode numbers and times.
#[test]
fn a_copied_folder_is_still_the_same_lists() {
    let home = Home::new();
    let [first, second] = LISTS;
    home.add(first, vec![entry("app:a", "A", 1), entry("app:b", "B", 1)]);
    fs::rename(home.path(FOLDER), home.path("x")).unwrap();
    fs::create_dir(home.path(FOLDER)).unwrap();
    for file in names(&home.path("x")) {
        fs::copy(home.path("x").join(&file), home.path(FOLDER).join(&file)).unwrap();
    }
    assert_eq!(
        home.shown(first),
        ["docker.io/library/app:a A 1", "docker.io/library/app:b B 1"]
    );
    assert!(home.load(second).is_none());
}

#[test]
fn two_images_never_share_an_entry() {
    let home = Home::new();
    let list = "q.io/app:1";
    let images = ["q.io/a_b:c-d", "q.io/a/b:c-d", "q.io/a_b-c:d"];
    home.add(list, images.map(|image| entry(image, image, 1)).to_vec());
    home.add(list, vec![entry(images[2], "new", 2)]);
    let mut shown = home.shown(list);
    shown.sort();
    assert_eq!(
        shown,
        [
            "q.io/a/b:c-d q.io/a/b:c-d 1",
            "q.io/a_b-c:d new 2",
            "q.io/a_b:c-d q.io/a_b:c-d 1"
        ]
    );
    assert_eq!(names(&home.path("q.io_app-1"))[0], "q.io_a_b-c-d");
    for image in images {
        let (list, image) = (reference(list), reference(image));
        assert_eq!(
            home.store.entry(&list, &image).unwrap().unwrap().reference,
            image
        );
        let changed = home
            .store
            .update_entry::<StoreError>(&list, &image, |entry| {
                assert_eq!(entry.reference, image);
                entry.descriptor.platform = Some(platform("arm"));
                Ok(())
            });
        assert!(changed.unwrap());
    }
    let draft = home.load(list).unwrap();
    assert!(
        draft
            .entries
            .iter()
            .all(|entry| entry.descriptor.platform == Some(platform("arm")))
    );
    assert_eq!(draft.entries.len(), 3);
    assert!(
        home.store
            .entry(&reference(list), &reference("q.io/a-b:c-d"))
            .unwrap()
            .is_none()
    );
}

#[test]
fn the_first_image_was_docker_s() {
    let home = Home::new();
    docker_writes(
        &home.path("q.io_app-1"),
        "q.io_a_b-c",
        &entry("q.io/a_b:c", "first", 1),
    );
    home.add("q.io/app:1", vec![entry("q.io/a/b:c", "second", 2)]);
    assert_eq!(
        home.shown("q.io/app:1"),
        ["q.io/a_b:c first", "q.io/a/b:c second 2"]
    );
}

#[test]
fn names_that_are_too_long_for_docker() {
    let home = Home::new();
    let lists = ["t", "u"].map(|tag| format!("q.io/{}:{}", "a".repeat(200), tag.repeat(128)));
    for list in &lists {
        let other = list.replace("q.io", "r.io");
        home.add(list, vec![entry(list, "A", 1), entry(&other, "B", 1)]);
        home.add(list, vec![entry(&other, "B2", 2), entry(list, "A2", 2)]);
    }
    for list in &lists {
        let other = list.replace("q.io", "r.io");
        assert_eq!(
            home.shown(list),
            [format!("{list} A2 2"), format!("{other} B2 2")]
        );
        assert!(home.store.remove(&reference(list)).unwrap());
    }
}
