//! Errors of images on disk, and their hints.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use manifest_core::{Digest, ManifestError};

/// The reason why a text is not a location on disk.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LocationError {
    /// It has no path.
    #[error("{0:?} has no path")]
    NoPath(String),
    /// The path has a colon, and would be parsed as path and name.
    #[error("{} cannot be used: a colon in the path would start the image's name", .0.display())]
    Colon(PathBuf),
    /// The path is not text.
    #[error("{} is not UTF-8", .0.display())]
    NotText(PathBuf),
}

/// The reason why an image on disk cannot be read or written.
#[derive(Clone, Debug, thiserror::Error)]
pub enum LayoutError {
    /// A file or folder could not be read or written.
    #[error("cannot {action} {}", path.display())]
    Io {
        /// The operation: `read`, `write`.
        action: &'static str,
        /// Its path.
        path: PathBuf,
        /// The operating system's error.
        source: Arc<io::Error>,
    },
    /// The path is something else.
    #[error("{} is not an {kind}: {reason}", path.display())]
    NotOne {
        /// The path.
        path: PathBuf,
        /// The expected kind.
        kind: &'static str,
        /// The reason why it is not of that kind.
        reason: String,
    },
    /// A file of the layout is damaged.
    #[error("{file} in {} is damaged: {reason}", path.display())]
    Damaged {
        /// The layout.
        path: PathBuf,
        /// The file in it.
        file: String,
        /// The reason.
        reason: String,
    },
    /// A file of the layout is a link that leads out of the folder.
    #[error("{file} in {} is a link that leads out of it", path.display())]
    Outside {
        /// The layout.
        path: PathBuf,
        /// The file in it.
        file: String,
    },
    /// A file of the layout is larger than the limit.
    #[error("{file} in {} is larger than the limit of {limit} bytes", path.display())]
    TooLarge {
        /// The layout.
        path: PathBuf,
        /// The file in it.
        file: String,
        /// The limit in bytes.
        limit: usize,
    },
    /// The layout does not have this manifest or blob.
    #[error("{} has no {digest}", path.display())]
    NoBlob {
        /// The layout.
        path: PathBuf,
        /// The missing digest.
        digest: Digest,
    },
    /// A blob's size or content contradicts its descriptor.
    #[error("{digest} in {} is damaged: {reason}", path.display())]
    Blob {
        /// The layout.
        path: PathBuf,
        /// The blob.
        digest: Digest,
        /// The reason.
        reason: String,
    },
    /// A manifest has the right digest, but cannot be used.
    #[error("{digest} in {} cannot be used", path.display())]
    Manifest {
        /// The layout.
        path: PathBuf,
        /// The manifest.
        digest: Digest,
        /// The reason.
        source: Arc<ManifestError>,
    },
    /// The layout has no image of that name.
    #[error("{} has no image named {name:?}{}", path.display(), among(found))]
    NoSuchName {
        /// The layout.
        path: PathBuf,
        /// The requested name.
        name: String,
        /// The names in the layout.
        found: Vec<String>,
    },
    /// The layout has several images, and none was named, or several have the name.
    #[error("{} has several images{}", path.display(), among(found))]
    Several {
        /// The layout.
        path: PathBuf,
        /// Their names, or their digests if they have no names.
        found: Vec<String>,
    },
    /// The layout has more manifests than the limit.
    #[error("{} has more manifests than the limit of {limit}", path.display())]
    TooMany {
        /// The layout.
        path: PathBuf,
        /// The limit.
        limit: usize,
    },
    /// The layout has no images.
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

    /// Returns a hint for the user, one sentence without a full stop.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        Some(match self {
            Self::NotOne { reason, .. } if reason.contains("gzip") => {
                "decompress it first with `gunzip`".to_owned()
            }
            Self::NoSuchName { found, .. } if found.is_empty() => {
                "its images have no names: name one by digest, or none if there is only one"
                    .to_owned()
            }
            Self::NoSuchName { .. } | Self::Several { .. } => {
                "name one of them after the path: `:NAME`, or `@sha256:...`".to_owned()
            }
            Self::Damaged { .. } | Self::Blob { .. } | Self::NoBlob { .. } => {
                "write it again: it may have been changed, truncated, or saved without some platforms"
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
