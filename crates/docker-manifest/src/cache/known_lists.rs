//! The digests of lists that were assembled before, by everything that decides them.

use std::path::Path;

use manifest_core::Digest;

use super::folder::{CacheFolder, FolderLimits, own_folder};
use super::writer::CacheWriter;

/// The largest file, in bytes: a digest.
const DIGEST_BYTES: usize = 256;

/// Enough for some runs over ten thousand lists.
const LISTS: FolderLimits = FolderLimits {
    files: 65_536,
    bytes: 65_536 * DIGEST_BYTES as u64,
};

/// The digests of lists that were assembled before. A list is known by the digest of everything that decides its content, so an entry
/// is never outdated.
#[derive(Debug)]
pub struct KnownLists {
    folder: CacheWriter,
}

impl KnownLists {
    /// Opens the cache in a folder, which is created. `now` is in seconds since 1970. `None` if the folder cannot be created, or others
    /// than this user could write to it.
    #[must_use]
    pub fn open(folder: &Path, now: u64) -> Option<Self> {
        own_folder(folder).ok()?;
        let folder = CacheFolder::open(&folder.join("lists"), LISTS, now)?;
        Some(Self {
            folder: CacheWriter::new(folder),
        })
    }

    /// Returns the digest of a list.
    #[must_use]
    pub fn get(&self, recipe: &Digest) -> Option<Digest> {
        let bytes = self.folder.read(recipe.hex(), DIGEST_BYTES)?;
        std::str::from_utf8(&bytes).ok()?.parse().ok()
    }

    /// Records the digest of a list.
    pub fn put(&self, recipe: &Digest, list: &Digest) {
        let bytes = list.as_str().as_bytes();
        self.folder.write(recipe.hex().to_owned(), bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_known_by_what_decides_them() {
        let folder = tempfile::tempdir().unwrap();
        let (recipe, list) = (Digest::sha256(b"recipe"), Digest::sha256(b"list"));
        let open = || KnownLists::open(folder.path(), 1).unwrap();
        let lists = open();
        assert_eq!(lists.get(&recipe), None);
        lists.put(&recipe, &list);
        assert_eq!(lists.get(&recipe).as_ref(), Some(&list));
        drop(lists);
        assert_eq!(open().get(&recipe), Some(list));
        // A damaged file counts as none.
        std::fs::write(folder.path().join("lists").join(recipe.hex()), "sha256:12").unwrap();
        assert_eq!(open().get(&recipe), None);
    }
}
