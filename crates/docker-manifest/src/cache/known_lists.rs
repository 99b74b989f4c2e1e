//! The digests of lists that were assembled before, by everything that decides them.

use std::path::Path;

use manifest_core::Digest;

use super::folder::{CacheFolder, FolderLimits, own_folder};
use super::writer::CacheWriter;

/// The largest file, in bytes: a digest and a checksum.
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
        let (list, check) = std::str::from_utf8(&bytes).ok()?.split_once(' ')?;
        let list = list.parse().ok()?;
        (check == checksum(recipe, &list)).then_some(list)
    }

    /// Records the digest of a list.
    pub fn put(&self, recipe: &Digest, list: &Digest) {
        let text = format!("{list} {}", checksum(recipe, list));
        self.folder.write(recipe.hex().to_owned(), text.as_bytes());
    }
}

/// Returns a text that tells a damaged or misplaced file: unlike content, the digest of a list cannot be checked by itself.
fn checksum(recipe: &Digest, list: &Digest) -> String {
    let digest = Digest::sha256(format!("{recipe} {list}").as_bytes());
    digest.hex().to_owned()
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
        assert_eq!(open().get(&recipe), Some(list.clone()));
        // A damaged or misplaced file counts as none.
        let other = Digest::sha256(b"other");
        let file = |recipe: &Digest| folder.path().join("lists").join(recipe.hex());
        std::fs::copy(file(&recipe), file(&other)).unwrap();
        assert_eq!(open().get(&other), None);
        let text = std::fs::read_to_string(file(&recipe)).unwrap();
        for damaged in [
            "sha256:12".to_owned(),
            text.replacen('a', "b", 1),
            list.to_string(),
        ] {
            std::fs::write(file(&recipe), damaged).unwrap();
            assert_eq!(open().get(&recipe), None);
        }
    }
}
