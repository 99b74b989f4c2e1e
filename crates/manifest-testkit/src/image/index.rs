//! Manifest lists and image indexes of built images.

use serde_json::Value;

use super::builder::Image;
use super::built::{BuiltImage, Pushable};
use super::descriptor::{annotations, descriptor, pairs};
use super::json::Node;
use super::platform::Platform;
use crate::digest::sha256;
use crate::media_type::{DOCKER_LIST, OCI_INDEX};

/// An index with all its content, ready to be pushed.
#[derive(Debug, Clone)]
pub struct BuiltIndex {
    /// Media type of the index.
    pub media_type: String,
    /// The index's bytes.
    pub manifest: Vec<u8>,
    /// Digest of these bytes.
    pub digest: String,
    /// Digests of the direct children, in their order.
    pub children: Vec<String>,
    contents: Contents,
}

/// The content of an index: blobs, and manifests with children first.
#[derive(Debug, Clone, Default)]
struct Contents {
    blobs: Vec<Vec<u8>>,
    manifests: Vec<(String, Vec<u8>)>,
}

impl Contents {
    fn add(&mut self, content: &impl Pushable) {
        self.blobs.extend(content.blobs());
        self.manifests.extend(content.manifests());
    }
}

impl Pushable for BuiltIndex {
    fn blobs(&self) -> Vec<Vec<u8>> {
        self.contents.blobs.clone()
    }

    fn manifests(&self) -> Vec<(String, Vec<u8>)> {
        let mut manifests = self.contents.manifests.clone();
        manifests.push((self.media_type.clone(), self.manifest.clone()));
        manifests
    }
}

/// Builder of an index.
#[derive(Debug, Clone)]
#[must_use]
pub struct Index {
    oci: bool,
    entries: Vec<Entry>,
    annotations: Vec<(String, String)>,
    artifact_type: Option<String>,
    subject: Option<(String, String, usize)>,
    extra: Vec<(String, Value)>,
    indent: Option<usize>,
    contents: Contents,
}

#[derive(Debug, Clone)]
struct Entry {
    media_type: String,
    digest: String,
    size: usize,
    platform: Option<Platform>,
    annotations: Vec<(String, String)>,
}

impl Index {
    /// Starts a Docker manifest list, serialised as Docker does, with 3 spaces.
    pub fn docker() -> Self {
        Self::new(false, Some(3))
    }

    /// Starts an OCI image index, serialised as BuildKit does, with 2 spaces.
    pub fn oci() -> Self {
        Self::new(true, Some(2))
    }

    fn new(oci: bool, indent: Option<usize>) -> Self {
        Self {
            oci,
            entries: Vec::new(),
            annotations: Vec::new(),
            artifact_type: None,
            subject: None,
            extra: Vec::new(),
            indent,
            contents: Contents::default(),
        }
    }

    /// Adds an image with its own platform.
    pub fn image(self, image: &BuiltImage) -> Self {
        self.image_with(image, Some(image.platform.clone()), &[])
    }

    /// Adds an image with this platform, or none, and annotations on its descriptor.
    pub fn image_with(
        mut self,
        image: &BuiltImage,
        platform: Option<Platform>,
        annotations: &[(&str, &str)],
    ) -> Self {
        self.entries.push(Entry {
            media_type: image.media_type.clone(),
            digest: image.digest.clone(),
            size: image.size(),
            platform,
            annotations: pairs(annotations),
        });
        self.contents.add(image);
        self
    }

    /// Adds an index as a child.
    pub fn index(mut self, index: &BuiltIndex) -> Self {
        self.entries.push(Entry {
            media_type: index.media_type.clone(),
            digest: index.digest.clone(),
            size: index.manifest.len(),
            platform: None,
            annotations: Vec::new(),
        });
        self.contents.add(index);
        self
    }

    /// Adds an annotation to the index.
    pub fn annotation(mut self, key: &str, value: &str) -> Self {
        self.annotations.push((key.to_owned(), value.to_owned()));
        self
    }

