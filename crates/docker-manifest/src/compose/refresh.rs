//! `--moved refresh`: resolving the sources of a draft again.

use manifest_core::{Draft, Entry, MediaType, Platform};
use manifest_registry::{Client, redact};
use manifest_store::in_storage_order;

use super::merge::{merge, source_of};
use crate::concurrency::try_join_all;
use crate::failure::Failure;
use crate::sources::{ChildFilter, Resolved, Resolver, SourceSpec};

/// A source of a draft, with the choice that was made when it was resolved.
struct DraftSource {
    spec: SourceSpec,
    filter: ChildFilter,
    listing: Listing,
    /// Whether the draft has recorded that its host is insecure.
    is_insecure: bool,
}

/// The form in which a list is put into the draft.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Listing {
    /// As its children.
    Flattened,
    /// As one entry.
    Nested,
}

/// Returns a draft with the entries that its sources have now.
pub(crate) fn refresh(resolved: &[Resolved], draft: &Draft) -> Draft {
    Draft {
        list: draft.list.clone(),
        entries: in_storage_order(merge(resolved, Some(draft))),
        settings: draft.settings.clone(),
    }
}

/// Resolves again all sources of a draft that are not named by digest. `now` is in seconds since 1970.
///
/// # Errors
/// Fails if one cannot be resolved, or has lost a platform that the draft has of it.
pub(crate) async fn resolve_again(
    client: &Client,
    draft: &Draft,
    now: u64,
) -> Result<Vec<Resolved>, Failure> {
    let mut specs: Vec<SourceSpec> = Vec::new();
    for entry in &draft.entries {
        if let Some(spec) = SourceSpec::from_source(&source_of(entry))
            && !spec.is_pinned()
            && !specs.contains(&spec)
        {
            specs.push(spec);
        }
    }
    let client = client.for_reading(specs.iter().filter_map(SourceSpec::reference));
    let client = &client;
    let resolve = |source: DraftSource| async move { source.resolve(client, draft, now).await };
    let sources = specs.into_iter().map(|spec| DraftSource::new(spec, draft));
    try_join_all(sources.map(resolve)).await
}

impl DraftSource {
    /// Returns a source with the choice that the draft shows: the platforms that it has, with attestations or without.
    fn new(spec: SourceSpec, draft: &Draft) -> Self {
        let is_of = |entry: &&Entry| source_of(entry) == spec.source();
        let entries: Vec<&Entry> = draft.entries.iter().filter(is_of).collect();
        let is_list = |entry: &&Entry| entry.media_type().is_some_and(MediaType::is_list);
        let listing = match entries.iter().any(is_list) {
            true => Listing::Nested,
            false => Listing::Flattened,
        };
        let has_children =
            listing == Listing::Flattened && entries.iter().any(|entry| entry.is_child());
        let platforms = entries
            .iter()
            .filter(|entry| has_children && entry.is_image())
            .filter_map(|entry| Some(without_os_revision(&entry.origin.as_ref()?.platform)));
        let filter = ChildFilter {
            platforms: platforms.collect(),
            attestations: !has_children
                || entries
                    .iter()
                    .any(|entry| entry.descriptor.is_attestation()),
        };
        let is_insecure = |entry: &&Entry| entry.origin.as_ref().is_some_and(|o| o.insecure);
        let is_insecure = entries.iter().any(is_insecure);
        Self {
            spec,
            filter,
            listing,
            is_insecure,
        }
    }

    async fn resolve(self, client: &Client, draft: &Draft, now: u64) -> Result<Resolved, Failure> {
        let resolver = Resolver {
            client,
            filter: &self.filter,
            filters_images: true,
            list: &draft.list,
            flatten: self.listing == Listing::Flattened,
            now,
        };
        let mut resolved = resolver.resolve(self.spec, None).await?;
        for entry in resolved.entries.iter_mut().filter(|_| self.is_insecure) {
            entry.mark_insecure();
        }
        let is_lost = |wanted: &&Platform| {
            let mut found = resolved
                .entries
                .iter()
                .filter_map(|entry| entry.origin.as_ref());
            !found.any(|origin| origin.platform.satisfies(wanted))
        };
        let lost = self.filter.platforms.iter().filter(is_lost);
        let lost: Vec<String> = lost.map(ToString::to_string).collect();
        if lost.is_empty() {
            return Ok(resolved);
        }
        Err(Failure::PlatformsLost {
            source_image: resolved.source.into(),
            list: draft.list.clone().into(),
            missing: redact::printable(&lost.join(", ")),
        })
    }
}

/// Returns a platform without the last number of its os version: on Windows that changes each month, and does not matter to hosts.
fn without_os_revision(platform: &Platform) -> Platform {
    let mut parts: Vec<&str> = platform.os_version.split('.').collect();
    parts.truncate(3);
    Platform {
        os_version: parts.join("."),
        ..platform.clone()
    }
}
