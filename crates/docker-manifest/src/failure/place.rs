//! The place of drafts.

use std::fmt;
use std::path::PathBuf;

use manifest_core::reference::Repository;

/// The place where drafts are kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DraftPlace {
    /// A folder on this machine.
    Folder(PathBuf),
    /// A repository of a registry.
    Repository(Repository),
}

impl DraftPlace {
    /// Returns the flag that names this place on a command line, with a space in front. Empty for this machine.
    #[must_use]
    pub fn flag(&self) -> String {
        match self {
            Self::Folder(_) => String::new(),
            Self::Repository(repository) => format!(" --stage {repository}"),
        }
    }
}

impl fmt::Display for DraftPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Folder(folder) => folder.display().fmt(f),
            Self::Repository(repository) => repository.fmt(f),
        }
    }
}
