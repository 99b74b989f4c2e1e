//! The content of a sidecar.

use std::collections::BTreeMap;

use manifest_core::draft::Origin;
use manifest_core::{Digest, Entry, ListSettings, Reference};

use crate::folder_id::FolderId;

/// The sidecar of one draft. While the draft changes it has two states, so that a change and its records take effect together or
/// not at all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Sidecar {
    /// The state before the change, or the only one.
    pub(crate) current: Option<DraftState>,
    /// The state after the change.
    pub(crate) next: Option<DraftState>,
    /// The name in `staging/` of the folder that replaces this one, if that takes two renames.
    pub(crate) swap: Option<String>,
}

/// A draft's folder as this program left it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct DraftState {
    /// The list of the draft.
    pub(crate) list: Reference,
    /// The identity of the folder.
    pub(crate) folder: Option<FolderId>,
    /// The entries by file name.
    pub(crate) files: BTreeMap<String, EntryRecord>,
    /// The settings of the list.
    pub(crate) settings: ListSettings,
}

/// The record of one entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct EntryRecord {
    /// The entry's reference.
    pub(crate) reference: Reference,
    /// The hash (SHA-256) of the file.
    pub(crate) content: Digest,
    /// The manifest's digest. A file with other content and the same digest was only annotated.
    pub(crate) digest: Digest,
    /// The entry's position in the order of the arguments.
    pub(crate) position: u64,
    /// The origin of the entry.
    pub(crate) origin: Option<Origin>,
}

impl Sidecar {
    /// Tells whether a file is recorded, before the change or after it.
    pub(crate) fn mentions(&self, file: &str) -> bool {
        let states = [&self.current, &self.next].into_iter().flatten();
        states
            .flat_map(|state| state.files.keys())
            .any(|name| name == file)
    }
}

impl DraftState {
    /// Records an entry. An entry that is recorded already keeps its position.
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

    /// Gives entries the positions that they have in `images`.
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
    /// Tells whether the record is of the same manifest.
    pub(crate) fn is_of_manifest(&self, entry: &Entry) -> bool {
        self.digest == entry.descriptor.digest && self.reference == entry.reference
    }
}
