//! File names and paths: Docker's names for folders and files, and this program's own beside them.

use std::path::{Path, PathBuf};

use manifest_core::{Digest, Reference};

/// This program's own folder among the drafts. No reference maps to this name, because a reference starts with a host.
const OWN_FOLDER: &str = ".docker-manifest";

/// The longest file name of common file systems, in bytes.
const NAME_BYTES: usize = 255;

/// The character before the hash in a unique name. No reference contains it.
const MARK: char = '~';

/// The number of hexadecimal characters of the hash in a unique name: 48 bits tell apart references that share Docker's name.
const MARK_CHARS: usize = 12;

const SIDECAR_SUFFIX: &str = ".json";
const DAMAGED_SUFFIX: &str = ".json.damaged";

/// The two possible names of a list's folder or an image's file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FileNames {
    /// Docker's name. Other references may map to it as well.
    pub(crate) docker: String,
    /// The name of this reference only, used if another reference has Docker's name already.
    pub(crate) unique: String,
}

impl FileNames {
    pub(crate) fn of(reference: &Reference) -> Self {
        let full = reference.to_string();
        let name = full.replace(':', "-").replace('/', "_");
        let unique = unique(&name, NAME_BYTES, &full);
        let docker = if name.len() > NAME_BYTES {
            unique.clone()
        } else {
            name
        };
        Self { docker, unique }
    }
}

/// Appends a hash of `whole` to `name`, which is shortened so that the result fits into `limit` bytes.
fn unique(name: &str, limit: usize, whole: &str) -> String {
    let hash = Digest::sha256(whole.as_bytes());
    let room = limit - MARK.len_utf8() - MARK_CHARS;
    let kept = (0..=room.min(name.len()))
        .rfind(|&end| name.is_char_boundary(end))
        .unwrap_or_default();
    format!("{}{MARK}{}", &name[..kept], &hash.hex()[..MARK_CHARS])
}

/// The paths of one store.
#[derive(Clone, Debug)]
pub(crate) struct StorePaths {
    root: PathBuf,
}

impl StorePaths {
    pub(crate) fn new(root: PathBuf) -> Self {
        Self { root }
    }

    /// Returns the folder of all drafts: `<docker config folder>/manifests`.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// Returns the folder of one draft.
    pub(crate) fn draft(&self, folder: &str) -> PathBuf {
        self.root.join(folder)
    }

    /// Returns this program's own folder.
    pub(crate) fn own(&self) -> PathBuf {
        self.root.join(OWN_FOLDER)
    }

    /// Returns this program's own folder in capitals, a path that exists only on file systems that ignore case.
    pub(crate) fn own_in_capitals(&self) -> PathBuf {
        self.root.join(OWN_FOLDER.to_ascii_uppercase())
    }

    pub(crate) fn lock(&self) -> PathBuf {
        self.own().join("lock")
    }

    /// Returns the journal.
    pub(crate) fn journal(&self) -> PathBuf {
        self.own().join("journal")
    }

    /// Returns the lock of the journal.
    pub(crate) fn journal_lock(&self) -> PathBuf {
        self.own().join("journal.lock")
    }

    /// Returns the path of a shortened journal before it is renamed into place.
    pub(crate) fn staged_journal(&self) -> PathBuf {
        self.own().join("journal.new")
    }

    /// Returns the folder for files and folders before they are renamed into place.
    pub(crate) fn staging(&self) -> PathBuf {
        self.own().join("staging")
    }

    pub(crate) fn sidecars(&self) -> PathBuf {
        self.own().join("extras")
    }

    /// Returns the sidecar of one draft.
    pub(crate) fn sidecar(&self, folder: &str) -> PathBuf {
        self.sidecars().join(sidecar_stem(folder) + SIDECAR_SUFFIX)
    }

    /// Returns the path to which an unreadable sidecar is set aside.
    pub(crate) fn damaged_sidecar(&self, folder: &str) -> PathBuf {
        self.sidecars().join(sidecar_stem(folder) + DAMAGED_SUFFIX)
    }
}

fn sidecar_stem(folder: &str) -> String {
    let room = NAME_BYTES - DAMAGED_SUFFIX.len();
    if folder.len() > room {
        unique(folder, room, folder)
    } else {
        folder.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(text: &str) -> FileNames {
        FileNames::of(&Reference::parse(text).unwrap())
    }

    #[test]
    fn dockers_names() {
        let hash = "4bcff63911fcb4448bd4fdacec207030997caf25e9bea4045fa6c8c44de311d1";
        for (reference, name) in [
            (
                "alpine".to_owned(),
                "docker.io_library_alpine-latest".to_owned(),
            ),
            (
                "127.0.0.1:47312/app:l1".into(),
                "127.0.0.1-47312_app-l1".into(),
            ),
            ("[::1]:5000/a/b:1".into(), "[--1]-5000_a_b-1".into()),
            (
                format!("q.io/a@sha256:{hash}"),
                format!("q.io_a@sha256-{hash}"),
            ),
            (
                format!("q.io/a:t@sha256:{hash}"),
                format!("q.io_a-t@sha256-{hash}"),
            ),
        ] {
            assert_eq!(names(&reference).docker, name);
        }
    }

    #[test]
    fn unique_names_belong_to_one_reference() {
        let (a, b) = (names("app:alpine-3.18"), names("app-alpine:3.18"));
        assert_eq!(a.docker, b.docker);
        assert_ne!(a.unique, b.unique);
        let (stem, mark) = a.unique.split_once('~').unwrap();
        assert_eq!((stem, mark.len()), (a.docker.as_str(), 12));
        assert_eq!(
            names("q.io/a:RC").docker.to_lowercase(),
            names("q.io/a:rc").docker
        );
        assert_ne!(names("q.io/a:RC").unique, names("q.io/a:rc").unique);
    }

    #[test]
    fn long_names_are_shortened_to_fit() {
        let fits = names(&format!("q.io/{}:{}", "a".repeat(121), "t".repeat(128)));
        assert_eq!(fits.docker.len(), 255);
        assert!(!fits.docker.contains('~'));
        assert_eq!(fits.unique.len(), 255);
        let (one, other) = (
            names(&format!("q.io/{}:{}", "a".repeat(200), "t".repeat(128))),
            names(&format!("q.io/{}:{}", "a".repeat(200), "t".repeat(127))),
        );
        assert_eq!(one.docker, one.unique);
        assert_eq!(one.docker.len(), 255);
        assert_ne!(one.docker, other.docker);
        let paths = StorePaths::new("/r".into());
        for path in [
            paths.sidecar(&one.docker),
            paths.damaged_sidecar(&fits.docker),
        ] {
            assert!(path.file_name().unwrap().len() <= 255);
        }
        assert_ne!(paths.sidecar(&one.docker), paths.sidecar(&other.docker));
    }

    #[test]
    fn our_own_folder_is_no_references() {
        let paths = StorePaths::new("/r".into());
        assert_eq!(
            paths.sidecar("q.io_a-1"),
            Path::new("/r/.docker-manifest/extras/q.io_a-1.json")
        );
        assert!(Reference::parse(".docker-manifest").is_err());
    }
}
