//! Sources that have moved since the draft was made: tags in registries, and layouts on this machine.

use std::collections::BTreeMap;

use manifest_core::{Digest, Draft, Entry, Reference, Source};
use manifest_registry::ObservedTag;

use super::local_layouts::LocalLayouts;
use super::publisher::Publisher;
use crate::concurrency::try_join_all;
use crate::failure::Failure;
use crate::output::Output;
use crate::values::OnMoved;

/// Returns the source tags of a draft, with the digests that they pointed to when it was made.
pub(crate) fn drafted_tags(draft: &Draft) -> BTreeMap<Reference, Digest> {
    let mut sources = BTreeMap::new();
    for entry in &draft.entries {
        let (source, digest) = match &entry.origin {
            Some(origin) => match &origin.source {
                Some(Source::Registry(reference)) => (reference, &origin.digest),
                Some(Source::Disk(_)) => continue,
                None => (&entry.reference, &origin.digest),
            },
            // Docker's CLI takes nothing but images, by the name that is on the command line.
            None => (&entry.reference, &entry.descriptor.digest),
        };
        if source.digest().is_none() && *source != draft.list {
            sources.insert(source.clone(), digest.clone());
        }
    }
    sources
}

/// Warns of each source tag that has moved since the draft was made, or refuses it.
///
/// # Errors
/// Fails if one has moved and the policy is [`OnMoved::Error`].
pub(super) fn check_tags(
    sources: &BTreeMap<Reference, Digest>,
    observed: &[ObservedTag],
    on_moved: OnMoved,
    output: &Output,
) -> Result<(), Failure> {
    for (source, now) in observed {
        if let (Some(then), Some(now)) = (sources.get(source), now) {
            compare(
                &Source::Registry(source.clone()),
                then,
                now,
                on_moved,
                output,
            )?;
        }
    }
    Ok(())
}

/// Checks all sources, as [`check_tags`] and [`check_layouts`] do. This is for lists that are written to a layout, which send no other
/// request for the tags.
pub(super) async fn check_all(
    publisher: &Publisher<'_>,
    draft: &Draft,
    layouts: &LocalLayouts,
    on_moved: OnMoved,
) -> Result<(), Failure> {
    check_layouts(draft, layouts, on_moved, publisher.context.output)?;
    let sources = drafted_tags(draft);
    let probe = |source: &Reference| {
        let source = source.clone();
        async move {
            // If the registry does not respond, it is unknown whether the tag has moved.
            let now = publisher
                .client
                .manifest_digest(&source)
                .await
                .ok()
                .flatten();
            Ok((source, now))
        }
    };
    let observed = try_join_all(sources.keys().map(probe)).await?;
    check_tags(&sources, &observed, on_moved, publisher.context.output)
}

/// Checks the sources on this machine, as [`check_tags`] does.
pub(super) fn check_layouts(
    draft: &Draft,
    layouts: &LocalLayouts,
    on_moved: OnMoved,
    output: &Output,
) -> Result<(), Failure> {
    for (source, now) in layouts.root_digests() {
        let is_of = |entry: &&Entry| entry.source() == Some(source);
        let origin = draft.entries.iter().find(is_of);
        let origin = origin.and_then(|entry| entry.origin.as_ref());
        if let (Some(origin), Some(now)) = (origin, now) {
            compare(source, &origin.digest, &now, on_moved, output)?;
        }
    }
    Ok(())
}

fn compare(
    source: &Source,
    then: &Digest,
    now: &Digest,
    on_moved: OnMoved,
    output: &Output,
) -> Result<(), Failure> {
    if then == now {
        return Ok(());
    }
    if on_moved == OnMoved::Error {
        return Err(Failure::SourceMoved {
            source_image: source.clone().into(),
            then: then.clone().into(),
            now: now.clone().into(),
        });
    }
    output.warning(&format!(
        "{source} has moved since the draft was created: it is now {now}, but {then} is published"
    ));
    Ok(())
}
