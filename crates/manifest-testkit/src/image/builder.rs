//! The builder of an image.

use serde_json::Value;

use super::built::{BuiltImage, Layer};
use super::descriptor::{annotations, descriptor, pairs};
use super::json::Node;
use super::platform::Platform;
use crate::digest::sha256;
use crate::media_type::{DOCKER_MANIFEST, OCI_MANIFEST};

/// Default size of a layer, in bytes.
const LAYER_SIZE: usize = 512;

/// Builder of an image. By default it is for linux/amd64 with one layer.
#[derive(Debug, Clone)]
#[must_use]
pub struct Image {
    oci: bool,
    platform: Platform,
    seed: String,
    layers: Vec<Layer>,
    foreign: usize,
    config_media_type: Option<String>,
    config: Option<Vec<u8>>,
    config_extra: Vec<(String, Value)>,
    manifest_media_type: bool,
    manifest_extra: Vec<(String, Value)>,
    annotations: Vec<(String, String)>,
    artifact_type: Option<String>,
    subject: Option<(String, String, usize)>,
    reverse_keys: bool,
    indent: Option<usize>,
    trailing: String,
    raw_manifest: Option<Vec<u8>>,
}

impl Image {
    /// Starts a Docker image: its manifest is serialised as Docker does, with 3 spaces.
    pub fn docker() -> Self {
        Self::new(false, Some(3))
    }

    /// Starts an OCI image: its manifest is serialised as BuildKit does, with 2 spaces.
    pub fn oci() -> Self {
        Self::new(true, Some(2))
    }

    fn new(oci: bool, indent: Option<usize>) -> Self {
        Self {
            oci,
            platform: Platform::parse("linux/amd64"),
            seed: String::new(),
            layers: Vec::new(),
            foreign: 0,
            config_media_type: None,
            config: None,
            config_extra: Vec::new(),
            manifest_media_type: true,
            manifest_extra: Vec::new(),
            annotations: Vec::new(),
            artifact_type: None,
            subject: None,
            reverse_keys: false,
            indent,
            trailing: String::new(),
            raw_manifest: None,
        }
    }

    /// Sets `OS/ARCH[/VARIANT]`. The generated layers differ by platform, too.
    pub fn platform(mut self, text: &str) -> Self {
        let Platform {
            os,
            architecture,
            variant,
            ..
        } = Platform::parse(text);
        self.platform = Platform {
            os,
            architecture,
            variant,
            ..self.platform
        };
        self
    }

    /// Sets the version of the operating system.
    pub fn os_version(mut self, version: &str) -> Self {
        version.clone_into(&mut self.platform.os_version);
        self
    }

    /// Sets the required features of the operating system.
    pub fn os_features(mut self, features: &[&str]) -> Self {
        self.platform.os_features = features.iter().map(|&feature| feature.to_owned()).collect();
        self
    }

    /// Makes the config and the generated layers differ from those of other images of the platform.
    pub fn seed(mut self, seed: &str) -> Self {
        seed.clone_into(&mut self.seed);
        self
    }

    /// Adds `count` generated layers of `size` bytes each, which depend on platform and seed.
    ///
    /// Platform and seed must be set before.
    pub fn layers(mut self, count: usize, size: usize) -> Self {
        for _ in 0..count {
            let name = format!("{:?} {} {}", self.platform, self.seed, self.layers.len());
            self = self.layer(&pseudo_random_bytes(&name, size));
        }
        self
    }

    /// Adds a layer with this content.
    pub fn layer(self, bytes: &[u8]) -> Self {
        let media_type = if self.oci {
            "application/vnd.oci.image.layer.v1.tar+gzip"
        } else {
            "application/vnd.docker.image.rootfs.diff.tar.gzip"
        };
        self.layer_of_type(media_type, bytes, &[])
    }

    /// Adds a layer of this media type with annotations.
    pub fn layer_of_type(
        mut self,
        media_type: &str,
        bytes: &[u8],
        annotations: &[(&str, &str)],
    ) -> Self {
        self.layers.push(Layer {
            media_type: media_type.to_owned(),
            digest: sha256(bytes),
            bytes: bytes.to_vec(),
            urls: Vec::new(),
            annotations: pairs(annotations),
        });
        self
    }

    /// Adds a layer that no registry has, with a URL, like old Windows images.
    pub fn foreign_layer(mut self) -> Self {
        let media_type = if self.oci {
            "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip"
        } else {
            "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip"
        };
        self.foreign += 1;
        let bytes = pseudo_random_bytes(&format!("foreign {}", self.foreign), LAYER_SIZE);
        let digest = sha256(&bytes);
        self.layers.push(Layer {
            media_type: media_type.to_owned(),
            // Distribution wants a URL of http or https without a fragment.
            urls: vec![format!("https://foreign.invalid/{digest}")],
            digest,
            bytes,
            annotations: Vec::new(),
        });
        self
    }

    /// Uses these bytes as the config.
    pub fn config(mut self, media_type: &str, bytes: &[u8]) -> Self {
        self.config_media_type = Some(media_type.to_owned());
        self.config = Some(bytes.to_vec());
        self
    }

    /// Adds a field to the config.
    pub fn config_extra(mut self, key: &str, value: impl Into<Value>) -> Self {
        self.config_extra.push((key.to_owned(), value.into()));
        self
    }

    /// Adds a field to the manifest that no specification knows.
    pub fn extra(mut self, key: &str, value: impl Into<Value>) -> Self {
        self.manifest_extra.push((key.to_owned(), value.into()));
        self
    }

