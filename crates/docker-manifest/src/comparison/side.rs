//! One of two lists that are compared.

use std::collections::BTreeMap;

use manifest_core::settings::NeedsOciIndex;
use manifest_core::{
    Content, Descriptor, Digest, Draft, Manifest, MediaType, Platform, PublishedList,
};

/// The place that a list comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// A draft, on this machine or in a registry.
    Draft,
    /// A registry.
    Registry,
    /// An image layout or archive on this machine.
    Layout,
}

impl Origin {
    /// Returns the name in reports.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Registry => "registry",
            Self::Layout => "layout",
        }
    }
}

/// A list as it is published, or would be. A single image counts as a list of itself.
#[derive(Clone, Debug)]
pub(crate) struct Side {
    pub(super) name: String,
    pub(super) origin: Origin,
    pub(super) content: Option<ListContent>,
}

/// The content of a list.
#[derive(Clone, Debug)]
pub(super) struct ListContent {
    pub(super) digest: Digest,
    pub(super) media_type: MediaType,
    pub(super) bytes: Vec<u8>,
    pub(super) artifact_type: Option<String>,
    pub(super) subject: Option<Digest>,
    pub(super) annotations: BTreeMap<String, String>,
    pub(super) entries: Vec<Descriptor>,
}

impl Side {
    /// Returns a name that nothing has been published under.
    pub(crate) fn absent(name: String, origin: Origin) -> Self {
        Self {
            name,
            origin,
            content: None,
        }
    }

    /// Returns a draft, as it would be published.
    ///
    /// # Errors
    /// Fails if it cannot be published as the type that is set.
    pub(crate) fn of_draft(draft: &Draft) -> Result<Self, NeedsOciIndex> {
        let published = PublishedList::from_draft(draft)?;
        let settings = &draft.settings;
        let entries = settings.order.sorted(&draft.entries);
        Ok(Self {
            name: draft.list.to_string(),
            origin: Origin::Draft,
            content: Some(ListContent {
                digest: published.digest,
                media_type: published.media_type,
                bytes: published.bytes,
                artifact_type: settings.artifact_type.clone(),
                subject: settings
                    .subject
                    .as_ref()
                    .map(|subject| subject.digest.clone()),
                annotations: settings.annotations.clone(),
                entries: entries
                    .into_iter()
                    .map(|entry| entry.descriptor.clone())
                    .collect(),
            }),
        })
    }

    /// Returns a manifest of a registry or layout. `platform` is that of a single image, by its configuration.
    pub(crate) fn of_manifest(
        name: String,
        origin: Origin,
        manifest: &Manifest,
        platform: Option<Platform>,
    ) -> Self {
        let (artifact_type, annotations, entries) = match manifest.content() {
            Content::List(list) => (
                list.artifact_type.clone(),
                list.annotations.clone(),
                list.manifests.clone(),
            ),
            Content::Image(_) => {
                let platform = platform.filter(Platform::is_stated);
                let entry = Descriptor {
                    platform,
                    ..manifest.descriptor()
                };
                (None, BTreeMap::new(), vec![entry])
            }
        };
        let is_list = manifest.media_type().is_list();
        let subject = manifest.subject().filter(|_| is_list);
        Self {
            name,
            origin,
            content: Some(ListContent {
                digest: manifest.digest().clone(),
                media_type: manifest.media_type(),
                bytes: manifest.bytes().to_vec(),
                artifact_type,
                subject: subject.map(|subject| subject.digest.clone()),
                annotations,
                entries,
            }),
        }
    }

    /// Returns the name, as the user knows the list.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Returns the digest, unless nothing has been published under the name.
    pub(crate) fn digest(&self) -> Option<&Digest> {
        self.content.as_ref().map(|content| &content.digest)
    }
}
