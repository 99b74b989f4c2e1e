//! A list that is being made: its entries, and the rules for changing them.

use crate::descriptor::Descriptor;
use crate::digest::Digest;
use crate::go_json;
use crate::manifest::Manifest;
use crate::media_type::MediaType;
use crate::platform::Platform;
use crate::reference::Reference;

/// A draft: the list's reference, and its entries in the order in which they are published.
#[derive(Clone, Debug)]
pub struct Draft {
    /// The reference that the list is pushed to.
    pub list: Reference,
    /// The entries, in byte order of their file names, which is the order in which Docker publishes them.
    pub entries: Vec<Entry>,
}

impl Draft {
    /// Returns the entry that was made from `image`.
    #[must_use]
    pub fn entry(&self, image: &Reference) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.reference == *image)
    }

    /// Returns the hosts of the entries for which the user did not want TLS to be checked.
    #[must_use]
    pub fn insecure_hosts(&self) -> Vec<String> {
        let is_insecure =
            |entry: &&Entry| entry.origin.as_ref().is_some_and(|origin| origin.insecure);
        let entries = self.entries.iter().filter(is_insecure);
        let mut hosts: Vec<String> = entries
            .map(|entry| entry.reference.domain().to_owned())
            .collect();
        hosts.sort();
        hosts.dedup();
        hosts
    }
}

/// One image in a draft.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The reference that the image was added by.
    pub reference: Reference,
    /// The descriptor that the list will have of it, platform included.
    pub descriptor: Descriptor,
    /// The manifest's bytes as the registry sent them; absent in files of old Docker versions.
    pub raw: Option<Vec<u8>>,
    /// The manifest as the file shows it: for people to read, and the only copy where `raw` is absent.
    pub shown: Option<Shown>,
    /// What Docker's files cannot hold.
    pub origin: Option<Origin>,
}

/// The readable copy of a manifest in Docker's draft files: the same JSON, but not the same bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    /// Whether it stands under `OCIManifest` or `SchemaV2Manifest`.
    pub oci: bool,
    /// The JSON value.
    pub json: Vec<u8>,
}

/// Where an entry came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// The digest that the reference had when it was resolved.
    pub digest: Digest,
    /// When that was, in seconds since 1970 (UTC).
    pub resolved_at: u64,
    /// The platform that the image's configuration states. What differs from it was annotated.
    pub platform: Platform,
    /// Whether the user did not want the registry's TLS to be checked.
    pub insecure: bool,
}

/// What `annotate` changes: text that is not given stays, features are added.
#[derive(Clone, Debug, Default)]
pub struct PlatformEdit {
    /// Replaces the operating system.
    pub os: Option<String>,
    /// Replaces the architecture.
    pub architecture: Option<String>,
    /// Replaces the variant.
    pub variant: Option<String>,
    /// Replaces the operating system's version.
    pub os_version: Option<String>,
    /// Adds features of the operating system, each once.
    pub os_features: Vec<String>,
}

/// The os and architecture that an entry would have are no pair that exists.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("manifest entry for image has unsupported os/arch combination: {os}/{architecture}")]
pub struct UnsupportedPair {
    /// The operating system.
    pub os: String,
    /// The architecture.
    pub architecture: String,
}

