//! The list of a folder of Docker's CLI, which records no names.
//!
//! A folder's name alone is ambiguous, because `:` and `-`, and `/` and `_`, are the same in it. The entries tell more: their
//! repository or its neighbour is nearly always the list's.

use std::collections::BTreeSet;

use manifest_core::{Entry, Reference};

use crate::paths::FileNames;

/// Returns the list of a folder with these entries, or `None` if several lists could have it.
pub(crate) fn infer<'a>(
    folder: &str,
    entries: impl Iterator<Item = &'a Entry> + Clone,
) -> Option<Reference> {
    the_only(
        folder,
        entries
            .clone()
            .filter_map(|entry| of_sibling(folder, entry)),
    )
    .or_else(|| {
        the_only(
            folder,
            entries.filter_map(|entry| of_neighbour(folder, entry)),
        )
    })
}

/// Returns the name that all candidates agree on, if it is a reference that Docker keeps in this folder.
fn the_only(folder: &str, candidates: impl Iterator<Item = String>) -> Option<Reference> {
    let names: BTreeSet<String> = candidates.collect();
    let mut lists = names.iter().filter_map(|name| {
        let list = Reference::parse_canonical(name).ok()?;
        (FileNames::of(&list).docker == folder).then_some(list)
    });
    let only = lists.next()?;
    lists.next().is_none().then_some(only)
}

/// Returns the folder's name as one in the repository of the entry: the rest is the tag, or the digest.
fn of_sibling(folder: &str, entry: &Entry) -> Option<String> {
    let repository = entry.reference.repository().to_string();
    let rest = folder.strip_prefix(&file_name(&repository))?;
    match rest.strip_prefix("@sha256-") {
        Some(hex) => Some(format!("{repository}@sha256:{hex}")),
        None => Some(format!("{repository}:{}", rest.strip_prefix('-')?)),
    }
}

/// Returns the folder's name as one in a repository beside that of the entry, as `app:1` beside `app-amd64:1`. The rest must have
/// one `-` only, the one before the tag.
fn of_neighbour(folder: &str, entry: &Entry) -> Option<String> {
    let repository = entry.reference.repository().to_string();
    let (namespace, _) = repository.rsplit_once('/')?;
    let namespace = format!("{namespace}/");
    let rest = folder.strip_prefix(&file_name(&namespace))?;
    let (name, tag) = rest.split_once('-')?;
    let is_clear = !tag.contains('-') && !name.contains('_');
    is_clear.then(|| format!("{namespace}{name}:{tag}"))
}

fn file_name(text: &str) -> String {
    text.replace(':', "-").replace('/', "_")
}

#[cfg(test)]
mod tests {
    use manifest_core::media_type::DOCKER_MANIFEST;
    use manifest_core::{Descriptor, Digest};

    use super::*;

    fn entry(reference: &str) -> Entry {
        Entry {
            reference: Reference::parse(reference).unwrap(),
            descriptor: Descriptor::new(DOCKER_MANIFEST, Digest::sha256(b"x"), 1),
            raw: None,
            shown: None,
            origin: None,
            position: None,
        }
    }

    #[test]
    fn names_come_from_the_entries() {
        let pinned = format!("q.io/app@sha256:{}", "a".repeat(64));
        for (list, entries) in [
            ("q.io/app:1.0", &["q.io/app:1.0-amd64"][..]),
            ("q.io/app:a-b_c", &["q.io/app:x", "q.io/app:y"]),
            (
                "localhost:5000/a/b_c:1-2",
                &["localhost:5000/a/b_c:1-2-arm"],
            ),
            ("[::1]:5000/app:1", &["[::1]:5000/app:x"]),
            ("alpine:3", &["alpine:3-amd64"]),
            (
                "q.io/corp/app:1.0",
                &["q.io/corp/app-amd64:1.0", "q.io/corp/app-arm64:1.0"],
            ),
            (&pinned, &["q.io/app:x"]),
            // One entry is enough, whatever the others are.
            ("q.io/app:1", &["other.io/x:1", "q.io/app:x"]),
        ] {
            let list = Reference::parse(list).unwrap();
            let entries: Vec<Entry> = entries.iter().map(|name| entry(name)).collect();
            let folder = FileNames::of(&list).docker;
            assert_eq!(infer(&folder, entries.iter()), Some(list));
        }
    }

    #[test]
    fn ambiguous_names_stay_unknown() {
        for (folder, entries) in [
            ("q.io_app-1", &[][..]),
            // app:alpine-3.18 or app-alpine:3.18
            ("q.io_app-alpine-3.18", &["q.io/app:x", "q.io/app-alpine:x"]),
            ("q.io_app-alpine-3.18", &["q.io/other:x"]),
            ("q.io_corp_app-1", &["q.io/app:x"]),
            ("q.io_app", &["q.io/app:x"]),
            ("q.io_app-1~0123456789ab", &["q.io/app:x"]),
            ("q.io_app@sha256-abc", &["q.io/app:x"]),
            ("notes", &["q.io/app:x"]),
        ] {
            let entries: Vec<Entry> = entries.iter().map(|name| entry(name)).collect();
            assert_eq!(infer(folder, entries.iter()), None, "{folder}");
        }
    }
}
