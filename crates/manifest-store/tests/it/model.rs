//! An endless series of changes to one draft, with the expected draft after each.

use std::io::Write as _;
use std::time::Duration;

use manifest_core::Entry;
use manifest_store::{Store, StoreError};

use crate::support::*;

pub(crate) const LIST: &str = "q.io/app:1";
pub(crate) const FOLDER: &str = "q.io_app-1";

const PACK: [&str; 3] = ["q.io/app:pack1", "q.io/app:pack2", "q.io/app:pack3"];
const SOLO: &str = "q.io/app:solo";
const EXTRA: &str = "q.io/app:extra";

/// The view of a draft: absent, or its entries as `image content os.version`, each with its origin's time.
pub(crate) type View = Option<Vec<(String, u64)>>;

/// The kinds of change, in their cyclic order.
#[derive(Clone, Copy)]
enum Change {
    Remove,
    Make,
    Annotate,
    ReplaceSeveral,
    AddOne,
    ReplaceAndAdd,
    Refresh,
    Purge,
}

const ROUND: [Change; 10] = [
    Change::Remove,
    Change::Make,
    Change::Annotate,
    Change::ReplaceSeveral,
    Change::AddOne,
    Change::ReplaceAndAdd,
    Change::Annotate,
    Change::Refresh,
    Change::Purge,
    Change::Make,
];

fn change_of(step: u64) -> Change {
    ROUND[usize::try_from(step % ROUND.len() as u64).unwrap()]
}

fn pack(content: u64, time: u64) -> Vec<Entry> {
    PACK.iter()
        .map(|image| entry(image, &content.to_string(), time))
        .collect()
}

/// Performs the change of one step. Step 0 expects no draft.
pub(crate) fn perform(store: &Store, step: u64) {
    let (list, solo) = (reference(LIST), reference(SOLO));
    let extra = || entry(EXTRA, &step.to_string(), step);
    match change_of(step) {
        Change::Remove => {
            store.remove(&list).unwrap();
        }
        Change::Purge => {
            let draft = store.load(&list).unwrap().unwrap();
            store.remove_unchanged(&draft).unwrap();
        }
        Change::Make => {
            let mut entries = pack(step, step);
            entries.push(entry(SOLO, "solo", step));
            add(store, LIST, entries).unwrap();
        }
        Change::Annotate => {
            let annotate = |entry: &mut Entry| {
                entry.descriptor.platform.as_mut().unwrap().os_version = step.to_string();
                entry.origin.as_mut().unwrap().resolved_at = step;
                Ok(())
            };
            assert!(
                store
                    .update_entry::<StoreError>(&list, &solo, annotate)
                    .unwrap()
            );
        }
        Change::ReplaceSeveral => add(store, LIST, pack(step, step)).unwrap(),
        Change::AddOne => add(store, LIST, vec![extra()]).unwrap(),
        Change::ReplaceAndAdd => {
            let mut entries = pack(step, step);
            entries.push(extra());
            add(store, LIST, entries).unwrap();
        }
        Change::Refresh => {
            // The same manifests, resolved later: only the origins change.
            let content = step - 2;
            add(store, LIST, pack(content, step)).unwrap();
        }
    }
}

/// Returns the expected draft after a step.
pub(crate) fn view_after(step: u64) -> View {
    let round = ROUND.len() as u64;
    let first = step - step % round;
    let (mut pack, mut solo, mut extra) = (None, None, None);
    for step in first..=step {
        match change_of(step) {
            Change::Remove | Change::Purge => (pack, solo, extra) = (None, None, None),
            Change::Make => (pack, solo) = (Some((step, step)), Some((String::new(), step))),
            Change::Annotate => solo = Some((step.to_string(), step)),
            Change::ReplaceSeveral => pack = Some((step, step)),
            Change::AddOne => extra = Some(step),
            Change::ReplaceAndAdd => (pack, extra) = (Some((step, step)), Some(step)),
            Change::Refresh => pack = pack.map(|(content, _)| (content, step)),
        }
    }
    let (content, time) = pack?;
    let mut view: Vec<_> = PACK
        .iter()
        .map(|image| (format!("{image} {content} "), time))
        .collect();
    let (version, time) = solo?;
    view.push((format!("{SOLO} solo {version}"), time));
    view.extend(extra.map(|step| (format!("{EXTRA} {step} "), step)));
    view.sort();
    Some(view)
}

fn view<'a>(entries: impl IntoIterator<Item = &'a Entry>) -> Vec<(String, u64)> {
    let line = |entry: &Entry| {
        let version = entry
            .descriptor
            .platform
            .as_ref()
            .unwrap()
            .os_version
            .clone();
        let mut without = entry.clone();
        without.origin = None;
        let time = entry
            .origin
            .as_ref()
            .map(|origin| origin.resolved_at)
            .unwrap_or_default();
        (format!("{} {version}", show(&without)), time)
    };
    let mut lines: Vec<_> = entries.into_iter().map(line).collect();
    lines.sort();
    lines
}

/// Returns the draft as the store reads it.
pub(crate) fn view_of(store: &Store) -> View {
    store
        .load(&reference(LIST))
        .unwrap()
        .map(|draft| view(&draft.entries))
}

/// Returns the draft as Docker's CLI reads it, without origins.
pub(crate) fn dockers_view_of(store: &Store) -> Option<Vec<String>> {
    let entries = docker_reads(&store.root().join(FOLDER))?;
    Some(
        view(entries.values())
            .into_iter()
            .map(|(line, _)| line)
            .collect(),
    )
}

pub(crate) fn without_times(view: &View) -> Option<Vec<String>> {
    view.as_ref()
        .map(|view| view.iter().map(|(line, _)| line.clone()).collect())
}

/// Parses a worker's arguments: the store's root, the missing capabilities, the first step.
pub(crate) fn told(words: &[String]) -> (Store, u64) {
    let exchange = words[1] == "exchange";
    let capabilities = Capabilities {
        exchange,
        hard_links: exchange,
        ..Capabilities::default()
    };
    let store = Store::new(words[0].clone().into()).with_capabilities(capabilities);
    (store, words[2].parse().unwrap())
}

/// Performs steps and reports each, until it is killed or reaches `end`.
pub(crate) fn run(words: &[String], end: u64, pause: Duration) {
    let (store, start) = told(words);
    let mut out = std::io::stdout().lock();
    writeln!(out, "\nready").unwrap();
    for step in start..end {
        perform(&store, step);
        writeln!(out, "done {step}").unwrap();
        out.flush().unwrap();
        std::thread::sleep(pause);
    }
}

#[test]
fn the_store_matches_the_model() {
    let home = Home::new();
    for step in 0..50 {
        perform(&home.store, step);
        assert_eq!(view_of(&home.store), view_after(step), "after step {step}");
        assert_eq!(
            dockers_view_of(&home.store),
            without_times(&view_after(step))
        );
    }
}
