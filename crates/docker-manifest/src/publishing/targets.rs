//! The references that a list is published under.

use std::collections::BTreeMap;

use manifest_core::reference::Repository;
use manifest_core::{Digest, Reference};
use manifest_registry::Precondition;

use crate::failure::Failure;
use crate::flags::PublishFlags;

/// Returns the targets that are known before the list is. A list for a layout on this machine has none.
pub(crate) fn known_targets(list: &Reference, flags: &PublishFlags) -> Vec<Reference> {
    if flags.to.is_some() {
        return Vec::new();
    }
    let more = flags
        .tag
        .iter()
        .filter_map(|name| Reference::parse(name).ok());
    std::iter::once(list.clone()).chain(more).collect()
}

/// Returns the tags among the targets that may be probed before the list is complete. A tag with a condition is probed as late as
/// possible.
pub(crate) fn early_probes(targets: &[Reference], flags: &PublishFlags) -> Vec<Reference> {
    if flags.by_digest.is_on() || flags.precondition() != Precondition::None {
        return Vec::new();
    }
    let tagged = |target: &Reference| target.repository().tagged(target.tag()?);
    targets.iter().filter_map(tagged).collect()
}

/// Returns the targets of a list: its own name and those of `--tag`, each once. With `--by-digest` they are pinned to the digest, and
/// no tag is written.
pub(super) fn of_list(
    list: &Reference,
    digest: &Digest,
    flags: &PublishFlags,
) -> Result<Vec<Reference>, Failure> {
    let parse = |text: &String| {
        Reference::parse(text).map_err(|source| Failure::Reference {
            prefix: Some(format!("error parsing name for tag {text}")),
            source,
        })
    };
    let more = flags.tag.iter().map(parse).collect::<Result<Vec<_>, _>>()?;
    let more = checked(&more, digest)?;
    let pin = |target: &Reference| match flags.by_digest.is_on() {
        true => target.repository().at(digest.clone()),
        false => target.clone(),
    };
    Ok(unique(std::iter::once(list).chain(&more).map(pin)))
}

/// Returns each target once. A target with a tag loses its digest.
///
/// # Errors
/// Fails if a target names another digest than the published one.
pub(super) fn checked(targets: &[Reference], digest: &Digest) -> Result<Vec<Reference>, Failure> {
    let is_other = |target: &&Reference| target.digest().is_some_and(|named| named != digest);
    if let Some(target) = targets.iter().find(is_other) {
        return Err(Failure::DigestMismatch {
            target: target.clone().into(),
            digest: digest.clone(),
        });
    }
    let name = |target: &Reference| {
        let tagged = target.tag().and_then(|tag| target.repository().tagged(tag));
        tagged.unwrap_or_else(|| target.clone())
    };
    Ok(unique(targets.iter().map(name)))
}

fn unique(targets: impl Iterator<Item = Reference>) -> Vec<Reference> {
    let mut unique = Vec::new();
    for target in targets {
        if !unique.contains(&target) {
            unique.push(target);
        }
    }
    unique
}

/// Groups targets by repository, in the order given.
pub(super) fn by_repository(targets: &[Reference]) -> Vec<(&Repository, Vec<Reference>)> {
    let mut groups: Vec<(&Repository, Vec<Reference>)> = Vec::new();
    for target in targets {
        let repository = target.repository();
        match groups.iter_mut().find(|(known, _)| *known == repository) {
            Some((_, group)) => group.push(target.clone()),
            None => groups.push((repository, vec![target.clone()])),
        }
    }
    groups
}

/// Sorts results by the order in which their targets were given, which is not by repository.
pub(super) fn sort_as_given<T>(results: &mut [(Reference, T)], targets: &[Reference]) {
    let places = targets.iter().enumerate();
    let places: BTreeMap<&Reference, usize> =
        places.map(|(place, target)| (target, place)).collect();
    results.sort_by_key(|(target, _)| places.get(target).copied());
}
