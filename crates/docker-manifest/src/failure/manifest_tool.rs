//! The failures of the command lines of `manifest-tool`, in its words where those are right.

use manifest_core::{Digest, Reference};
use manifest_registry::redact::printable;

/// A failure that only the command lines of `manifest-tool` have.
#[derive(Debug, thiserror::Error)]
pub enum ManifestToolError {
    /// A name has neither a tag nor a digest.
    #[error(
        "image reference must include a tag or a digest; manifest-tool does not default to 'latest'"
    )]
    NoTag {
        /// The name, with the tag that other programs would take.
        image: Reference,
    },
    /// The configuration of an image is malformed.
    #[error("the image config of {image} cannot be read")]
    Config {
        /// The image.
        image: Reference,
        /// The reason.
        source: serde_json::Error,
    },
    /// A Docker manifest list is to have annotations.
    #[error(
        "manifest list (Docker media type) does not support annotations; use --type oci instead"
    )]
    AnnotationsNeedOci,
    /// `push from-spec` has no file.
    #[error("no YAML file is named")]
    NoFile,
    /// A value of `--platforms` has another form.
    #[error(
        "the --platforms argument must be a string slice where one value is of the form 'os/arch': {:?}",
        printable(.0)
    )]
    PlatformForm(String),
    /// A value of `--annotations` has another form.
    #[error("the --annotations argument must be a string in the form 'key=value': {}", printable(.0))]
    Annotation(String),
    /// The platform of an image is unknown.
    #[error(
        "unable to create platform object for manifest {digest}: manifest entry for image {image} has unsupported os/arch or os/arch/variant combination: {}",
        printable(platform)
    )]
    Platform {
        /// The image.
        image: Box<Reference>,
        /// Its digest.
        digest: Digest,
        /// The platform: `os/arch/variant`.
        platform: String,
    },
    /// Two images are for one platform.
    #[error(
        "cannot include two manifests with the same platform; digest {first} already provides platform {} (this digest: {second})",
        printable(platform)
    )]
    SamePlatform {
        /// The first image.
        first: Digest,
        /// The second image.
        second: Digest,
        /// The platform.
        platform: String,
    },
    /// No image exists, and `--ignore-missing` is given.
    #[error(
        "all entries were skipped due to missing source image references; no manifest list to push"
    )]
    AllSkipped,
}

impl ManifestToolError {
    /// Returns the remedy.
    pub(super) fn hint(&self) -> Option<String> {
        Some(match self {
            Self::NoTag { image } => format!("the tag may be latest: {image}"),
            Self::NoFile => "`push from-spec FILE`; - stands for standard input".to_owned(),
            Self::Platform { .. } | Self::PlatformForm(_) => {
                "platforms have Go's names, such as linux/amd64, linux/arm/v7, windows/amd64"
                    .to_owned()
            }
            Self::SamePlatform { .. } => {
                "clients only ever see the first of them: remove the other one from the list"
                    .to_owned()
            }
            _ => return None,
        })
    }
}
