//! Media types of manifests (Docker image manifest v2 schema 2; OCI image specification, "Media Types").

use std::fmt;

/// Docker's image manifest, version 2, schema 2.
pub const DOCKER_MANIFEST: &str = "application/vnd.docker.distribution.manifest.v2+json";
/// Docker's manifest list.
pub const DOCKER_MANIFEST_LIST: &str = "application/vnd.docker.distribution.manifest.list.v2+json";
/// The OCI image manifest.
pub const OCI_MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
/// The OCI image index.
pub const OCI_INDEX: &str = "application/vnd.oci.image.index.v1+json";

/// The media type of a manifest: one of the four that images are published with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MediaType {
    /// [`DOCKER_MANIFEST`]
    DockerManifest,
    /// [`DOCKER_MANIFEST_LIST`]
    DockerManifestList,
    /// [`OCI_MANIFEST`]
    OciManifest,
    /// [`OCI_INDEX`]
    OciIndex,
}

impl MediaType {
    /// All media types, in the order of a request's `Accept` headers.
    pub const ALL: [Self; 4] = [
        Self::DockerManifest,
        Self::DockerManifestList,
        Self::OciManifest,
        Self::OciIndex,
    ];

    /// Recognises a media type, with or without parameters (`; charset=utf-8`).
    #[must_use]
    pub fn recognise(text: &str) -> Option<Self> {
        let essence = text.split(';').next().unwrap_or_default().trim();
        Self::ALL
            .into_iter()
            .find(|media_type| media_type.as_str().eq_ignore_ascii_case(essence))
    }

    /// Returns the media type's text.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::DockerManifest => DOCKER_MANIFEST,
            Self::DockerManifestList => DOCKER_MANIFEST_LIST,
            Self::OciManifest => OCI_MANIFEST,
            Self::OciIndex => OCI_INDEX,
        }
    }

    /// Tells whether this is a manifest list or an image index.
    #[must_use]
    pub fn is_list(self) -> bool {
        matches!(self, Self::DockerManifestList | Self::OciIndex)
    }

    /// Tells whether this is one of the OCI media types.
    #[must_use]
    pub fn is_oci(self) -> bool {
        matches!(self, Self::OciManifest | Self::OciIndex)
    }
}

impl fmt::Display for MediaType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Tells whether registries may lack layers of this media type: Docker's foreign layers and the OCI specification's
/// non-distributable ones ("Non-Distributable Layers").
#[must_use]
pub fn is_foreign_layer(media_type: &str) -> bool {
    media_type.starts_with("application/vnd.docker.image.rootfs.foreign.")
        || media_type.starts_with("application/vnd.oci.image.layer.nondistributable.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recognises_only_manifests() {
        for media_type in MediaType::ALL {
            assert_eq!(MediaType::recognise(media_type.as_str()), Some(media_type));
        }
        let with_parameter = format!("{OCI_INDEX}; charset=utf-8");
        assert_eq!(
            MediaType::recognise(&with_parameter),
            Some(MediaType::OciIndex)
        );
        for other in [
            "",
            "application/json",
            "application/vnd.docker.distribution.manifest.v1+prettyjws",
        ] {
            assert_eq!(MediaType::recognise(other), None);
        }
    }

    #[test]
    fn foreign_layers() {
        assert!(is_foreign_layer(
            "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip"
        ));
        assert!(is_foreign_layer(
            "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip"
        ));
        assert!(!is_foreign_layer(
            "application/vnd.oci.image.layer.v1.tar+gzip"
        ));
    }
}
