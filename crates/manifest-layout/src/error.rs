//! What can be wrong with an image on disk.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use manifest_core::{Digest, ManifestError};

/// Why a text names no place on disk.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LocationError {
    /// There is no path in it.
    #[error("{0:?} names no file or folder")]
    NoPath(String),
    /// The path would be read as path and name.
    #[error("{} cannot be named: a colon in its path would begin the image's name", .0.display())]
    Colon(PathBuf),
    /// The path cannot be written as text.
    #[error("{} is not UTF-8", .0.display())]
    NotText(PathBuf),
}

/// Why an image on disk cannot be read, or written.
#[derive(Clone, Debug, thiserror::Error)]
pub enum LayoutError {
    /// A file or folder could not be read or written.
    #[error("cannot {action} {}", path.display())]
    Io {
        /// What was to be done: `read`, `write`.
        action: &'static str,
        /// To what.
        path: PathBuf,
        /// Why not.
        source: Arc<io::Error>,
    },
    /// What is there is something else.
    #[error("{} is no {kind}: {reason}", path.display())]
    NotOne {
        /// What is there.
        path: PathBuf,
        /// What it was to be.
        kind: &'static str,
        /// What speaks against that.
        reason: String,
    },
    /// A file of it is damaged.
    #[error("{file} of {} is damaged: {reason}", path.display())]
    Damaged {
        /// The layout.
        path: PathBuf,
        /// The file in it.
        file: String,
        /// What is wrong.
        reason: String,
    },
    /// A file of it would lead out of the folder.
    #[error("{file} of {} is a link to something outside of it", path.display())]
    Outside {
        /// The layout.
        path: PathBuf,
        /// The file in it.
        file: String,
    },
    /// A file of it is larger than what is read.
    #[error("{file} of {} has more than the {limit} bytes that are read", path.display())]
    TooLarge {
        /// The layout.
        path: PathBuf,
        /// The file in it.
        file: String,
        /// The limit in bytes.
        limit: usize,
    },
    /// It has no such manifest or blob.
    #[error("{} has no {digest}", path.display())]
    NoBlob {
        /// The layout.
        path: PathBuf,
        /// What is missing.
        digest: Digest,
    },
    /// A blob has another size, or other content, than what leads to it says.
    #[error("{digest} of {} is damaged: {reason}", path.display())]
    Blob {
        /// The layout.
        path: PathBuf,
        /// The blob.
        digest: Digest,
        /// What is wrong.
        reason: String,
    },
    /// A manifest has the right digest, and is none that can be used.
    #[error("{digest} of {} cannot be used", path.display())]
    Manifest {
        /// The layout.
        path: PathBuf,
        /// The manifest.
        digest: Digest,
        /// Why not.
        source: Arc<ManifestError>,
    },
    /// It has nothing of that name.
    #[error("{} has no image named {name:?}{}", path.display(), among(found))]
    NoSuchName {
        /// The layout.
        path: PathBuf,
        /// What was asked for.
        name: String,
        /// The names that it has.
        found: Vec<String>,
    },
    /// It has several images, and none was named, or the name is that of several.
    #[error("{} has several images{}", path.display(), among(found))]
    Several {
        /// The layout.
        path: PathBuf,
        /// Their names, or their digests where they have none.
        found: Vec<String>,
    },
    /// It has more manifests than are looked at.
    #[error("{} has more than the {limit} manifests that are looked at", path.display())]
    TooMany {
        /// The layout.
        path: PathBuf,
        /// How many are looked at.
        limit: usize,
    },
    /// It has no images.
    #[error("{} has no images", path.display())]
    Empty {
        /// The layout.
        path: PathBuf,
    },
}

impl LayoutError {
    pub(crate) fn io(
        action: &'static str,
        path: impl Into<PathBuf>,
    ) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::Io {
            action,
            path,
            source: Arc::new(source),
        }
    }

    /// Returns what the user can do about it, in one sentence without a full stop.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        Some(match self {
            Self::NotOne { reason, .. } if reason.contains("gzip") => {
                "unpack the compression first: `gunzip`".to_owned()
            }
            Self::NoSuchName { found, .. } if found.is_empty() => {
                "name it by digest, or not at all where there is only one: its images have no names"
                    .to_owned()
            }
            Self::NoSuchName { .. } | Self::Several { .. } => {
                "name one of them behind the path: `:NAME`, or `@sha256:...`".to_owned()
            }
            Self::Damaged { .. } | Self::Blob { .. } | Self::NoBlob { .. } => {
                "write it again: it may have been changed, cut off, or saved without some platforms"
                    .to_owned()
            }
            _ => return None,
        })
    }
}

fn among(found: &[String]) -> String {
    let shown = found.iter().take(crate::limits::NAMES);
    let mut shown = shown.map(|name| format!("{name:?}")).collect::<Vec<_>>();
    if found.len() > shown.len() {
        shown.push(format!("{} more", found.len() - shown.len()));
    }
    if shown.is_empty() {
        String::new()
    } else {
        format!(": {}", shown.join(", "))
    }
}
