//! The offsets of files in a tar archive (POSIX, "ustar Interchange Format", and GNU's long names).
//!
//! The headers are parsed here because the `tar` crate's own reader reads extended headers of any size into memory.

use std::collections::HashMap;
use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use tar::{EntryType, Header, PaxExtensions};

use crate::error::LayoutError;
use crate::limits::{ARCHIVE_ENTRIES, EXTENDED_HEADER_BYTES, LINKS};
use crate::location::LocationKind;

/// The size of a header, in bytes. Content is padded to a multiple of it.
const BLOCK: u64 = 512;

/// The files of an archive by name.
#[derive(Debug)]
pub(crate) struct Archive {
    path: PathBuf,
    files: HashMap<String, Member>,
}

#[derive(Debug)]
enum Member {
    File {
        offset: u64,
        size: u64,
    },
    /// A link to another name in the archive.
    Link(String),
}

impl Archive {
    /// Reads an archive's headers. The content is not read.
    pub(crate) fn open(path: &Path, kind: LocationKind) -> Result<Self, LayoutError> {
        let read = || LayoutError::io("read", path);
        let not_one = |reason: &str| LayoutError::NotOne {
            path: path.to_owned(),
            kind: kind.name(),
            reason: reason.to_owned(),
        };
        let file = open_file(path)?;
        let length = file.metadata().map_err(read())?.len();
        let mut headers = HeaderReader {
            file: BufReader::new(file),
            length,
            position: 0,
        };
        let mut files = HashMap::new();
        loop {
            match headers.next() {
                Ok(None) => break,
                Ok(Some((name, member))) => {
                    if files.len() >= ARCHIVE_ENTRIES {
                        return Err(not_one("it has too many files"));
                    }
                    // Unpacking would leave the later of two members with one name.
                    files.insert(name, member);
                }
                Err(TarError::Io(error)) => return Err(read()(error)),
                Err(TarError::Form(reason)) => return Err(not_one(reason)),
            }
        }
        Ok(Self {
            path: path.to_owned(),
            files,
        })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Opens a file of the archive, and returns its size as well. Returns `None` if there is no such file.
    pub(crate) fn file(
        &self,
        name: &str,
    ) -> Result<Option<(impl Read + Send + use<>, u64)>, LayoutError> {
        let mut name = normalize(name);
        for _ in 0..=LINKS {
            match self.files.get(&name) {
                None => return Ok(None),
                Some(Member::Link(to)) => name.clone_from(to),
                Some(&Member::File { offset, size }) => {
                    let mut file = open_file(&self.path)?;
                    file.seek(SeekFrom::Start(offset))
                        .map_err(LayoutError::io("read", &self.path))?;
                    return Ok(Some((file.take(size), size)));
                }
            }
        }
        Ok(None)
    }
}

/// Opens a regular file. Opening a pipe could block for ever.
pub(crate) fn open_file(path: &Path) -> Result<File, LayoutError> {
    let read = || LayoutError::io("read", path);
    let metadata = std::fs::metadata(path).map_err(read())?;
    if !metadata.is_file() {
        let kind = std::io::ErrorKind::InvalidInput;
        return Err(read()(std::io::Error::new(
            kind,
            "it is not a regular file",
        )));
    }
    File::open(path).map_err(read())
}

enum TarError {
    Io(std::io::Error),
    Form(&'static str),
}

impl From<std::io::Error> for TarError {
    fn from(error: std::io::Error) -> Self {
        Self::Io(error)
    }
}

/// The fields that extended headers state for the next member.
#[derive(Default)]
struct ExtendedHeaders {
    name: Option<String>,
    link: Option<String>,
    size: Option<u64>,
}

impl ExtendedHeaders {
    fn read(&mut self, kind: EntryType, bytes: &[u8]) -> Result<(), TarError> {
        let text = |bytes: &[u8]| {
            let bytes = bytes.split(|byte| *byte == 0).next().unwrap_or_default();
            String::from_utf8_lossy(bytes).into_owned()
        };
        if kind.is_gnu_longname() {
            self.name = Some(text(bytes));
        } else if kind.is_gnu_longlink() {
            self.link = Some(text(bytes));
        } else {
            for record in PaxExtensions::new(bytes) {
                let record = record.map_err(|_| TarError::Form("a header is damaged"))?;
                let value = String::from_utf8_lossy(record.value_bytes()).into_owned();
                match record.key_bytes() {
                    b"path" => self.name = Some(value),
                    b"linkpath" => self.link = Some(value),
                    b"size" => self.size = value.parse().ok(),
                    _ => {}
                }
            }
        }
        Ok(())
    }
}

struct HeaderReader {
    file: BufReader<File>,
    length: u64,
    position: u64,
}

impl HeaderReader {
    /// Finds the next file or link.
    fn next(&mut self) -> Result<Option<(String, Member)>, TarError> {
        let mut extended = ExtendedHeaders::default();
        loop {
            let Some(header) = self.header()? else {
                return Ok(None);
            };
            let kind = header.entry_type();
            let own_size = header
                .entry_size()
                .map_err(|_| TarError::Form("a header is damaged"))?;
            let is_extension = kind.is_gnu_longname()
                || kind.is_gnu_longlink()
                || kind.is_pax_local_extensions()
                || kind.is_pax_global_extensions();
            let size = if is_extension {
                own_size
            } else {
                extended.size.unwrap_or(own_size)
            };
            let offset = self.position;
            let end = offset.checked_add(size).filter(|end| *end <= self.length);
            let Some(end) = end else {
                return Err(TarError::Form("it is truncated"));
            };
            if is_extension && !kind.is_pax_global_extensions() {
                if size > EXTENDED_HEADER_BYTES {
                    return Err(TarError::Form("a header is too large"));
                }
                let mut bytes = Vec::new();
                self.file.by_ref().take(size).read_to_end(&mut bytes)?;
                extended.read(kind, &bytes)?;
            }
            self.position = end.next_multiple_of(BLOCK);
            self.file.seek(SeekFrom::Start(self.position))?;
            let is_link = match kind {
                EntryType::Regular | EntryType::Continuous => false,
                EntryType::Link | EntryType::Symlink => true,
                // Folders and extensions. Sparse files count as absent: no tool writes them here.
                _ => {
                    if !is_extension {
                        extended = ExtendedHeaders::default();
                    }
                    continue;
                }
            };
            let name = extended
                .name
                .unwrap_or_else(|| String::from_utf8_lossy(&header.path_bytes()).into_owned());
            let name = normalize(&name);
            let member = if is_link {
                let target = extended.link.unwrap_or_else(|| {
                    let target = header.link_name_bytes().unwrap_or_default();
                    String::from_utf8_lossy(&target).into_owned()
                });
                let folder = name.rsplit_once('/').map_or("", |(folder, _)| folder);
                Member::Link(if kind == EntryType::Symlink {
                    normalize(&format!("{folder}/{target}"))
                } else {
                    normalize(&target)
                })
            } else {
                Member::File { offset, size }
            };
            return Ok(Some((name, member)));
        }
    }

