//! The references that the names of Docker's folders stand for. Docker writes `:` as `-` and `/` as `_`, and records nothing else.

use manifest_core::Reference;
use manifest_core::reference::Repository;

use crate::paths::FileNames;

/// Returns the reference that the name of a draft's folder most likely stands for: one in the repository of an image in the draft,
/// else one with a host up to the first `_` and a tag from the last `-` on. The draft is found by it in any case, because its name
/// is the same.
pub(crate) fn likely_reference(folder: &str, images: &[Reference]) -> Option<Reference> {
    let mut repositories: Vec<&Repository> = images.iter().map(Reference::repository).collect();
    // The longest one that fits leaves the shortest tag.
    repositories.sort_by_key(|repository| std::cmp::Reverse(repository.to_string().len()));
    let in_repository = |repository: &Repository| {
        let name = repository.to_string().replace(':', "-").replace('/', "_");
        let tag = folder.strip_prefix(&name)?.strip_prefix('-')?;
        repository.tagged(tag)
    };
    let found = repositories.into_iter().find_map(in_repository);
    found
        .or_else(|| split(folder))
        .filter(|reference| FileNames::of(reference).docker == folder)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_references() {
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
            let found = likely_reference(folder, &images).map(|found| found.to_string());
            assert_eq!(found.as_deref(), Some(expected), "{folder}");
        }
        for folder in [
            "",
            "x",
            "no-underscore",
            "q.io_APP-1",
            "q.io_app~0123456789ab",
        ] {
            assert_eq!(likely_reference(folder, &[]), None, "{folder}");
        }
    }
}
