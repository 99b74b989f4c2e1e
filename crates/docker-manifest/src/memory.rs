//! What is remembered from one run to the next, as files in the user's cache folder.
//!
//! ```text
//! ~/.cache/docker-manifest/     0700
//!   challenges/NAME             which token server a registry named; NAME is the SHA-256 of its host
//!   content/NAME                a manifest or configuration; NAME is the SHA-256 of its repository and digest
//! ```
//!
//! Each file (0600) is written beside its place and renamed, so that several runs at once do not see halves. Content is written
//! by a thread of its own, beside the work; a run ends once all is written, and one that is killed leaves out the rest. Nothing
//! here is locked or synced, and nothing that fails is said: the registry has it all. No login is ever in it, nor a token.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::SystemTime;

use manifest_core::Digest;
use manifest_core::reference::Repository;
use manifest_registry::{Cache, limits};
use serde::{Deserialize, Serialize};

use clerk::Clerk;

mod clerk;

/// How long a challenge is good for, in seconds. A login goes where it says, so that it must not outlive a registry for long.
const CHALLENGE_LIFE: u64 = 7 * 24 * 60 * 60;

/// How old a challenge gets before it is written again, in seconds.
const CHALLENGE_REFRESH: u64 = 24 * 60 * 60;

/// How large the file of a challenge is at most, in bytes.
const CHALLENGE_BYTES: usize = 8 * 1024;

/// The most that is kept in one folder: files, and bytes in all.
#[derive(Clone, Copy, Debug)]
struct Bounds {
    files: usize,
    bytes: u64,
}

const CHALLENGES: Bounds = Bounds {
    files: 256,
    bytes: 256 * CHALLENGE_BYTES as u64,
};

/// What a few thousand images need.
const CONTENT: Bounds = Bounds {
    files: 8192,
    bytes: 64 * 1024 * 1024,
};

/// How old what was never finished is before it is taken away, in seconds.
const ABANDONED: u64 = 60 * 60;

/// How the name of an unfinished file begins.
const UNFINISHED: &str = ".new-";

/// The memory in one folder.
#[derive(Debug)]
pub struct Remembered {
    challenges: Drawer,
    content: Clerk,
    now: u64,
}

/// A challenge as it is on disk.
#[derive(Debug, Serialize, Deserialize)]
struct ChallengeFile {
    host: String,
    challenge: String,
    /// When the registry sent it, in seconds since 1970.
    at: u64,
}

impl Remembered {
    /// Returns the memory in a folder, which is made. `now` is in seconds since 1970. Nothing where the folder cannot be, or others
    /// than this user could write to it.
    #[must_use]
    pub fn open(folder: &Path, now: u64) -> Option<Self> {
        let drawer = |name: &str, bounds| Drawer::open(&folder.join(name), bounds, now);
        own_folder(folder).ok()?;
        Some(Self {
            challenges: drawer("challenges", CHALLENGES)?,
            content: Clerk::new(drawer("content", CONTENT)?),
            now,
        })
    }

    fn challenge_file(&self, host: &str) -> Option<ChallengeFile> {
        let bytes = self.challenges.read(&name(host), CHALLENGE_BYTES)?;
        let file: ChallengeFile = serde_json::from_slice(&bytes).ok()?;
        // One from the future may be of any age.
        (file.host == host && file.at <= self.now).then_some(file)
    }
}

impl Cache for Remembered {
    fn challenge(&self, host: &str) -> Option<String> {
        let file = self.challenge_file(host)?;
        (self.now - file.at < CHALLENGE_LIFE).then_some(file.challenge)
    }

    fn put_challenge(&self, host: &str, challenge: Option<&str>) {
        let Some(challenge) = challenge else {
            return self.challenges.remove(&name(host));
        };
        let is_known = self.challenge_file(host).is_some_and(|file| {
            file.challenge == challenge && self.now - file.at < CHALLENGE_REFRESH
        });
        let file = ChallengeFile {
            host: host.to_owned(),
            challenge: challenge.to_owned(),
            at: self.now,
        };
        if !is_known && let Ok(bytes) = serde_json::to_vec(&file) {
            self.challenges.write(&name(host), &bytes);
        }
    }

    fn content(&self, repository: &Repository, digest: &Digest) -> Option<Vec<u8>> {
        let name = name(&format!("{repository}@{digest}"));
        self.content.read(&name, limits::CACHED_BYTES)
    }

    fn put_content(&self, repository: &Repository, digest: &Digest, bytes: &[u8]) {
        self.content
            .write(name(&format!("{repository}@{digest}")), bytes);
    }
}

/// Returns the name of the file for something.
fn name(key: &str) -> String {
    Digest::sha256(key.as_bytes()).hex().to_owned()
}

