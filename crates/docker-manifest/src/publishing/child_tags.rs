//! `--child-tags`: tags for the single images of a list.

use manifest_core::{Digest, Draft, MediaType, Reference};
use manifest_registry::{
    Client, ObservedTag, Precondition, Publication, RegistryError, ReleaseStep, TagResult,
    concurrent, limits,
};

use super::notes::Notes;
use crate::failure::Failure;

/// The placeholders of the template.
const PLACEHOLDERS: &str = "{tag}, {os}, {arch}, {variant} and {os.version}";

/// The tag of an image in the list.
pub(super) struct ChildTag {
    pub(super) target: Reference,
    digest: Digest,
    bytes: Vec<u8>,
    media_type: MediaType,
}

impl ChildTag {
    /// Returns the digest of the child.
    pub(super) fn digest(&self) -> &Digest {
        &self.digest
    }
}

/// Returns a tag for each image in the list, in each target repository and for each tag of the list.
///
/// # Errors
/// Fails if the template gives something that is not a tag, or one tag for two images.
pub(super) fn of_draft(
    draft: &Draft,
    targets: &[Reference],
    template: &str,
) -> Result<Vec<ChildTag>, Failure> {
    let mut tags: Vec<ChildTag> = Vec::new();
    for target in targets {
        let Some(tag) = target.tag() else {
            continue;
        };
        for entry in draft.entries.iter().filter(|entry| entry.is_image()) {
            let platform = entry.descriptor.platform.clone().unwrap_or_default();
            let name = template
                .replace("{tag}", tag)
                .replace("{os}", &platform.os)
                .replace("{arch}", &platform.architecture)
                .replace("{variant}", &platform.variant)
                .replace("{os.version}", &platform.os_version);
            let wrong = |reason: String| Failure::ChildTag {
                name: name.clone(),
                image: entry.reference.clone().into(),
                reason,
            };
            let Some(reference) = target.repository().tagged(&name) else {
                let reason = if name.contains('{') {
                    format!("it is not a valid tag; the placeholders are {PLACEHOLDERS}")
                } else {
                    "it is not a valid tag".to_owned()
                };
                return Err(wrong(reason));
            };
            let digest = &entry.descriptor.digest;
            if targets.contains(&reference) {
                return Err(wrong("it is the list's own tag".to_owned()));
            }
            match tags.iter().find(|other| other.target == reference) {
                Some(other) if other.digest == *digest => continue,
                Some(_) => {
                    return Err(wrong(
                        "another image has it: use {os}, {variant} or {os.version} too".to_owned(),
                    ));
                }
                None => {}
            }
            let image = || entry.reference.clone();
            let media_type = entry
                .media_type()
                .ok_or_else(|| Failure::NoPayload { image: image() })?;
            tags.push(ChildTag {
                target: reference,
                digest: digest.clone(),
                bytes: entry.payload()?,
                media_type,
            });
        }
    }
    Ok(tags)
}

/// Checks that no image's tag points to another digest.
///
/// # Errors
/// Fails if one does.
pub(super) fn check_absent(tags: &[ChildTag], observed: &[ObservedTag]) -> Result<(), Failure> {
    for tag in tags {
        let seen = observed.iter().find(|(target, _)| *target == tag.target);
        let found = seen.and_then(|(_, now)| now.clone());
        if let Some(found) = found.filter(|found| *found != tag.digest) {
            return Err(Failure::Registry(RegistryError::PreconditionFailed {
                reference: tag.target.clone().into(),
                expected: None,
                found: Some(found),
            }));
        }
    }
    Ok(())
}

/// Returns the digest of the image that is to have a tag.
pub(super) fn digest(tags: &[ChildTag], target: &Reference) -> Option<Digest> {
    let tag = tags.iter().find(|tag| tag.target == *target)?;
    Some(tag.digest.clone())
}

/// Writes the tags of images that are in the registry already.
pub(super) async fn put(
    client: &Client,
    tags: &[ChildTag],
    precondition: Precondition<'_>,
    notes: &Notes<'_>,
) -> Vec<(Reference, TagResult)> {
    let on_step = |step: ReleaseStep<'_>| {
        if let ReleaseStep::WritingTags(writes) = step {
            notes.begin(writes);
        }
    };
    let puts = tags.iter().map(|tag| async move {
        let publication = Publication {
            targets: std::slice::from_ref(&tag.target),
            media_type: tag.media_type,
            bytes: &tag.bytes,
            children: &[],
            push_foreign: false,
            precondition,
            verify: Some(&[]),
        };
        let mut published = client.publish(&publication, on_step).await?;
        // The publication has one target, so there is one result.
        Ok(published.tags.remove(0))
    });
    let results = concurrent(limits::PARALLEL_WORK, puts).await;
    let targets = tags.iter().map(|tag| tag.target.clone());
    targets.zip(results).collect()
}
