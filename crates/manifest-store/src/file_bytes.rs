//! The bytes of a file, with few system calls and up to a limit.

use std::fs::File;
use std::io::{self, Read as _};

/// The free space after a file's content, in bytes, in which the standard library finds its end without growing the buffer.
const SPARE: u64 = 64;

/// Reads a file of about this length, at most `limit` bytes.
pub(crate) fn read_to_end(file: File, length: u64, limit: u64) -> io::Result<Vec<u8>> {
    // Without a length, the buffer grows from 32 bytes on, which takes ten reads for a usual entry.
    let capacity = length.min(limit) + SPARE;
    let mut bytes = Vec::with_capacity(usize::try_from(capacity).unwrap_or_default());
    file.take(limit).read_to_end(&mut bytes)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_length_is_only_an_estimate() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x");
        std::fs::write(&path, [7; 100]).unwrap();
        for length in [0, 1, 99, 100, 101, 5000] {
            let read = |limit| read_to_end(File::open(&path).unwrap(), length, limit).unwrap();
            assert_eq!(read(1000), [7; 100]);
            assert_eq!(read(60), [7; 60]);
        }
    }
}
