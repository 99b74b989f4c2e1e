//! The model of a manifest.

use std::collections::BTreeMap;

use manifest_core::manifest::ImageManifest;
use manifest_core::{Content, Descriptor, Digest, Draft, Manifest, MediaType};

use super::config::ConfigFile;
use super::model::{ChildKind, ChildView, ContentView, FormatVersion, Kind, ManifestView, Origin};

/// The annotation with the time when an image was built (OCI image specification, "Pre-Defined Annotation Keys").
const CREATED: &str = "org.opencontainers.image.created";

/// The annotation on a statement's layer with the type of its predicate.
pub(super) const PREDICATE_TYPE: &str = "in-toto.io/predicate-type";

/// The properties of an entry that its own manifest and configuration state.
#[derive(Clone, Debug, Default)]
pub(crate) struct Details {
    /// The compressed size of an image's layers, in bytes.
    pub(crate) compressed_size: Option<u64>,
    /// The time when an image was built (RFC 3339).
    pub(crate) created: Option<String>,
    /// The types of the statements in an attestation.
    pub(crate) predicate_types: Vec<String>,
}

impl Details {
    /// Reads the properties that the manifest of an entry states.
    pub(crate) fn of(entry: &Descriptor, image: &ImageManifest) -> Self {
        if entry.is_attestation() {
            let types = image.layers.iter().filter_map(predicate_type);
            return Self {
                predicate_types: types.collect(),
                ..Self::default()
            };
        }
        let created = image
            .annotations
            .get(CREATED)
            .or(entry.annotations.get(CREATED));
        Self {
            compressed_size: Some(compressed_size(image)),
            created: created.cloned(),
            predicate_types: Vec::new(),
        }
    }
}

/// Returns the type of the statement in a layer of an attestation.
pub(crate) fn predicate_type(layer: &Descriptor) -> Option<String> {
    layer.annotations.get(PREDICATE_TYPE).cloned()
}

fn compressed_size(image: &ImageManifest) -> u64 {
    let sizes = image.layers.iter().map(|layer| layer.size);
    sizes.fold(0, u64::saturating_add)
}

impl ManifestView {
    /// Returns the model of a manifest, without the properties that need more than the manifest.
    pub(crate) fn of(name: String, origin: Origin, manifest: &Manifest) -> Self {
        let descriptor = manifest.descriptor();
        let mut view = Self {
            format_version: FormatVersion,
            kind: Kind::Index,
            name,
            origin,
            media_type: descriptor.media_type,
            digest: descriptor.digest,
            size: descriptor.size,
            artifact_type: None,
            annotations: BTreeMap::new(),
            subject: manifest.subject().map(ContentView::of),
            platform: None,
            compressed_size: None,
            created: None,
            config: None,
            layers: Vec::new(),
            shows_layers: false,
            manifests: Vec::new(),
            selection: None,
            live: None,
            configuration: None,
            history: None,
            attestations: None,
        };
        match manifest.content() {
            Content::List(list) => {
                view.artifact_type.clone_from(&list.artifact_type);
                view.annotations.clone_from(&list.annotations);
                view.manifests = list.manifests.iter().map(ChildView::of).collect();
            }
            Content::Image(image) => view.add_image(image),
        }
        view
    }

    fn add_image(&mut self, image: &ImageManifest) {
        self.kind = if image.is_image() {
            Kind::Image
        } else {
            Kind::Artifact
        };
        self.artifact_type.clone_from(&image.artifact_type);
        self.annotations.clone_from(&image.annotations);
        self.compressed_size = Some(compressed_size(image));
        self.created = image.annotations.get(CREATED).cloned();
        self.config = Some(ContentView::of(&image.config));
        self.layers = image.layers.iter().map(ContentView::of).collect();
    }

    /// Adds the properties that the image's configuration states.
    pub(crate) fn add_config(&mut self, config: &ConfigFile) {
        if self.platform.is_none() {
            self.platform = config.platform().cloned();
        }
        if let Some(created) = config.created() {
            self.created = Some(created.to_owned());
        }
    }

    /// Marks the model as that of a draft, with the names of its entries.
    pub(crate) fn add_draft(&mut self, draft: &Draft) {
        self.kind = Kind::Draft;
        let entries = draft.settings.order.sorted(&draft.entries);
        for (child, entry) in self.manifests.iter_mut().zip(entries) {
            child.reference = Some(entry.reference.to_string());
        }
    }

    /// Adds the properties that the entries' own manifests state.
    pub(crate) fn add_details(&mut self, details: &BTreeMap<Digest, Details>) {
        let fallback = self.annotations.get(CREATED).cloned();
        for child in &mut self.manifests {
            let Some(details) = details.get(&child.digest) else {
                continue;
            };
            child.compressed_size = details.compressed_size;
            child.predicate_types.clone_from(&details.predicate_types);
            if child.kind == ChildKind::Image {
                child.created = details.created.clone().or_else(|| fallback.clone());
            }
        }
    }
}

impl ChildView {
    /// Tells whether it is an image, and not an attestation, a list or another artifact.
    pub(crate) fn is_image(&self) -> bool {
        self.kind == ChildKind::Image
    }

    /// Returns the model of an entry.
    pub(crate) fn of(descriptor: &Descriptor) -> Self {
        Self {
            kind: ChildKind::of(descriptor),
            media_type: descriptor.media_type.clone(),
            digest: descriptor.digest.clone(),
            size: descriptor.size,
            platform: descriptor.platform.clone(),
            artifact_type: descriptor.artifact_type.clone(),
            annotations: descriptor.annotations.clone(),
            urls: descriptor.urls.clone(),
            reference: None,
            about: descriptor.attested_digest().map(str::to_owned),
            predicate_types: Vec::new(),
            compressed_size: None,
            created: None,
            change: None,
            replaces: None,
        }
    }
}

impl ChildKind {
    fn of(descriptor: &Descriptor) -> Self {
        let media_type = MediaType::recognise(&descriptor.media_type);
        if descriptor.is_attestation() {
            Self::Attestation
        } else if media_type.is_some_and(MediaType::is_list) {
            Self::Index
        } else if descriptor.is_image() {
            Self::Image
        } else {
            Self::Artifact
        }
    }
}
