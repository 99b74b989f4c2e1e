//! What is looked at before a list goes live: whether it is what its maker meant.

use std::collections::BTreeMap;

use manifest_core::duplicates::{Duplicate, duplicates, orphans, without};
use manifest_core::settings::minority_format_entries;
use manifest_core::{Content, Descriptor, Draft, Entry, ListType, Manifest, MediaType, Platform};

use manifest_registry::redact;

use crate::cli::OnDuplicate;
use crate::failure::Failure;

/// Says what may not be meant in a list that is to be published. Duplicates are [`settle_duplicates`]'s.
#[must_use]
pub fn oddities(draft: &Draft) -> Vec<String> {
    let mut said = Vec::new();
    said.extend(mixed(draft));
    said.extend(lone_attestations(&draft.entries));
    let mut first: BTreeMap<&str, &Entry> = BTreeMap::new();
    let mut nameless_windows = Vec::new();
    for entry in draft.entries.iter().filter(|entry| entry.is_image()) {
        said.extend(disagreement(entry));
        let Some(platform) = &entry.descriptor.platform else {
            continue;
        };
        let reference = &entry.reference;
        if platform.is_stated()
            && let Err(error) = platform.check(&platform.to_string())
        {
            said.push(format!("no engine will choose {reference}: {error}"));
        }
        if platform.os == "windows" && platform.os_version.is_empty() {
            nameless_windows.push(reference.to_string());
        }
        let digest = entry.descriptor.digest.as_str();
        let other = first.insert(digest, entry);
        let other = other.and_then(|other| other.descriptor.platform.as_ref());
        if let Some(other) = other.filter(|other| other.normalized() != platform.normalized()) {
            said.push(format!(
                "{digest} is published for {other} and for {platform}"
            ));
        }
    }
    if nameless_windows.len() > 1 {
        said.push(format!(
            "{} have no os.version: hosts cannot tell which of them they can run",
            nameless_windows.join(" and ")
        ));
    }
    said
}

/// Says where a list will say something else of what an image runs on than the image itself.
#[must_use]
pub fn disagreement(entry: &Entry) -> Option<String> {
    let reference = &entry.reference;
    let own = entry.origin.as_ref()?.config_platform();
    let platform = entry.descriptor.platform.as_ref();
    let Some(platform) = platform.filter(|platform| platform.is_stated()) else {
        let is_image = own.is_stated() && entry.is_image();
        return is_image.then(|| {
            format!(
                "the list states no platform for {reference}, its configuration says {own}: no engine will choose it"
            )
        });
    };
    (entry.is_image() && !own.is_compatible_with(platform)).then(|| {
        format!("the list says that {reference} is for {platform}, its configuration says {own}")
    })
}

/// Says which images are of another kind than the others, where that makes some registries refuse the list.
fn mixed(draft: &Draft) -> Option<String> {
    let odd = minority_format_entries(&draft.entries);
    let is_oci = odd.first()?.media_type().is_some_and(MediaType::is_oci);
    let kind = match draft.settings.type_for(&draft.entries) {
        Ok(ListType::Oci) => "an image index",
        _ => "a manifest list",
    };
    let names: Vec<String> = odd
        .iter()
        .map(|entry| entry.reference.to_string())
        .collect();
    let (these, others) = if is_oci {
        ("OCI's", "Docker's")
    } else {
        ("Docker's", "OCI's")
    };
    Some(format!(
        "{} {} of {these} form, the others of {others}: this becomes {kind}, and some registries refuse a mixed one",
        names.join(", "),
        if names.len() == 1 { "is" } else { "are" },
    ))
}

/// Says which attestations are about no image that is there.
#[must_use]
pub fn lone_attestations(entries: &[Entry]) -> Vec<String> {
    let say = |entry: &Entry| {
        let about = entry.descriptor.attested_digest().unwrap_or_default();
        let reference = &entry.reference;
        format!("{reference} is an attestation about {about}, which is not in the list")
    };
    orphans(entries).into_iter().map(say).collect()
}

/// What came of entries for one platform.
#[derive(Debug, Default)]
pub struct Settled {
    /// What may not be meant.
    pub warnings: Vec<String>,
    /// What was done because it was asked for.
    pub done: Vec<String>,
}

