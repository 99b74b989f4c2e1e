//! The content of a sidecar.

use std::collections::BTreeMap;

use manifest_core::draft::Origin;
use manifest_core::{Digest, Entry, ListSettings, Reference};

use crate::folder_id::FolderId;

/// What is noted beside one folder. While a draft changes it has two states, so that a change and its notes
/// count together or not at all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Sidecar {
    /// What holds while the folder is as it was.
    pub(crate) current: Option<DraftState>,
    /// What holds as soon as the change is in place.
    pub(crate) next: Option<DraftState>,
    /// The name in `staging/` of the folder that is to take this one's place, where that takes two renames.
    pub(crate) swap: Option<String>,
}

/// A draft's folder as this program left it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct DraftState {
    /// The list whose draft the folder is.
    pub(crate) list: Reference,
    /// Which folder it is.
    pub(crate) folder: Option<FolderId>,
    /// The entries by file name.
    pub(crate) files: BTreeMap<String, EntryRecord>,
    /// What the list has beside its entries.
    pub(crate) settings: ListSettings,
}

/// What is noted of one entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct EntryRecord {
    /// The entry's reference.
    pub(crate) reference: Reference,
    /// The hash (SHA-256) of the file.
    pub(crate) content: Digest,
    /// The manifest's digest: a file with another content and this digest was only annotated.
    pub(crate) digest: Digest,
    /// The entry's place in the order in which the entries were given.
    pub(crate) position: u64,
    /// Where the entry came from.
    pub(crate) origin: Option<Origin>,
}

impl Sidecar {
    /// Tells whether a file is noted, before the change or after it.
    pub(crate) fn mentions(&self, file: &str) -> bool {
        let states = [&self.current, &self.next].into_iter().flatten();
        states
            .flat_map(|state| state.files.keys())
            .any(|name| name == file)
    }
}

impl DraftState {
    /// Notes an entry. One that is there already keeps its place in the order of the arguments.
    pub(crate) fn record(&mut self, file: &str, entry: &Entry, content: Digest) {
        let known = self
            .files
            .get(file)
            .filter(|record| record.reference == entry.reference);
        let last = self.files.values().map(|record| record.position).max();
        let position = known
            .map(|record| record.position)
            .or(last.map(|last| last + 1));
        let record = EntryRecord {
            reference: entry.reference.clone(),
            content,
            digest: entry.descriptor.digest.clone(),
            position: position.unwrap_or_default(),
            origin: entry.origin.clone(),
        };
        self.files.insert(file.to_owned(), record);
    }

    /// Gives entries the places that they have among `images`.
    pub(crate) fn arrange(&mut self, images: &[Reference]) {
        let places: BTreeMap<&Reference, u64> = images.iter().zip(0..).collect();
        for record in self.files.values_mut() {
            if let Some(place) = places.get(&record.reference) {
                record.position = *place;
            }
        }
    }
}

impl EntryRecord {
    /// Tells whether this was recorded of the same manifest.
    pub(crate) fn is_of_manifest(&self, entry: &Entry) -> bool {
        self.digest == entry.descriptor.digest && self.reference == entry.reference
    }
}
