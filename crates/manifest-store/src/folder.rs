//! A draft's folder on disk, whether this program or Docker's CLI wrote it.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fs::{self, File, FileType, Metadata};
use std::io;
use std::path::Path;
use std::time::{Duration, SystemTime};

use manifest_core::{Digest, Entry, entry_json, parallel};

use crate::atomic::Capabilities;
use crate::error::StoreError;
use crate::file_bytes::read_to_end;
use crate::folder_id::FolderId;

/// The largest entry that is read, in bytes: a manifest of the maximum size (4 MiB) in base64, and again as JSON with every
/// character escaped, fit into 32 MiB.
const ENTRY_BYTES: u64 = 32 * 1024 * 1024;

/// The pause before a damaged file is read again: Docker's CLI empties a file before it writes it.
pub(crate) const SECOND_LOOK: Duration = Duration::from_millis(15);

/// The content of a draft's folder.
#[derive(Debug)]
pub(crate) struct Folder {
    pub(crate) id: FolderId,
    /// The entries as Docker counts them: everything in the folder, in byte order of the names.
    pub(crate) files: BTreeMap<String, EntryFile>,
    /// The time of the last change of the folder or one of its files.
    pub(crate) changed_at: SystemTime,
}

/// One file of the folder.
#[derive(Debug)]
pub(crate) struct EntryFile {
    /// The hash of the content, or `None` if it could not be read.
    pub(crate) content: Option<Digest>,
    pub(crate) entry: Result<Entry, StoreError>,
    /// Whether a file can be renamed over it.
    pub(crate) is_replaceable: bool,
    /// The time of the last change, if it could be read.
    pub(crate) changed_at: Option<SystemTime>,
}

impl Folder {
    /// Reads a folder, or returns `None` if there is none. Damaged files are results in `files`. They are read a second time after
    /// a pause.
    pub(crate) fn read(
        path: &Path,
        capabilities: Capabilities,
    ) -> Result<Option<Self>, StoreError> {
        Self::read_files(path, capabilities, EntryFile::read)
    }

    /// Reads a folder as [`Self::read`] does, but damaged files only once.
    pub(crate) fn read_once(
        path: &Path,
        capabilities: Capabilities,
    ) -> Result<Option<Self>, StoreError> {
        Self::read_files(path, capabilities, EntryFile::read_once)
    }

    fn read_files(
        path: &Path,
        capabilities: Capabilities,
        read_file: fn(&Path, &OsStr) -> Option<EntryFile>,
    ) -> Result<Option<Self>, StoreError> {
        let Some(metadata) = Self::metadata(path)? else {
            return Ok(None);
        };
        let failed = |error| StoreError::io("list the draft", path)(error);
        let listing = match fs::read_dir(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            listing => listing.map_err(failed)?,
        };
        let names = listing.map(|item| item.map(|item| item.file_name()));
        let names: Vec<OsString> = names.collect::<Result<_, _>>().map_err(failed)?;
        let files = parallel::map(&names, |name| {
            let file = read_file(path, name)?;
            Some((name.to_string_lossy().into_owned(), file))
        });
        let files: BTreeMap<String, EntryFile> = files.into_iter().flatten().collect();
        let own = metadata.modified().unwrap_or(SystemTime::UNIX_EPOCH);
        let changes = files.values().filter_map(|file| file.changed_at);
        Ok(Some(Self {
            id: capabilities.folder_id(&metadata),
            changed_at: changes.fold(own, SystemTime::max),
            files,
        }))
    }

    /// Returns the identity of the folder at this path, or `None` if there is none.
    pub(crate) fn identify(
        path: &Path,
        capabilities: Capabilities,
    ) -> Result<Option<FolderId>, StoreError> {
        let metadata = Self::metadata(path)?;
        Ok(metadata.map(|metadata| capabilities.folder_id(&metadata)))
    }

    fn metadata(path: &Path) -> Result<Option<Metadata>, StoreError> {
        match fs::symlink_metadata(path) {
            Ok(metadata) if metadata.is_dir() => Ok(Some(metadata)),
            Ok(metadata) => Err(StoreError::Foreign {
                path: path.to_owned(),
                list: None,
                found: kind(metadata.file_type()),
                expected: "the folder of a draft",
            }),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(StoreError::io("read the draft", path)(error)),
        }
    }
}

impl EntryFile {
    /// Reads a file, or returns `None` if it was removed since the folder was listed.
    fn read(folder: &Path, name: &OsStr) -> Option<Self> {
        let first = Self::read_once(folder, name)?;
        if !matches!(first.entry, Err(StoreError::DamagedEntry { .. })) {
            return Some(first);
        }
        std::thread::sleep(SECOND_LOOK);
        Self::read_once(folder, name)
    }

    fn read_once(folder: &Path, name: &OsStr) -> Option<Self> {
        let path = folder.join(name);
        let metadata = fs::symlink_metadata(&path);
        let changed_at = metadata
            .as_ref()
            .ok()
            .and_then(|metadata| metadata.modified().ok());
        let failed = |is_replaceable, error| {
            Some(Self {
                content: None,
                entry: Err(error),
                is_replaceable,
                changed_at,
            })
        };
        let foreign = |found| StoreError::Foreign {
            path: path.clone(),
            list: None,
            found,
            expected: "the file of a draft entry",
        };
        let length = match metadata {
            Ok(metadata) if !metadata.is_file() => {
                return failed(false, foreign(kind(metadata.file_type())));
            }
            Ok(_) if name.to_str().is_none() => {
                return failed(false, foreign("a file whose name is not UTF-8"));
            }
            Ok(metadata) if metadata.len() > ENTRY_BYTES => {
                return failed(true, foreign("a file of more than 32 MiB"));
            }
            Ok(metadata) => metadata.len(),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return None,
            Err(_) => 0,
        };
        let read = File::open(&path).and_then(|file| read_to_end(file, length, ENTRY_BYTES));
        let bytes = match read {
            Ok(bytes) => bytes,
            Err(error) => return failed(true, StoreError::io("read the entry", &path)(error)),
        };
        let damaged = |source| StoreError::DamagedEntry {
            path: path.clone(),
            list: None,
            source,
        };
        Some(Self {
            content: Some(Digest::sha256(&bytes)),
            entry: entry_json::decode(&bytes).map_err(damaged),
            is_replaceable: true,
            changed_at,
        })
    }
}

fn kind(file_type: FileType) -> &'static str {
    if file_type.is_symlink() {
        "a symbolic link"
    } else if file_type.is_dir() {
        "a folder"
    } else if file_type.is_file() {
        "a file"
    } else {
        "a device, pipe or socket"
    }
}
