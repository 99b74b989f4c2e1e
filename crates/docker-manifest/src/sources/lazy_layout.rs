//! Image layouts on this machine, opened on first use.

use std::collections::BTreeSet;
use std::error::Error as _;
use std::fmt;
use std::io::Read;
use std::sync::OnceLock;

use manifest_core::limits::CONFIG_BYTES;
use manifest_core::manifest::ImageManifest;
use manifest_core::{Descriptor, Digest, ImageConfig, Manifest};
use manifest_layout::{Layout, LayoutError, Location, Referrer};
use manifest_registry::LocalBlobs;

use crate::failure::Failure;

/// A layout or archive that is opened once, when something in it is needed.
pub(crate) struct LazyLayout {
    location: Location,
    layout: OnceLock<Result<Layout, LayoutError>>,
}

impl LazyLayout {
    pub(crate) fn new(location: Location) -> Self {
        Self {
            location,
            layout: OnceLock::new(),
        }
    }

    /// Returns the location of the layout.
    pub(crate) fn location(&self) -> &Location {
        &self.location
    }

    fn layout(&self) -> Result<&Layout, LayoutError> {
        let layout = self.layout.get_or_init(|| Layout::open(&self.location));
        layout.as_ref().map_err(Clone::clone)
    }

    /// Returns the manifest that was named.
    pub(crate) fn root(&self) -> Result<Manifest, LayoutError> {
        self.layout()?.root()
    }

    /// Returns the child of a list in it.
    pub(crate) fn manifest(&self, descriptor: &Descriptor) -> Result<Manifest, LayoutError> {
        self.layout()?.manifest(descriptor)
    }

    /// Returns a blob in it of at most `limit` bytes.
    pub(crate) fn bytes(&self, blob: &Descriptor, limit: usize) -> Result<Vec<u8>, LayoutError> {
        self.layout()?.bytes(blob, limit)
    }

    /// Compares the content of a blob in it with its descriptor.
    pub(crate) fn check(&self, blob: &Descriptor) -> Result<(), LayoutError> {
        self.layout()?.check_blob(blob)
    }

    /// Returns the referrers of manifests in it.
    pub(crate) fn referrers(
        &self,
        subjects: &BTreeSet<Digest>,
    ) -> Result<Vec<Referrer>, LayoutError> {
        self.layout()?.referrers(subjects.iter().cloned())
    }

    /// Returns the configuration of an image in it.
    pub(crate) fn config(&self, image: &ImageManifest) -> Result<ImageConfig, Failure> {
        let bytes = self.layout()?.bytes(&image.config, CONFIG_BYTES)?;
        ImageConfig::parse(&bytes).map_err(|source| Failure::LocalConfig {
            location: self.location.to_string(),
            digest: image.config.digest.clone(),
            source,
        })
    }
}

impl LocalBlobs for LazyLayout {
    fn location(&self) -> String {
        self.location.to_string()
    }

    fn open(&self, blob: &Descriptor) -> Result<Box<dyn Read + Send>, String> {
        let open = || self.layout()?.blob(blob);
        open().map_err(|error| match error.source() {
            Some(cause) => format!("{error}: {cause}"),
            None => error.to_string(),
        })
    }
}

impl fmt::Debug for LazyLayout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "LazyLayout({})", self.location)
    }
}
