//! The places that a list and all that it refers to are verified in, and their answers.

use std::error::Error as _;

use manifest_core::limits::CONFIG_BYTES;
use manifest_core::{Descriptor, ImageConfig, Platform, Reference};
use manifest_layout::LayoutError;
use manifest_registry::{BlobState, Client, redact};

use super::facts::{Answer, Received};
use crate::failure::Failure;
use crate::sources::LazyLayout;

/// A place that a list is in.
pub(crate) enum Place {
    /// A registry, which is asked itself, past the cache and all mirrors.
    Registry {
        client: Client,
        reference: Reference,
    },
    /// An image layout or archive on disk, whose blobs are read whole.
    Layout(LazyLayout),
}

impl Place {
    /// Returns the name of the list in reports.
    pub(super) fn name(&self) -> String {
        match self {
            Self::Registry { reference, .. } => reference.to_string(),
            Self::Layout(layout) => layout.location().to_string(),
        }
    }

    /// Reads the list itself.
    ///
    /// # Errors
    /// Fails if there is none, or it cannot be read.
    pub(super) async fn root(&self) -> Result<Received, Failure> {
        Ok(match self {
            Self::Registry { client, reference } => {
                Received::of(&client.registry_manifest(reference).await?)
            }
            Self::Layout(layout) => Received::of(&layout.root()?),
        })
    }

    /// Reads a manifest of a known media type.
    pub(super) async fn manifest(&self, child: &Descriptor) -> Answer<Received> {
        match self {
            Self::Registry { client, reference } => {
                let reference = reference.repository().at(child.digest.clone());
                let manifest = client.registry_manifest(&reference).await;
                Answer::of(manifest.map(|manifest| Received::of(&manifest)))
            }
            Self::Layout(layout) => match layout.manifest(child) {
                Ok(manifest) => Answer::Present(Received::of(&manifest)),
                Err(error) => invalid(&error),
            },
        }
    }

    /// Tells whether there is a manifest of an unknown media type.
    pub(super) async fn other_manifest(&self, child: &Descriptor) -> Answer<()> {
        match self {
            Self::Registry { client, reference } => {
                let reference = reference.repository().at(child.digest.clone());
                match client.manifest_exists(&reference).await {
                    Ok(false) => Answer::Absent,
                    other => Answer::of(other.map(|_| ())),
                }
            }
            Self::Layout(layout) => match layout.check(child) {
                Ok(()) => Answer::Present(()),
                Err(error) => invalid(&error),
            },
        }
    }

    /// Reads the platform in the configuration of an image.
    pub(super) async fn config(&self, config: &Descriptor) -> Answer<Platform> {
        let layout = match self {
            Self::Registry { client, reference } => {
                let answer = client.registry_config(reference.repository(), config).await;
                return Answer::of(answer.map(|config| config.platform));
            }
            Self::Layout(layout) => layout,
        };
        match layout.bytes(config, CONFIG_BYTES) {
            Ok(bytes) => match ImageConfig::parse(&bytes) {
                Ok(config) => Answer::Present(config.platform),
                Err(error) => {
                    Answer::Invalid(format!("it cannot be read: {}", redact::json_error(&error)))
                }
            },
            Err(error) => invalid(&error),
        }
    }

    /// Tells whether there is a blob. In a layout its content is compared with its digest.
    pub(super) async fn blob(&self, blob: &Descriptor) -> Answer<BlobState> {
        match self {
            Self::Registry { client, reference } => {
                let repository = reference.repository();
                match client.registry_blob(repository, &blob.digest).await {
                    Ok(BlobState::Absent) => Answer::Absent,
                    other => Answer::of(other),
                }
            }
            Self::Layout(layout) => match layout.check(blob) {
                Ok(()) => Answer::Present(BlobState::Present {
                    size: Some(blob.size),
                }),
                Err(error) => invalid(&error),
            },
        }
    }
}

/// Returns the answer for content of a layout that is missing, damaged, or cannot be read.
fn invalid<T>(error: &LayoutError) -> Answer<T> {
    Answer::Invalid(match error {
        LayoutError::NoBlob { .. } => "the layout does not have it".to_owned(),
        LayoutError::Blob { reason, .. } => reason.clone(),
        error => match error.source() {
            Some(cause) => format!("{error}: {cause}"),
            None => error.to_string(),
        },
    })
}
