//! What is annotated on an entry, and what stays of that when its image is resolved anew.

use std::collections::BTreeMap;

use super::Entry;
use crate::platform::Platform;

/// What `annotate` changes: what is not given stays, features are added. First all is undone that is to be cleared.
#[derive(Clone, Debug, Default)]
pub struct PlatformEdit {
    /// What is undone.
    pub clear: Vec<Clear>,
    /// Replaces os, architecture and variant, and the os version where it has one.
    pub platform: Option<Platform>,
    /// Whether os and architecture may be a pair that does not exist.
    pub is_forced: bool,
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
    /// Adds features of the CPU, each once.
    pub features: Vec<String>,
    /// Adds annotations, or replaces those of the same key.
    pub annotations: BTreeMap<String, String>,
}

/// What is undone of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Clear {
    /// All: the platform and the annotations are again those that the image came with, or none where that is not known.
    All,
    /// One field, which is empty then.
    Field(Field),
}

/// A field of an entry that can be empty.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are those of the fields")]
pub enum Field {
    Architecture,
    Variant,
    OsVersion,
    OsFeatures,
    Features,
    Annotations,
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

impl Entry {
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
        if stated.is_none_or(|stated| stated.features != was.features) {
            platform.features.clone_from(&was.features);
        }
        let stated = old.origin.as_ref().map(|origin| &origin.annotations);
        for (key, value) in &old.descriptor.annotations {
            if stated.and_then(|stated| stated.get(key)) != Some(value) {
                let annotations = &mut self.descriptor.annotations;
                annotations.insert(key.clone(), value.clone());
            }
        }
    }

    /// Changes the platform and the annotations.
    ///
    /// # Errors
    /// Where os and architecture would be no pair that exists; the entry is as it was then.
    pub fn annotate(&mut self, edit: &PlatformEdit) -> Result<(), UnsupportedPair> {
        let mut platform = self.descriptor.platform.clone().unwrap_or_default();
        let mut annotations = self.descriptor.annotations.clone();
        for clear in &edit.clear {
            match clear {
                Clear::All => {
                    let origin = self.origin.as_ref();
                    platform = origin
                        .map(|origin| origin.platform.clone())
                        .unwrap_or_default();
                    annotations = origin
                        .map(|origin| origin.annotations.clone())
                        .unwrap_or_default();
                }
                Clear::Field(Field::Architecture) => platform.architecture.clear(),
                Clear::Field(Field::Variant) => platform.variant.clear(),
                Clear::Field(Field::OsVersion) => platform.os_version.clear(),
                Clear::Field(Field::OsFeatures) => platform.os_features.clear(),
                Clear::Field(Field::Features) => platform.features.clear(),
                Clear::Field(Field::Annotations) => annotations.clear(),
            }
        }
        if let Some(whole) = &edit.platform {
            platform.os.clone_from(&whole.os);
            platform.architecture.clone_from(&whole.architecture);
            platform.variant.clone_from(&whole.variant);
            if !whole.os_version.is_empty() {
                platform.os_version.clone_from(&whole.os_version);
            }
        }
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
        let add = |features: &mut Vec<String>, more: &[String]| {
            for feature in more {
                if !features.contains(feature) {
                    features.push(feature.clone());
                }
            }
        };
        add(&mut platform.os_features, &edit.os_features);
        add(&mut platform.features, &edit.features);
        annotations.extend(edit.annotations.clone());
        // What came without a platform, as other artifacts do, can be annotated without one.
        let is_untouched = self
            .descriptor
            .platform
            .as_ref()
            .unwrap_or(&Platform::default())
            == &platform;
        let is_checked = !(edit.is_forced || is_untouched && !edit.annotations.is_empty());
        if is_checked && !platform.is_known_pair() {
            let Platform {
                os, architecture, ..
            } = platform;
            return Err(UnsupportedPair { os, architecture });
        }
        if !is_untouched || self.descriptor.platform.is_some() {
            self.descriptor.platform = Some(platform);
        }
        self.descriptor.annotations = annotations;
        Ok(())
    }
}
