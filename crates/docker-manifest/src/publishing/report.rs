//! The report of a list that is pushed, as text and as JSON.

use manifest_core::reference::Repository;
use manifest_core::{
    Content, Descriptor, Digest, Draft, Manifest, MediaType, PublishedList, Reference, Source,
};
use serde::Serialize;
use serde_json::json;

use super::target_state::TargetState;

/// The content of a list.
#[derive(Clone, Debug)]
pub(super) struct Report {
    reference: String,
    digest: Digest,
    media_type: &'static str,
    size: usize,
    manifests: Vec<ManifestReport>,
}

/// One manifest in a list.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct ManifestReport {
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    platform: Option<String>,
    digest: Digest,
    size: u64,
    media_type: String,
    reference: String,
    /// The digest of the image that an attestation is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    about: Option<String>,
}

/// The references that were written.
#[derive(Debug, Default)]
pub(super) struct WrittenReferences {
    /// The digest that the registry returned, if it did.
    pub(super) digest: Option<Digest>,
    /// The list's names in registries, without those that failed. If none did, the first is its own.
    pub(super) names: Vec<Reference>,
    /// The targets that the list was written to.
    pub(super) targets: Vec<TargetReport>,
    /// The tags of single images.
    pub(super) child_tags: Vec<TargetReport>,
}

impl WrittenReferences {
    /// Returns the tags of the list and of its images.
    pub(super) fn all(&self) -> impl Iterator<Item = &TargetReport> {
        self.targets.iter().chain(&self.child_tags)
    }

    /// Tells whether a tag points to something else than before.
    pub(super) fn has_moved_tag(&self) -> bool {
        self.all()
            .any(|target| TargetState::MOVED.contains(&target.state))
    }
}

/// The result for one target.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct TargetReport {
    /// The target.
    pub(crate) reference: String,
    /// Its state.
    pub(crate) state: TargetState,
    /// The digest that it pointed to before, if it existed and that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) before: Option<Digest>,
    /// The digest that it points to now, if that is not the digest of the list.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) digest: Option<Digest>,
}

impl Report {
    pub(super) fn new(draft: &Draft, list: &PublishedList) -> Self {
        let entries = draft.settings.order.sorted(&draft.entries);
        Self {
            reference: draft.list.to_string(),
            digest: list.digest.clone(),
            media_type: list.media_type.as_str(),
            size: list.bytes.len(),
            manifests: entries
                .into_iter()
                .map(|entry| ManifestReport::of(&entry.descriptor, &entry.reference))
                .collect(),
        }
    }

    /// Creates the report of a manifest at `source`. Its children are named by `repository`.
    pub(super) fn of_manifest(
        source: &Source,
        repository: &Repository,
        manifest: &Manifest,
    ) -> Self {
        let children = match manifest.content() {
            Content::List(list) => list.manifests.as_slice(),
            Content::Image(_) => &[],
        };
        let child = |descriptor: &Descriptor| {
            let reference = repository.at(descriptor.digest.clone());
            ManifestReport::of(descriptor, &reference)
        };
        Self {
            reference: source.to_string(),
            digest: manifest.digest().clone(),
            media_type: manifest.media_type().as_str(),
            size: manifest.bytes().len(),
            manifests: children.iter().map(child).collect(),
        }
    }

    /// Returns the digests of the manifests in the list, each once.
    pub(super) fn digests(&self) -> Vec<Digest> {
        let mut digests: Vec<Digest> = Vec::new();
        for manifest in &self.manifests {
            if !digests.contains(&manifest.digest) {
                digests.push(manifest.digest.clone());
            }
        }
        digests
    }

    /// Returns the name of the list, or of the manifest that gets other names.
    pub(super) fn reference(&self) -> &str {
        &self.reference
    }

    pub(super) fn digest(&self) -> &Digest {
        &self.digest
    }

    pub(super) fn media_type(&self) -> &'static str {
        self.media_type
    }

    pub(super) fn size(&self) -> usize {
        self.size
    }

    /// Returns a line for the list and one for each manifest in it.
    pub(super) fn lines(&self) -> Vec<String> {
        let line = |manifest: &ManifestReport| {
            let platform = manifest.platform.as_deref().unwrap_or("-");
            format!("{:12} {platform:20} {}", manifest.kind, manifest.digest)
        };
        let first = format!("{} {} ({} bytes)", self.media_type, self.digest, self.size);
        std::iter::once(first)
            .chain(self.manifests.iter().map(line))
            .collect()
    }

    /// Returns the report as JSON, with more fields.
    pub(super) fn json(&self, more: serde_json::Value) -> Vec<u8> {
        let mut object = json!({
            "reference": self.reference,
            "digest": self.digest,
            "mediaType": self.media_type,
            "size": self.size,
            "manifests": self.manifests,
        });
        if let (Some(object), serde_json::Value::Object(more)) = (object.as_object_mut(), more) {
            object.extend(more);
        }
        serde_json::to_vec_pretty(&object).unwrap_or_default()
    }
}

impl ManifestReport {
    fn of(descriptor: &Descriptor, reference: &Reference) -> Self {
        let kind = if descriptor.is_attestation() {
            "attestation"
        } else if MediaType::recognise(&descriptor.media_type).is_some_and(MediaType::is_list) {
            "index"
        } else if descriptor.is_image() {
            "image"
        } else {
            "artifact"
        };
        let platform = descriptor.platform.as_ref();
        Self {
            kind,
            platform: platform
                .filter(|platform| platform.is_stated())
                .map(ToString::to_string),
            digest: descriptor.digest.clone(),
            size: descriptor.size,
            media_type: descriptor.media_type.clone(),
            reference: reference.to_string(),
            about: descriptor.attested_digest().map(str::to_owned),
        }
    }
}
