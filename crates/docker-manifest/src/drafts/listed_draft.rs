//! One draft in a listing.

use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use manifest_core::reference::Repository;
use manifest_core::{Draft, Entry, ListSettings, Reference};
use manifest_registry::redact;
use manifest_store::{DraftSummary, StoreError};

use crate::failure::{DraftPlace, Failure};
use crate::staging::StagedDraft;

/// One draft in a listing.
#[derive(Debug)]
pub(crate) struct ListedDraft {
    /// The list. `None` if nothing tells it beyond doubt.
    pub(crate) list: Option<Reference>,
    /// The draft's folder, or the repository that it is staged in.
    pub(crate) place: DraftPlace,
    /// A name for a draft whose list is not known.
    pub(crate) label: String,
    /// The entries in the order of publication. Each damaged one is an error.
    pub(crate) entries: Vec<Result<Entry, Failure>>,
    /// The settings of the list.
    pub(crate) settings: ListSettings,
    /// The time of the last change, in seconds since 1970 (UTC). `None` if nothing of the draft can be read.
    pub(crate) changed_at: Option<u64>,
}

/// A draft that cannot be read at all.
#[derive(Debug)]
pub(crate) struct UnreadableDraft {
    /// Its folder.
    pub(crate) folder: PathBuf,
    /// The reason.
    pub(crate) failure: Box<Failure>,
}

/// A draft, or the reason why it cannot be read.
pub(crate) type ListedResult = Result<ListedDraft, UnreadableDraft>;

impl ListedDraft {
    /// Returns the draft, if its list is known and no entry is damaged.
    pub(crate) fn draft(&self) -> Option<Draft> {
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
    pub(crate) fn is_damaged(&self) -> bool {
        self.entries.iter().any(Result::is_err)
    }

    /// Returns the name of the draft for people: its list, or its label.
    pub(crate) fn name(&self) -> String {
        let list = self.list.as_ref().map(ToString::to_string);
        list.unwrap_or_else(|| self.label.clone())
    }

    pub(super) fn staged(draft: StagedDraft, repository: &Repository) -> Self {
        let StagedDraft {
            list,
            tags,
            entries,
            settings,
            changed_at,
        } = draft;
        Self {
            list,
            place: DraftPlace::Repository(repository.clone()),
            label: format!("tags {tags}*"),
            entries,
            settings,
            changed_at,
        }
    }
}

impl UnreadableDraft {
    /// Returns the name of the draft for people.
    pub(crate) fn name(&self) -> String {
        folder_name(&self.folder)
    }
}

/// Returns the name of a draft on this machine for people: its list, or its folder if the list is not known.
pub(crate) fn listed_name(list: Option<&Reference>, folder: &Path) -> String {
    list.map_or_else(|| folder_name(folder), ToString::to_string)
}

/// Returns the name of a folder that stands for no list. Control characters in it are escaped.
fn folder_name(folder: &Path) -> String {
    let name = folder.file_name().unwrap_or_default().to_string_lossy();
    format!("folder {}", redact::printable(&name))
}

impl From<DraftSummary> for ListedDraft {
    fn from(summary: DraftSummary) -> Self {
        let DraftSummary {
            list,
            folder,
            entries,
            settings,
            changed_at,
        } = summary;
        let since = changed_at.duration_since(UNIX_EPOCH);
        Self {
            list,
            label: folder_name(&folder),
            place: DraftPlace::Folder(folder),
            entries: entries
                .into_iter()
                .map(|entry| entry.map_err(Failure::from))
                .collect(),
            settings,
            changed_at: Some(since.map_or(0, |since| since.as_secs())),
        }
    }
}

impl From<StoreError> for UnreadableDraft {
    fn from(error: StoreError) -> Self {
        Self {
            folder: error.path().to_owned(),
            failure: Box::new(error.into()),
        }
    }
}