    /// Sets the artifact type.
    pub fn artifact_type(mut self, artifact_type: &str) -> Self {
        self.artifact_type = Some(artifact_type.to_owned());
        self
    }

    /// Makes the index refer to an image as its subject.
    pub fn subject(mut self, image: &BuiltImage) -> Self {
        self.subject = Some((image.media_type.clone(), image.digest.clone(), image.size()));
        self
    }

    /// Adds a field that no specification knows.
    pub fn extra(mut self, key: &str, value: impl Into<Value>) -> Self {
        self.extra.push((key.to_owned(), value.into()));
        self
    }

    /// Indents the index with this many spaces.
    pub fn indent(mut self, width: usize) -> Self {
        self.indent = Some(width);
        self
    }

    /// Serialises without any space.
    pub fn compact(mut self) -> Self {
        self.indent = None;
        self
    }

    /// Builds the index.
    #[must_use]
    pub fn build(self) -> BuiltIndex {
        let media_type = if self.oci { OCI_INDEX } else { DOCKER_LIST };
        let mut fields = vec![
            ("schemaVersion", Node::from(2)),
            ("mediaType", media_type.into()),
        ];
        if let Some(artifact_type) = &self.artifact_type {
            fields.push(("artifactType", artifact_type.as_str().into()));
        }
        let entries = self.entries.iter().map(|entry| self.entry(entry)).collect();
        fields.push(("manifests", Node::Array(entries)));
        if let Some((media_type, digest, size)) = &self.subject {
            fields.push((
                "subject",
                Node::object(descriptor(self.oci, media_type, digest, *size)),
            ));
        }
        if !self.annotations.is_empty() {
            fields.push(("annotations", annotations(&self.annotations)));
        }
        let extra = self
            .extra
            .iter()
            .map(|(k, v)| (k.as_str(), Node::from(v.clone())));
        fields.extend(extra);
        let manifest = Node::object(fields).render(self.indent);
        BuiltIndex {
            media_type: media_type.to_owned(),
            digest: sha256(&manifest),
            manifest,
            children: self.entries.into_iter().map(|entry| entry.digest).collect(),
            contents: self.contents,
        }
    }

    fn entry(&self, entry: &Entry) -> Node {
        let mut fields = descriptor(self.oci, &entry.media_type, &entry.digest, entry.size);
        if !entry.annotations.is_empty() {
            fields.push(("annotations", annotations(&entry.annotations)));
        }
        if let Some(platform) = &entry.platform {
            fields.push(("platform", Node::object(platform.fields())));
        }
        Node::object(fields)
    }
}

/// Builds BuildKit's output for one platform: an index of the image and its attestation.
#[must_use]
pub fn buildkit_index(image: &BuiltImage) -> BuiltIndex {
    let predicate = "https://slsa.dev/provenance/v0.2";
    let statement = serde_json::json!({
        "_type": "https://in-toto.io/Statement/v0.1",
        "predicateType": predicate,
        "subject": [{
            "name": "_",
            "digest": { "sha256": image.digest.trim_start_matches("sha256:") },
        }],
        "predicate": { "builder": { "id": "" }, "buildType": "https://mobyproject.org/buildkit@v1" },
    });
    let statement = statement.to_string();
    let config = serde_json::json!({
        "architecture": "unknown",
        "os": "unknown",
        "config": {},
        "rootfs": { "type": "layers", "diff_ids": [sha256(statement.as_bytes())] },
    });
    let attestation = Image::oci()
        .platform("unknown/unknown")
        .config(
            "application/vnd.oci.image.config.v1+json",
            config.to_string().as_bytes(),
        )
        .layer_of_type(
            "application/vnd.in-toto+json",
            statement.as_bytes(),
            &[("in-toto.io/predicate-type", predicate)],
        )
        .build();
    let platform = attestation.platform.clone();
    Index::oci()
        .image(image)
        .image_with(
            &attestation,
            Some(platform),
            &[
                ("vnd.docker.reference.digest", &image.digest),
                ("vnd.docker.reference.type", "attestation-manifest"),
            ],
        )
        .build()
}