/// Does what is wanted about entries for one platform. What is named now is later than all else. Returns what is to be said.
///
/// # Errors
/// Where there are such entries, and there shall be none.
pub fn settle_duplicates(
    draft: &mut Draft,
    wanted: OnDuplicate,
    is_named_now: impl Fn(&Entry) -> bool,
) -> Result<Settled, Failure> {
    // In the order in which clients will see them.
    let order = draft.settings.order;
    let seen: Vec<Entry> = order.sorted(&draft.entries).into_iter().cloned().collect();
    let found = duplicates(&seen);
    let name = |place: usize| seen[place].reference.clone();
    let platform =
        |place: usize| -> Platform { seen[place].descriptor.platform.clone().unwrap_or_default() };
    match wanted {
        OnDuplicate::Keep => Ok(Settled::default()),
        OnDuplicate::Warn => {
            let say = |Duplicate { first, second }| {
                format!(
                    "{} and {} are both for {}: most clients will only ever see the first",
                    name(first),
                    name(second),
                    platform(second),
                )
            };
            Ok(Settled {
                warnings: found.into_iter().map(say).collect(),
                done: Vec::new(),
            })
        }
        OnDuplicate::Error => match found.first() {
            None => Ok(Settled::default()),
            Some(&Duplicate { first, second }) => Err(Failure::Duplicate {
                first: name(first).into(),
                second: name(second).into(),
                platform: redact::printable(&platform(second).to_string()),
            }),
        },
        OnDuplicate::Replace => {
            let given = |place: usize| {
                let entry = &seen[place];
                (is_named_now(entry), entry.position.unwrap_or(u64::MAX))
            };
            let mut gone = Vec::new();
            for Duplicate { first, second } in found {
                // Of several, the first may be gone already: what is left of them is the latest.
                let latest = (0..seen.len())
                    .filter(|&place| {
                        seen[place].is_image()
                            && platform(place).normalized() == platform(second).normalized()
                    })
                    .max_by_key(|&place| given(place));
                gone.extend(
                    [first, second]
                        .into_iter()
                        .filter(|&place| Some(place) != latest),
                );
            }
            let stays = without(&seen, &gone);
            let gone: Vec<Entry> = seen
                .into_iter()
                .zip(stays)
                .filter_map(|(entry, stays)| (!stays).then_some(entry))
                .collect();
            draft.entries.retain(|entry| !gone.contains(entry));
            let say = |entry: &Entry| {
                format!(
                    "{} was left out: another one takes its place",
                    entry.reference
                )
            };
            Ok(Settled {
                warnings: Vec::new(),
                done: gone.iter().map(say).collect(),
            })
        }
    }
}

/// Returns warnings as they are.
///
/// # Errors
/// Where there are some, and they shall be errors.
pub fn strictly(is_strict: bool, warnings: Vec<String>) -> Result<Vec<String>, Failure> {
    if is_strict && !warnings.is_empty() {
        return Err(Failure::Strict(warnings));
    }
    Ok(warnings)
}

/// Returns what a list that is put in as it is has itself.
fn within(entry: &Entry) -> Vec<Descriptor> {
    let is_list = entry.media_type().is_some_and(MediaType::is_list);
    let bytes = entry.raw.clone().filter(|_| is_list);
    let list = bytes.and_then(|bytes| Manifest::parse(&entry.descriptor.media_type, bytes).ok());
    match list.as_ref().map(Manifest::content) {
        Some(Content::List(list)) => list.manifests.clone(),
        _ => Vec::new(),
    }
}

/// Checks that there is an image for each of the platforms.
///
/// # Errors
/// Where there is none for some.
pub fn require(draft: &Draft, platforms: &[Platform]) -> Result<(), Failure> {
    let within: Vec<Descriptor> = draft.entries.iter().flat_map(within).collect();
    let own = draft.entries.iter().map(|entry| &entry.descriptor);
    let images = own.chain(&within).filter(|image| image.is_image());
    let there: Vec<&Platform> = images.filter_map(|image| image.platform.as_ref()).collect();
    let serves = |wanted: &&Platform| there.iter().any(|platform| platform.satisfies(wanted));
    let missing: Vec<String> = platforms
        .iter()
        .filter(|wanted| !serves(wanted))
        .map(ToString::to_string)
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    Err(Failure::Required {
        list: draft.list.clone().into(),
        missing: missing.join(", "),
    })
}
