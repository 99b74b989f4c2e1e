//! Publishing a manifest that exists already under other names, byte for byte.

use std::sync::Arc;

use manifest_core::Reference;

use super::job::{CopiedManifest, JobSource, PublishJob};
use super::published::Published;
use super::publisher::Publisher;
use super::report::Report;
use super::send::send;
use super::targets;
use crate::failure::Failure;
use crate::sources::{LazyLayout, SourceSpec};

/// Publishes a manifest from a registry or from this machine under other names, byte for byte. Returns `None` with `--dry-run`.
///
/// # Errors
/// Fails if the source cannot be read, or a registry refuses.
pub(crate) async fn copy(
    publisher: &Publisher<'_>,
    source: &SourceSpec,
    targets: &[Reference],
) -> Result<Option<Published>, Failure> {
    publisher.flags.check()?;
    let copied = match source {
        SourceSpec::Registry(image) => CopiedManifest {
            repository: image.repository(),
            manifest: publisher.client.manifest(image).await?,
            layout: None,
        },
        SourceSpec::Layout(location) => {
            let [target, ..] = targets else {
                unreachable!("the number was checked")
            };
            let layout = LazyLayout::new(location.clone());
            CopiedManifest {
                repository: target.repository(),
                manifest: layout.root()?,
                layout: Some(Arc::new(layout)),
            }
        }
    };
    let manifest = &copied.manifest;
    let targets = &targets::checked(targets, manifest.digest())?;
    let job = PublishJob {
        report: Report::of_manifest(&source.source(), copied.repository, manifest),
        media_type: manifest.media_type(),
        bytes: manifest.bytes(),
        source: JobSource::Copy(&copied),
        on_moved: None,
        child_tags: Vec::new(),
    };
    send(publisher, &job, targets).await
}
