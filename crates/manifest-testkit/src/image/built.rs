//! Built images, ready to be pushed.

use super::platform::Platform;

/// Content that can be pushed to a registry.
pub trait Pushable {
    /// Returns the contents of all blobs that a registry needs.
    fn blobs(&self) -> Vec<Vec<u8>>;

    /// Returns media type and bytes of all manifests, children first. The last one gets the tag.
    fn manifests(&self) -> Vec<(String, Vec<u8>)>;
}

/// A layer of a [`BuiltImage`].
#[derive(Debug, Clone)]
pub struct Layer {
    /// Media type.
    pub media_type: String,
    /// Digest.
    pub digest: String,
    /// Content.
    pub bytes: Vec<u8>,
    /// URLs of a foreign layer, which is not pushed.
    pub urls: Vec<String>,
    pub(super) annotations: Vec<(String, String)>,
}

/// An image, ready to be pushed.
#[derive(Debug, Clone)]
pub struct BuiltImage {
    /// Media type of the manifest.
    pub media_type: String,
    /// The manifest's bytes.
    pub manifest: Vec<u8>,
    /// Digest of these bytes.
    pub digest: String,
    /// The config's bytes.
    pub config: Vec<u8>,
    /// Digest of the config.
    pub config_digest: String,
    /// The layers, lowest first.
    pub layers: Vec<Layer>,
    /// The platform in the config.
    pub platform: Platform,
}

impl BuiltImage {
    /// Returns the manifest's length in bytes.
    #[must_use]
    pub fn size(&self) -> usize {
        self.manifest.len()
    }

    /// Returns the digests of config and layers that a registry needs.
    #[must_use]
    pub fn blob_digests(&self) -> Vec<String> {
        let layers = self.layers.iter().filter(|layer| layer.urls.is_empty());
        std::iter::once(&self.config_digest)
            .chain(layers.map(|layer| &layer.digest))
            .cloned()
            .collect()
    }
}

impl Pushable for BuiltImage {
    fn blobs(&self) -> Vec<Vec<u8>> {
        let layers = self.layers.iter().filter(|layer| layer.urls.is_empty());
        std::iter::once(&self.config)
            .chain(layers.map(|layer| &layer.bytes))
            .cloned()
            .collect()
    }

    fn manifests(&self) -> Vec<(String, Vec<u8>)> {
        vec![(self.media_type.clone(), self.manifest.clone())]
    }
}
