//! How a draft comes of what was resolved: what stays of what was there, and what goes.

use std::collections::{BTreeMap, BTreeSet};

use manifest_core::{Draft, Entry, MediaType, Platform, Reference, Source};
use manifest_registry::{Client, redact};
use manifest_store::{Change, in_storage_order};

use crate::cli::{AnnotationFlag, AnnotationTarget};
use crate::commands::for_all;
use crate::context::Context;
use crate::failure::Failure;
use crate::sources::flatten::Choice;
use crate::sources::words::Named;
use crate::sources::{Resolved, Resolver};

/// Puts annotations on a draft's list and on its images.
///
/// # Errors
/// Where one is for images of which there is none in the draft.
pub(crate) fn annotate<'a>(
    draft: &mut Draft,
    annotations: impl IntoIterator<Item = &'a AnnotationFlag>,
) -> Result<(), Failure> {
    for AnnotationFlag { on, key, value } in annotations {
        let pair = (key.clone(), value.clone());
        match on {
            AnnotationTarget::Index | AnnotationTarget::Unsaid => {
                draft.settings.annotations.extend([pair]);
            }
            AnnotationTarget::Entry(wanted) => {
                let mut is_lost = true;
                for entry in draft.entries.iter_mut().filter(|entry| entry.is_image()) {
                    let platform = entry.descriptor.platform.clone().unwrap_or_default();
                    if wanted
                        .as_ref()
                        .is_none_or(|wanted| platform.satisfies(wanted))
                    {
                        entry.descriptor.annotations.extend([pair.clone()]);
                        is_lost = false;
                    }
                }
                if is_lost {
                    let missing = wanted.as_ref().map(ToString::to_string);
                    return Err(Failure::Required {
                        list: draft.list.clone().into(),
                        missing: missing.unwrap_or_else(|| format!("entry:{key}")),
                    });
                }
            }
        }
    }
    Ok(())
}

/// Returns what all images say of themselves in the same words, those that stay in the draft included.
pub(crate) fn shared_sayings(
    resolved: &[Resolved],
    staying: &[BTreeMap<String, String>],
) -> BTreeMap<String, String> {
    let resolved = resolved.iter().flat_map(|source| &source.sayings);
    let mut sayings = resolved.chain(staying);
    let mut shared = sayings.next().cloned().unwrap_or_default();
    for saying in sayings {
        shared.retain(|key, value| saying.get(key) == Some(value));
    }
    shared
}

/// Returns the entries of `base` and what was resolved now, in the order in which they were given. A source that is in `base`
/// already is taken anew: what it had then goes, and what was annotated on it stays.
pub(crate) fn merged(resolved: &[Resolved], base: Option<&Draft>) -> Vec<Entry> {
    let mut old: Vec<&Entry> = base.iter().flat_map(|draft| &draft.entries).collect();
    old.sort_by_key(|entry| entry.position.unwrap_or(u64::MAX));
    let (again, kept): (Vec<&Entry>, Vec<&Entry>) = old.into_iter().partition(|entry| {
        resolved
            .iter()
            .any(|source| source.source == source_of(entry))
    });
    let mut entries: Vec<Entry> = kept.into_iter().cloned().collect();
    for source in resolved {
        let was: Vec<&Entry> = again
            .iter()
            .filter(|entry| source_of(entry) == source.source)
            .copied()
            .collect();
        for entry in &source.entries {
            let mut entry = entry.clone();
            name_apart(&mut entry, &entries);
            if let Some(old) = predecessor(&entry, &was) {
                entry.keep_annotations(old);
            }
            // An image may be named itself and come with a list: as Docker has one file for it, it is one entry.
            match entries
                .iter_mut()
                .find(|other| other.reference == entry.reference)
            {
                Some(other) => *other = entry,
                None => entries.push(entry),
            }
        }
    }
    // What was there keeps its place; so does a list that has other images now.
    let place = |entry: &Entry| {
        let source = source_of(entry);
        let was = again.iter().filter(|old| source_of(old) == source);
        let first = was.filter_map(|old| old.position).min();
        entry.position.or(first)
    };
    entries.sort_by_key(|entry| place(entry).unwrap_or(u64::MAX));
    entries
}

/// Gives the child of a list a name of its own where lists have the same child for several platforms: entries are told apart by
/// their references, and each descriptor is to stay.
fn name_apart(entry: &mut Entry, entries: &[Entry]) {
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

pub(crate) fn source_of(entry: &Entry) -> Source {
    let own = || Source::Registry(entry.reference.clone());
    entry.source().cloned().unwrap_or_else(own)
}

/// Finds what an entry takes the place of: the same image, or the one that the same source had for the same platform.
fn predecessor<'a>(entry: &Entry, was: &[&'a Entry]) -> Option<&'a Entry> {
    let stated = |entry: &Entry| {
        let platform = entry.origin.as_ref().map(|origin| origin.platform.clone());
        platform.filter(|_| entry.is_image())
    };
    let same = was.iter().find(|old| old.reference == entry.reference);
    let similar = || {
        let wanted = stated(entry)?;
        was.iter().find(|old| stated(old).as_ref() == Some(&wanted))
    };
    same.or_else(similar).copied()
}

