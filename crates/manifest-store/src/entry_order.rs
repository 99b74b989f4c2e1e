//! The order of a draft's entries: by file name, the children of a list together.

use std::collections::BTreeSet;

use manifest_core::{Entry, Source};

use crate::paths::FileNames;

/// Sorts entries that are in no folder as a folder would: by file name, the children of a list in the place of the list's name.
/// `entries` is in the order of the arguments.
#[must_use]
pub fn in_storage_order(entries: Vec<Entry>) -> Vec<Entry> {
    let mut taken = BTreeSet::new();
    let mut placed: Vec<((String, u64), Entry)> = (0..)
        .zip(entries)
        .map(|(position, mut entry)| {
            entry.position = Some(position);
            let FileNames { docker, unique } = FileNames::of(&entry.reference);
            let name = if taken.insert(docker.clone()) {
                docker
            } else {
                unique
            };
            let key = match entry.source() {
                Some(source) => (source_name(source), position),
                None => (name, 0),
            };
            (key, entry)
        })
        .collect();
    placed.sort_by(|(one, _), (other, _)| one.cmp(other));
    placed.into_iter().map(|(_, entry)| entry).collect()
}

/// Returns the text by which the children of a source are sorted among the files.
pub(crate) fn source_name(source: &Source) -> String {
    match source {
        Source::Registry(reference) => FileNames::of(reference).docker,
        Source::Disk(location) => location.replace(':', "-").replace('/', "_"),
    }
}
