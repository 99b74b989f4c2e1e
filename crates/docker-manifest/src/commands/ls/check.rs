//! `ls --check`: the state of sources and list tags in the registries, by one HEAD request each, all at once.

use std::collections::{BTreeMap, BTreeSet};

use manifest_core::{Digest, Draft, PublishedList, Reference, TagState};
use manifest_registry::{Client, RegistryError, concurrent};

use crate::concurrency::PARALLEL_IMAGES;
use crate::context::Context;
use crate::drafts::{ListedDraft, ListedResult};
use crate::failure::Failure;
use crate::publishing;

/// The digest that a tag points to, `None` if there is no such tag.
type Probe = Result<Option<Digest>, RegistryError>;

/// The state of a draft's tags in the registries.
#[derive(Debug)]
pub(super) struct DraftCheck {
    /// The tag that the draft is pushed to. `None` if the list is named by a digest.
    pub(super) tag: Option<(ListTag, Option<Digest>)>,
    /// The source tags, with the digests in the draft.
    pub(super) sources: Vec<CheckedSource>,
}

/// One source tag.
#[derive(Debug)]
pub(super) struct CheckedSource {
    pub(super) source: Reference,
    /// The digest in the draft.
    pub(super) then: Digest,
    /// The digest that the tag points to now.
    pub(super) now: Option<Digest>,
    pub(super) state: SourceState,
}

/// The state of a source tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SourceState {
    /// It points to the digest in the draft.
    Current,
    /// It points to another digest.
    Moved,
    /// It does not exist any more.
    Gone,
    /// The registry gave no clear response.
    Unknown,
}

/// The state of the tag that a draft is pushed to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ListTag {
    /// The tag does not exist.
    Absent,
    /// The tag points to the list that the draft would publish.
    Published,
    /// The tag points to another manifest.
    Different,
    /// The tag points to another manifest, and did not when the draft was made or last pushed.
    Moved,
    /// The registry gave no clear response.
    Unknown,
}

/// The result for all drafts.
#[derive(Debug, Default)]
pub(super) struct Checks {
    /// The states, by the draft's list.
    pub(super) drafts: BTreeMap<Reference, DraftCheck>,
    /// One error of each registry that gave no clear response.
    pub(super) errors: BTreeMap<String, RegistryError>,
}

impl SourceState {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Current => "current",
            Self::Moved => "moved",
            Self::Gone => "gone",
            Self::Unknown => "unknown",
        }
    }
}

impl ListTag {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Absent => "absent",
            Self::Published => "published",
            Self::Different => "different",
            Self::Moved => "moved",
            Self::Unknown => "unknown",
        }
    }
}

/// Returns the drafts that can be checked: those with a name and without damage.
pub(super) fn drafts(listed: &[ListedResult]) -> Vec<Draft> {
    let readable = listed.iter().flatten();
    readable.filter_map(ListedDraft::draft).collect()
}

/// Checks all drafts.
pub(super) async fn check(client: &Client, drafts: &[Draft]) -> Checks {
    let sources: Vec<_> = drafts.iter().map(publishing::drafted_tags).collect();
    let tags = drafts.iter().filter_map(list_tag);
    let all: BTreeSet<&Reference> = sources
        .iter()
        .flat_map(BTreeMap::keys)
        .chain(tags)
        .collect();
    let client = &client.for_reading(all.iter().copied());
    let probes = all.into_iter().map(|reference| async move {
        let digest = client.manifest_digest(reference).await;
        (reference.clone(), digest)
    });
    let probes = concurrent(PARALLEL_IMAGES, probes).await;
    let probes: BTreeMap<Reference, Probe> = probes.into_iter().collect();
    let mut checks = Checks::default();
    for (reference, probe) in &probes {
        if let Err(error) = probe {
            let domain = reference.domain().to_owned();
            checks.errors.entry(domain).or_insert_with(|| error.clone());
        }
    }
    for (draft, sources) in drafts.iter().zip(sources) {
        let tag = list_tag(draft).and_then(|tag| probes.get(tag));
        let check = DraftCheck {
            tag: tag.map(|probe| (tag_state(draft, probe), known(probe))),
            sources: sources
                .into_iter()
                .filter_map(|(source, then)| checked(source, then, &probes))
                .collect(),
        };
        checks.drafts.insert(draft.list.clone(), check);
    }
    checks
}

/// Returns the first error as the failure of the command, and warns of the others.
pub(super) fn failure(checks: Checks, context: &Context<'_>) -> Option<Failure> {
    let mut errors = checks.errors.into_values();
    let first = errors.next()?;
    for error in errors {
        Failure::Registry(error).report(context.output);
    }
    Some(Failure::Registry(first))
}

/// Returns the tag that a draft is pushed to.
fn list_tag(draft: &Draft) -> Option<&Reference> {
    Some(&draft.list).filter(|list| list.digest().is_none())
}

fn known(probe: &Probe) -> Option<Digest> {
    probe.as_ref().ok().cloned().flatten()
}

fn checked(
    source: Reference,
    then: Digest,
    probes: &BTreeMap<Reference, Probe>,
) -> Option<CheckedSource> {
    let probe = probes.get(&source)?;
    let state = match probe {
        Ok(Some(now)) if *now == then => SourceState::Current,
        Ok(Some(_)) => SourceState::Moved,
        Ok(None) => SourceState::Gone,
        Err(_) => SourceState::Unknown,
    };
    Some(CheckedSource {
        source,
        then,
        now: known(probe),
        state,
    })
}

fn tag_state(draft: &Draft, probe: &Probe) -> ListTag {
    let now = match probe {
        Ok(Some(now)) => now,
        Ok(None) => return ListTag::Absent,
        Err(_) => return ListTag::Unknown,
    };
    if PublishedList::from_draft(draft).is_ok_and(|list| list.digest == *now) {
        return ListTag::Published;
    }
    match &draft.settings.observed_tag {
        Some(TagState::At(then)) if then == now => ListTag::Different,
        Some(_) => ListTag::Moved,
        None => ListTag::Different,
    }
}
