//! The properties of entries that their own manifests and configurations state, read for all entries at once.

use std::collections::{BTreeMap, BTreeSet};

use manifest_core::manifest::ImageList;
use manifest_core::{Content, Descriptor, Digest, MediaType};

use super::limits::DETAILED_ENTRIES;
use super::reader::Reader;
use crate::concurrency::try_join_all;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Output;
use crate::view::Details;

/// Reads the details of the entries of a list. An entry that is missing or cannot be read has none, and is warned of.
///
/// # Errors
/// Fails if the registry refuses, or cannot be reached.
pub(super) async fn read(
    reader: &Reader,
    list: &ImageList,
    output: &Output,
) -> Result<BTreeMap<Digest, Details>, Failure> {
    let mut seen = BTreeSet::new();
    let is_readable = |entry: &&Descriptor| {
        let media_type = MediaType::recognise(&entry.media_type);
        media_type.is_some_and(|media_type| !media_type.is_list()) && entry.artifact_type.is_none()
    };
    let entries = list.manifests.iter().filter(is_readable);
    let entries: Vec<&Descriptor> = entries.filter(|entry| seen.insert(&entry.digest)).collect();
    if entries.len() > DETAILED_ENTRIES {
        output.warning(&format!(
            "the list has {} images and attestations: sizes and ages are read for the first {DETAILED_ENTRIES}",
            entries.len()
        ));
    }
    let read = |entry: &Descriptor| {
        let entry = entry.clone();
        async move {
            match details(reader, &entry).await {
                Ok(details) => Ok(Some((entry.digest, details))),
                Err(failure) if failure.exit() == Exit::Failure => {
                    output.warning(&format!(
                        "nothing more is known about {}: {failure}",
                        entry.digest
                    ));
                    Ok(None)
                }
                Err(failure) => Err(failure),
            }
        }
    };
    let found = try_join_all(entries.into_iter().take(DETAILED_ENTRIES).map(read)).await?;
    Ok(found.into_iter().flatten().collect())
}

async fn details(reader: &Reader, entry: &Descriptor) -> Result<Details, Failure> {
    let Some(manifest) = reader.manifest(entry).await? else {
        return Ok(Details::default());
    };
    let Content::Image(image) = manifest.content() else {
        return Ok(Details::default());
    };
    let mut details = Details::of(entry, image);
    // BuildKit can annotate images with the time, which saves a request.
    if details.created.is_none() && !entry.is_attestation() && image.is_image() {
        let config = reader.config(&entry.digest, image).await?;
        details.created = config.and_then(|config| config.created().map(str::to_owned));
    }
    Ok(details)
}
