//! One entry of a list: its reference, its descriptor, its manifest, and its origin.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use crate::descriptor::Descriptor;
use crate::digest::Digest;
use crate::go_json;
use crate::manifest::Manifest;
use crate::media_type::MediaType;
use crate::platform::Platform;
use crate::reference::Reference;

/// One image in a draft.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The reference by which the image was added.
    pub reference: Reference,
    /// The descriptor in the list, with the platform.
    pub descriptor: Descriptor,
    /// The manifest's bytes as the registry sent them. Files of old Docker versions do not have them.
    pub raw: Option<Vec<u8>>,
    /// The readable copy of the manifest in the draft's file. It is the only copy if `raw` is absent.
    pub shown: Option<ReadableManifest>,
    /// The data that Docker's files cannot hold.
    pub origin: Option<Origin>,
    /// The position among the arguments of `create`, if known.
    pub position: Option<u64>,
}

/// The readable copy of a manifest in Docker's draft files: the same JSON, but not the same bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadableManifest {
    /// Whether the file has it under `OCIManifest` rather than `SchemaV2Manifest`.
    pub oci: bool,
    /// The JSON value.
    pub json: Vec<u8>,
}

/// The origin of an entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// The digest of the source when it was resolved: of the image, or of the list that the image came with.
    pub digest: Digest,
    /// The time of that, in seconds since 1970 (UTC).
    pub resolved_at: u64,
    /// The platform in the image's configuration, or in the list that the image came with. Any difference from it was annotated.
    pub platform: Platform,
    /// The annotations that the source list had on the entry.
    pub annotations: BTreeMap<String, String>,
    /// The platform in the image's own configuration, if the source list states another one.
    pub config: Option<Platform>,
    /// The source on the command line, if it is not the entry's reference: the list that this is a child of, or a location on
    /// disk.
    pub source: Option<Source>,
    /// Whether the user turned off TLS verification for the registry.
    pub insecure: bool,
}

impl Origin {
    /// Returns the platform in the image's own configuration, as far as it is known.
    #[must_use]
    pub fn config_platform(&self) -> &Platform {
        self.config.as_ref().unwrap_or(&self.platform)
    }
}

/// A source of `create`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Source {
    /// A reference to a registry.
    Registry(Reference),
    /// An image layout or archive on this machine, as the user wrote it, but with an absolute path.
    Disk(String),
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Registry(reference) => reference.fmt(f),
            Self::Disk(location) => f.write_str(location),
        }
    }
}

/// The reason why an entry's manifest cannot be pushed to another repository: its exact bytes are not available.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PayloadError {
    /// The bytes do not have the entry's digest.
    #[error("internal digest mismatch for {reference}: expected {expected}, got {found}")]
    Mismatch {
        /// The entry.
        reference: Box<Reference>,
        /// The digest in the entry's descriptor.
        expected: Digest,
        /// The digest of the bytes.
        found: Digest,
    },
    /// There are no bytes.
    #[error("{0} has no payload")]
    Missing(Box<Reference>),
}

impl Entry {
    /// Records that the user turned off TLS verification for the registry.
    pub fn mark_insecure(&mut self) {
        if let Some(origin) = &mut self.origin {
            origin.insecure = true;
        }
    }

    /// Records the platform in the image's own configuration, which saves asking for it again.
    pub fn record_config_platform(&mut self, own: &Platform) {
        if let Some(origin) = &mut self.origin {
            origin.config = (origin.platform != *own).then(|| own.clone());
        }
    }

    /// Creates the entry of a manifest that was just resolved.
    #[must_use]
    pub fn resolved(
        reference: Reference,
        manifest: &Manifest,
        platform: Platform,
        now: u64,
    ) -> Self {
        let mut descriptor = manifest.descriptor();
        let origin = Origin {
            digest: descriptor.digest.clone(),
            resolved_at: now,
            platform: platform.clone(),
            annotations: BTreeMap::new(),
            config: None,
            source: None,
            insecure: false,
        };
        descriptor.platform = Some(platform);
        let shown = ReadableManifest {
            oci: manifest.media_type().is_oci(),
            json: manifest.bytes().to_vec(),
        };
        Self {
            reference,
            descriptor,
            raw: Some(manifest.bytes().to_vec()),
            shown: Some(shown),
            origin: Some(origin),
            position: None,
        }
    }

    /// Creates the entry of a list's child, with its descriptor in that list. `list` is the source on the command line, and its
    /// digest.
    #[must_use]
    pub fn child(
        reference: Reference,
        descriptor: Descriptor,
        manifest: &Manifest,
        list: (Source, Digest),
        now: u64,
    ) -> Self {
        // Docker's files hold images only. A list in there would make the draft unreadable for Docker's CLI.
        let shown = (!manifest.media_type().is_list()).then(|| ReadableManifest {
            oci: manifest.media_type().is_oci(),
            json: manifest.bytes().to_vec(),
        });
        Self {
            raw: Some(manifest.bytes().to_vec()),
            shown,
            ..Self::unread_child(reference, descriptor, list, now)
        }
    }

