//! Selecting entries of a draft by reference, layout, digest or platform.

use std::path::Path;

use manifest_core::{Digest, Draft, Entry, NamedPlatform, Reference, Source};
use manifest_layout::Location;
use manifest_registry::redact;

use crate::failure::Failure;

/// Returns the one entry that a text names. If BuildKit has pushed an image with attestations, its name means the image.
///
/// # Errors
/// Fails if it names several images.
pub(super) fn one<'a>(
    draft: &'a Draft,
    text: &str,
    current_dir: Option<&Path>,
) -> Result<Option<&'a Entry>, Failure> {
    let mut found: Vec<&Entry> = indices(draft, text, current_dir)
        .into_iter()
        .map(|index| &draft.entries[index])
        .collect();
    if found.iter().any(|entry| entry.is_image()) {
        found.retain(|entry| entry.is_image());
    }
    match found.as_slice() {
        [] => Ok(None),
        [entry] => Ok(Some(entry)),
        several => {
            let name = |entry: &&Entry| {
                let platform = entry.descriptor.platform.clone().unwrap_or_default();
                redact::printable(&format!("{} ({platform})", entry.reference))
            };
            Err(Failure::AmbiguousEntry {
                image: text.to_owned(),
                found: several.iter().map(name).collect(),
            })
        }
    }
}

/// Returns the indices of the entries that a text names: by reference as `create` was given it (that of a list names all
/// its children), by its layout, by digest (its own, or that of the list that it came with), or by platform. `current_dir` is the folder that
/// relative paths start from.
pub(super) fn indices(draft: &Draft, text: &str, current_dir: Option<&Path>) -> Vec<usize> {
    let find = |is_meant: &dyn Fn(&Entry) -> bool| -> Vec<usize> {
        let entries = draft.entries.iter().enumerate();
        entries
            .filter(|(_, entry)| is_meant(entry))
            .map(|(index, _)| index)
            .collect()
    };
    if let Ok(digest) = text.parse::<Digest>() {
        let found = find(&|entry| entry.descriptor.digest == digest);
        if !found.is_empty() {
            return found;
        }
        let is_of = |entry: &Entry| entry.origin.as_ref().map(|o| &o.digest) == Some(&digest);
        return find(&is_of);
    }
    if let Some(Ok(location)) = Location::parse(text) {
        let location = current_dir.and_then(|current_dir| location.absolute(current_dir).ok());
        let source = location.map(|location| Source::Disk(location.to_string()));
        return find(&|entry| source.is_some() && entry.source() == source.as_ref());
    }
    if let Ok(reference) = Reference::parse(text) {
        let found = find(&|entry| entry.reference == reference);
        if !found.is_empty() {
            return found;
        }
        let source = Source::Registry(reference);
        let found = find(&|entry| entry.source() == Some(&source));
        if !found.is_empty() {
            return found;
        }
    }
    let Ok(named) = NamedPlatform::parse_any(text) else {
        return Vec::new();
    };
    find(&|entry| {
        let platform = entry.descriptor.platform.as_ref();
        entry.is_image() && platform.is_some_and(|platform| platform.satisfies(&named.platform))
    })
}
