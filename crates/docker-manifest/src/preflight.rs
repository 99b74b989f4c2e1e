//! Pre-publish checks: mistakes that a list may contain.

use std::collections::BTreeMap;

use manifest_core::duplicates::{Duplicate, duplicates, orphans, without};
use manifest_core::settings::minority_format_entries;
use manifest_core::{Content, Descriptor, Draft, Entry, ListType, Manifest, MediaType, Platform};

use manifest_registry::redact;

use crate::failure::Failure;
use crate::values::OnDuplicate;

/// Returns warnings about possible mistakes in a list. [`resolve_duplicates`] warns of duplicates.
#[must_use]
pub fn warnings(draft: &Draft) -> Vec<String> {
    let mut warnings = Vec::new();
    warnings.extend(mixed_formats(draft));
    warnings.extend(orphaned_attestations(&draft.entries));
    let mut first: BTreeMap<&str, &Entry> = BTreeMap::new();
    let mut windows_without_version = Vec::new();
    for entry in draft.entries.iter().filter(|entry| entry.is_image()) {
        warnings.extend(platform_mismatch(entry));
        let Some(platform) = &entry.descriptor.platform else {
            continue;
        };
        let reference = &entry.reference;
        if platform.is_stated()
            && let Err(error) = platform.check(&platform.to_string())
        {
            warnings.push(format!("no engine will select {reference}: {error}"));
        }
        if platform.os == "windows" && platform.os_version.is_empty() {
            windows_without_version.push(reference.to_string());
        }
        let digest = entry.descriptor.digest.as_str();
        let other = first.insert(digest, entry);
        let other = other.and_then(|other| other.descriptor.platform.as_ref());
        if let Some(other) = other.filter(|other| other.normalized() != platform.normalized()) {
            warnings.push(format!(
                "{digest} is published for {other} and for {platform}"
            ));
        }
    }
    if windows_without_version.len() > 1 {
        warnings.push(format!(
            "{} have no os.version: hosts cannot tell which of them they can run",
            windows_without_version.join(" and ")
        ));
    }
    warnings
}

/// Warns of a list that states another platform for an image than its configuration does.
#[must_use]
pub fn platform_mismatch(entry: &Entry) -> Option<String> {
    let reference = &entry.reference;
    let own = entry.origin.as_ref()?.config_platform();
    let platform = entry.descriptor.platform.as_ref();
    let Some(platform) = platform.filter(|platform| platform.is_stated()) else {
        let is_image = own.is_stated() && entry.is_image();
        return is_image.then(|| {
            format!(
                "the list has no platform for {reference}, its configuration says {own}: no engine will select it"
            )
        });
    };
    (entry.is_image() && !own.is_compatible_with(platform)).then(|| {
        format!("the list says that {reference} is for {platform}, its configuration says {own}")
    })
}

/// Warns of a list that mixes Docker and OCI manifests, which some registries refuse. Names those that are in the minority.
fn mixed_formats(draft: &Draft) -> Option<String> {
    let minority = minority_format_entries(&draft.entries);
    let is_oci = minority
        .first()?
        .media_type()
        .is_some_and(MediaType::is_oci);
    let kind = match draft.settings.type_for(&draft.entries) {
        Ok(ListType::Oci) => "an image index",
        _ => "a manifest list",
    };
    let names: Vec<String> = minority
        .iter()
        .map(|entry| entry.reference.to_string())
        .collect();
    let (these, others) = if is_oci {
        ("OCI's", "Docker's")
    } else {
        ("Docker's", "OCI's")
    };
    Some(format!(
        "the list mixes Docker and OCI manifests ({} {} {these}, the others are {others}): it becomes {kind}, and some registries refuse a mixed one",
        names.join(", "),
        if names.len() == 1 { "is" } else { "are" },
    ))
}

/// Warns of attestations about images that are not in the list.
#[must_use]
pub fn orphaned_attestations(entries: &[Entry]) -> Vec<String> {
    let warning = |entry: &Entry| {
        let about = entry.descriptor.attested_digest().unwrap_or_default();
        let reference = &entry.reference;
        format!("{reference} is an attestation for {about}, which is not in the list")
    };
    let list: Vec<&Descriptor> = entries.iter().map(|entry| &entry.descriptor).collect();
    let orphans = orphans(&list).into_iter();
    orphans.map(|place| warning(&entries[place])).collect()
}

/// The result of [`resolve_duplicates`], to be reported.
#[derive(Debug, Default)]
pub struct DuplicatesReport {
    /// Warnings about duplicates that may be a mistake.
    pub warnings: Vec<String>,
    /// Messages about the removal of duplicates, which the user requested.
    pub messages: Vec<String>,
}

