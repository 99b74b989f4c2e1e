//! Files that arguments and flags name for input. `-` is standard input.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use crate::failure::Failure;

/// The unit of limits in errors, in bytes.
const MIB: u64 = 1024 * 1024;

/// Returns the name of a file for people.
pub(crate) fn name(path: &Path) -> String {
    match path == Path::new("-") {
        true => "standard input".to_owned(),
        false => path.display().to_string(),
    }
}

/// Reads a whole file.
///
/// # Errors
/// Fails if it cannot be read, or is larger than `limit` bytes.
pub(crate) fn read(path: &Path, limit: u64) -> Result<Vec<u8>, Failure> {
    let bytes = read_beyond(path, limit)?;
    if bytes.len() as u64 > limit {
        let message = format!("it is larger than {} MiB", limit / MIB);
        let source = io::Error::new(io::ErrorKind::FileTooLarge, message);
        return Err(failure(path, source));
    }
    Ok(bytes)
}

/// Reads a file up to one byte beyond `limit`, so that a parser with that limit refuses it as too large.
///
/// # Errors
/// Fails if it cannot be read.
pub(crate) fn read_beyond(path: &Path, limit: u64) -> Result<Vec<u8>, Failure> {
    let read = || -> io::Result<Vec<u8>> {
        let input: Box<dyn Read> = match path == Path::new("-") {
            true => Box::new(io::stdin().lock()),
            false => Box::new(File::open(path)?),
        };
        let mut bytes = Vec::new();
        input
            .take(limit.saturating_add(1))
            .read_to_end(&mut bytes)?;
        Ok(bytes)
    };
    read().map_err(|source| failure(path, source))
}

fn failure(path: &Path, source: io::Error) -> Failure {
    Failure::ReadInput {
        path: name(path).into(),
        source,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_read_up_to_a_limit() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x");
        std::fs::write(&path, vec![b'x'; 1024 * 1024]).unwrap();
        assert_eq!(read(&path, MIB).unwrap().len() as u64, MIB);
        assert_eq!(read_beyond(&path, 7).unwrap().len(), 8);
        let error = read(&path, MIB - 1).unwrap_err();
        assert!(matches!(&error, Failure::ReadInput { source, .. }
            if source.kind() == io::ErrorKind::FileTooLarge));
        std::fs::write(&path, vec![b'x'; 1024 * 1024 + 1]).unwrap();
        let Failure::ReadInput { source, .. } = read(&path, MIB).unwrap_err() else {
            panic!("another failure");
        };
        assert_eq!(source.to_string(), "it is larger than 1 MiB");
    }
}
