//! Reads of children and blobs, from the place that their list was read from.

use std::collections::BTreeMap;

use manifest_core::limits::CONFIG_BYTES;
use manifest_core::manifest::ImageManifest;
use manifest_core::reference::Repository;
use manifest_core::{Descriptor, Digest, Draft, Entry, Manifest, Reference, Source};
use manifest_layout::Location;
use manifest_registry::Client;

use crate::failure::Failure;
use crate::sources::LazyLayout;
use crate::view::ConfigFile;

/// A place to read from.
pub(super) enum Reader {
    /// A repository.
    Registry {
        client: Client,
        repository: Repository,
    },
    /// An image layout or archive.
    Disk(LazyLayout),
    /// A draft. Blobs are read from the sources of its entries, unless there is no client (`--local`).
    Draft {
        entries: BTreeMap<Digest, Entry>,
        client: Option<Client>,
    },
}

impl Reader {
    /// Returns a reader of a draft's entries, whose repositories share a token with the list's.
    pub(super) fn of_draft(draft: &Draft, client: Option<Client>) -> Self {
        let references = draft.entries.iter().map(|entry| &entry.reference);
        let references = references.chain([&draft.list]);
        let client = client.map(|client| client.for_reading(references));
        let entries = draft.entries.iter();
        let entries = entries.map(|entry| (entry.descriptor.digest.clone(), entry.clone()));
        Self::Draft {
            entries: entries.collect(),
            client,
        }
    }

    /// Tells whether the manifest of an entry is on this machine, so that reading it takes no request.
    pub(super) fn has_manifest(&self, child: &Descriptor) -> bool {
        match self {
            Self::Registry { .. } => false,
            Self::Disk(_) => true,
            Self::Draft { entries, .. } => {
                let entry = entries.get(&child.digest);
                entry.is_some_and(|entry| entry.payload().is_ok())
            }
        }
    }

    /// Reads the manifest of an entry of the list. Returns `None` if it is not on this machine and no registry is asked.
    pub(super) async fn manifest(&self, child: &Descriptor) -> Result<Option<Manifest>, Failure> {
        match self {
            Self::Registry { client, repository } => {
                Ok(Some(client.child(repository, child).await?))
            }
            Self::Disk(layout) => Ok(Some(layout.manifest(child)?)),
            Self::Draft { entries, client } => {
                let Some(entry) = entries.get(&child.digest) else {
                    return Ok(None);
                };
                if let Ok(bytes) = entry.payload()
                    && let Ok(manifest) = Manifest::parse(&child.media_type, bytes)
                {
                    return Ok(manifest.with_digest(&child.digest));
                }
                let Some(client) = client else {
                    return Ok(None);
                };
                Ok(Some(
                    client.child(entry.reference.repository(), child).await?,
                ))
            }
        }
    }

    /// Reads a blob of a manifest. Returns `None` if it is not on this machine and no registry is asked.
    pub(super) async fn blob(
        &self,
        manifest: &Digest,
        blob: &Descriptor,
        limit: usize,
    ) -> Result<Option<Vec<u8>>, Failure> {
        match self {
            Self::Registry { client, repository } => {
                Ok(Some(client.small_blob(repository, blob, limit).await?))
            }
            Self::Disk(layout) => Ok(Some(layout.bytes(blob, limit)?)),
            Self::Draft { entries, client } => {
                let Some(entry) = entries.get(manifest) else {
                    return Ok(None);
                };
                if let Some(Source::Disk(place)) = entry.source() {
                    return match Location::parse(place) {
                        Some(location) => Ok(Some(LazyLayout::new(location?).bytes(blob, limit)?)),
                        None => Ok(None),
                    };
                }
                let Some(client) = client else {
                    return Ok(None);
                };
                let repository = entry.reference.repository();
                Ok(Some(client.small_blob(repository, blob, limit).await?))
            }
        }
    }

    /// Reads the configuration of an image. Returns `None` as [`Self::blob`] does.
    pub(super) async fn config(
        &self,
        manifest: &Digest,
        image: &ImageManifest,
    ) -> Result<Option<ConfigFile>, Failure> {
        let Some(bytes) = self.config_bytes(manifest, image).await? else {
            return Ok(None);
        };
        let config = ConfigFile::parse(&bytes).map_err(|source| Failure::LocalConfig {
            location: self.place(manifest),
            digest: image.config.digest.clone(),
            source,
        })?;
        Ok(Some(config))
    }

    /// Reads the bytes of a configuration. Returns `None` as [`Self::blob`] does.
    pub(super) async fn config_bytes(
        &self,
        manifest: &Digest,
        image: &ImageManifest,
    ) -> Result<Option<Vec<u8>>, Failure> {
        self.blob(manifest, &image.config, CONFIG_BYTES).await
    }

    /// Names the place of a manifest in errors.
    fn place(&self, manifest: &Digest) -> String {
        match self {
            Self::Registry { repository, .. } => format!("{repository}@{manifest}"),
            Self::Disk(layout) => layout.location().to_string(),
            Self::Draft { entries, .. } => match entries.get(manifest) {
                Some(entry) => entry.reference.to_string(),
                None => manifest.to_string(),
            },
        }
    }

    /// Returns the client that the place is read with, for another question about `name`.
    pub(super) fn client(&self) -> Option<&Client> {
        match self {
            Self::Registry { client, .. } => Some(client),
            Self::Draft { client, .. } => client.as_ref(),
            Self::Disk(_) => None,
        }
    }

    /// Returns the name of a child.
    pub(super) fn name_of(&self, list: &str, digest: &Digest) -> String {
        match self {
            Self::Registry { repository, .. } => repository.at(digest.clone()).to_string(),
            Self::Disk(layout) => format!("{}@{digest}", layout.location().path.display()),
            Self::Draft { entries, .. } => match entries.get(digest) {
                Some(entry) => Reference::to_string(&entry.reference),
                None => format!("{list}@{digest}"),
            },
        }
    }
}
