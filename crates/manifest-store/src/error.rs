//! What can go wrong with drafts on disk, and what to do about it.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use manifest_core::Reference;
use manifest_core::entry_json::EntryError;

/// Why a draft could not be read or changed. Each error names the path that it is about.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The operating system refused.
    #[error("cannot {action} {path}")]
    Io {
        /// What was being done, as a verb: `read`, `write the entry`.
        action: &'static str,
        /// Where.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// A file in a draft's folder is no entry.
    #[error("invalid manifest file {path}")]
    DamagedEntry {
        /// The file.
        path: PathBuf,
        /// The draft that it is in, where that is known.
        list: Option<Box<Reference>>,
        /// What is wrong with it.
        source: EntryError,
    },
    /// Something that no draft has stands in a draft's folder, or in its place.
    #[error("{path} is {found}, not {expected}")]
    Foreign {
        /// The path.
        path: PathBuf,
        /// The draft that it is in, where that is known.
        list: Option<Box<Reference>>,
        /// What it is: `a folder`, `a symbolic link`.
        found: &'static str,
        /// What it should be: `a draft entry`, `a draft's folder`.
        expected: &'static str,
    },
    /// A newer version of this program wrote the file beside the draft.
    #[error(
        "{path} was written by a newer version of this program (its format is {version}, this one mentions {known})"
    )]
    UnknownVersion {
        /// The file of extras.
        path: PathBuf,
        /// The version that it states.
        version: u64,
        /// The newest version that this program knows.
        known: u64,
    },
    /// Another process kept the lock for longer than was to be waited.
    #[error("waited {} s for the lock {path}{}", waited.as_secs(), holder_text(*holder))]
    LockTimeout {
        /// The lock file.
        path: PathBuf,
        /// How long was waited.
        waited: Duration,
        /// The process that wrote its number into the lock file, if one did.
        holder: Option<u32>,
    },
    /// Another program, which takes no lock, made this draft while this one was about to.
    #[error("another program made {path} at the same moment")]
    Interference {
        /// The draft's folder.
        path: PathBuf,
    },
}

fn holder_text(holder: Option<u32>) -> String {
    holder
        .map(|process| format!(", which process {process} took"))
        .unwrap_or_default()
}

impl StoreError {
    /// Makes the closure that turns an I/O error into this type, for `map_err`.
    pub(crate) fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self + use<> {
        let path = path.to_owned();
        move |source| Self::Io {
            action,
            path,
            source,
        }
    }

    /// Names the draft that the file is in, so that the hint can.
    pub(crate) fn in_list(mut self, of: Option<&Reference>) -> Self {
        if let Self::DamagedEntry { list, .. } | Self::Foreign { list, .. } = &mut self {
            *list = of.cloned().map(Box::new);
        }
        self
    }

    /// Returns the path that the error is about.
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

    /// Tells whether a draft's content is at fault, rather than the machine: removing the draft helps.
    #[must_use]
    pub fn is_damaged(&self) -> bool {
        matches!(self, Self::DamagedEntry { .. } | Self::Foreign { .. })
    }

    /// Tells whether another process was in the way, so that trying again later may help.
    #[must_use]
    pub fn is_busy(&self) -> bool {
        matches!(self, Self::LockTimeout { .. } | Self::Interference { .. })
    }

    /// Tells whether the folder cannot be written by this user.
    #[must_use]
    pub fn is_read_only(&self) -> bool {
        use io::ErrorKind::{PermissionDenied, ReadOnlyFilesystem};
        matches!(self, Self::Io { source, .. }
            if matches!(source.kind(), PermissionDenied | ReadOnlyFilesystem))
    }

    /// Returns what a person can do about it, where there is something.
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
                "upgrade this program, or remove {}: the draft stays, what is noted beside it is lost",
                path.display()
            )),
            Self::LockTimeout { holder, .. } => Some(match holder {
                Some(process) => {
                    format!(
                        "see whether process {process} still runs, and try again when it is done"
                    )
                }
                None => {
                    "another docker-manifest is reading drafts: try again when it is done".into()
                }
            }),
            Self::Interference { .. } => Some("run the command again".into()),
        }
    }
}
