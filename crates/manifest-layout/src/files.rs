//! The files of a layout by name, in a folder or in an archive.

use std::io::Read;
use std::path::{Path, PathBuf};

use manifest_core::Digest;

use crate::archive::{Archive, open_file};
use crate::error::LayoutError;
use crate::location::{Location, LocationKind};

/// The content of a file.
pub(crate) type Reader = Box<dyn Read + Send>;

/// The place of a layout's files.
#[derive(Debug)]
pub(crate) enum LayoutFiles {
    Folder {
        /// The path as the user wrote it.
        path: PathBuf,
        /// The path without links, for detecting links that lead out of it.
        real: PathBuf,
    },
    Archive(Archive),
}

impl LayoutFiles {
    pub(crate) fn open(location: &Location) -> Result<Self, LayoutError> {
        let path = &location.path;
        if location.kind != LocationKind::OciLayout {
            return Ok(Self::Archive(Archive::open(path, location.kind)?));
        }
        let real = path.canonicalize().map_err(LayoutError::io("read", path))?;
        Ok(Self::Folder {
            path: path.clone(),
            real,
        })
    }

    pub(crate) fn path(&self) -> &Path {
        match self {
            Self::Folder { path, .. } => path,
            Self::Archive(archive) => archive.path(),
        }
    }

    /// Opens a file, and returns its size as well. Returns `None` if there is no such file.
    ///
    /// Names come from a digest, or from content that is itself checked. Nothing else in a folder is ever opened.
    pub(crate) fn file(&self, name: &str) -> Result<Option<(Reader, u64)>, LayoutError> {
        match self {
            Self::Archive(archive) => {
                let found = archive.file(name)?;
                Ok(found.map(|(reader, size)| (Box::new(reader) as Reader, size)))
            }
            Self::Folder { path, real } => {
                let file = path.join(name);
                let target = match file.canonicalize() {
                    Ok(target) => target,
                    Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
                    Err(error) => return Err(LayoutError::io("read", file)(error)),
                };
                if !target.starts_with(real) {
                    return Err(LayoutError::Outside {
                        path: path.clone(),
                        file: name.to_owned(),
                    });
                }
                let open = open_file(&target)?;
                let size = open
                    .metadata()
                    .map_err(LayoutError::io("read", file))?
                    .len();
                // A file that grows in the meantime is cut to this size.
                Ok(Some((Box::new(open.take(size)), size)))
            }
        }
    }

    /// Reads a whole file of at most `limit` bytes, or returns `None` if there is no such file.
    pub(crate) fn read(&self, name: &str, limit: usize) -> Result<Option<Vec<u8>>, LayoutError> {
        let Some((mut reader, size)) = self.file(name)? else {
            return Ok(None);
        };
        if size > limit as u64 {
            return Err(LayoutError::TooLarge {
                path: self.path().to_owned(),
                file: name.to_owned(),
                limit,
            });
        }
        let mut bytes = Vec::new();
        reader
            .read_to_end(&mut bytes)
            .map_err(LayoutError::io("read", self.path()))?;
        Ok(Some(bytes))
    }
}

/// Returns the path of a blob in a layout.
pub(crate) fn blob_name(digest: &Digest) -> String {
    format!("blobs/{}/{}", digest.algorithm().name(), digest.hex())
}
