//! The properties of entries that their own manifests state, read for all entries at once, and those that only their
//! configurations state, which take another round trip.

use std::collections::{BTreeMap, BTreeSet};

use manifest_core::manifest::ImageList;
use manifest_core::{Content, Descriptor, Digest, Manifest, MediaType};

use super::limits::{DETAILED_ENTRIES, LIVE_TIMEOUT};
use super::reader::Reader;
use crate::concurrency::try_join_all;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Output;
use crate::view::Details;

/// Whether the configurations of images are read, for ages that no annotation states.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Configs {
    /// Only those of images whose manifests take no request, so that everything is read in one parallel round.
    InOneRound,
    /// All, which takes a round more.
    All,
}

/// Reads the details of the entries of a list. An entry that is missing or cannot be read has none, and is warned of.
///
/// # Errors
/// Fails if the registry refuses, or cannot be reached.
pub(super) async fn read(
    reader: &Reader,
    list: &ImageList,
    configs: Configs,
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
            let manifest = reader.manifest(&entry).await;
            let Some(manifest) = unless_missing(manifest, &entry, "nothing more", output)? else {
                return Ok(None);
            };
            let details = details(reader, &entry, &manifest, configs, output).await?;
            Ok::<_, Failure>(Some((entry.digest, details)))
        }
    };
    let found = try_join_all(entries.into_iter().take(DETAILED_ENTRIES).map(read)).await?;
    Ok(found.into_iter().flatten().collect())
}

/// Returns the content, or warns that it is missing or cannot be read. `known` says in the warning what is not known then.
fn unless_missing<T>(
    read: Result<Option<T>, Failure>,
    entry: &Descriptor,
    known: &str,
    output: &Output,
) -> Result<Option<T>, Failure> {
    match read {
        Err(failure) if failure.exit() == Exit::Failure => {
            let digest = &entry.digest;
            output.warning(&format!("{known} is known about {digest}: {failure}"));
            Ok(None)
        }
        other => other,
    }
}

async fn details(
    reader: &Reader,
    entry: &Descriptor,
    manifest: &Manifest,
    configs: Configs,
    output: &Output,
) -> Result<Details, Failure> {
    let Content::Image(image) = manifest.content() else {
        return Ok(Details::default());
    };
    let mut details = Details::of(entry, image);
    let needs_config = details.created.is_none() && !entry.is_attestation() && image.is_image();
    if needs_config && (configs == Configs::All || reader.has_manifest(entry)) {
        let read = reader.config(&entry.digest, image);
        let config = match configs {
            Configs::All => read.await,
            // Nobody asked for it. A draft has to be shown even if its registry cannot be reached.
            Configs::InOneRound => match tokio::time::timeout(LIVE_TIMEOUT, read).await {
                Ok(Err(failure)) if failure.exit() != Exit::Failure => Ok(None),
                Ok(config) => config,
                Err(_) => Ok(None),
            },
        };
        let config = unless_missing(config, entry, "no age", output)?;
        details.created = config.and_then(|config| config.created().map(str::to_owned));
    }
    Ok(details)
}
