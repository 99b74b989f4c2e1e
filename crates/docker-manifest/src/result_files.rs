//! The files that a command writes its result to, because a flag names them.

use std::io::Write as _;
use std::path::Path;
use std::{fs, io};

use crate::failure::Failure;

/// Checks that a file can be written, and leaves it unchanged. After the work it would be too late to fail.
///
/// # Errors
/// Fails if it cannot be written.
pub(crate) fn check_writable(path: &Path) -> Result<(), Failure> {
    named(path, probe_writable(path))
}

/// Writes a file, in place of its content.
///
/// # Errors
/// Fails if it cannot be written.
pub(crate) fn write(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    named(path, fs::write(path, bytes))
}

/// Adds text to the end of a file.
///
/// # Errors
/// Fails if it cannot be written.
pub(crate) fn append(path: &Path, text: &str) -> Result<(), Failure> {
    let append = || {
        let mut file = fs::OpenOptions::new()
            .append(true)
            .create(true)
            .open(path)?;
        file.write_all(text.as_bytes())
    };
    named(path, append())
}

fn named(path: &Path, result: io::Result<()>) -> Result<(), Failure> {
    result.map_err(|source| Failure::WriteFile {
        path: path.to_owned(),
        source,
    })
}

fn probe_writable(path: &Path) -> io::Result<()> {
    match fs::metadata(path) {
        // A pipe or device must not be opened twice.
        Ok(found) if !found.is_file() && !found.is_dir() => Ok(()),
        Ok(_) => fs::OpenOptions::new().write(true).open(path).map(drop),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            fs::OpenOptions::new()
                .write(true)
                .create_new(true)
                .open(path)?;
            fs::remove_file(path)
        }
        Err(error) => Err(error),
    }
}
