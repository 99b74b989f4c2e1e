//! The lock of a store: one file, shared by readers, exclusive for a writer.
//!
//! It excludes this program from itself. Docker's CLI takes no lock.

use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Seek as _, Write as _};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use fs2::FileExt;
use rustix::io::Errno;

use crate::error::StoreError;

/// The default time limit for taking the lock. A change takes some milliseconds.
const LIMIT: Duration = Duration::from_secs(60);

/// The wait after which the user is told. Shorter waits are not worth a line on the terminal.
const NOTICE_AFTER: Duration = Duration::from_millis(500);

/// The first and the longest pause between two attempts.
const PAUSES: (Duration, Duration) = (Duration::from_millis(1), Duration::from_millis(16));

/// The maximum length of a process ID in the lock file, in bytes.
const HOLDER_BYTES: u64 = 20;

/// The time limit for the lock, and the callback for long waits.
#[derive(Clone)]
pub(crate) struct LockWait {
    pub(crate) limit: Duration,
    pub(crate) notice: Arc<dyn Fn(&Path) + Send + Sync>,
}

impl Default for LockWait {
    fn default() -> Self {
        Self {
            limit: LIMIT,
            notice: Arc::new(|_| ()),
        }
    }
}

/// The lock, held.
#[must_use = "the lock is held only as long as this lives"]
pub(crate) struct LockGuard {
    file: File,
    exclusive: bool,
}

impl LockGuard {
    /// Takes the lock for a writer. The lock's folder must exist.
    pub(crate) fn exclusive(path: &Path, wait: &LockWait) -> Result<Self, StoreError> {
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        let mut file = acquire(path, wait, &options, FileExt::try_lock_exclusive)?;
        // The ID serves only error messages: a full disk must not prevent the removal of a draft.
        let _ = file
            .set_len(0)
            .and_then(|()| file.rewind())
            .and_then(|()| file.write_all(std::process::id().to_string().as_bytes()));
        Ok(Self {
            file,
            exclusive: true,
        })
    }

    /// Takes the lock for a reader. Returns `None` if there is no lock file, or it may not be opened: no writer was here yet, or
    /// the folder is read-only.
    pub(crate) fn shared(path: &Path, wait: &LockWait) -> Result<Option<Self>, StoreError> {
        use io::ErrorKind::{NotADirectory, NotFound, PermissionDenied};
        match acquire(
            path,
            wait,
            OpenOptions::new().read(true),
            FileExt::try_lock_shared,
        ) {
            Ok(file) => Ok(Some(Self {
                file,
                exclusive: false,
            })),
            Err(StoreError::Io { source, .. })
                if matches!(source.kind(), NotFound | NotADirectory | PermissionDenied) =>
            {
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }
}

impl Drop for LockGuard {
    fn drop(&mut self) {
        if self.exclusive {
            let _ = self.file.set_len(0);
        }
        let _ = FileExt::unlock(&self.file);
    }
}

fn acquire(
    path: &Path,
    wait: &LockWait,
    options: &OpenOptions,
    attempt: impl Fn(&File) -> io::Result<()>,
) -> Result<File, StoreError> {
    let mut waited = Duration::ZERO;
    let mut pause = PAUSES.0;
    let mut told = false;
    loop {
        let file = options
            .open(path)
            .map_err(StoreError::io("open the lock", path))?;
        match attempt(&file) {
            // Removing the folder of drafts removes the lock with it, and a lock on a removed file guards nothing.
            Ok(()) if is_at(&file, path) => return Ok(file),
            Ok(()) => continue,
            // The file system has no locks: no lock is better than no drafts, and Docker's CLI never locks.
            Err(error) if is_unsupported(&error) => return Ok(file),
            Err(error) if is_contended(&error) => {}
            Err(error) => return Err(StoreError::io("lock", path)(error)),
        }
        if waited >= wait.limit {
            return Err(StoreError::LockTimeout {
                path: path.to_owned(),
                waited,
                holder: holder(path),
            });
        }
        if waited >= NOTICE_AFTER && !told {
            told = true;
            (wait.notice)(path);
        }
        std::thread::sleep(pause);
        waited += pause;
        pause = (pause * 2).min(PAUSES.1);
    }
}

fn is_contended(error: &io::Error) -> bool {
    error.raw_os_error() == fs2::lock_contended_error().raw_os_error()
        || error.kind() == io::ErrorKind::Interrupted
}

fn is_unsupported(error: &io::Error) -> bool {
    const NO_LOCKS: [Errno; 4] = [Errno::NOSYS, Errno::NOTSUP, Errno::OPNOTSUPP, Errno::NOLCK];
    error.kind() == io::ErrorKind::Unsupported
        || Errno::from_io_error(error).is_some_and(|errno| NO_LOCKS.contains(&errno))
}

fn is_at(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    let (Ok(held), Ok(there)) = (file.metadata(), std::fs::metadata(path)) else {
        return false;
    };
    (held.dev(), held.ino()) == (there.dev(), there.ino())
}

fn holder(path: &Path) -> Option<u32> {
    let mut text = String::new();
    File::open(path)
        .ok()?
        .take(HOLDER_BYTES)
        .read_to_string(&mut text)
        .ok()?;
    text.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU32, Ordering};

    #[test]
    fn readers_share_and_writers_exclude() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lock");
        let notices = Arc::new(AtomicU32::new(0));
        let counted = Arc::clone(&notices);
        let short = LockWait {
            limit: Duration::from_millis(600),
            notice: Arc::new(move |_| {
                counted.fetch_add(1, Ordering::Relaxed);
            }),
        };
        assert!(
            LockGuard::shared(&path, &short).unwrap().is_none(),
            "no writer was here yet"
        );

        let writer = LockGuard::exclusive(&path, &short).unwrap();
        let Err(error) = LockGuard::shared(&path, &short) else {
            panic!("a writer excludes readers")
        };
        assert!(error.is_busy() && !error.is_damaged());
        assert_eq!(error.path(), path);
        let process = std::process::id().to_string();
        assert!(error.to_string().contains(&process) && error.hint().unwrap().contains(&process));
        assert_eq!(notices.load(Ordering::Relaxed), 1, "waiting is said once");
        drop(writer);

        let one = LockGuard::shared(&path, &short).unwrap().unwrap();
        let two = LockGuard::shared(&path, &short).unwrap().unwrap();
        let none = LockWait {
            limit: Duration::ZERO,
            ..LockWait::default()
        };
        let Err(error) = LockGuard::exclusive(&path, &none) else {
            panic!("readers exclude a writer")
        };
        assert!(error.hint().unwrap().contains("reading"), "{error}");
        drop((one, two));
        drop(LockGuard::exclusive(&path, &none).unwrap());
    }

    #[test]
    fn a_lock_on_a_removed_file_is_taken_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lock");
        let old = LockGuard::exclusive(&path, &LockWait::default()).unwrap();
        std::fs::remove_file(&path).unwrap();
        let new = LockGuard::exclusive(&path, &LockWait::default()).unwrap();
        assert!(is_at(&new.file, &path) && !is_at(&old.file, &path));
    }
}
