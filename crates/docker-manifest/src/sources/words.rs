//! Which sources a command line names.

use std::collections::BTreeSet;
use std::fs;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use manifest_core::{Digest, Reference, Source};
use manifest_layout::Location;

use super::metadata;
use crate::failure::Failure;

/// The most bytes of a file with names in it that are read.
const FILE_BYTES: u64 = 1024 * 1024;

/// How deep folders may be in a folder of digests. Artifacts are one folder each, and what they hold may be one more.
const DIGEST_FOLDERS: usize = 3;

/// One source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Named {
    /// A name in a registry.
    Registry(Reference),
    /// An image on this machine, with an absolute path.
    Disk(Location),
}

impl Named {
    /// Returns the source as a draft keeps it.
    pub(crate) fn source(&self) -> Source {
        match self {
            Self::Registry(reference) => Source::Registry(reference.clone()),
            Self::Disk(location) => Source::Disk(location.to_string()),
        }
    }

    /// Reads a source as a draft keeps it. Nothing where another program wrote something else there.
    pub(crate) fn of(source: &Source) -> Option<Self> {
        match source {
            Source::Registry(reference) => Some(Self::Registry(reference.clone())),
            Source::Disk(text) => Some(Self::Disk(Location::parse(text)?.ok()?)),
        }
    }

    /// Tells whether what it names never changes.
    pub(crate) fn is_pinned(&self) -> bool {
        match self {
            Self::Registry(reference) => reference.digest().is_some(),
            Self::Disk(location) => {
                matches!(location.name, manifest_layout::ImageSelector::Digest(_))
            }
        }
    }

    /// Returns the name in a registry.
    pub(crate) fn reference(&self) -> Option<&Reference> {
        match self {
            Self::Registry(reference) => Some(reference),
            Self::Disk(_) => None,
        }
    }
}

/// Everything on a command line that names sources.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Words<'a> {
    /// The arguments behind the list.
    pub(crate) arguments: &'a [String],
    /// Folders of files that are named by digests.
    pub(crate) digest_folders: &'a [PathBuf],
    /// BuildKit's metadata files.
    pub(crate) metadata: &'a [PathBuf],
    /// The folder that relative paths of images on disk start from.
    pub(crate) here: &'a Path,
}

impl Words<'_> {
    /// Returns the sources that are named, each once, in the order given: first the arguments, then what the folders and
    /// files name. A digest alone is in the repository of `list`.
    pub(crate) fn sources(&self, list: &Reference) -> Result<Vec<Named>, Failure> {
        let mut named = Vec::new();
        for argument in self.arguments {
            match argument.strip_prefix('@') {
                Some(path) => self.add_file(Path::new(path), list, &mut named)?,
                None if argument == "-" => {
                    let path = Path::new("-");
                    self.add_text(
                        &as_text(bounded(io::stdin().lock(), path)?, path)?,
                        path,
                        list,
                        &mut named,
                    )?;
                }
                None => named.push(self.source(argument, None, list)?),
            }
        }
        for folder in self.digest_folders {
            named.extend(digests_in(folder, list)?.into_iter().map(Named::Registry));
        }
        for path in self.metadata {
            let bytes = read(path)?;
            let images = metadata::images(path, &bytes, list.repository())?;
            named.extend(images.into_iter().map(Named::Registry));
        }
        let mut seen = BTreeSet::new();
        named.retain(|named| seen.insert(named.source()));
        Ok(named)
    }

    /// Reads one name: an image on disk, a reference, or a digest in the repository of `list`. `place` is where it stands, if not
    /// on the command line.
    fn source(
        &self,
        text: &str,
        place: Option<String>,
        list: &Reference,
    ) -> Result<Named, Failure> {
        if let Some(location) = Location::parse(text) {
            return Ok(Named::Disk(location?.absolute(self.here)?));
        }
        if let Ok(digest) = text.parse::<Digest>() {
            return Ok(Named::Registry(list.repository().at(digest)));
        }
        refuse_cut_digest(text, place.as_deref())?;
        let reference = Reference::parse(text).map_err(|source| Failure::Reference {
            prefix: place.map(|place| format!("{place}: {text}")),
            source,
        })?;
        Ok(Named::Registry(reference))
    }

    fn add_file(
        &self,
        path: &Path,
        list: &Reference,
        named: &mut Vec<Named>,
    ) -> Result<(), Failure> {
        let text = as_text(read(path)?, path)?;
        self.add_text(&text, path, list, named)
    }

    /// Reads names that are parted by white space, up to a `#` in each line.
    fn add_text(
        &self,
        text: &str,
        path: &Path,
        list: &Reference,
        named: &mut Vec<Named>,
    ) -> Result<(), Failure> {
        // Editors on Windows put the mark of UTF-8 before the first name.
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        for (number, line) in (1..).zip(text.lines()) {
            let file = match path.to_str() {
                Some("-") => "standard input".to_owned(),
                _ => path.display().to_string(),
            };
            let place = || Some(format!("line {number} of {file}"));
            let names = line.split('#').next().unwrap_or_default();
            for name in names.split_whitespace() {
                named.push(self.source(name, place(), list)?);
            }
        }
        Ok(())
    }
}

