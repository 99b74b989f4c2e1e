//! One folder of the cache, with its limits.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::SystemTime;

/// The limits of one folder.
#[derive(Clone, Copy, Debug)]
pub(super) struct FolderLimits {
    pub(super) files: usize,
    /// In all files.
    pub(super) bytes: u64,
}

/// The age at which a temporary file counts as abandoned and is removed, in seconds.
const ABANDONED_AFTER: u64 = 60 * 60;

/// The prefix of a temporary file's name.
pub(super) const TEMPORARY_PREFIX: &str = ".new-";

/// A folder of files of one kind, the oldest of which are evicted for new ones.
#[derive(Debug)]
pub(super) struct CacheFolder {
    pub(super) path: PathBuf,
    limits: FolderLimits,
    now: u64,
    /// The room that is left before the folder has to be listed again; `None` before it was listed first.
    room: Mutex<Option<FolderLimits>>,
    /// Numbers the temporary files of this process.
    pub(super) made: AtomicU64,
}

impl CacheFolder {
    pub(super) fn open(path: &Path, limits: FolderLimits, now: u64) -> Option<Self> {
        own_folder(path).ok()?;
        Some(Self {
            path: path.to_owned(),
            limits,
            now,
            room: Mutex::new(None),
            made: AtomicU64::new(0),
        })
    }

    pub(super) fn read(&self, name: &str, limit: usize) -> Option<Vec<u8>> {
        let file = File::open(self.path.join(name)).ok()?;
        let mut bytes = Vec::new();
        file.take(limit as u64 + 1).read_to_end(&mut bytes).ok()?;
        (bytes.len() <= limit).then_some(bytes)
    }

    pub(super) fn write(&self, name: &str, bytes: &[u8]) {
        let number = self.made.fetch_add(1, Ordering::Relaxed);
        let temporary = format!("{TEMPORARY_PREFIX}{}-{number}", std::process::id());
        let temporary = self.path.join(temporary);
        let written = self.make_room(bytes.len() as u64).and_then(|()| {
            write_new(&temporary, bytes)?;
            fs::rename(&temporary, self.path.join(name))
        });
        if written.is_err() {
            let _ = fs::remove_file(&temporary);
        }
    }

    pub(super) fn remove(&self, name: &str) {
        let _ = fs::remove_file(self.path.join(name));
    }

    /// Evicts the oldest files until one more of this size fits. Files that other runs write meanwhile are counted by the next run.
    fn make_room(&self, bytes: u64) -> io::Result<()> {
        if bytes > self.limits.bytes {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        let mut room = self.room.lock().unwrap_or_else(PoisonError::into_inner);
        let left = room.take().filter(|left| fits(*left, bytes));
        let left = match left {
            Some(left) => left,
            None => self.evict(bytes)?,
        };
        *room = Some(FolderLimits {
            files: left.files.saturating_sub(1),
            bytes: left.bytes.saturating_sub(bytes),
        });
        Ok(())
    }

    /// Evicts the files over the limits. If `bytes` do not fit, it evicts another quarter, so that not every write evicts. Returns the
    /// room that is left.
    fn evict(&self, bytes: u64) -> io::Result<FolderLimits> {
        let mut files = self.files()?;
        files.sort();
        let taken: u64 = files.iter().map(|(_, bytes, _)| bytes).sum();
        let left = |count, sum| FolderLimits {
            files: self.limits.files.saturating_sub(count),
            bytes: self.limits.bytes.saturating_sub(sum),
        };
        if fits(left(files.len(), taken), bytes) {
            return Ok(left(files.len(), taken));
        }
        let wanted = FolderLimits {
            files: self.limits.files / 4,
            bytes: bytes.max(self.limits.bytes / 4),
        };
        let (mut count, mut sum) = (files.len(), taken);
        for (_, bytes, path) in files {
            if count + wanted.files <= self.limits.files && sum + wanted.bytes <= self.limits.bytes
            {
                break;
            }
            match fs::remove_file(path) {
                // Another run may evict files, too.
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
            (count, sum) = (count - 1, sum - bytes);
        }
        Ok(left(count, sum))
    }

    /// Returns all files, with the time at which each was written and its size. Removes abandoned temporary files.
    pub(super) fn files(&self) -> io::Result<Vec<(SystemTime, u64, PathBuf)>> {
        let mut files = Vec::new();
        for entry in fs::read_dir(&self.path)? {
            let entry = entry?;
            // Another run may have evicted it.
            let Ok(metadata) = entry.metadata() else {
                continue;
            };
            let is_temporary = entry
                .file_name()
                .to_string_lossy()
                .starts_with(TEMPORARY_PREFIX);
            let age = self
                .now
                .saturating_sub(u64::try_from(metadata.mtime()).unwrap_or_default());
            if is_temporary && age > ABANDONED_AFTER {
                let _ = fs::remove_file(entry.path());
            } else if metadata.is_file() {
                files.push((metadata.modified()?, metadata.len(), entry.path()));
            }
        }
        Ok(files)
    }
}

fn fits(room: FolderLimits, bytes: u64) -> bool {
    room.files > 0 && room.bytes >= bytes
}

fn write_new(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut options = OpenOptions::new();
    let mut file = options
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)?;
    file.write_all(bytes)
}

/// Creates a folder for this user alone.
///
/// # Errors
/// Fails if there is something else, or another user could write to it.
pub(super) fn own_folder(path: &Path) -> io::Result<()> {
    match DirBuilder::new().recursive(true).mode(0o700).create(path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
        _ => {}
    }
    let metadata = fs::symlink_metadata(path)?;
    let is_own = metadata.is_dir()
        && metadata.uid() == rustix::process::geteuid().as_raw()
        && metadata.mode() & 0o022 == 0;
    if is_own {
        Ok(())
    } else {
        Err(io::ErrorKind::PermissionDenied.into())
    }
}