    /// Creates an entry as [`Entry::child`] does, for content that this program does not know as a manifest and does not read.
    #[must_use]
    pub fn unread_child(
        reference: Reference,
        descriptor: Descriptor,
        (source, digest): (Source, Digest),
        now: u64,
    ) -> Self {
        let origin = Origin {
            digest,
            resolved_at: now,
            platform: descriptor.platform.clone().unwrap_or_default(),
            annotations: descriptor.annotations.clone(),
            config: None,
            source: Some(source),
            insecure: false,
        };
        Self {
            reference,
            descriptor,
            raw: None,
            shown: None,
            origin: Some(origin),
            position: None,
        }
    }

    /// Tells whether the entry came with a list or from disk, not by a reference of its own.
    #[must_use]
    pub fn is_child(&self) -> bool {
        self.source().is_some()
    }

    /// Returns the source on the command line, if it is not the entry's reference.
    #[must_use]
    pub fn source(&self) -> Option<&Source> {
        self.origin.as_ref()?.source.as_ref()
    }

    /// Tells whether this is an image that a machine may run: no attestation, no other artifact, no list.
    #[must_use]
    pub fn is_image(&self) -> bool {
        self.descriptor.is_image()
    }

    /// Returns the manifest byte for byte, checked against the descriptor's digest.
    ///
    /// If the file has no raw bytes, they are laid out as old Docker versions did.
    ///
    /// # Errors
    /// Returns an error if the bytes are absent or have another digest.
    pub fn payload(&self) -> Result<Vec<u8>, PayloadError> {
        let bytes = self.unchecked_payload()?.into_owned();
        let expected = &self.descriptor.digest;
        if expected.matches(&bytes) {
            return Ok(bytes);
        }
        Err(PayloadError::Mismatch {
            reference: Box::new(self.reference.clone()),
            expected: expected.clone(),
            found: Digest::compute(expected.algorithm(), &bytes),
        })
    }

    /// Returns the manifest as [`Self::payload`] does, unchecked, for callers that compute the digest anyway.
    ///
    /// # Errors
    /// Returns an error if the bytes are absent.
    pub fn unchecked_payload(&self) -> Result<Cow<'_, [u8]>, PayloadError> {
        match (&self.raw, &self.shown) {
            (Some(raw), _) => Ok(raw.into()),
            (None, Some(shown)) => {
                let indent = if shown.oci { "  " } else { "   " };
                Ok(go_json::indent(&shown.json, indent).into())
            }
            (None, None) => Err(PayloadError::Missing(Box::new(self.reference.clone()))),
        }
    }

    /// Tells whether the entry has a platform that a list can state.
    #[must_use]
    pub fn has_platform(&self) -> bool {
        self.descriptor
            .platform
            .as_ref()
            .is_some_and(Platform::is_stated)
    }

    /// Returns the media type of the manifest, if this program knows it.
    #[must_use]
    pub fn media_type(&self) -> Option<MediaType> {
        MediaType::recognise(&self.descriptor.media_type)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media_type::DOCKER_MANIFEST;

    fn manifest(tail: &str) -> Manifest {
        let digest = format!("sha256:{}", "a".repeat(64));
        let body = format!(
            r#"{{"schemaVersion":2,"mediaType":"{DOCKER_MANIFEST}","config":{{"mediaType":"c","size":1,"digest":"{digest}"}},"layers":[]{tail}}}"#
        );
        Manifest::parse(DOCKER_MANIFEST, body.into_bytes()).unwrap()
    }

    fn platform(text: &str) -> Platform {
        let mut parts = text.split('/').map(str::to_owned);
        let mut next = || parts.next().unwrap_or_default();
        Platform {
            os: next(),
            architecture: next(),
            variant: next(),
            ..Platform::default()
        }
    }

    fn entry(stated: &str) -> Entry {
        let reference = Reference::parse("app:1").unwrap();
        Entry::resolved(reference, &manifest(""), platform(stated), 1)
    }

    #[test]
    fn a_payload_has_the_digest_or_is_none() {
        let entry = entry("linux/amd64");
        assert_eq!(entry.payload().unwrap(), manifest("").bytes());
        let changed = Entry {
            raw: Some(b"{}".to_vec()),
            ..entry.clone()
        };
        let error = changed.payload().unwrap_err().to_string();
        assert!(
            error.starts_with("internal digest mismatch for docker.io/library/app:1"),
            "{error}"
        );
        let nothing = Entry {
            raw: None,
            shown: None,
            ..entry.clone()
        };
        assert!(matches!(nothing.payload(), Err(PayloadError::Missing(_))));
        // Old files have no raw bytes: Docker laid them out with three spaces.
        let pretty = go_json::indent(manifest("").bytes(), "   ");
        let pretty = Manifest::parse(DOCKER_MANIFEST, pretty).unwrap();
        let mut old = Entry::resolved(entry.reference, &pretty, Platform::default(), 0);
        old.raw = None;
        old.shown = Some(ReadableManifest {
            oci: false,
            json: go_json::compact(pretty.bytes()).unwrap(),
        });
        assert_eq!(old.payload().unwrap(), pretty.bytes());
    }
}
