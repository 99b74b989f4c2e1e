//! The identity of a folder on disk.

/// What tells one folder from another that has its name later.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FolderId {
    /// The inode number. It may be used again when the folder is gone.
    pub(crate) inode: u64,
    /// When the folder was made, in nanoseconds since 1970, where the file system notes that.
    pub(crate) born: Option<u64>,
}

/// How sure it is that two identities are of one folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FolderMatch {
    /// They are two folders.
    Different,
    /// Only the inode number is known to be the same, which proves little: the next folder may get the number of a removed one.
    SameInode,
    /// Inode number and time of creation are the same.
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
