//! Many processes that work on one draft.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use manifest_store::{Store, StoreError};

use crate::model;
use crate::support::*;

const PROCESSES: u32 = 32;
const CHANGES: u32 = 3;
const LIST: &str = "q.io/app:1";
const SHARED: &str = "q.io/app:shared";

#[test]
fn worker() {
    let Some(words) = words() else { return };
    let store = Store::new(words[0].clone().into());
    let (list, shared) = (reference(LIST), reference(SHARED));
    for change in 0..CHANGES {
        let mark = format!("{}-{change}", words[1]);
        add(
            &store,
            LIST,
            vec![entry(&format!("q.io/app:{mark}"), &mark, 1)],
        )
        .unwrap();
        let annotate = |entry: &mut manifest_core::Entry| {
            entry
                .descriptor
                .platform
                .as_mut()
                .unwrap()
                .os_features
                .push(mark);
            Ok(())
        };
        assert!(
            store
                .update_entry::<StoreError>(&list, &shared, annotate)
                .unwrap()
        );
    }
}

#[test]
fn concurrent_changes_are_all_kept() {
    let home = Home::in_memory();
    home.add(LIST, vec![entry(SHARED, "shared", 1)]);
    let root = home.store.root().to_str().unwrap();
    let children: Vec<_> = (0..PROCESSES)
        .map(|number| {
            crate::support::worker("together::worker", &[root, &number.to_string()])
                .spawn()
                .unwrap()
        })
        .collect();
    for mut child in children {
        assert!(child.wait().unwrap().success());
    }
    let draft = home.load(LIST).unwrap();
    let marks: BTreeSet<_> = (0..PROCESSES)
        .flat_map(|number| (0..CHANGES).map(move |change| format!("{number}-{change}")))
        .collect();
    for mark in &marks {
        let added = draft
            .entry(&reference(&format!("q.io/app:{mark}")))
            .unwrap();
        assert_eq!(added.origin.as_ref().unwrap().resolved_at, 1);
    }
    assert_eq!(draft.entries.len(), marks.len() + 1);
    let shared = draft.entry(&reference(SHARED)).unwrap();
    let features = &shared.descriptor.platform.as_ref().unwrap().os_features;
    assert_eq!(features.len(), marks.len());
    assert_eq!(features.iter().cloned().collect::<BTreeSet<_>>(), marks);
}

#[test]
fn model_worker() {
    if let Some(words) = words() {
        model::run(&words, STEPS, Duration::from_millis(5));
    }
}

const STEPS: u64 = 300;

/// Each reader sees the draft after some whole step, with the lock and without.
#[test]
fn readers_see_no_half_change() {
    for way in ["exchange", "fallback"] {
        let home = Home::in_memory();
        let root = home.store.root();
        let words = [root.to_str().unwrap(), way, "0"];
        let mut child = crate::support::worker("together::model_worker", &words)
            .spawn()
            .unwrap();
        let views: BTreeSet<_> = (0..STEPS).map(model::view_after).collect();
        let is_done = AtomicBool::new(false);
        let read = |read_locks: bool| {
            let capabilities = Capabilities {
                read_locks,
                ..Capabilities::default()
            };
            let store = Store::new(root.to_owned()).with_capabilities(capabilities);
            let mut seen = BTreeSet::new();
            while !is_done.load(Ordering::Relaxed) {
                let view = model::view_of(&store);
                assert!(
                    views.contains(&view),
                    "{way}, locks {read_locks}: {view:#?}"
                );
                seen.insert(view);
                std::thread::sleep(Duration::from_millis(2));
            }
            seen.len()
        };
        std::thread::scope(|scope| {
            let readers = [scope.spawn(|| read(true)), scope.spawn(|| read(false))];
            let status = child.wait().unwrap();
            is_done.store(true, Ordering::Relaxed);
            assert!(status.success());
            for reader in readers {
                assert!(
                    reader.join().unwrap() > 10,
                    "the readers were too slow to see anything"
                );
            }
        });
    }
}
