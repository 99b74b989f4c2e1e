//! A described list, with all variables and templates filled in.
//!
//! A run may hold ten thousand lists of eight images, so texts that repeat (operating systems, architectures, file names) are
//! shared.

use std::collections::BTreeMap;
use std::sync::Arc;

use manifest_core::settings::{ListType, Order};
use manifest_core::{Platform, Reference};

use crate::position::Position;

/// A list that a spec file describes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListSpec {
    /// The place of the description.
    pub position: Position,
    /// The name of the list (`image`).
    pub list: Reference,
    /// Whether the name has no tag, so that the list is published by digest alone, as `manifest-tool` does. The reference then
    /// has the tag `latest`, which is not to be written.
    pub by_digest: bool,
    /// The further names of the list (`tags`).
    pub tags: Vec<Reference>,
    /// The images of the list, in the order given.
    pub images: Vec<ImageSpec>,
    /// The media type of the list. `None` means that the images decide.
    pub list_type: Option<ListType>,
    /// The order of the entries. Unless it is stated, it is the order of the images.
    pub order: Order,
    /// The annotations of the list.
    pub annotations: BTreeMap<String, String>,
    /// The artifact type of the list.
    pub artifact_type: Option<String>,
    /// The manifest that the list refers to: a reference, or a digest in the repository of the list.
    pub subject: Option<String>,
    /// The only platforms that are taken from images that are lists. Empty means all.
    pub platforms: Vec<Platform>,
    /// The platforms that the list has to have an image for.
    pub require: Vec<Platform>,
    /// Whether the attestations of images that are lists are left out.
    pub drops_attestations: bool,
    /// Whether images that do not exist are left out.
    pub ignores_missing: bool,
}

/// An image of a described list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImageSpec {
    /// The place of the description.
    pub position: Position,
    /// The image: a reference, or a layout on this machine, as `create` takes them.
    pub image: String,
    /// The stated parts of its platform. The others come from the image.
    pub platform: PlatformSpec,
    /// The annotations of its entry.
    pub annotations: BTreeMap<String, String>,
}

/// The stated parts of a platform.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PlatformSpec {
    /// The operating system.
    pub os: Option<Arc<str>>,
    /// The architecture.
    pub architecture: Option<Arc<str>>,
    /// The variant of the architecture.
    pub variant: Option<Arc<str>>,
    /// The version of the operating system (`osversion`, `os.version`).
    pub os_version: Option<Arc<str>>,
    /// The required features of the operating system (`osfeatures`, `os.features`).
    pub os_features: Vec<String>,
    /// The required features of the processor.
    pub features: Vec<String>,
}

/// The size of an empty text on the heap, in bytes.
const TEXT: usize = size_of::<String>();

impl ListSpec {
    /// Returns the size of the list in memory, in bytes. Texts that lists share are not counted.
    pub(crate) fn bytes(&self) -> usize {
        let texts = |map: &BTreeMap<String, String>| -> usize {
            let text = |(key, value): (&String, &String)| 2 * TEXT + key.len() + value.len();
            map.iter().map(text).sum()
        };
        let image = |image: &ImageSpec| {
            let PlatformSpec {
                os_features,
                features,
                ..
            } = &image.platform;
            let features = os_features.iter().chain(features);
            let features: usize = features.map(|feature| TEXT + feature.len()).sum();
            size_of::<ImageSpec>() + image.image.len() + features + texts(&image.annotations)
        };
        let platforms = self.platforms.len() + self.require.len();
        size_of::<Self>()
            + self.tags.len() * size_of::<Reference>()
            + self.images.iter().map(image).sum::<usize>()
            + platforms * size_of::<Platform>()
            + texts(&self.annotations)
    }

    /// Returns a list that has a name and no images yet. Everything else is as if it is not stated.
    pub(crate) fn named(position: Position, list: Reference) -> Self {
        Self {
            position,
            list,
            by_digest: false,
            tags: Vec::new(),
            images: Vec::new(),
            list_type: None,
            order: Order::Given,
            annotations: BTreeMap::new(),
            artifact_type: None,
            subject: None,
            platforms: Vec::new(),
            require: Vec::new(),
            drops_attestations: false,
            ignores_missing: false,
        }
    }
}

impl PlatformSpec {
    /// States all parts of a platform. `shared` makes texts of its parts.
    pub(crate) fn of(platform: &Platform, shared: &mut dyn FnMut(&str) -> Arc<str>) -> Self {
        let mut stated = |text: &str| (!text.is_empty()).then(|| shared(text));
        Self {
            os: stated(&platform.os),
            architecture: stated(&platform.architecture),
            variant: stated(&platform.variant),
            os_version: stated(&platform.os_version),
            os_features: platform.os_features.clone(),
            features: platform.features.clone(),
        }
    }
}
