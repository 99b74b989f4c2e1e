//! Changes of the draft on disk.

use std::collections::BTreeSet;

use manifest_core::{Draft, Entry, Reference};
use manifest_store::Change;

/// Returns the change that turns the draft on disk into `draft`.
pub(crate) fn change(existing: Option<&Draft>, draft: Draft) -> Change {
    let empty = Draft::new(draft.list.clone(), Vec::new());
    let existing = existing.unwrap_or(&empty);
    let stays: BTreeSet<&Reference> = draft.entries.iter().map(|entry| &entry.reference).collect();
    let remove = existing.entries.iter().map(|entry| &entry.reference);
    let remove = remove
        .filter(|reference| !stays.contains(reference))
        .cloned()
        .collect();
    let is_new = |entry: &&Entry| {
        let was = existing.entry(&entry.reference).cloned();
        let was = was.map(|was| Entry {
            position: entry.position,
            ..was
        });
        was.as_ref() != Some(*entry)
    };
    let mut put: Vec<Entry> = draft.entries.iter().filter(is_new).cloned().collect();
    put.sort_by_key(|entry| entry.position);
    let mut order: Vec<&Entry> = draft.entries.iter().collect();
    order.sort_by_key(|entry| entry.position);
    Change {
        put,
        remove,
        replaces_all: false,
        order: order
            .into_iter()
            .map(|entry| entry.reference.clone())
            .collect(),
        settings: Some(draft.settings).filter(|settings| *settings != existing.settings),
    }
}

/// Returns the change that puts `draft` in place of whatever is on disk.
pub(crate) fn replacement(draft: Draft) -> Change {
    let mut put = draft.entries;
    put.sort_by_key(|entry| entry.position);
    Change {
        put,
        remove: Vec::new(),
        replaces_all: true,
        order: Vec::new(),
        settings: Some(draft.settings),
    }
}
