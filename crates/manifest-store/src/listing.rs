//! All drafts of a store, and the removal of one that is still as it was listed.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use manifest_core::{Draft, ListSettings, Reference, parallel};

use crate::atomic::Capabilities;
use crate::change::Removal;
use crate::error::StoreError;
use crate::folder::{Folder, SECOND_LOOK};
use crate::list_name;
use crate::sidecar;
use crate::store::{EntryResult, Store};
use crate::stored_draft::StoredDraft;

/// One draft in a listing.
#[derive(Debug)]
pub struct DraftSummary {
    /// The list. Folders of Docker's CLI do not record it; then it comes from the entries, and is `None` if they leave a doubt.
    pub list: Option<Reference>,
    /// The draft's folder.
    pub folder: PathBuf,
    /// The entries in the order of publication.
    pub entries: Vec<EntryResult>,
    /// The settings of the list.
    pub settings: ListSettings,
    /// The time of the last change, by this program or another one.
    pub changed_at: SystemTime,
}

/// A draft, or the error of its folder or sidecar.
pub type SummaryResult = Result<DraftSummary, StoreError>;

/// The way in which files that seem damaged are read.
type ReadFolder = fn(&Path, Capabilities) -> FolderResult;
type FolderResult = Result<Option<Folder>, StoreError>;

impl DraftSummary {
    /// Returns the draft, if its list is known and no entry is damaged.
    #[must_use]
    pub fn draft(&self) -> Option<Draft> {
        let entries = self
            .entries
            .iter()
            .map(|entry| entry.as_ref().ok().cloned());
        Some(Draft {
            list: self.list.clone()?,
            entries: entries.collect::<Option<_>>()?,
            settings: self.settings.clone(),
        })
    }

    /// Tells whether an entry cannot be read.
    #[must_use]
    pub fn is_damaged(&self) -> bool {
        self.entries.iter().any(Result::is_err)
    }

    /// Tells whether nothing was changed between two readings. A damaged draft never counts as unchanged.
    fn is_same(&self, other: &Self) -> bool {
        let is_equal = |(one, other): (&EntryResult, &EntryResult)| match (one, other) {
            (Ok(one), Ok(other)) => one == other,
            _ => false,
        };
        self.list == other.list
            && self.settings == other.settings
            && self.changed_at == other.changed_at
            && self.entries.len() == other.entries.len()
            && self.entries.iter().zip(&other.entries).all(is_equal)
    }
}

impl Store {
    /// Reads all drafts, each with its own result, in byte order of their folders' names.
    ///
    /// # Errors
    /// Returns an error if the folder of all drafts cannot be read.
    pub fn drafts(&self) -> Result<Vec<SummaryResult>, StoreError> {
        let _guard = self.lock_for_reading()?;
        let names = self.folder_names()?;
        let mut summaries = parallel::map(&names, |name| self.summary(name, Folder::read_once));
        // Docker's CLI may be writing the damaged ones. One pause is enough for all.
        let is_damaged = |summary: &Option<SummaryResult>| match summary {
            Some(Ok(summary)) => summary.is_damaged(),
            _ => false,
        };
        if summaries.iter().any(is_damaged) {
            std::thread::sleep(SECOND_LOOK);
            for (name, summary) in names.iter().zip(&mut summaries) {
                if is_damaged(summary) {
                    *summary = self.summary(name, Folder::read_once);
                }
            }
        }
        Ok(summaries.into_iter().flatten().collect())
    }

    /// Removes a draft that was listed, unless it has changed since or an entry of it is damaged. Its list need not be known.
    ///
    /// # Errors
    /// Returns an error if it cannot be removed, or a newer version of this program wrote it.
    pub fn remove_listed(&self, listed: &DraftSummary) -> Result<Removal, StoreError> {
        let Some(name) = listed.folder.file_name().filter(|_| self.owns(listed)) else {
            return Ok(Removal::Absent);
        };
        if !self.has_root()? {
            return Ok(Removal::Absent);
        }
        let writer = self.writer()?;
        let Some(now) = self.summary(name, Folder::read) else {
            return Ok(Removal::Absent);
        };
        if !now?.is_same(listed) {
            return Ok(Removal::Changed);
        }
        Ok(if writer.remove(&name.to_string_lossy())? {
            Removal::Removed
        } else {
            Removal::Absent
        })
    }

    fn owns(&self, listed: &DraftSummary) -> bool {
        listed.folder.parent() == Some(self.root())
    }

    /// Returns the names of all folders of drafts, sorted.
    fn folder_names(&self) -> Result<Vec<OsString>, StoreError> {
        let root = self.root();
        let listing = match fs::read_dir(root) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            listing => listing.map_err(StoreError::io("list the drafts in", root))?,
        };
        let mut names = listing
            .map(|item| item.map(|item| item.file_name()))
            .collect::<Result<Vec<_>, _>>()
            .map_err(StoreError::io("list the drafts in", root))?;
        // No reference starts with a dot: such names are this program's or the operating system's.
        names.retain(|name| !name.as_encoded_bytes().starts_with(b"."));
        names.sort();
        Ok(names)
    }

    /// Reads one draft. Returns `None` if its folder is gone.
    fn summary(&self, name: &OsStr, read_folder: ReadFolder) -> Option<SummaryResult> {
        let path = self.root().join(name);
        let folder = match read_folder(&path, self.capabilities()) {
            Ok(folder) => folder?,
            Err(error) => return Some(Err(error)),
        };
        let name = name.to_string_lossy().into_owned();
        let read = match sidecar::read(self.paths(), &name) {
            Ok(read) => read,
            Err(error) => return Some(Err(error)),
        };
        let state = read.sidecar.and_then(|sidecar| sidecar.state_of(&folder));
        let recorded_at = read.changed_at.filter(|_| state.is_some());
        let changed_at = recorded_at.map_or(folder.changed_at, |at| at.max(folder.changed_at));
        let draft = StoredDraft::new(name.clone(), folder, state);
        let (recorded, settings) = (draft.owner().cloned(), draft.settings());
        let entries = draft.into_entries(None);
        let list = recorded.or_else(|| {
            let readable = entries.iter().filter_map(|entry| entry.as_ref().ok());
            list_name::infer(&name, readable.map(|entry| &entry.reference))
        });
        let in_list = |entry: EntryResult| entry.map_err(|error| error.in_list(list.as_ref()));
        let entries = entries.into_iter().map(in_list).collect();
        Some(Ok(DraftSummary {
            list,
            folder: path,
            entries,
            settings,
            changed_at,
        }))
    }
}
