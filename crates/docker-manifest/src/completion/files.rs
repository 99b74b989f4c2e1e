//! Files and folders behind a prefix that a shell does not know, such as `@` or `oci-layout://`.

use std::fs;
use std::path::Path;

use super::candidates::{Candidates, Directive};

/// The largest number of files that are looked at.
const FILES: usize = 10_000;

/// The prefixes of sources that are not in a registry, with their meaning.
const PREFIXES: &[(&str, &str)] = &[
    ("oci-layout://", "OCI image layout"),
    ("oci-archive:", "archive of an OCI image layout"),
    ("docker-archive:", "archive of docker save"),
];

/// Returns candidates for a source on disk: the prefixes, or the files behind the one that is typed. `@` stands for a file with
/// sources, where the command takes it.
pub(super) fn sources(typed: &str, takes_lists: bool) -> Candidates {
    let known = PREFIXES.iter().map(|(prefix, _)| *prefix);
    let prefixes = known.chain(takes_lists.then_some("@"));
    for prefix in prefixes {
        if let Some(path) = typed.strip_prefix(prefix) {
            return paths(prefix, path, prefix == "oci-layout://");
        }
    }
    let mut candidates = Candidates::none(Directive::NO_FILES);
    // An empty word would be answered with them alone, where there are no drafts.
    for (prefix, meaning) in PREFIXES
        .iter()
        .filter(|(prefix, _)| !typed.is_empty() && prefix.starts_with(typed))
    {
        candidates.add(*prefix, *meaning);
        candidates.directive = Directive::NO_FILES_NO_SPACE;
    }
    candidates
}

/// Returns the files that start with `path`, each with the prefix. A folder ends with `/`.
fn paths(prefix: &str, path: &str, folders_only: bool) -> Candidates {
    let start = path.rfind('/').map_or(0, |slash| slash + 1);
    let (folder, name) = path.split_at(start);
    let place = if folder.is_empty() {
        Path::new(".")
    } else {
        Path::new(folder)
    };
    let mut candidates = Candidates::none(Directive::NO_FILES);
    for entry in fs::read_dir(place)
        .into_iter()
        .flatten()
        .flatten()
        .take(FILES)
    {
        let Ok(file) = entry.file_name().into_string() else {
            continue;
        };
        let is_folder = entry.path().is_dir();
        let is_hidden = file.starts_with('.') && !name.starts_with('.');
        if is_hidden || (folders_only && !is_folder) {
            continue;
        }
        let end = if is_folder { "/" } else { "" };
        if is_folder && file.starts_with(name) {
            candidates.directive = Directive::NO_FILES_NO_SPACE;
        }
        candidates.add(format!("{prefix}{folder}{file}{end}"), "");
    }
    candidates
        .list
        .sort_by(|one, other| one.word.cmp(&other.word));
    candidates
}