    /// Adds an annotation to the manifest.
    pub fn annotation(mut self, key: &str, value: &str) -> Self {
        self.annotations.push((key.to_owned(), value.to_owned()));
        self
    }

    /// Sets the artifact type.
    pub fn artifact_type(mut self, artifact_type: &str) -> Self {
        self.artifact_type = Some(artifact_type.to_owned());
        self
    }

    /// Makes the image refer to another as its subject.
    pub fn subject(mut self, image: &BuiltImage) -> Self {
        self.subject = Some((image.media_type.clone(), image.digest.clone(), image.size()));
        self
    }

    /// Leaves `mediaType` out of the manifest, as OCI 1.0 tools do.
    pub fn without_media_type(mut self) -> Self {
        self.manifest_media_type = false;
        self
    }

    /// Reverses the order of all keys of the manifest.
    pub fn reverse_keys(mut self) -> Self {
        self.reverse_keys = true;
        self
    }

    /// Indents the manifest with this many spaces.
    pub fn indent(mut self, width: usize) -> Self {
        self.indent = Some(width);
        self
    }

    /// Serialises the manifest without any space.
    pub fn compact(mut self) -> Self {
        self.indent = None;
        self
    }

    /// Ends the manifest with this text, a newline for instance.
    pub fn trailing(mut self, text: &str) -> Self {
        text.clone_into(&mut self.trailing);
        self
    }

    /// Uses these bytes as the manifest, valid or not. Config and layers are still pushed.
    pub fn raw_manifest(mut self, bytes: &[u8]) -> Self {
        self.raw_manifest = Some(bytes.to_vec());
        self
    }

    /// Builds the image.
    #[must_use]
    pub fn build(mut self) -> BuiltImage {
        if self.layers.is_empty() {
            self = self.layers(1, LAYER_SIZE);
        }
        let config = self.config.take().unwrap_or_else(|| self.build_config());
        let config_digest = sha256(&config);
        let manifest = self
            .raw_manifest
            .take()
            .unwrap_or_else(|| self.build_manifest(&config, &config_digest));
        BuiltImage {
            media_type: self.media_type().to_owned(),
            digest: sha256(&manifest),
            manifest,
            config,
            config_digest,
            layers: self.layers,
            platform: self.platform,
        }
    }

    fn media_type(&self) -> &'static str {
        if self.oci {
            OCI_MANIFEST
        } else {
            DOCKER_MANIFEST
        }
    }

    fn build_config(&self) -> Vec<u8> {
        let diff_ids: Vec<&str> = self
            .layers
            .iter()
            .map(|layer| layer.digest.as_str())
            .collect();
        let mut fields = self.platform.fields();
        fields.push(("created", "2024-01-01T00:00:00Z".into()));
        fields.push((
            "config",
            serde_json::json!({ "Cmd": ["/app", self.seed] }).into(),
        ));
        fields.push((
            "rootfs",
            Node::object(vec![
                ("type", "layers".into()),
                ("diff_ids", diff_ids.into()),
            ]),
        ));
        let Node::Object(mut fields) = Node::object(fields) else {
            unreachable!()
        };
        fields.extend(
            self.config_extra
                .iter()
                .map(|(k, v)| (k.clone(), Node::from(v.clone()))),
        );
        Node::Object(fields).render(None)
    }

    fn build_manifest(&self, config: &[u8], config_digest: &str) -> Vec<u8> {
        let config_type = self.config_media_type.as_deref().unwrap_or(if self.oci {
            "application/vnd.oci.image.config.v1+json"
        } else {
            "application/vnd.docker.container.image.v1+json"
        });
        let mut fields = vec![("schemaVersion", Node::from(2))];
        if self.manifest_media_type {
            fields.push(("mediaType", self.media_type().into()));
        }
        if let Some(artifact_type) = &self.artifact_type {
            fields.push(("artifactType", artifact_type.as_str().into()));
        }
        let config = descriptor(self.oci, config_type, config_digest, config.len());
        fields.push(("config", Node::object(config)));
        let layers = self.layers.iter().map(|layer| {
            let mut fields = descriptor(
                self.oci,
                &layer.media_type,
                &layer.digest,
                layer.bytes.len(),
            );
            if !layer.urls.is_empty() {
                fields.push(("urls", layer.urls.clone().into()));
            }
            if !layer.annotations.is_empty() {
                fields.push(("annotations", annotations(&layer.annotations)));
            }
            Node::object(fields)
        });
        fields.push(("layers", Node::Array(layers.collect())));
        if let Some((media_type, digest, size)) = &self.subject {
            let subject = descriptor(self.oci, media_type, digest, *size);
            fields.push(("subject", Node::object(subject)));
        }
        if !self.annotations.is_empty() {
            fields.push(("annotations", annotations(&self.annotations)));
        }
        let extra = self
            .manifest_extra
            .iter()
            .map(|(k, v)| (k.as_str(), Node::from(v.clone())));
        fields.extend(extra);
        let mut manifest = Node::object(fields);
        if self.reverse_keys {
            manifest = manifest.reversed();
        }
        let mut bytes = manifest.render(self.indent);
        bytes.extend_from_slice(self.trailing.as_bytes());
        bytes
    }
}

/// Generates bytes that look random and depend only on `name` (xorshift64).
fn pseudo_random_bytes(name: &str, size: usize) -> Vec<u8> {
    let digest = sha256(name.as_bytes());
    let mut state = u64::from_str_radix(&digest[7..23], 16).unwrap_or(1) | 1;
    let mut bytes = Vec::with_capacity(size + 8);
    while bytes.len() < size {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        bytes.extend_from_slice(&state.to_le_bytes());
    }
    bytes.truncate(size);
    bytes
}
