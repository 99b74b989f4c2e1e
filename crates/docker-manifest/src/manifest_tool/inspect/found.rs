//! The manifests and configurations that `inspect` shows.

use manifest_core::limits::CONFIG_BYTES;
use manifest_core::manifest::{ImageList, ImageManifest};
use manifest_core::{Content, Descriptor, ImageConfig, Manifest, MediaType, Platform, Reference};
use manifest_registry::Client;

use crate::concurrency::try_join_all;
use crate::failure::{Failure, ManifestToolError};

/// A manifest in a registry, with its children or its configuration.
#[derive(Debug)]
pub(super) struct Found {
    manifest: Manifest,
    config: Option<Config>,
    children: Vec<Child>,
}

/// The configuration of an image.
#[derive(Debug)]
pub(super) struct Config {
    /// Its bytes, which are JSON.
    pub(super) bytes: Vec<u8>,
    /// The platform in it.
    pub(super) platform: Platform,
}

/// An entry of a list.
#[derive(Debug)]
pub(super) struct Child {
    /// Its descriptor in the list.
    pub(super) descriptor: Descriptor,
    /// Its manifest, if the program knows the type of it.
    pub(super) manifest: Option<Manifest>,
}

/// The content of a manifest that is shown.
pub(super) enum Shown<'a> {
    /// An image, with its configuration. Other artifacts have none.
    Image(&'a ImageManifest, Option<&'a Config>),
    /// A list, with its entries.
    List(&'a ImageList, &'a [Child]),
}

impl Child {
    /// Returns the image manifest of the entry, if it is one.
    pub(super) fn image(&self) -> Option<&ImageManifest> {
        match self.manifest.as_ref()?.content() {
            Content::Image(image) => Some(image),
            Content::List(_) => None,
        }
    }
}

impl Found {
    /// Reads a manifest, then its children or its configuration.
    ///
    /// # Errors
    /// Fails if the registry does not have all of them, or one cannot be read.
    pub(super) async fn read(client: &Client, image: &Reference) -> Result<Self, Failure> {
        let manifest = client.manifest(image).await?;
        let repository = image.repository();
        let (config, children) = match manifest.content() {
            Content::Image(content) => (read_config(client, image, content).await?, Vec::new()),
            Content::List(list) => {
                let read = |descriptor: &Descriptor| {
                    let descriptor = descriptor.clone();
                    async move {
                        let is_known = MediaType::recognise(&descriptor.media_type).is_some();
                        let manifest = match is_known {
                            true => Some(client.child(repository, &descriptor).await?),
                            false => None,
                        };
                        Ok(Child {
                            descriptor,
                            manifest,
                        })
                    }
                };
                (None, try_join_all(list.manifests.iter().map(read)).await?)
            }
        };
        Ok(Self {
            manifest,
            config,
            children,
        })
    }

    /// Returns the manifest.
    pub(super) fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// Returns the content of the manifest.
    pub(super) fn shown(&self) -> Shown<'_> {
        match self.manifest.content() {
            Content::Image(image) => Shown::Image(image, self.config.as_ref()),
            Content::List(list) => Shown::List(list, &self.children),
        }
    }
}

async fn read_config(
    client: &Client,
    image: &Reference,
    content: &ImageManifest,
) -> Result<Option<Config>, Failure> {
    if !content.is_image() {
        return Ok(None);
    }
    let (repository, blob) = (image.repository(), &content.config);
    let bytes = client.small_blob(repository, blob, CONFIG_BYTES).await?;
    let parsed = ImageConfig::parse(&bytes).map_err(|source| ManifestToolError::Config {
        image: image.clone(),
        source,
    })?;
    Ok(Some(Config {
        bytes,
        platform: parsed.platform,
    }))
}
