//! Files and folders of spec files, read within bounds.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use crate::limits::FILE_BYTES;

/// The reason why a file or folder cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SourceError {
    /// The file or folder cannot be read.
    #[error("cannot read it: {0}")]
    Read(#[from] io::Error),
    /// The file is too large.
    #[error("it is larger than {} MiB", FILE_BYTES / (1024 * 1024))]
    TooLarge,
    /// The file has another ending than spec files.
    #[error("its name, or that of the file that it links to, does not end in .yaml or .yml")]
    Ending,
    /// The folder has no spec files.
    #[error("the folder has no files *.yaml or *.yml")]
    NoFiles,
}

impl SourceError {
    /// Returns the remedy.
    pub(crate) fn hint(&self) -> &'static str {
        match self {
            Self::Read(error) if error.kind() == io::ErrorKind::NotFound => {
                "check the path; an `include:` is relative to the file that has it"
            }
            Self::Read(error) if error.kind() == io::ErrorKind::PermissionDenied => {
                "make the file readable for this user"
            }
            Self::Read(_) => "check that it is a file with text",
            Self::TooLarge => "split it into several files: a run takes a folder of them",
            Self::Ending => {
                "rename it: files with other endings are not included, because errors quote the files that they are about"
            }
            Self::NoFiles => {
                "name the files, or give them these endings; folders in it are not searched"
            }
        }
    }
}

/// Reads a file.
///
/// # Errors
/// Returns an error if it cannot be read, or is larger than [`FILE_BYTES`].
pub(crate) fn read(path: &Path) -> Result<Vec<u8>, SourceError> {
    let file = File::open(path)?;
    // Checked first, so that no memory is taken for a file that is refused. Pipes have no size.
    if file.metadata()?.len() > FILE_BYTES {
        return Err(SourceError::TooLarge);
    }
    let mut bytes = Vec::new();
    file.take(FILE_BYTES + 1).read_to_end(&mut bytes)?;
    check_size(&bytes)?;
    Ok(bytes)
}

/// Checks the size of a text from elsewhere.
///
/// # Errors
/// Returns an error if it is larger than [`FILE_BYTES`].
pub(crate) fn check_size(bytes: &[u8]) -> Result<(), SourceError> {
    if bytes.len() as u64 > FILE_BYTES {
        return Err(SourceError::TooLarge);
    }
    Ok(())
}

/// Checks that a file has the ending of spec files, and so does the file that it links to. Errors quote keys and values, and a change
/// that is not trusted must not show those of other files.
///
/// # Errors
/// Returns [`SourceError::Ending`] if not.
pub(crate) fn check_ending(path: &Path) -> Result<(), SourceError> {
    let target = fs::canonicalize(path);
    let target = target.as_deref().unwrap_or(path);
    match has_ending(path) && has_ending(target) {
        true => Ok(()),
        false => Err(SourceError::Ending),
    }
}

fn has_ending(path: &Path) -> bool {
    let ending = path.extension().and_then(|ending| ending.to_str());
    matches!(ending, Some("yaml" | "yml"))
}

/// Returns the spec files of a folder, `*.yaml` and `*.yml`, sorted by name. Hidden files, and folders in it, are left out.
///
/// # Errors
/// Returns an error if the folder cannot be read, or has no such files.
pub(crate) fn files_of(folder: &Path) -> Result<Vec<PathBuf>, SourceError> {
    let mut names = Vec::new();
    for item in fs::read_dir(folder)? {
        let name = item?.file_name();
        let is_hidden = name.to_string_lossy().starts_with('.');
        let is_spec = has_ending(Path::new(&name)) && !is_hidden;
        if is_spec && !folder.join(&name).is_dir() {
            names.push(name);
        }
    }
    if names.is_empty() {
        return Err(SourceError::NoFiles);
    }
    names.sort();
    Ok(names.into_iter().map(|name| folder.join(name)).collect())
}
