//! A draft on disk: the folder's entries, joined with the records of its sidecar.

use std::collections::{BTreeMap, BTreeSet};

use manifest_core::{Draft, Entry, ListSettings, Reference};

use crate::entry_order::source_name;
use crate::error::StoreError;
use crate::folder::{EntryFile, Folder};
use crate::folder_id::FolderId;
use crate::paths::FileNames;
use crate::sidecar::{DraftState, EntryRecord};

/// New contents of files in a draft, by file name.
pub(crate) type Contents = BTreeMap<String, Vec<u8>>;

/// The draft of one list.
#[derive(Debug)]
pub(crate) struct StoredDraft {
    /// The folder's name.
    pub(crate) name: String,
    id: Option<FolderId>,
    entries: Vec<StoredEntry>,
    state: Option<DraftState>,
}

/// One file of a draft, with its record.
#[derive(Debug)]
struct StoredEntry {
    name: String,
    file: EntryFile,
    record: Option<EntryRecord>,
}

/// The use of a file name, seen by one image.
enum NameUse<'a> {
    Free,
    Image(&'a str),
    Damage(&'a str),
    OtherImage,
}

impl StoredDraft {
    /// Creates an empty draft, which is not on disk yet.
    pub(crate) fn nothing(name: String) -> Self {
        Self {
            name,
            id: None,
            entries: Vec::new(),
            state: None,
        }
    }

    pub(crate) fn new(name: String, folder: Folder, state: Option<DraftState>) -> Self {
        let mut records = state
            .as_ref()
            .map(|state| state.files.clone())
            .unwrap_or_default();
        let stored = |(name, mut file): (String, EntryFile)| {
            let mut record = records.remove(&name);
            if let (Ok(entry), Some(content)) = (&mut file.entry, &file.content) {
                // Docker's CLI may have written the file since. With the same manifest it was only annotated, and the record
                // still holds.
                record = record
                    .filter(|record| record.content == *content || record.is_of_manifest(entry));
                if let Some(record) = &mut record {
                    record.content = content.clone();
                    entry.origin.clone_from(&record.origin);
                    entry.position = Some(record.position);
                }
            }
            StoredEntry { name, file, record }
        };
        let mut entries: Vec<StoredEntry> = folder.files.into_iter().map(stored).collect();
        // The children of a list stand together in the place of the list's name, in the list's order.
        entries.sort_by_cached_key(|stored| {
            let record = stored.record.as_ref();
            let source = record.and_then(|record| record.origin.as_ref()?.source.as_ref());
            match (source, record) {
                (Some(source), Some(record)) => (source_name(source), record.position),
                _ => (stored.name.clone(), 0),
            }
        });
        Self {
            name,
            id: Some(folder.id),
            entries,
            state,
        }
    }

    /// Returns the list of this draft, if recorded.
    pub(crate) fn owner(&self) -> Option<&Reference> {
        self.state.as_ref().map(|state| &state.list)
    }

    /// Returns the list's settings.
    pub(crate) fn settings(&self) -> ListSettings {
        let settings = self.state.as_ref().map(|state| &state.settings);
        settings.cloned().unwrap_or_default()
    }

    /// Returns the file names of these images.
    pub(crate) fn files_of(&self, images: &[Reference]) -> BTreeSet<String> {
        let is_meant = |stored: &&StoredEntry| match (&stored.file.entry, &stored.record) {
            (Ok(entry), _) => images.contains(&entry.reference),
            (Err(_), Some(record)) => images.contains(&record.reference),
            (Err(_), None) => false,
        };
        let entries = self.entries.iter().filter(is_meant);
        entries.map(|stored| stored.name.clone()).collect()
    }

    /// Returns all file names, also of files that are not entries.
    pub(crate) fn file_names(&self) -> impl Iterator<Item = &str> {
        self.entries.iter().map(|stored| stored.name.as_str())
    }

    /// Tells whether the file has the recorded content.
    pub(crate) fn has_content(&self, name: &str, record: &EntryRecord) -> bool {
        self.entries.iter().any(|stored| {
            stored.name == name && stored.file.content.as_ref() == Some(&record.content)
        })
    }

    /// Returns the entries, each with its own result.
    pub(crate) fn into_entries(self, list: Option<&Reference>) -> Vec<Result<Entry, StoreError>> {
        let in_list = |error: StoreError| error.in_list(list);
        self.entries
            .into_iter()
            .map(|stored| stored.file.entry.map_err(in_list))
            .collect()
    }

    /// Returns the draft with its undamaged entries.
    pub(crate) fn undamaged(&self, list: &Reference) -> Draft {
        let entries = self
            .entries
            .iter()
            .filter_map(|stored| stored.file.entry.as_ref().ok());
        Draft {
            list: list.clone(),
            entries: entries.cloned().collect(),
            settings: self.settings(),
        }
    }

    /// Returns the entry of an image.
    pub(crate) fn entry(
        &mut self,
        list: &Reference,
        image: &Reference,
    ) -> Result<Option<Entry>, StoreError> {
        let names = FileNames::of(image);
        let name = match (
            self.name_use(&names.unique, image),
            self.name_use(&names.docker, image),
        ) {
            (NameUse::Image(name) | NameUse::Damage(name), _)
            | (_, NameUse::Image(name) | NameUse::Damage(name)) => name.to_owned(),
            (_, NameUse::Free | NameUse::OtherImage) => return Ok(None),
        };
        self.take_damaged(list, |stored| stored.name == name)?;
        let stored = self.entries.iter().find(|stored| stored.name == name);
        Ok(stored
            .and_then(|stored| stored.file.entry.as_ref().ok())
            .cloned())
    }

    /// Returns the error of the first damaged file among those that match, and removes that file from this draft.
    fn take_damaged(
        &mut self,
        list: &Reference,
        is_meant: impl Fn(&StoredEntry) -> bool,
    ) -> Result<(), StoreError> {
        let damaged = |stored: &StoredEntry| stored.file.entry.is_err() && is_meant(stored);
        let Some(index) = self.entries.iter().position(damaged) else {
            return Ok(());
        };
        self.entries
            .remove(index)
            .file
            .entry
            .map(drop)
            .map_err(|error| error.in_list(Some(list)))
    }

    /// Chooses the file name for an image: its present one, else Docker's, else a unique one if another image has Docker's. Names
    /// are taken by files of this draft, or if `is_taken` says so.
    pub(crate) fn name_for(&self, image: &Reference, is_taken: impl Fn(&str) -> bool) -> String {
        let FileNames { docker, unique } = FileNames::of(image);
        if let NameUse::Image(name) | NameUse::Damage(name) = self.name_use(&unique, image) {
            return name.to_owned();
        }
        match self.name_use(&docker, image) {
            NameUse::Image(name) | NameUse::Damage(name) => name.to_owned(),
            NameUse::Free if !is_taken(&docker) => docker,
            NameUse::Free | NameUse::OtherImage => unique,
        }
    }

    fn name_use(&self, name: &str, image: &Reference) -> NameUse<'_> {
        // A file system that ignores case keeps the first spelling of a name.
        let of_image = |stored: &&StoredEntry| {
            stored.name.eq_ignore_ascii_case(name)
                && stored
                    .file
                    .entry
                    .as_ref()
                    .is_ok_and(|entry| entry.reference == *image)
        };
        let stored = self.entries.iter().find(|stored| stored.name == name);
        let Some(stored) = stored.or_else(|| self.entries.iter().find(of_image)) else {
            return NameUse::Free;
        };
        match (&stored.file.entry, &stored.record) {
            (Ok(entry), _) if entry.reference == *image => NameUse::Image(&stored.name),
            (Ok(_), _) => NameUse::OtherImage,
            (Err(_), Some(record)) if record.reference != *image => NameUse::OtherImage,
            (Err(_), _) => NameUse::Damage(&stored.name),
        }
    }

    /// Fails if a file is damaged and is not about to be replaced or removed.
    pub(crate) fn check_all_but(
        &mut self,
        list: &Reference,
        replaced: &Contents,
        removed: &BTreeSet<String>,
    ) -> Result<(), StoreError> {
        self.take_damaged(list, |stored| {
            !(stored.file.is_replaceable
                && (replaced.contains_key(&stored.name) || removed.contains(&stored.name)))
        })
    }

    /// Returns the state of the draft as it was read. Entries that another program added come last in the order of the arguments.
    pub(crate) fn state(&self, list: &Reference) -> DraftState {
        let mut state = DraftState {
            list: list.clone(),
            folder: self.id,
            files: BTreeMap::new(),
            settings: self.settings(),
        };
        for stored in &self.entries {
            if let Some(record) = &stored.record {
                state.files.insert(stored.name.clone(), record.clone());
            }
        }
        for stored in self.entries.iter().filter(|stored| stored.record.is_none()) {
            if let (Ok(entry), Some(content)) = (&stored.file.entry, &stored.file.content) {
                state.record(&stored.name, entry, content.clone());
            }
        }
        state
    }

    /// Tells whether the sidecar already records this state.
    pub(crate) fn is_recorded(&self, state: &DraftState) -> bool {
        self.state.as_ref() == Some(state)
    }
}