/// An entry's manifest cannot be had byte for byte, so it cannot be pushed to another repository.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PayloadError {
    /// The bytes have another digest than the entry says.
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
    /// Notes that the user did not want the registry's TLS to be checked.
    pub fn mark_insecure(&mut self) {
        if let Some(origin) = &mut self.origin {
            origin.insecure = true;
        }
    }

    /// Makes the entry of a manifest that was just resolved.
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
            insecure: false,
        };
        descriptor.platform = Some(platform);
        let shown = Shown {
            oci: manifest.media_type().is_oci(),
            json: manifest.bytes().to_vec(),
        };
        Self {
            reference,
            descriptor,
            raw: Some(manifest.bytes().to_vec()),
            shown: Some(shown),
            origin: Some(origin),
        }
    }

    /// Takes over what had been annotated on `old`, the entry that this one replaces.
    ///
    /// A field was annotated if it differs from what the image's configuration stated then. Of an entry whose
    /// configuration is not known (Docker's CLI wrote it) every field that is not empty counts.
    pub fn keep_annotations(&mut self, old: &Self) {
        let Some(was) = &old.descriptor.platform else {
            return;
        };
        let stated = old.origin.as_ref().map(|origin| &origin.platform);
        let platform = self.descriptor.platform.get_or_insert_default();
        let keep = |field: fn(&mut Platform) -> &mut String, platform: &mut Platform| {
            let mut was = was.clone();
            let value = std::mem::take(field(&mut was));
            let unchanged = stated.is_some_and(|stated| *field(&mut stated.clone()) == value);
            if !value.is_empty() && !unchanged {
                *field(platform) = value;
            }
        };
        keep(|platform| &mut platform.os, platform);
        keep(|platform| &mut platform.architecture, platform);
        keep(|platform| &mut platform.variant, platform);
        keep(|platform| &mut platform.os_version, platform);
        if stated.is_none_or(|stated| stated.os_features != was.os_features) {
            platform.os_features.clone_from(&was.os_features);
        }
    }

    /// Changes the platform.
    ///
    /// # Errors
    /// Where os and architecture would be no pair that exists; the entry is as it was then.
    pub fn annotate(&mut self, edit: &PlatformEdit) -> Result<(), UnsupportedPair> {
        let mut platform = self.descriptor.platform.clone().unwrap_or_default();
        let replace = |field: &mut String, value: &Option<String>| {
            // Docker cannot tell an empty flag from an absent one, so neither empties a field.
            if let Some(value) = value.as_ref().filter(|value| !value.is_empty()) {
                field.clone_from(value);
            }
        };
        replace(&mut platform.os, &edit.os);
        replace(&mut platform.architecture, &edit.architecture);
        replace(&mut platform.variant, &edit.variant);
        replace(&mut platform.os_version, &edit.os_version);
        for feature in &edit.os_features {
            if !platform.os_features.contains(feature) {
                platform.os_features.push(feature.clone());
            }
        }
        if !platform.is_known_pair() {
            let Platform {
                os, architecture, ..
            } = platform;
            return Err(UnsupportedPair { os, architecture });
        }
        self.descriptor.platform = Some(platform);
        Ok(())
    }

    /// Returns the manifest byte for byte, with the descriptor's digest. Where the file has no raw bytes they are
    /// laid out anew, as old Docker versions had them, and have to give the digest.
    ///
    /// # Errors
    /// Where the bytes are absent or have another digest.
    pub fn payload(&self) -> Result<Vec<u8>, PayloadError> {
        let bytes = match (&self.raw, &self.shown) {
            (Some(raw), _) => raw.clone(),
            (None, Some(shown)) => {
                go_json::indent(&shown.json, if shown.oci { "  " } else { "   " })
            }
            (None, None) => return Err(PayloadError::Missing(Box::new(self.reference.clone()))),
        };
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

    /// Tells whether the list can name a platform for this entry.
    #[must_use]
    pub fn has_platform(&self) -> bool {
        self.descriptor
            .platform
            .as_ref()
            .is_some_and(Platform::is_stated)
    }

    /// Returns the media type of the manifest, where it is one that this program knows.
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

    fn edit(os: &str, architecture: &str, variant: &str) -> PlatformEdit {
        let some = |text: &str| (text != "-").then(|| text.to_owned());
        PlatformEdit {
            os: some(os),
            architecture: some(architecture),
            variant: some(variant),
            ..PlatformEdit::default()
        }
    }

    fn platform_of(entry: &Entry) -> String {
        entry.descriptor.platform.as_ref().unwrap().to_string()
    }

    #[test]
    fn annotations_replace_and_add() {
        let mut entry = entry("linux/amd64");
        entry.annotate(&edit("-", "arm", "v7")).unwrap();
        assert_eq!(platform_of(&entry), "linux/arm/v7");
        entry.annotate(&edit("", "", "")).unwrap();
        assert_eq!(
            platform_of(&entry),
            "linux/arm/v7",
            "empty text empties nothing"
        );
        for features in [["a", "b"], ["b", "c"]] {
            let os_features = features.map(str::to_owned).to_vec();
            let edit = PlatformEdit {
                os_features,
                ..PlatformEdit::default()
            };
            entry.annotate(&edit).unwrap();
        }
        assert_eq!(
            entry.descriptor.platform.as_ref().unwrap().os_features,
            ["a", "b", "c"]
        );
        let before = entry.clone();
        let error = entry.annotate(&edit("windows", "s390x", "-")).unwrap_err();
        assert_eq!(
            error.to_string(),
            "manifest entry for image has unsupported os/arch combination: windows/s390x"
        );
        assert_eq!(entry, before);
    }

    #[test]
    fn what_was_annotated_stays_when_an_image_is_resolved_anew() {
        let mut old = entry("linux/amd64");
        old.annotate(&edit("-", "arm", "v7")).unwrap();
        let mut new = entry("linux/amd64/v2");
        new.keep_annotations(&old);
        assert_eq!(platform_of(&new), "linux/arm/v7");

        let unchanged = entry("linux/arm64");
        let mut new = entry("linux/riscv64");
        new.keep_annotations(&unchanged);
        assert_eq!(
            platform_of(&new),
            "linux/riscv64",
            "nothing had been annotated"
        );

        let mut dockers = entry("linux/arm64");
        dockers.origin = None;
        let mut new = entry("linux/amd64");
        new.keep_annotations(&dockers);
        assert_eq!(
            platform_of(&new),
            "linux/arm64",
            "nobody knows what was annotated"
        );
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
        old.shown = Some(Shown {
            oci: false,
            json: go_json::compact(pretty.bytes()).unwrap(),
        });
        assert_eq!(old.payload().unwrap(), pretty.bytes());
    }
}
