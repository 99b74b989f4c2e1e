//! The journal's file: appending, shortening and reading.

use std::collections::BTreeSet;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::{FileExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use super::json::{self, Line, LineError};
use super::record::{JournalRecord, Replaced};
use crate::atomic;
use crate::error::StoreError;
use crate::limits::{JOURNAL_BYTES, JOURNAL_LOCK_WAIT, KEPT_BYTES, KEPT_RECORDS, READ_BYTES};
use crate::lock::{LockGuard, LockWait};
use crate::paths::StorePaths;

/// The journal of one configuration folder.
#[derive(Clone, Debug)]
pub struct Journal {
    paths: StorePaths,
    /// The size above which it is shortened, and the bytes and records that are kept then.
    bounds: (u64, usize, usize),
}

/// The result of an append.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Noted {
    /// The records were appended.
    Yes,
    /// This machine has no folder for a journal, and it cannot be created.
    NoFolder,
}

/// The content of the journal.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct JournalContent {
    /// The writes of tags, the newest first. Each write is one record, and writes that the registry refused are left out.
    pub records: Vec<JournalRecord>,
    /// The runs whose oldest records were dropped, because the journal had become too long.
    pub incomplete_runs: BTreeSet<String>,
    /// The number of lines that cannot be read.
    pub damaged: usize,
    /// The number of lines that another version of this program wrote.
    pub of_other_versions: usize,
}

impl Journal {
    pub(crate) fn new(paths: StorePaths) -> Self {
        Self {
            paths,
            bounds: (JOURNAL_BYTES, KEPT_BYTES, KEPT_RECORDS),
        }
    }

    /// Sets the size in bytes above which the journal is shortened, and the bytes and records that are kept then. For tests.
    #[doc(hidden)]
    #[must_use]
    pub fn with_bounds(self, limit: u64, kept_bytes: usize, kept_records: usize) -> Self {
        Self {
            bounds: (limit, kept_bytes, kept_records),
            ..self
        }
    }

    /// Returns the path of the journal.
    #[must_use]
    pub fn path(&self) -> PathBuf {
        self.paths.journal()
    }

    /// Appends records with one write, under a lock, and drops the oldest records if the journal has become too long.
    ///
    /// The journal's folder is created if needed, but not the folder that Docker's configuration folder is in: that is the home folder
    /// of a user who may have none. The records are not synced, so they survive the end of the process, and not always that of the
    /// system.
    ///
    /// # Errors
    /// Returns an error if the folder exists and the journal cannot be written, or if another process keeps the lock.
    pub fn append(&self, records: &[JournalRecord]) -> Result<Noted, StoreError> {
        if records.is_empty() {
            return Ok(Noted::Yes);
        }
        if !self.has_folder()? {
            return Ok(Noted::NoFolder);
        }
        let wait = LockWait {
            limit: JOURNAL_LOCK_WAIT,
            ..LockWait::default()
        };
        let _guard = LockGuard::exclusive(&self.paths.journal_lock(), &wait)?;
        let path = self.path();
        let lines = records.iter().flat_map(json::encode).collect();
        let length = append(&path, lines).map_err(StoreError::io("write the journal", &path))?;
        if length > self.bounds.0 {
            let shortened = self.shorten();
            shortened.map_err(StoreError::io("shorten the journal", &path))?;
        }
        Ok(Noted::Yes)
    }

    /// Tells whether the journal's folder exists, or could be created.
    fn has_folder(&self) -> Result<bool, StoreError> {
        use io::ErrorKind::{NotADirectory, NotFound, PermissionDenied, ReadOnlyFilesystem};
        let folder = self.paths.own();
        if folder.is_dir() {
            return Ok(true);
        }
        let above_config = self.paths.root().parent().and_then(Path::parent);
        // A relative path of one part is in the current folder, which exists.
        if above_config.is_some_and(|above| above != Path::new("") && !above.is_dir()) {
            return Ok(false);
        }
        match atomic::make_folders(&folder) {
            Ok(()) => Ok(true),
            Err(error)
                if matches!(
                    error.kind(),
                    NotADirectory | NotFound | PermissionDenied | ReadOnlyFilesystem
                ) =>
            {
                Ok(false)
            }
            Err(error) => Err(StoreError::io("create the folder", &folder)(error)),
        }
    }

    /// Drops the oldest records, and those that later ones replace. Needs the lock.
    fn shorten(&self) -> io::Result<()> {
        let (path, staged) = (self.path(), self.paths.staged_journal());
        let bytes = read_end(&path, READ_BYTES)?.unwrap_or_default();
        let text = self.shortened(&bytes);
        // A killed process may have left one.
        let _ = atomic::remove_all(&staged);
        atomic::write_new(&staged, &text)?;
        fs::rename(&staged, &path)?;
        atomic::sync_folder(&self.paths.own())
    }

