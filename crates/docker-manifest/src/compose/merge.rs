//! Merging resolved sources into a draft.

use manifest_core::{Draft, Entry, Reference, Source};

use crate::sources::Resolved;

/// Returns the entries of `base` and the newly resolved ones, in the order in which they were given. A source that is in `base` already
/// is replaced: its old entries are removed, and their annotations stay.
pub(crate) fn merge(resolved: &[Resolved], base: Option<&Draft>) -> Vec<Entry> {
    let mut old: Vec<&Entry> = base.iter().flat_map(|draft| &draft.entries).collect();
    old.sort_by_key(|entry| entry.position.unwrap_or(u64::MAX));
    let (replaced, kept): (Vec<&Entry>, Vec<&Entry>) = old.into_iter().partition(|entry| {
        resolved
            .iter()
            .any(|source| source.source == source_of(entry))
    });
    let mut entries: Vec<Entry> = kept.into_iter().cloned().collect();
    for source in resolved {
        let old: Vec<&Entry> = replaced
            .iter()
            .filter(|entry| source_of(entry) == source.source)
            .copied()
            .collect();
        for entry in &source.entries {
            let mut entry = entry.clone();
            make_name_unique(&mut entry, &entries);
            if let Some(old) = predecessor(&entry, &old) {
                entry.keep_annotations(old);
            }
            // An image may be a source and also the child of another source. Docker has one file for it, so it is one entry.
            match entries
                .iter_mut()
                .find(|other| other.reference == entry.reference)
            {
                Some(other) => *other = entry,
                None => entries.push(entry),
            }
        }
    }
    // Existing entries keep their place. So does a list whose images have changed.
    let place = |entry: &Entry| {
        let source = source_of(entry);
        let old = replaced.iter().filter(|old| source_of(old) == source);
        let first = old.filter_map(|old| old.position).min();
        entry.position.or(first)
    };
    entries.sort_by_key(|entry| place(entry).unwrap_or(u64::MAX));
    entries
}

/// Gives the child of a list a unique reference if lists have the same child for several platforms. Entries are distinguished by their
/// references, and each descriptor is kept.
fn make_name_unique(entry: &mut Entry, entries: &[Entry]) {
    let stated = |entry: &Entry| entry.origin.as_ref().map(|origin| origin.platform.clone());
    let clashes = |name: &Reference| {
        entries.iter().any(|other| {
            let is_other = other.source() == entry.source() || stated(other) != stated(entry);
            other.reference == *name && other.is_child() && entry.is_child() && is_other
        })
    };
    if !clashes(&entry.reference) {
        return;
    }
    let platform = stated(entry).unwrap_or_default().to_string();
    // A tag begins with a letter or digit, and has 128 characters at most.
    let word = platform.replace(|c: char| !c.is_ascii_alphanumeric() && c != '.', "-");
    let word = match word.trim_matches(['-', '.']) {
        "" => "other",
        word => &word[..word.len().min(100)],
    };
    let names = (1..).map_while(|number: usize| {
        let tag = match number {
            1 => word.to_owned(),
            _ => format!("{word}-{number}"),
        };
        let name = entry.reference.repository().tagged(&tag)?;
        Some(name.pinned(entry.descriptor.digest.clone()))
    });
    if let Some(name) = names.into_iter().find(|name| !clashes(name)) {
        entry.reference = name;
    }
}

/// Returns the source that an entry came from.
pub(crate) fn source_of(entry: &Entry) -> Source {
    let own = || Source::Registry(entry.reference.clone());
    entry.source().cloned().unwrap_or_else(own)
}

/// Returns the entry that a new one replaces: the same image, or the image that the same source had for the same platform.
fn predecessor<'a>(entry: &Entry, old: &[&'a Entry]) -> Option<&'a Entry> {
    let stated = |entry: &Entry| {
        let platform = entry.origin.as_ref().map(|origin| origin.platform.clone());
        platform.filter(|_| entry.is_image())
    };
    let same = old.iter().find(|old| old.reference == entry.reference);
    let similar = || {
        let wanted = stated(entry)?;
        old.iter().find(|old| stated(old).as_ref() == Some(&wanted))
    };
    same.or_else(similar).copied()
}
