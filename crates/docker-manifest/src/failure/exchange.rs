//! The reasons why a draft cannot be exported or imported.

use std::path::PathBuf;

use manifest_core::{DocumentError, Reference};

use crate::exit::Exit;

/// A draft cannot be exported or imported.
#[derive(Debug, thiserror::Error)]
pub enum ExchangeError {
    /// A file is not an exported draft.
    #[error("cannot import {}", path.display())]
    NotADraft {
        /// The file, or `standard input`.
        path: PathBuf,
        /// The reason.
        source: DocumentError,
    },
    /// A file is an exported draft without entries.
    #[error("{} has no images", path.display())]
    Empty {
        /// The file.
        path: PathBuf,
    },
    /// An exported draft has an image from a location that is malformed.
    #[error("cannot import {}: {location:?} is not the location of an image", path.display())]
    Location {
        /// The file.
        path: PathBuf,
        /// The location.
        location: String,
    },
    /// A draft is too large to be exported.
    #[error("the draft of {list} is too large to be exported")]
    TooLarge {
        /// The list.
        list: Box<Reference>,
    },
    /// There is a draft already, and `import` may not change it.
    #[error("there is a draft of {list} already")]
    Exists {
        /// The list.
        list: Box<Reference>,
    },
}

impl ExchangeError {
    pub(super) fn exit(&self) -> Exit {
        match self {
            Self::Exists { .. } => Exit::Conflict,
            _ => Exit::Failure,
        }
    }

    /// Returns the remedy.
    pub(super) fn hint(&self) -> Option<String> {
        Some(match self {
            Self::NotADraft {
                source: DocumentError::Version(_),
                ..
            } => "upgrade docker-manifest on this machine, or export the draft with the version that is here".to_owned(),
            Self::NotADraft { .. } | Self::Location { .. } => {
                "`docker-manifest export LIST > FILE` writes such a file".to_owned()
            }
            Self::Exists { list } => format!(
                "`--replace` replaces it, `--amend` adds to it, `--as NAME` imports under another name than {list}"
            ),
            Self::Empty { .. } | Self::TooLarge { .. } => return None,
        })
    }
}