/// Returns what makes the draft on disk what it is to be.
pub(crate) fn change(existing: Option<&Draft>, draft: Draft) -> Change {
    let empty = Draft::new(draft.list.clone(), Vec::new());
    let existing = existing.unwrap_or(&empty);
    let stays: BTreeSet<&Reference> = draft.entries.iter().map(|entry| &entry.reference).collect();
    let remove = existing.entries.iter().map(|entry| &entry.reference);
    let remove = remove
        .filter(|reference| !stays.contains(reference))
        .cloned()
        .collect();
    let is_new = |entry: &&Entry| {
        let was = existing.entry(&entry.reference).cloned();
        let was = was.map(|was| Entry {
            position: entry.position,
            ..was
        });
        was.as_ref() != Some(*entry)
    };
    let mut put: Vec<Entry> = draft.entries.iter().filter(is_new).cloned().collect();
    put.sort_by_key(|entry| entry.position);
    let mut order: Vec<&Entry> = draft.entries.iter().collect();
    order.sort_by_key(|entry| entry.position);
    Change {
        put,
        remove,
        replaces_all: false,
        order: order
            .into_iter()
            .map(|entry| entry.reference.clone())
            .collect(),
        settings: Some(draft.settings).filter(|settings| *settings != existing.settings),
    }
}

/// Returns what makes the draft on disk what it is to be, whatever is there.
pub(crate) fn replacement(draft: Draft) -> Change {
    let mut put = draft.entries;
    put.sort_by_key(|entry| entry.position);
    Change {
        put,
        remove: Vec::new(),
        replaces_all: true,
        order: Vec::new(),
        settings: Some(draft.settings),
    }
}

/// Returns a draft with what its sources show now.
pub(crate) fn refreshed(resolved: &[Resolved], draft: &Draft) -> Draft {
    Draft {
        list: draft.list.clone(),
        entries: in_storage_order(merged(resolved, Some(draft))),
        settings: draft.settings.clone(),
    }
}

/// Resolves anew all that a draft was made of, but for what is named by digest.
pub(crate) async fn resolved_again(
    context: &Context<'_>,
    client: &Client,
    draft: &Draft,
) -> Result<Vec<Resolved>, Failure> {
    let mut sources: Vec<Named> = Vec::new();
    for entry in &draft.entries {
        if let Some(source) = Named::of(&source_of(entry))
            && !source.is_pinned()
            && !sources.contains(&source)
        {
            sources.push(source);
        }
    }
    let client = client.for_reading(sources.iter().filter_map(Named::reference));
    let of = |source: Named| {
        let is_of = |entry: &&Entry| source_of(entry) == source.source();
        let entries: Vec<&Entry> = draft.entries.iter().filter(is_of).collect();
        let nests = entries
            .iter()
            .any(|entry| entry.media_type().is_some_and(MediaType::is_list));
        // What was chosen of a list then is chosen again: the platforms that are there, with attestations or without.
        let is_flattened = !nests && entries.iter().any(|entry| entry.is_child());
        let platforms = entries
            .iter()
            .filter(|entry| is_flattened && entry.is_image())
            .filter_map(|entry| Some(release(&entry.origin.as_ref()?.platform)));
        let choice = Choice {
            platforms: platforms.collect(),
            attestations: !is_flattened
                || entries
                    .iter()
                    .any(|entry| entry.descriptor.is_attestation()),
        };
        let is_insecure = |entry: &&Entry| entry.origin.as_ref().is_some_and(|o| o.insecure);
        let insecure = entries.iter().any(is_insecure);
        (source, choice, !nests, insecure)
    };
    let now = context.now();
    let client = &client;
    let resolve = |(source, choice, flatten, insecure): (Named, Choice, bool, bool)| async move {
        let resolver = Resolver {
            client,
            choice: &choice,
            list: &draft.list,
            flatten,
            now,
        };
        let mut resolved = resolver.resolve(source).await?;
        for entry in resolved.entries.iter_mut().filter(|_| insecure) {
            entry.mark_insecure();
        }
        let is_lost = |wanted: &&Platform| {
            let mut found = resolved
                .entries
                .iter()
                .filter_map(|entry| entry.origin.as_ref());
            !found.any(|origin| origin.platform.satisfies(wanted))
        };
        let lost = choice.platforms.iter().filter(is_lost);
        let lost: Vec<String> = lost.map(ToString::to_string).collect();
        if lost.is_empty() {
            return Ok(resolved);
        }
        Err(Failure::Lost {
            source_image: resolved.source.into(),
            list: draft.list.clone().into(),
            missing: redact::printable(&lost.join(", ")),
        })
    };
    for_all(sources.into_iter().map(of).map(resolve)).await
}

/// Returns a platform without the last number of the os version: that of Windows changes each month, and no host minds.
fn release(platform: &Platform) -> Platform {
    let mut parts: Vec<&str> = platform.os_version.split('.').collect();
    parts.truncate(3);
    Platform {
        os_version: parts.join("."),
        ..platform.clone()
    }
}