/// Refuses what looks like a digest that lost some of its digits. By Docker's grammar it is a name with a tag, on Docker Hub.
///
/// # Errors
/// Where `text` is the name of a digest algorithm with hexadecimal digits behind it. It must not be a digest.
pub(crate) fn refuse_cut_digest(text: &str, place: Option<&str>) -> Result<(), Failure> {
    let Some((algorithm, hex)) = text.split_once(':') else {
        return Ok(());
    };
    let digits = match algorithm {
        "sha256" => 64,
        "sha384" => 96,
        "sha512" => 128,
        _ => return Ok(()),
    };
    if hex.is_empty() || !hex.chars().all(|c| c.is_ascii_hexdigit()) {
        return Ok(());
    }
    Err(Failure::CutDigest {
        text: match place {
            Some(place) => format!("{place}: {text}"),
            None => text.to_owned(),
        },
        name: text.to_owned(),
        digits,
    })
}

fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    let file = fs::File::open(path).map_err(|source| Failure::Input {
        path: path.to_owned(),
        source,
    })?;
    bounded(file, path)
}

fn bounded(from: impl io::Read, path: &Path) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    let read = from.take(FILE_BYTES + 1).read_to_end(&mut bytes);
    let source = match read {
        Ok(length) if length as u64 <= FILE_BYTES => return Ok(bytes),
        Ok(_) => io::Error::from(io::ErrorKind::FileTooLarge),
        Err(error) => error,
    };
    Err(Failure::Input {
        path: path.to_owned(),
        source,
    })
}

fn as_text(bytes: Vec<u8>, path: &Path) -> Result<String, Failure> {
    String::from_utf8(bytes).map_err(|_| Failure::Input {
        path: path.to_owned(),
        source: io::Error::from(io::ErrorKind::InvalidData),
    })
}

/// Lists files that are named by digests: `sha256:<hex>`, or the 64 digits of a SHA-256 alone, as builds on several machines leave
/// them behind. They may be in folders of their own, as CI downloads artifacts that it does not merge. By name, so that each run
/// gives the same order.
///
/// # Errors
/// Where there are none, or something else is there.
fn digests_in(folder: &Path, list: &Reference) -> Result<Vec<Reference>, Failure> {
    let mut found = Vec::new();
    add_digests(folder, DIGEST_FOLDERS, list, &mut found)?;
    if found.is_empty() {
        return Err(Failure::NoDigests {
            folder: folder.to_owned(),
        });
    }
    Ok(found)
}

