//! The identity of a folder on disk.

/// The identity of a folder, which tells it from a later folder of the same name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FolderId {
    /// The inode number. It may be reused after the folder is removed.
    pub(crate) inode: u64,
    /// The time of creation in nanoseconds since 1970, if the file system records it.
    pub(crate) born: Option<u64>,
}

/// The certainty that two identities belong to one folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FolderMatch {
    /// They belong to two folders.
    Different,
    /// Only the inode numbers are known to be equal. That proves little: the next folder may get the number of a removed one.
    SameInode,
    /// Inode numbers and times of creation are equal.
    Same,
}

impl FolderId {
    /// Compares two identities.
    pub(crate) fn compare(self, other: Self) -> FolderMatch {
        if self.inode != other.inode {
            return FolderMatch::Different;
        }
        match self.born.zip(other.born) {
            None => FolderMatch::SameInode,
            Some((one, other)) if one == other => FolderMatch::Same,
            Some(_) => FolderMatch::Different,
        }
    }
}