/// Files of one kind, the oldest of which make room for new ones.
#[derive(Debug)]
struct Drawer {
    folder: PathBuf,
    bounds: Bounds,
    now: u64,
    /// What may still be added before it has to be looked whether there is room; nothing before that was done first.
    room: Mutex<Option<Bounds>>,
    /// Numbers the unfinished files of this process.
    made: AtomicU64,
}

impl Drawer {
    fn open(folder: &Path, bounds: Bounds, now: u64) -> Option<Self> {
        own_folder(folder).ok()?;
        Some(Self {
            folder: folder.to_owned(),
            bounds,
            now,
            room: Mutex::new(None),
            made: AtomicU64::new(0),
        })
    }

    fn read(&self, name: &str, limit: usize) -> Option<Vec<u8>> {
        let file = File::open(self.folder.join(name)).ok()?;
        let mut bytes = Vec::new();
        file.take(limit as u64 + 1).read_to_end(&mut bytes).ok()?;
        (bytes.len() <= limit).then_some(bytes)
    }

    fn write(&self, name: &str, bytes: &[u8]) {
        let number = self.made.fetch_add(1, Ordering::Relaxed);
        let unfinished = format!("{UNFINISHED}{}-{number}", std::process::id());
        let unfinished = self.folder.join(unfinished);
        let written = self.make_room(bytes.len() as u64).and_then(|()| {
            write_new(&unfinished, bytes)?;
            fs::rename(&unfinished, self.folder.join(name))
        });
        if written.is_err() {
            let _ = fs::remove_file(&unfinished);
        }
    }

    fn remove(&self, name: &str) {
        let _ = fs::remove_file(self.folder.join(name));
    }

    /// Takes the oldest files away until one more of so many bytes fits. What other runs write meanwhile is found by the
    /// next run.
    fn make_room(&self, bytes: u64) -> io::Result<()> {
        if bytes > self.bounds.bytes {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        let mut room = self.room.lock().unwrap_or_else(PoisonError::into_inner);
        let left = room.take().filter(|left| fits(*left, bytes));
        let left = match left {
            Some(left) => left,
            None => self.clear(bytes)?,
        };
        *room = Some(Bounds {
            files: left.files.saturating_sub(1),
            bytes: left.bytes.saturating_sub(bytes),
        });
        Ok(())
    }

    /// Takes away what is over the bounds, and where there is no room for `bytes` a quarter more, so that this is not done
    /// for each file. Returns what may be added.
    fn clear(&self, bytes: u64) -> io::Result<Bounds> {
        let mut files = self.files()?;
        files.sort();
        let taken: u64 = files.iter().map(|(_, bytes, _)| bytes).sum();
        let left = |count, sum| Bounds {
            files: self.bounds.files.saturating_sub(count),
            bytes: self.bounds.bytes.saturating_sub(sum),
        };
        if fits(left(files.len(), taken), bytes) {
            return Ok(left(files.len(), taken));
        }
        let wanted = Bounds {
            files: self.bounds.files / 4,
            bytes: bytes.max(self.bounds.bytes / 4),
        };
        let (mut count, mut sum) = (files.len(), taken);
        for (_, bytes, path) in files {
            if count + wanted.files <= self.bounds.files && sum + wanted.bytes <= self.bounds.bytes
            {
                break;
            }
            match fs::remove_file(path) {
                // Another run makes room, too.
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
            (count, sum) = (count - 1, sum - bytes);
        }
        Ok(left(count, sum))
    }

    /// Returns all files, with the time at which each was written, and its bytes. Takes away what was never finished.
    fn files(&self) -> io::Result<Vec<(SystemTime, u64, PathBuf)>> {
        let mut files = Vec::new();
        for entry in fs::read_dir(&self.folder)? {
            let entry = entry?;
            // Another run may have taken it away.
            let Ok(metadata) = entry.metadata() else {
                continue;
            };
            let is_unfinished = entry.file_name().to_string_lossy().starts_with(UNFINISHED);
            let age = self
                .now
                .saturating_sub(u64::try_from(metadata.mtime()).unwrap_or_default());
            if is_unfinished && age > ABANDONED {
                let _ = fs::remove_file(entry.path());
            } else if metadata.is_file() {
                files.push((metadata.modified()?, metadata.len(), entry.path()));
            }
        }
        Ok(files)
    }
}

fn fits(room: Bounds, bytes: u64) -> bool {
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

/// Makes a folder for this user alone, or fails where there is something else, or another user could write to it.
fn own_folder(path: &Path) -> io::Result<()> {
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

#[cfg(test)]
mod tests;
