//! The arguments and flags that name sources.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use manifest_core::{Digest, Reference};

use super::buildkit_metadata;
use super::source_spec::SourceSpec;
use super::tag_pattern::TagPattern;
use super::tag_search::NamedSource;
use crate::failure::Failure;
use crate::input_files;

/// The most bytes of a file with names in it that are read.
const MAX_FILE_BYTES: u64 = 1024 * 1024;

/// The depth of folders in a folder of digests. Each artifact is a folder, and may contain more of them.
const MAX_FOLDER_DEPTH: usize = 3;

/// The parts of a command line that name sources.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SourceArgs<'a> {
    /// The arguments after the list.
    pub(crate) arguments: &'a [String],
    /// Patterns for tags (`--match`).
    pub(crate) patterns: &'a [String],
    /// Folders of files that are named by digests (`--digests-dir`).
    pub(crate) digest_folders: &'a [PathBuf],
    /// BuildKit's metadata files (`--from-metadata`).
    pub(crate) metadata: &'a [PathBuf],
    /// The folder that relative paths of layouts start from.
    pub(crate) current_dir: &'a Path,
}

impl SourceArgs<'_> {
    /// Returns the named sources, each once, in the order given: first the arguments, then the patterns, then those in folders and
    /// metadata files. A digest or a `--match` without a name is in the repository of `list`.
    pub(crate) fn sources(&self, list: &Reference) -> Result<Vec<NamedSource>, Failure> {
        let mut named = Vec::new();
        for argument in self.arguments {
            match argument.strip_prefix('@') {
                Some(path) => self.add_file(Path::new(path), list, &mut named)?,
                None if argument == "-" => self.add_file(Path::new("-"), list, &mut named)?,
                None => named.push(NamedSource::parse(argument, None, list, self.current_dir)?),
            }
        }
        for text in self.patterns {
            named.push(NamedSource::Tags(TagPattern::of_flag(text, list)?));
        }
        let in_registry = |image| NamedSource::One(SourceSpec::Registry(image));
        for folder in self.digest_folders {
            named.extend(digest_files(folder, list)?.into_iter().map(in_registry));
        }
        for path in self.metadata {
            let bytes = input_files::read(path, MAX_FILE_BYTES)?;
            let images = buildkit_metadata::images(path, &bytes, list.repository())?;
            named.extend(images.into_iter().map(in_registry));
        }
        let mut unique: Vec<NamedSource> = Vec::new();
        let mut seen = BTreeSet::new();
        for named in named {
            let is_new = match &named {
                NamedSource::One(source) => seen.insert(source.source()),
                NamedSource::Tags(_) => !unique.contains(&named),
            };
            if is_new {
                unique.push(named);
            }
        }
        Ok(unique)
    }

    fn add_file(
        &self,
        path: &Path,
        list: &Reference,
        named: &mut Vec<NamedSource>,
    ) -> Result<(), Failure> {
        let text = into_utf8(input_files::read(path, MAX_FILE_BYTES)?, path)?;
        self.add_text(&text, path, list, named)
    }

    /// Adds names that are separated by white space, up to a `#` in each line.
    fn add_text(
        &self,
        text: &str,
        path: &Path,
        list: &Reference,
        named: &mut Vec<NamedSource>,
    ) -> Result<(), Failure> {
        // Editors on Windows write a byte order mark before the first name.
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        for (number, line) in (1..).zip(text.lines()) {
            let place = || Some(format!("line {number} of {}", input_files::name(path)));
            let names = line.split('#').next().unwrap_or_default();
            for name in names.split_whitespace() {
                named.push(NamedSource::parse(name, place(), list, self.current_dir)?);
            }
        }
        Ok(())
    }
}

fn into_utf8(bytes: Vec<u8>, path: &Path) -> Result<String, Failure> {
    String::from_utf8(bytes).map_err(|_| Failure::ReadInput {
        path: path.to_owned(),
        source: io::Error::from(io::ErrorKind::InvalidData),
    })
}

/// Lists files that are named by digests: `sha256:<hex>`, or the 64 digits of a SHA-256 alone. Builds on several machines write such
/// files. They may be in folders of their own, which is how CI downloads separate artifacts. They are sorted by name, so that each run
/// has the same order.
///
/// # Errors
/// Fails if there are none, or there are other files.
fn digest_files(folder: &Path, list: &Reference) -> Result<Vec<Reference>, Failure> {
    let mut found = Vec::new();
    add_digests(folder, MAX_FOLDER_DEPTH, list, &mut found)?;
    if found.is_empty() {
        return Err(Failure::NoDigests {
            folder: folder.to_owned(),
        });
    }
    Ok(found)
}

/// Adds the digests in a folder, and in its folders down to `depth`.
fn add_digests(
    folder: &Path,
    depth: usize,
    list: &Reference,
    found: &mut Vec<Reference>,
) -> Result<(), Failure> {
    let failed = |source| Failure::ReadInput {
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
        let digest = digest.map_err(|_| Failure::NotADigest { path })?;
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

    fn texts(found: Result<Vec<NamedSource>, Failure>) -> Vec<String> {
        let text = |named: NamedSource| match named {
            NamedSource::One(source) => source.source().to_string(),
            NamedSource::Tags(pattern) => format!("tags {pattern}"),
        };
        found.unwrap().into_iter().map(text).collect()
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
            "app:2-*".to_owned(),
            format!("@{}", file.display()),
            "app:1".to_owned(),
            "app:2-*".to_owned(),
        ];
        let args = SourceArgs {
            arguments: &arguments,
            patterns: &["3-*".to_owned(), "docker.io/library/app:2-*".to_owned()],
            digest_folders: &[],
            metadata: &[],
            current_dir: Path::new("/here"),
        };
        let expected = [
            "docker.io/library/app:1".to_owned(),
            "tags docker.io/library/app:2-*".to_owned(),
            "docker.io/library/app:2".to_owned(),
            "docker.io/library/app:3".to_owned(),
            format!("q.io/app@{digest}"),
            "oci-layout:///here/out:1".to_owned(),
            "tags q.io/app:3-*".to_owned(),
        ];
        assert_eq!(texts(args.sources(&list())), expected);
    }

    #[test]
    fn a_folder_of_digests() {
        let folder = tempfile::tempdir().unwrap();
        let sources = || {
            let folders = [folder.path().to_owned()];
            let args = SourceArgs {
                arguments: &[],
                patterns: &[],
                digest_folders: &folders,
                metadata: &[],
                current_dir: Path::new("/here"),
            };
            args.sources(&list())
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
