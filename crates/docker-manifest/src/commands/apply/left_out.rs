//! Images that do not exist any more, and that the published list still has.

use manifest_core::{Content, Digest, Draft, Entry, Platform, Reference};
use manifest_registry::Client;

use crate::failure::{Failure, ListFailure};
use crate::preflight::missing_platforms;

/// Refuses to replace published lists by one that lacks some of their platforms. `targets` are the tags, with the digests that they
/// point to.
///
/// # Errors
/// Fails if a list would lose a platform, or cannot be read.
pub(super) async fn refuse_losses(
    client: &Client,
    draft: &Draft,
    targets: &[(Reference, Option<Digest>)],
) -> Result<(), Failure> {
    for (target, digest) in targets {
        let Some(digest) = digest else {
            continue;
        };
        let published = client.pinned_manifest(target.repository(), digest).await?;
        let Content::List(list) = published.content() else {
            continue;
        };
        let images = list.manifests.iter().filter(|image| image.is_image());
        let platforms = images.filter_map(|image| image.platform.clone());
        let platforms: Vec<Platform> = platforms.filter(Platform::is_stated).collect();
        let images = draft.entries.iter().map(|entry: &Entry| &entry.descriptor);
        let lost = missing_platforms(images, &platforms);
        if !lost.is_empty() {
            let lost: Vec<String> = lost.iter().map(ToString::to_string).collect();
            let target = target.clone().into();
            return Err(ListFailure::WouldPrune {
                target,
                platforms: manifest_registry::redact::printable(&lost.join(", ")),
            }
            .into());
        }
    }
    Ok(())
}
