//! The fields of the model. Every field is always there: `null`, or empty, if there is nothing to show.

use std::collections::BTreeMap;

use manifest_core::{Descriptor, Digest, Platform};
use serde::Serialize;

/// The version of the JSON form. Fields may be added without a new version.
const FORMAT_VERSION: u8 = 1;

/// A manifest, list or draft.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ManifestView {
    pub(crate) format_version: FormatVersion,
    pub(crate) kind: Kind,
    /// The name that it was asked for by.
    pub(crate) name: String,
    pub(crate) origin: Origin,
    pub(crate) media_type: String,
    pub(crate) digest: Digest,
    /// The size of the manifest itself, in bytes.
    pub(crate) size: u64,
    pub(crate) artifact_type: Option<String>,
    pub(crate) annotations: BTreeMap<String, String>,
    /// The manifest that this one refers to.
    pub(crate) subject: Option<ContentView>,
    /// The platform of an image.
    pub(crate) platform: Option<Platform>,
    /// The compressed size of an image's layers, in bytes.
    pub(crate) compressed_size: Option<u64>,
    /// The time when an image was built (RFC 3339).
    pub(crate) created: Option<String>,
    pub(crate) config: Option<ContentView>,
    pub(crate) layers: Vec<ContentView>,
    /// Whether the table has the layers, with `--layers`.
    #[serde(skip)]
    pub(crate) shows_layers: bool,
    /// The entries of a list.
    pub(crate) manifests: Vec<ChildView>,
    /// The choice of `--platform`.
    pub(crate) selection: Option<Selection>,
    /// The state of the registry, for a draft.
    pub(crate) live: Option<LiveView>,
    /// The image's configuration, with `--config`.
    pub(crate) configuration: Option<serde_json::Value>,
    /// The steps of the build, with `--history`.
    pub(crate) history: Option<Vec<StepView>>,
    /// The attestations, with `--attestations`.
    pub(crate) attestations: Option<Vec<Attestation>>,
}

/// The version of the JSON form.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct FormatVersion;

impl Serialize for FormatVersion {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u8(FORMAT_VERSION)
    }
}

/// The kind of a manifest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Kind {
    /// An image for one platform.
    Image,
    /// Another artifact in the form of an image.
    Artifact,
    /// A manifest list or image index.
    Index,
    /// A list that is not published yet.
    Draft,
}

/// The place that a manifest was read from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Origin {
    /// A draft on this machine.
    Draft,
    /// A draft in a repository of a registry.
    #[serde(rename = "draft")]
    StagedDraft,
    /// A registry.
    Registry,
    /// An image layout or archive on this machine.
    Disk,
}

/// A blob or manifest.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ContentView {
    pub(crate) media_type: String,
    pub(crate) digest: Digest,
    pub(crate) size: u64,
    pub(crate) annotations: BTreeMap<String, String>,
}

/// One entry of a list.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ChildView {
    pub(crate) kind: ChildKind,
    pub(crate) media_type: String,
    pub(crate) digest: Digest,
    /// The size of the manifest itself, in bytes.
    pub(crate) size: u64,
    pub(crate) platform: Option<Platform>,
    pub(crate) artifact_type: Option<String>,
    pub(crate) annotations: BTreeMap<String, String>,
    pub(crate) urls: Vec<String>,
    /// The name by which a draft's entry was added.
    pub(crate) reference: Option<String>,
    /// The digest of the image that an attestation is about.
    pub(crate) about: Option<String>,
    /// The types of the statements in an attestation.
    pub(crate) predicate_types: Vec<String>,
    /// The compressed size of an image's layers, in bytes.
    pub(crate) compressed_size: Option<u64>,
    /// The time when an image was built (RFC 3339).
    pub(crate) created: Option<String>,
    /// The change that a draft makes.
    pub(crate) change: Option<Change>,
    /// The digest in the registry that a draft's entry replaces.
    pub(crate) replaces: Option<Digest>,
}

/// The kind of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum ChildKind {
    Image,
    Attestation,
    Index,
    Artifact,
}

/// The change that a draft makes to an entry in the registry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Change {
    /// The registry has the same entry.
    Same,
    /// The registry has no entry for this platform.
    Added,
    /// The registry has another image for this platform, or another descriptor of the same image.
    Changed,
}

/// The state of the registry under the name of a draft.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct LiveView {
    pub(crate) state: LiveState,
    /// The reason why the state is unknown, in a sentence about the registry.
    #[serde(skip)]
    pub(crate) reason: Option<String>,
    /// The digest that the tag points to.
    pub(crate) digest: Option<Digest>,
    /// The entries that `push` would remove.
    pub(crate) removed: Vec<ChildView>,
}

/// The state of the registry under the name of a draft.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum LiveState {
    /// The registry was not asked, or gave no clear response.
    Unknown,
    /// The registry has nothing.
    Absent,
    /// The registry has the same list.
    Same,
    /// The registry has something else.
    Different,
}

/// The choice of `--platform`.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Selection {
    /// The platform of the engine.
    pub(crate) platform: String,
    /// The platform that the chosen entry matches; none if the list states none for it.
    pub(crate) matched: Option<String>,
    /// The digest of the list.
    pub(crate) list: Option<Digest>,
    /// The reason, as a sentence.
    pub(crate) reason: String,
}

/// One step of a build.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct StepView {
    pub(crate) created: Option<String>,
    pub(crate) created_by: String,
    pub(crate) comment: String,
    /// The layer of the step, unless it made none.
    pub(crate) layer: Option<Digest>,
    /// The compressed size of that layer, in bytes.
    pub(crate) size: Option<u64>,
}

/// One statement about an image.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Attestation {
    /// The digest of the image.
    pub(crate) about: Option<String>,
    /// The platform of that image.
    pub(crate) platform: Option<Platform>,
    pub(crate) predicate_type: String,
    /// The digest of the statement.
    pub(crate) digest: Digest,
    /// The size of the statement, in bytes.
    pub(crate) size: u64,
    /// The predicate of the statement.
    pub(crate) predicate: serde_json::Value,
}

impl ContentView {
    pub(crate) fn of(descriptor: &Descriptor) -> Self {
        Self {
            media_type: descriptor.media_type.clone(),
            digest: descriptor.digest.clone(),
            size: descriptor.size,
            annotations: descriptor.annotations.clone(),
        }
    }
}

impl ManifestView {
    /// Returns the JSON form.
    pub(crate) fn to_json(&self) -> serde_json::Value {
        serde_json::to_value(self).unwrap_or_default()
    }
}
