//! Changes to drafts: each whole or not at all, and no other process comes in between.

use std::collections::{BTreeMap, BTreeSet};

use manifest_core::{Digest, Draft, Entry, ListSettings, Reference, entry_json, parallel};

use crate::atomic;
use crate::error::StoreError;
use crate::sidecar::DraftState;
use crate::store::{Location, Store};
use crate::stored_draft::{Contents, StoredDraft};

/// A change to a draft. Everything that it does not name stays.
#[derive(Clone, Debug, Default)]
pub struct Change {
    /// The entries to add or replace, in the order of the arguments.
    pub put: Vec<Entry>,
    /// The images whose entries are removed.
    pub remove: Vec<Reference>,
    /// Removes everything that is not in `put`, damaged files included, and restarts the order of the arguments.
    pub replaces_all: bool,
    /// The images in a new order of the arguments. Images that are not in it keep their positions.
    pub order: Vec<Reference>,
    /// The new settings of the list.
    pub settings: Option<ListSettings>,
}

impl Change {
    /// Adds or replaces entries.
    #[must_use]
    pub fn put(put: Vec<Entry>) -> Self {
        Self {
            put,
            ..Self::default()
        }
    }

    fn is_empty(&self) -> bool {
        self.put.is_empty()
            && self.remove.is_empty()
            && !self.replaces_all
            && self.settings.is_none()
    }
}

/// The result of removing a draft on the condition that it is unchanged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Removal {
    /// The draft was unchanged, and is removed.
    Removed,
    /// The draft has changed, and was left alone.
    Changed,
    /// There was no draft any more.
    Absent,
}

impl Store {
    /// Reads the draft, or that there is none, passes it to `change`, and writes the change to disk: all or nothing, under the
    /// exclusive lock. A change without entries does not create a draft.
    ///
    /// `change` sees only undamaged entries. Damaged ones can be replaced or removed.
    ///
    /// # Errors
    /// Returns the error of `change`, or an error if a damaged entry would stay or the folder cannot be written. The draft is
    /// unchanged then.
    pub fn update<T, E: From<StoreError>>(
        &self,
        list: &Reference,
        change: impl FnOnce(Option<&Draft>) -> Result<(Change, T), E>,
    ) -> Result<T, E> {
        let writer = self.writer()?;
        let Location { name, draft } = self.locate(list, Some(&writer))?;
        let Some(mut draft) = draft.transpose()? else {
            let (Change { put, settings, .. }, value) = change(None)?;
            if !put.is_empty() {
                let draft = StoredDraft::nothing(name);
                let mut state = draft.state(list);
                state.settings = settings.unwrap_or_default();
                let contents = self.encode_entries(&draft, put, &mut state);
                writer.create(&draft.name, &contents, state)?;
            }
            return Ok(value);
        };
        let (change, value) = change(Some(&draft.undamaged(list)))?;
        if change.is_empty() {
            return Ok(value);
        }
        let before = draft.state(list);
        let mut after = before.clone();
        let mut removed: BTreeSet<String> = if change.replaces_all {
            draft.file_names().map(str::to_owned).collect()
        } else {
            draft.files_of(&change.remove)
        };
        after.files.retain(|file, _| !removed.contains(file));
        if let Some(settings) = change.settings {
            after.settings = settings;
        }
        let contents = self.encode_entries(&draft, change.put, &mut after);
        after.arrange(&change.order);
        removed.retain(|file| !contents.contains_key(file));
        draft.check_all_but(list, &contents, &removed)?;
        writer.change(&draft, contents, &removed, before, after)?;
        Ok(value)
    }

    /// Changes one entry under the exclusive lock. Other entries may be damaged. Returns `false` if the list or the entry does
    /// not exist.
    ///
    /// # Errors
    /// Returns the error of `change`, or an error if this entry is damaged or the folder cannot be written. The draft is
    /// unchanged then.
    pub fn update_entry<E: From<StoreError>>(
        &self,
        list: &Reference,
        image: &Reference,
        change: impl FnOnce(&mut Entry) -> Result<(), E>,
    ) -> Result<bool, E> {
        if !self.has_root()? {
            return Ok(false);
        }
        let writer = self.writer()?;
        let draft = self.locate(list, Some(&writer))?.draft;
        let Some(mut draft) = draft.transpose()? else {
            return Ok(false);
        };
        let Some(mut entry) = draft.entry(list, image)? else {
            return Ok(false);
        };
        change(&mut entry)?;
        // Another reference would make it another entry.
        entry.reference = image.clone();
        let before = draft.state(list);
        let mut after = before.clone();
        let contents = self.encode_entries(&draft, vec![entry], &mut after);
        writer.change(&draft, contents, &BTreeSet::new(), before, after)?;
        Ok(true)
    }

    /// Removes the draft, damaged or not. Returns `false` if there was none.
    ///
    /// # Errors
    /// Returns an error if it cannot be removed, or a newer version of this program wrote it.
    pub fn remove(&self, list: &Reference) -> Result<bool, StoreError> {
        if !self.has_root()? {
            return Ok(false);
        }
        let writer = self.writer()?;
        let Location { name, draft } = self.locate(list, Some(&writer))?;
        if draft.is_some() {
            writer.remove(&name)
        } else {
            Ok(false)
        }
    }

    /// Removes the draft if it still equals `draft`, under the exclusive lock.
    ///
    /// # Errors
    /// Returns an error if it cannot be removed, or a newer version of this program wrote it.
    pub fn remove_unchanged(&self, draft: &Draft) -> Result<Removal, StoreError> {
        if !self.has_root()? {
            return Ok(Removal::Absent);
        }
        let writer = self.writer()?;
        let Location {
            name,
            draft: stored,
        } = self.locate(&draft.list, Some(&writer))?;
        let Some(stored) = stored else {
            return Ok(Removal::Absent);
        };
        let is_same = stored.is_ok_and(|stored| {
            let settings = stored.settings();
            let entries: Result<Vec<_>, _> = stored.into_entries(None).into_iter().collect();
            settings == draft.settings && entries.is_ok_and(|entries| entries == draft.entries)
        });
        if !is_same {
            return Ok(Removal::Changed);
        }
        Ok(if writer.remove(&name)? {
            Removal::Removed
        } else {
            Removal::Absent
        })
    }

    /// Encodes entries, chooses their file names, and records them in `state`.
    fn encode_entries(
        &self,
        draft: &StoredDraft,
        entries: Vec<Entry>,
        state: &mut DraftState,
    ) -> Contents {
        let folder = self.paths().draft(&draft.name);
        let folds_case = atomic::is_taken(&self.paths().own_in_capitals()).unwrap_or_default();
        let mut names = BTreeMap::<Reference, String>::new();
        let mut contents = Contents::new();
        let encoded = parallel::map(&entries, |entry| {
            let bytes = entry_json::encode(entry);
            let content = Digest::sha256(&bytes);
            (bytes, content)
        });
        for (entry, (bytes, content)) in entries.into_iter().zip(encoded) {
            let name = names.get(&entry.reference).cloned().unwrap_or_else(|| {
                draft.name_for(&entry.reference, |name| {
                    let is_folded = || {
                        let mut others = contents.keys();
                        others.any(|other| other.eq_ignore_ascii_case(name))
                            || atomic::is_taken(&folder.join(name)).unwrap_or_default()
                    };
                    contents.contains_key(name) || folds_case && is_folded()
                })
            });
            names.insert(entry.reference.clone(), name.clone());
            state.record(&name, &entry, content);
            contents.insert(name, bytes);
        }
        contents
    }
}
