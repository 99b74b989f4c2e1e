//! Synced writes and atomic renames, the building blocks of a change.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::Path;
use std::time::UNIX_EPOCH;

use rustix::fs::{CWD, RenameFlags, renameat_with};
use rustix::io::Errno;

use crate::folder_id::FolderId;

/// Docker's file modes, before the umask.
const FOLDER_MODE: u32 = 0o755;
pub(crate) const FILE_MODE: u32 = 0o644;

/// The errors of file systems and platforms that cannot exchange two folders in one step.
const CANNOT_EXCHANGE: [Errno; 4] = [Errno::INVAL, Errno::NOSYS, Errno::NOTSUP, Errno::OPNOTSUPP];

/// The capabilities of the file system. Each one that is set is tried, and the fallback is used if it is refused. Tests unset
/// them to exercise the fallbacks.
#[derive(Clone, Copy, Debug)]
#[doc(hidden)]
pub struct Capabilities {
    /// Two folders can be exchanged in one step.
    pub exchange: bool,
    /// A file can have two names.
    pub hard_links: bool,
    /// Folders have a time of creation.
    pub birth_times: bool,
    /// Readers can take the lock.
    pub read_locks: bool,
}

impl Default for Capabilities {
    fn default() -> Self {
        Self {
            exchange: true,
            hard_links: true,
            birth_times: true,
            read_locks: true,
        }
    }
}

impl Capabilities {
    /// Exchanges two folders. Returns `false` if the file system or the platform cannot do that.
    pub(crate) fn exchange(self, one: &Path, other: &Path) -> io::Result<bool> {
        if !self.exchange {
            return Ok(false);
        }
        match renameat_with(CWD, one, CWD, other, RenameFlags::EXCHANGE) {
            Ok(()) => Ok(true),
            Err(error) if CANNOT_EXCHANGE.contains(&error) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// Creates a hard link, or a synced copy if links are refused.
    pub(crate) fn link_or_copy(self, from: &Path, to: &Path) -> io::Result<()> {
        if self.hard_links && fs::hard_link(from, to).is_ok() {
            return Ok(());
        }
        write_new(to, &fs::read(from)?)
    }

    /// Returns the identity of a folder.
    pub(crate) fn folder_id(self, metadata: &fs::Metadata) -> FolderId {
        let born = metadata
            .created()
            .ok()
            .filter(|_| self.birth_times)
            .and_then(|time| time.duration_since(UNIX_EPOCH).ok())
            .and_then(|time| u64::try_from(time.as_nanos()).ok())
            // File systems that have the field but no value report 1970.
            .filter(|&born| born > 0);
        FolderId {
            inode: metadata.ino(),
            born,
        }
    }
}

/// Writes a new file and syncs it. An existing file is an error.
pub(crate) fn write_new(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(FILE_MODE)
        .open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// Creates a folder. An existing one is an error.
pub(crate) fn make_folder(path: &Path) -> io::Result<()> {
    DirBuilder::new().mode(FOLDER_MODE).create(path)
}

/// Creates a folder and its missing parents.
pub(crate) fn make_folders(path: &Path) -> io::Result<()> {
    DirBuilder::new()
        .recursive(true)
        .mode(FOLDER_MODE)
        .create(path)
}

/// Syncs the names in a folder.
pub(crate) fn sync_folder(path: &Path) -> io::Result<()> {
    match File::open(path)?.sync_all() {
        // Some network file systems cannot sync folders. Nothing else can be done there.
        Err(error)
            if matches!(
                error.kind(),
                io::ErrorKind::InvalidInput | io::ErrorKind::Unsupported
            ) =>
        {
            Ok(())
        }
        result => result,
    }
}

/// Removes a file, a folder with its content, or a symbolic link. Links are not followed.
pub(crate) fn remove_all(path: &Path) -> io::Result<()> {
    if fs::symlink_metadata(path)?.is_dir() {
        fs::remove_dir_all(path)
    } else {
        fs::remove_file(path)
    }
}

/// Tells whether the path exists, even as a dangling link.
pub(crate) fn is_taken(path: &Path) -> io::Result<bool> {
    match fs::symlink_metadata(path) {
        Ok(_) => Ok(true),
        Err(error)
            if matches!(
                error.kind(),
                io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
            ) =>
        {
            Ok(false)
        }
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_folders_change_places() {
        let folder = tempfile::tempdir().unwrap();
        let (a, b) = (folder.path().join("a"), folder.path().join("b"));
        for path in [&a, &b] {
            make_folder(path).unwrap();
        }
        write_new(&a.join("x"), b"1").unwrap();
        let none = Capabilities {
            exchange: false,
            ..Capabilities::default()
        };
        assert!(!none.exchange(&a, &b).unwrap());
        assert!(is_taken(&a.join("x")).unwrap());
        if Capabilities::default().exchange(&a, &b).unwrap() {
            assert!(is_taken(&b.join("x")).unwrap() && !is_taken(&a.join("x")).unwrap());
        }
    }

    #[test]
    fn copies_where_links_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        write_new(&path("a"), b"1").unwrap();
        let inode = |name: &str| fs::metadata(path(name)).unwrap().ino();
        Capabilities::default()
            .link_or_copy(&path("a"), &path("b"))
            .unwrap();
        let none = Capabilities {
            hard_links: false,
            ..Capabilities::default()
        };
        none.link_or_copy(&path("a"), &path("c")).unwrap();
        assert_eq!(inode("a"), inode("b"));
        assert_ne!(inode("a"), inode("c"));
        assert_eq!(fs::read(path("c")).unwrap(), b"1");
        assert!(
            write_new(&path("a"), b"2").is_err(),
            "nothing is overwritten"
        );
    }

    #[test]
    fn a_link_is_removed_and_not_followed() {
        let folder = tempfile::tempdir().unwrap();
        let (outside, link) = (folder.path().join("outside"), folder.path().join("link"));
        make_folders(&outside.join("deep")).unwrap();
        std::os::unix::fs::symlink(&outside, &link).unwrap();
        remove_all(&link).unwrap();
        assert!(is_taken(&outside.join("deep")).unwrap() && !is_taken(&link).unwrap());
        std::os::unix::fs::symlink("/nowhere/at/all", &link).unwrap();
        assert!(is_taken(&link).unwrap());
    }
}
