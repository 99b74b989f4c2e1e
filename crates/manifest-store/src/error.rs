//! Errors of drafts on disk, and their hints.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use manifest_core::Reference;
use manifest_core::entry_json::EntryError;

/// The reason why a draft could not be read or changed. Each error names its path.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The operating system reported an error.
    #[error("cannot {action} {path}")]
    Io {
        /// The failed operation, as a verb: `read`, `write the entry`.
        action: &'static str,
        /// The path of the operation.
        path: PathBuf,
        /// The operating system's error.
        source: io::Error,
    },
    /// A file in a draft's folder is not a draft entry.
    #[error("invalid manifest file {path}")]
    DamagedEntry {
        /// The file.
        path: PathBuf,
        /// The draft of the file, if known.
        list: Option<Box<Reference>>,
        /// The reason.
        source: EntryError,
    },
    /// Something unexpected is in a draft's folder, or in its place.
    #[error("{path} is {found}, not {expected}")]
    Foreign {
        /// The path.
        path: PathBuf,
        /// The draft of the path, if known.
        list: Option<Box<Reference>>,
        /// The kind of the path: `a folder`, `a symbolic link`.
        found: &'static str,
        /// The expected kind: `a draft entry`, `a draft's folder`.
        expected: &'static str,
    },
    /// A newer version of this program wrote the draft's sidecar.
    #[error(
        "{path} was written by a newer version of this program (its format is {version}, this program supports up to {known})"
    )]
    UnknownVersion {
        /// The sidecar.
        path: PathBuf,
        /// The version of its format.
        version: u64,
        /// The newest version that this program knows.
        known: u64,
    },
    /// Another process kept the lock for longer than the time limit.
    #[error("timed out after {} s waiting for the lock {path}{}", waited.as_secs(), holder_text(*holder))]
    LockTimeout {
        /// The lock file.
        path: PathBuf,
        /// The time spent waiting.
        waited: Duration,
        /// The process that wrote its ID into the lock file, if any.
        holder: Option<u32>,
    },
    /// Another program, which takes no lock, created this draft at the same time.
    #[error("another program created {path} at the same time")]
    Interference {
        /// The draft's folder.
        path: PathBuf,
    },
}

fn holder_text(holder: Option<u32>) -> String {
    holder
        .map(|process| format!(", held by process {process}"))
        .unwrap_or_default()
}

impl StoreError {
    /// Returns a closure for `map_err` that converts an I/O error.
    pub(crate) fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self + use<> {
        let path = path.to_owned();
        move |source| Self::Io {
            action,
            path,
            source,
        }
    }

    /// Adds the draft of the file, for the hint.
    pub(crate) fn in_list(mut self, of: Option<&Reference>) -> Self {
        if let Self::DamagedEntry { list, .. } | Self::Foreign { list, .. } = &mut self {
            *list = of.cloned().map(Box::new);
        }
        self
    }

    /// Returns the path of the error.
    #[must_use]
    pub fn path(&self) -> &Path {
        match self {
            Self::Io { path, .. }
            | Self::DamagedEntry { path, .. }
            | Self::Foreign { path, .. }
            | Self::UnknownVersion { path, .. }
            | Self::LockTimeout { path, .. }
            | Self::Interference { path } => path,
        }
    }

    /// Tells whether a draft's content is at fault, not the machine: removing the draft helps.
    #[must_use]
    pub fn is_damaged(&self) -> bool {
        matches!(self, Self::DamagedEntry { .. } | Self::Foreign { .. })
    }

    /// Tells whether another process was in the way: trying again later may help.
    #[must_use]
    pub fn is_busy(&self) -> bool {
        matches!(self, Self::LockTimeout { .. } | Self::Interference { .. })
    }

    /// Tells whether this user cannot write the folder.
    #[must_use]
    pub fn is_read_only(&self) -> bool {
        use io::ErrorKind::{PermissionDenied, ReadOnlyFilesystem};
        matches!(self, Self::Io { source, .. }
            if matches!(source.kind(), PermissionDenied | ReadOnlyFilesystem))
    }

    /// Returns a hint for the user, if there is one.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        const ELSEWHERE: &str = "set DOCKER_CONFIG or --config to a folder that can be written";
        match self {
            Self::Io { source, path, .. } => match source.kind() {
                io::ErrorKind::ReadOnlyFilesystem => {
                    Some(format!("the file system is read-only: {ELSEWHERE}"))
                }
                io::ErrorKind::PermissionDenied => {
                    Some(format!("check who owns {}, or {ELSEWHERE}", path.display()))
                }
                io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
                    Some(format!("the disk is full: free some space, or {ELSEWHERE}"))
                }
                io::ErrorKind::NotADirectory | io::ErrorKind::AlreadyExists => Some(format!(
                    "something that is not a folder is in the way: move it, or {ELSEWHERE}"
                )),
                _ => None,
            },
            Self::DamagedEntry { path, list, .. } | Self::Foreign { path, list, .. } => {
                Some(match list {
                    Some(list) => format!(
                        "remove the draft (docker-manifest rm {list}), or only {}",
                        path.display()
                    ),
                    None => format!("remove {}", path.display()),
                })
            }
            Self::UnknownVersion { path, .. } => Some(format!(
                "upgrade this program, or remove {}: the draft stays, but its order, origins and settings are lost",
                path.display()
            )),
            Self::LockTimeout { holder, .. } => Some(match holder {
                Some(process) => {
                    format!("try again when process {process} has ended")
                }
                None => {
                    "another docker-manifest is reading drafts: try again when it is done".into()
                }
            }),
            Self::Interference { .. } => Some("run the command again".into()),
        }
    }
}