    /// Returns the lines to keep, after one for each run whose older records are dropped.
    fn shortened(&self, bytes: &[u8]) -> Vec<u8> {
        let (_, kept_bytes, kept_records) = self.bounds;
        let (mut kept, mut length) = (Vec::new(), 0);
        let (mut kept_runs, mut cut_runs) = (BTreeSet::new(), BTreeSet::new());
        let mut replaced = Replaced::default();
        let mut is_full = false;
        for line in lines(bytes).rev() {
            let run = match json::decode(line) {
                Ok(Line::Record(record)) if replaced.is_current(&record) => Some(record.run),
                Ok(Line::Record(_)) | Err(LineError::Damaged) => continue,
                Ok(Line::Incomplete(run)) => {
                    cut_runs.insert(run);
                    continue;
                }
                // The program of another version may still read it.
                Err(LineError::Version) => None,
            };
            length += line.len() + 1;
            is_full |= length > kept_bytes || kept.len() == kept_records;
            if is_full {
                cut_runs.extend(run);
            } else {
                kept.push(line);
                kept_runs.extend(run);
            }
        }
        let incomplete = cut_runs.intersection(&kept_runs);
        let mut text: Vec<u8> = incomplete
            .flat_map(|run| json::encode_incomplete(run))
            .collect();
        for line in kept.into_iter().rev() {
            text.extend_from_slice(line);
            text.push(b'\n');
        }
        text
    }

    /// Reads the journal. One that does not exist is empty.
    ///
    /// # Errors
    /// Returns an error if there is a journal that cannot be read. Single lines that cannot be read are counted.
    pub fn read(&self) -> Result<JournalContent, StoreError> {
        let path = self.path();
        let bytes =
            read_end(&path, READ_BYTES).map_err(StoreError::io("read the journal", &path))?;
        let bytes = bytes.unwrap_or_default();
        let mut content = JournalContent::default();
        let mut replaced = Replaced::default();
        // Without a line break at its end, the last line may still be written.
        let mut may_be_torn = !bytes.ends_with(b"\n");
        for line in lines(&bytes).rev() {
            match json::decode(line) {
                Ok(Line::Record(record)) if replaced.is_current(&record) => {
                    content.records.push(*record);
                }
                Ok(Line::Record(_)) => {}
                Ok(Line::Incomplete(run)) => {
                    content.incomplete_runs.insert(run);
                }
                Err(LineError::Version) => content.of_other_versions += 1,
                Err(LineError::Damaged) if may_be_torn => {}
                Err(LineError::Damaged) => content.damaged += 1,
            }
            may_be_torn = false;
        }
        Ok(content)
    }
}

/// Appends lines to a file, and returns its length. A last line that was cut off is ended first.
fn append(path: &Path, lines: Vec<u8>) -> io::Result<u64> {
    // Readable as well, because opening a pipe for writing alone would wait for its reader.
    let mut file = OpenOptions::new()
        .read(true)
        .append(true)
        .create(true)
        .mode(atomic::FILE_MODE)
        .open(path)?;
    let metadata = file.metadata()?;
    if !metadata.is_file() {
        return Err(not_a_file());
    }
    let length = metadata.len();
    let mut bytes = Vec::new();
    if length > 0 {
        let mut last = [0];
        file.read_exact_at(&mut last, length - 1)?;
        if last != *b"\n" {
            bytes.push(b'\n');
        }
    }
    bytes.extend(lines);
    if let Err(error) = file.write_all(&bytes) {
        // A full disk may have taken a part.
        let _ = file.set_len(length);
        return Err(error);
    }
    Ok(length + bytes.len() as u64)
}

/// Reads the last `limit` bytes of a file, from the start of a line on. Returns `None` if there is no file.
fn read_end(path: &Path, limit: u64) -> io::Result<Option<Vec<u8>>> {
    use io::ErrorKind::{NotADirectory, NotFound};
    match fs::metadata(path) {
        Ok(metadata) if metadata.is_file() => {}
        Ok(_) => return Err(not_a_file()),
        Err(error) if matches!(error.kind(), NotFound | NotADirectory) => return Ok(None),
        Err(error) => return Err(error),
    }
    let mut file = File::open(path)?;
    let length = file.metadata()?.len();
    let start = length.saturating_sub(limit);
    file.seek(SeekFrom::Start(start))?;
    let mut bytes = Vec::new();
    file.take(limit).read_to_end(&mut bytes)?;
    if start > 0 {
        let first = bytes.iter().position(|byte| *byte == b'\n');
        bytes.drain(..first.map_or(bytes.len(), |first| first + 1));
    }
    Ok(Some(bytes))
}

fn lines(bytes: &[u8]) -> impl DoubleEndedIterator<Item = &[u8]> {
    let lines = bytes.split(|byte| *byte == b'\n');
    lines.filter(|line| !line.is_empty())
}

fn not_a_file() -> io::Error {
    io::Error::other("something that is not a file is in its place")
}

#[cfg(test)]
mod tests;
