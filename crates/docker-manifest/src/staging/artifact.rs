//! The artifact of a part: an OCI manifest with one layer, which is the draft document of the part.
//!
//! The layer is embedded in the manifest, too, so that one request reads a part. Registries that do not know artifacts of OCI 1.1 refuse
//! `artifactType` or the empty configuration; for them the same manifest has the media types of an image.

use manifest_core::media_type::{DOCKER_MANIFEST, OCI_MANIFEST};
use manifest_core::{Content, Descriptor, Digest, Manifest, MediaType};
use serde_json::{Value, json};

use super::limits::EMBEDDED_BYTES;

/// The beginning of the media types of all versions of parts.
const ANY_TYPE: &str = "application/vnd.docker-manifest.draft.";

/// The media type of a part's document, and the type of its artifact.
const PART_TYPE: &str = "application/vnd.docker-manifest.draft.v1+json";

/// The media type of a removed part, in registries that delete nothing.
const REMOVED_TYPE: &str = "application/vnd.docker-manifest.draft.removed.v1+json";

/// The content of the configuration of each artifact, and of the layer of a removed part (OCI image specification, "Guidance for an
/// Empty Descriptor").
pub(super) const EMPTY: &[u8] = b"{}";

/// The forms of an artifact's manifest, in the order in which they are tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// An artifact of OCI 1.1.
    Artifact,
    /// An OCI image.
    OciImage,
    /// A Docker image.
    DockerImage,
}

/// The content of a part's manifest.
#[derive(Debug)]
pub(super) enum ArtifactContent {
    /// The document is embedded.
    Document(Vec<u8>),
    /// The document is in this blob.
    Blob(Box<Descriptor>),
    /// The part was removed.
    Removed,
    /// A newer version of this program wrote it.
    NewerVersion,
    /// It is something else.
    Foreign(&'static str),
}

/// The layer of an artifact.
#[derive(Clone, Debug)]
pub(super) struct Layer {
    /// The descriptor, without embedded content.
    pub(super) descriptor: Descriptor,
    /// The content.
    pub(super) bytes: Vec<u8>,
}

impl Form {
    pub(super) const ALL: [Self; 3] = [Self::Artifact, Self::OciImage, Self::DockerImage];

    pub(super) fn media_type(self) -> MediaType {
        match self {
            Self::Artifact | Self::OciImage => MediaType::OciManifest,
            Self::DockerImage => MediaType::DockerManifest,
        }
    }

    fn config_type(self) -> &'static str {
        match self {
            Self::Artifact => "application/vnd.oci.empty.v1+json",
            Self::OciImage => "application/vnd.oci.image.config.v1+json",
            Self::DockerImage => "application/vnd.docker.container.image.v1+json",
        }
    }
}

impl Layer {
    /// Returns the layer of a part with this document.
    pub(super) fn of_document(bytes: Vec<u8>) -> Self {
        Self {
            descriptor: Descriptor::new(PART_TYPE, Digest::sha256(&bytes), bytes.len() as u64),
            bytes,
        }
    }

    /// Returns the layer of a removed part.
    pub(super) fn of_removed() -> Self {
        Self {
            descriptor: Descriptor::new(REMOVED_TYPE, Digest::sha256(EMPTY), EMPTY.len() as u64),
            bytes: EMPTY.to_vec(),
        }
    }

    /// Returns the manifest of the artifact. `title` tells people what it is.
    pub(super) fn manifest(&self, form: Form, title: &str) -> Vec<u8> {
        let Descriptor { media_type, .. } = &self.descriptor;
        let is_embedded = self.bytes.len() <= EMBEDDED_BYTES && form != Form::DockerImage;
        let layer = match is_embedded {
            true => json!(Descriptor::embedding(media_type, &self.bytes)),
            false => json!(self.descriptor),
        };
        let mut manifest = json!({
            "schemaVersion": 2,
            "mediaType": match form.media_type() {
                MediaType::DockerManifest => DOCKER_MANIFEST,
                _ => OCI_MANIFEST,
            },
            "config": json!(config(form)),
            "layers": [layer],
        });
        if form == Form::Artifact {
            manifest["artifactType"] = media_type.as_str().into();
        }
        if form != Form::DockerImage {
            manifest["annotations"] = json!({ "org.opencontainers.image.description": title });
        }
        Value::to_string(&manifest).into_bytes()
    }
}

/// Returns the descriptor of the configuration, whose content is [`EMPTY`].
pub(super) fn config(form: Form) -> Descriptor {
    Descriptor::new(
        form.config_type(),
        Digest::sha256(EMPTY),
        EMPTY.len() as u64,
    )
}

/// Returns the manifest of a removed part. It is the same for all parts.
pub(super) fn removed(form: Form) -> Vec<u8> {
    Layer::of_removed().manifest(form, removed_title())
}

/// Returns the title of a removed part.
pub(super) fn removed_title() -> &'static str {
    "docker-manifest: a removed part of a draft"
}

/// Tells whether a digest is that of a removed part.
pub(super) fn is_removed(digest: &Digest) -> bool {
    Form::ALL.iter().any(|form| digest.matches(&removed(*form)))
}

/// Returns the content of the manifest under the tag of a part.
pub(super) fn content(manifest: &Manifest) -> ArtifactContent {
    let Content::Image(image) = manifest.content() else {
        return ArtifactContent::Foreign("it is a list");
    };
    let [layer] = image.layers.as_slice() else {
        return ArtifactContent::Foreign("it has not exactly one layer");
    };
    match layer.media_type.as_str() {
        PART_TYPE => match layer.embedded() {
            Some(document) => ArtifactContent::Document(document),
            None => ArtifactContent::Blob(Box::new(Descriptor {
                data: None,
                ..layer.clone()
            })),
        },
        REMOVED_TYPE => ArtifactContent::Removed,
        other if other.starts_with(ANY_TYPE) => ArtifactContent::NewerVersion,
        _ => ArtifactContent::Foreign("its layer is not a draft"),
    }
}

/// Returns the title of a part, for people who look into the repository.
pub(super) fn title(list: &str) -> String {
    format!("docker-manifest: a part of the draft of {list}")
}
