//! A draft as it was found: the folder's entries, joined with what is noted beside them.

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

/// One file of a draft.
#[derive(Debug)]
struct StoredEntry {
    name: String,
    file: EntryFile,
    record: Option<EntryRecord>,
}

/// Where the entry of an image is to be written.
enum NameUse<'a> {
    Free,
    Image(&'a str),
    Damage(&'a str),
    OtherImage,
}

impl StoredDraft {
    /// A draft that is not there yet.
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
                // Docker's CLI may have written the file since. As long as it is of the same manifest it was
                // only annotated, and what is noted of it still holds.
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
        // Those that came with a list stand together where its name does, in the list's order.
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

    /// Returns the list whose draft this is, where that is noted.
    pub(crate) fn owner(&self) -> Option<&Reference> {
        self.state.as_ref().map(|state| &state.list)
    }

    /// Returns what the list has beside its entries.
    pub(crate) fn settings(&self) -> ListSettings {
        let settings = self.state.as_ref().map(|state| &state.settings);
        settings.cloned().unwrap_or_default()
    }

    /// Returns the names of the files of these images.
    pub(crate) fn files_of(&self, images: &[Reference]) -> BTreeSet<String> {
        let is_meant = |stored: &&StoredEntry| match (&stored.file.entry, &stored.record) {
            (Ok(entry), _) => images.contains(&entry.reference),
            (Err(_), Some(record)) => images.contains(&record.reference),
            (Err(_), None) => false,
        };
        let entries = self.entries.iter().filter(is_meant);
        entries.map(|stored| stored.name.clone()).collect()
    }

    /// Returns the names of the files, those that are no entries included.
    pub(crate) fn file_names(&self) -> impl Iterator<Item = &str> {
        self.entries.iter().map(|stored| stored.name.as_str())
    }

    /// Tells whether the file of that name has that content.
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

    /// Returns the entries that are not damaged.
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

    /// Fails with what is wrong with the first of the given files that is damaged. It is no longer here then.
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

    /// Chooses the name of the file for an image: the one that it has, or Docker's, or where another image has
    /// that (a file that is here, or one that `is_taken` knows of), a name of its own.
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
        // A file system that does not tell case apart keeps the name that a file had first.
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

    /// Fails where a file is damaged that is not about to be replaced.
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

    /// Returns what is noted of the draft as it was found. Entries that someone else added come last in the order
    /// of the arguments.
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

    /// Tells whether the notes already are as given.
    pub(crate) fn is_recorded(&self, state: &DraftState) -> bool {
        self.state.as_ref() == Some(state)
    }
}