/// Adds what a folder names, and the folders in it down to `depth`.
fn add_digests(
    folder: &Path,
    depth: usize,
    list: &Reference,
    found: &mut Vec<Reference>,
) -> Result<(), Failure> {
    let failed = |source| Failure::Input {
        path: folder.to_owned(),
        source,
    };
    let mut names = Vec::new();
    for item in fs::read_dir(folder).map_err(failed)? {
        let name = item.map_err(failed)?.file_name();
        if !name.to_string_lossy().starts_with('.') {
            names.push(name);
        }
    }
    names.sort();
    for name in names {
        let path = folder.join(&name);
        if depth > 0 && path.is_dir() {
            add_digests(&path, depth - 1, list, found)?;
            continue;
        }
        let name = name.to_string_lossy();
        let digest = name
            .replace("sha256-", "sha256:")
            .parse::<Digest>()
            .or_else(|_| format!("sha256:{name}").parse());
        let digest = digest.map_err(|_| Failure::NoDigest { path })?;
        found.push(list.repository().at(digest));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list() -> Reference {
        Reference::parse("q.io/app:all").unwrap()
    }

    fn texts(found: Result<Vec<Named>, Failure>) -> Vec<String> {
        let found = found.unwrap();
        found
            .iter()
            .map(|named| named.source().to_string())
            .collect()
    }

    #[test]
    fn names_digests_and_files_of_names() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("names");
        let digest = format!("sha256:{}", "a".repeat(64));
        let names = format!("app:2 app:3 # not this\n\n  {digest}\noci-layout://out:1\n");
        fs::write(&file, names).unwrap();
        let arguments = [
            "app:1".to_owned(),
            format!("@{}", file.display()),
            "app:1".to_owned(),
        ];
        let words = Words {
            arguments: &arguments,
            digest_folders: &[],
            metadata: &[],
            here: Path::new("/here"),
        };
        let expected = [
            "docker.io/library/app:1".to_owned(),
            "docker.io/library/app:2".to_owned(),
            "docker.io/library/app:3".to_owned(),
            format!("q.io/app@{digest}"),
            "oci-layout:///here/out:1".to_owned(),
        ];
        assert_eq!(texts(words.sources(&list())), expected);
    }

    #[test]
    fn digests_that_were_cut() {
        let cut = |text: &str| refuse_cut_digest(text, None).is_err();
        for text in ["sha256:1234", "sha256:ABCD", "sha512:0"] {
            assert!(cut(text), "{text}");
        }
        assert!(cut(&format!("sha256:{}", "A".repeat(64))));
        for text in [
            "sha256:latest",
            "sha256",
            "app:1234",
            "sha256:",
            "q.io/sha256:1",
        ] {
            assert!(!cut(text), "{text}");
        }
    }

    #[test]
    fn a_folder_of_digests() {
        let folder = tempfile::tempdir().unwrap();
        let sources = || {
            let folders = [folder.path().to_owned()];
            let words = Words {
                arguments: &[],
                digest_folders: &folders,
                metadata: &[],
                here: Path::new("/here"),
            };
            words.sources(&list())
        };
        assert!(matches!(sources(), Err(Failure::NoDigests { .. })));
        let hash = |letter: &str| letter.repeat(64);
        for name in [
            hash("b"),
            format!("sha256:{}", hash("a")),
            ".hidden".to_owned(),
        ] {
            fs::write(folder.path().join(name), "").unwrap();
        }
        let at = |letter| format!("q.io/app@sha256:{}", hash(letter));
        assert_eq!(texts(sources()), [at("b"), at("a")]);
        fs::write(folder.path().join("README"), "").unwrap();
        let error = sources().unwrap_err().to_string();
        assert!(error.contains("README"), "{error}");
        fs::remove_file(folder.path().join("README")).unwrap();
        // Artifacts that were not merged, each in its own folder.
        for (path, letter) in [("artifact-1", "d"), ("artifact-2/digests/linux", "c")] {
            let path = folder.path().join(path);
            fs::create_dir_all(&path).unwrap();
            fs::write(path.join(hash(letter)), "").unwrap();
        }
        assert_eq!(texts(sources()), [at("d"), at("c"), at("b"), at("a")]);
        let deep = folder.path().join("artifact-2/digests/linux/too/deep");
        fs::create_dir_all(&deep).unwrap();
        let error = sources().unwrap_err().to_string();
        assert!(error.contains("too"), "{error}");
    }
}