    /// Reads the header at the position, or returns `None` at the archive's end.
    fn header(&mut self) -> Result<Option<Header>, TarError> {
        if self.position >= self.length {
            return Ok(None);
        }
        let mut header = Header::new_old();
        let bytes = header.as_mut_bytes();
        let mut filled = 0;
        while filled < bytes.len() {
            match self.file.read(&mut bytes[filled..])? {
                0 => break,
                count => filled += count,
            }
        }
        if self.position == 0 && bytes.starts_with(&[0x1f, 0x8b]) {
            return Err(TarError::Form("it is compressed with gzip"));
        }
        if filled < bytes.len() {
            return Err(TarError::Form("it is truncated"));
        }
        if bytes.iter().all(|byte| *byte == 0) {
            return Ok(None);
        }
        let sum = bytes[..148].iter().chain(&bytes[156..]);
        let sum = sum.map(|byte| u32::from(*byte)).sum::<u32>() + 8 * u32::from(b' ');
        if header.cksum().ok() != Some(sum) {
            return Err(TarError::Form(if self.position == 0 {
                "it is not a tar archive"
            } else {
                "a header is damaged"
            }));
        }
        self.position += BLOCK;
        Ok(Some(header))
    }
}

/// Resolves `.` and `..` in a name, relative to the archive's root. A name that leads out of the archive stays at its root.
fn normalize(name: &str) -> String {
    let mut parts = Vec::new();
    for part in name.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    parts.join("/")
}

#[cfg(test)]
mod tests {
    use super::normalize;

    #[test]
    fn names_stay_inside() {
        for (name, expected) in [
            ("blobs/sha256/a", "blobs/sha256/a"),
            ("./index.json", "index.json"),
            ("/index.json", "index.json"),
            ("a/../../b//layer.tar", "b/layer.tar"),
            ("../../etc/passwd", "etc/passwd"),
        ] {
            assert_eq!(normalize(name), expected);
        }
    }
}
