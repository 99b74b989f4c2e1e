//! The list of a folder of Docker's CLI, which records no names.
//!
//! A folder's name alone is ambiguous, because `:` and `-`, and `/` and `_`, are the same in it. The entries tell more: their
//! repository or its neighbour is nearly always the list's.

use std::collections::BTreeSet;

use manifest_core::Reference;
use manifest_core::reference::Repository;

use crate::paths::FileNames;

/// Returns the list of a folder with these images, or `None` if several lists could have it.
pub(crate) fn infer<'a>(
    folder: &str,
    images: impl Iterator<Item = &'a Reference> + Clone,
) -> Option<Reference> {
    let siblings = images
        .clone()
        .filter_map(|image| of_sibling(folder, image.repository()));
    the_only(folder, siblings).or_else(|| {
        let neighbours = images.filter_map(|image| of_neighbour(folder, image.repository()));
        the_only(folder, neighbours)
    })
}

/// Returns the list that a folder with these images most likely has: the inferred one, else the one in the longest repository of an
/// image, else a name with a host up to the first `_` and a tag from the last `-` on. The draft is found by it in any case, because
/// the name of the folder is the same.
pub(crate) fn guess(folder: &str, images: &[Reference]) -> Option<Reference> {
    let in_repositories = || {
        let mut repositories: Vec<&Repository> = images.iter().map(Reference::repository).collect();
        // The longest one leaves the shortest tag.
        repositories.sort_by_key(|repository| std::cmp::Reverse(repository.to_string().len()));
        let names = repositories.into_iter();
        names
            .filter_map(|repository| of_sibling(folder, repository))
            .find_map(|name| Reference::parse_canonical(&name).ok())
    };
    infer(folder, images.iter())
        .or_else(in_repositories)
        .or_else(|| split(folder))
        .filter(|list| FileNames::of(list).docker == folder)
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

/// Returns the folder's name as one in the repository of an image: the rest is the tag, or the digest.
fn of_sibling(folder: &str, repository: &Repository) -> Option<String> {
    let repository = repository.to_string();
    let rest = folder.strip_prefix(&file_name(&repository))?;
    match rest.strip_prefix("@sha256-") {
        Some(hex) => Some(format!("{repository}@sha256:{hex}")),
        None => Some(format!("{repository}:{}", rest.strip_prefix('-')?)),
    }
}

/// Returns the folder's name as one in a repository beside that of an image, as `app:1` beside `app-amd64:1`. The rest must have
/// one `-` only, the one before the tag.
fn of_neighbour(folder: &str, repository: &Repository) -> Option<String> {
    let repository = repository.to_string();
    let (namespace, _) = repository.rsplit_once('/')?;
    let namespace = format!("{namespace}/");
    let rest = folder.strip_prefix(&file_name(&namespace))?;
    let (name, tag) = rest.split_once('-')?;
    let is_clear = !tag.contains('-') && !name.contains('_');
    is_clear.then(|| format!("{namespace}{name}:{tag}"))
}

/// Splits a name at the places where a host, a path and a tag usually end.
fn split(folder: &str) -> Option<Reference> {
    let (name, tag) = folder.rsplit_once('-')?;
    let (host, path) = name.split_once('_')?;
    let host = match host.rsplit_once('-') {
        Some((name, port)) if !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit()) => {
            format!("{name}:{port}")
        }
        _ => host.to_owned(),
    };
    Reference::parse(&format!("{host}/{}:{tag}", path.replace('_', "/"))).ok()
}

fn file_name(text: &str) -> String {
    text.replace(':', "-").replace('/', "_")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn images(names: &[&str]) -> Vec<Reference> {
        let names = names.iter();
        names.map(|name| Reference::parse(name).unwrap()).collect()
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
            let entries = images(entries);
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
            let entries = images(entries);
            assert_eq!(infer(folder, entries.iter()), None, "{folder}");
        }
    }

    #[test]
    fn guesses_have_the_name_of_the_folder() {
        for (folder, images, expected) in [
            (
                "docker.io_library_app-1.0",
                &[][..],
                "docker.io/library/app:1.0",
            ),
            ("127.0.0.1-5000_app-1", &[], "127.0.0.1:5000/app:1"),
            ("q.io_a_b-latest", &[], "q.io/a/b:latest"),
            // An image in the draft tells where its repository ends.
            (
                "q.io_my_app-1.0-rc",
                &["q.io/my_app:x"],
                "q.io/my_app:1.0-rc",
            ),
            (
                "q.io_app-x-1",
                &["q.io/app:1", "q.io/app-x:2"],
                "q.io/app-x:1",
            ),
            ("q.io_app-1", &["other.io/b:2"], "q.io/app:1"),
            (
                "my-host-5000_app-1",
                &["my-host:5000/app:2"],
                "my-host:5000/app:1",
            ),
        ] {
            let images: Vec<Reference> = images
                .iter()
                .map(|image| Reference::parse(image).unwrap())
                .collect();
            let found = guess(folder, &images).map(|found| found.to_string());
            assert_eq!(found.as_deref(), Some(expected), "{folder}");
        }
        for folder in [
            "",
            "x",
            "no-underscore",
            "q.io_APP-1",
            "q.io_app~0123456789ab",
        ] {
            assert_eq!(guess(folder, &[]), None, "{folder}");
        }
    }
}