/// Warns of several entries for one platform, refuses them, or keeps the latest. Newly named entries are later than all others.
///
/// # Errors
/// Fails if there are such entries, and the policy is [`OnDuplicate::Error`].
pub fn resolve_duplicates(
    draft: &mut Draft,
    on_duplicate: OnDuplicate,
    is_named_now: impl Fn(&Entry) -> bool,
) -> Result<DuplicatesReport, Failure> {
    // In the order that clients will see.
    let order = draft.settings.order;
    let seen: Vec<Entry> = order.sorted(&draft.entries).into_iter().cloned().collect();
    let found = duplicates(seen.iter().map(|entry| &entry.descriptor));
    let name = |place: usize| seen[place].reference.clone();
    let platform =
        |place: usize| -> Platform { seen[place].descriptor.platform.clone().unwrap_or_default() };
    match on_duplicate {
        OnDuplicate::Keep => Ok(DuplicatesReport::default()),
        OnDuplicate::Warn => {
            let warning = |Duplicate { first, second }| {
                format!(
                    "{} and {} are both for {}: most clients only see the first",
                    name(first),
                    name(second),
                    platform(second),
                )
            };
            Ok(DuplicatesReport {
                warnings: found.into_iter().map(warning).collect(),
                messages: Vec::new(),
            })
        }
        OnDuplicate::Error => match found.first() {
            None => Ok(DuplicatesReport::default()),
            Some(&Duplicate { first, second }) => Err(Failure::DuplicatePlatform {
                first: name(first).into(),
                second: name(second).into(),
                platform: redact::printable(&platform(second).to_string()),
            }),
        },
        OnDuplicate::Replace => {
            let removed = keep_latest(draft, seen, found, is_named_now);
            let message = |entry: &Entry| {
                format!(
                    "{} was left out: another image replaces it",
                    entry.reference
                )
            };
            Ok(DuplicatesReport {
                warnings: Vec::new(),
                messages: removed.iter().map(message).collect(),
            })
        }
    }
}

/// Removes duplicates from a draft, but for the latest entry of each platform. Returns the removed entries. `seen` are the entries in
/// the order in which clients see them.
fn keep_latest(
    draft: &mut Draft,
    seen: Vec<Entry>,
    duplicates: Vec<Duplicate>,
    is_named_now: impl Fn(&Entry) -> bool,
) -> Vec<Entry> {
    let platform =
        |place: usize| -> Platform { seen[place].descriptor.platform.clone().unwrap_or_default() };
    let age = |place: usize| {
        let entry = &seen[place];
        (is_named_now(entry), entry.position.unwrap_or(u64::MAX))
    };
    let mut removed_indices = Vec::new();
    for Duplicate { first, second } in duplicates {
        // With more than two duplicates, the first may be removed already. Only the latest is kept.
        let latest = (0..seen.len())
            .filter(|&place| {
                seen[place].is_image()
                    && platform(place).normalized() == platform(second).normalized()
            })
            .max_by_key(|&place| age(place));
        let others = [first, second].into_iter();
        removed_indices.extend(others.filter(|&place| Some(place) != latest));
    }
    let stays = without(&seen, &removed_indices);
    let removed: Vec<Entry> = seen
        .into_iter()
        .zip(stays)
        .filter_map(|(entry, stays)| (!stays).then_some(entry))
        .collect();
    draft.entries.retain(|entry| !removed.contains(entry));
    removed
}

/// Returns the warnings unchanged.
///
/// # Errors
/// Fails if there are some, and `--strict` is given.
pub fn refuse_if_strict(is_strict: bool, warnings: Vec<String>) -> Result<Vec<String>, Failure> {
    if is_strict && !warnings.is_empty() {
        return Err(Failure::StrictWarnings(warnings));
    }
    Ok(warnings)
}

/// Returns the children of an entry that is a list.
fn children_of(entry: &Entry) -> Vec<Descriptor> {
    let is_list = entry.media_type().is_some_and(MediaType::is_list);
    let bytes = entry.raw.clone().filter(|_| is_list);
    let list = bytes.and_then(|bytes| Manifest::parse(&entry.descriptor.media_type, bytes).ok());
    match list.as_ref().map(Manifest::content) {
        Some(Content::List(list)) => list.manifests.clone(),
        _ => Vec::new(),
    }
}

/// Returns the platforms that no image of a list is for.
#[must_use]
pub fn missing_platforms<'a>(
    list: impl IntoIterator<Item = &'a Descriptor>,
    wanted: &[Platform],
) -> Vec<&Platform> {
    let images = list.into_iter().filter(|descriptor| descriptor.is_image());
    let platforms: Vec<&Platform> = images.filter_map(|image| image.platform.as_ref()).collect();
    let serves = |wanted: &Platform| platforms.iter().any(|platform| platform.satisfies(wanted));
    wanted.iter().filter(|wanted| !serves(wanted)).collect()
}

/// Checks that a list has an image for each of the platforms.
///
/// # Errors
/// Fails if it lacks some.
pub fn require_platforms(draft: &Draft, platforms: &[Platform]) -> Result<(), Failure> {
    let children: Vec<Descriptor> = draft.entries.iter().flat_map(children_of).collect();
    let own = draft.entries.iter().map(|entry| &entry.descriptor);
    let missing = missing_platforms(own.chain(&children), platforms);
    let missing: Vec<String> = missing.iter().map(ToString::to_string).collect();
    if missing.is_empty() {
        return Ok(());
    }
    Err(Failure::PlatformMissing {
        list: draft.list.clone().into(),
        missing: missing.join(", "),
    })
}
