//! Editing an entry: its platform and its annotations.

use std::collections::BTreeMap;

use crate::entry::{Entry, Origin};
use crate::platform::Platform;
use crate::platform_name::NamedPlatform;

/// The changes of `annotate`. Absent values leave a field alone, features are added. Clearing comes first.
#[derive(Clone, Debug, Default)]
pub struct PlatformEdit {
    /// The parts to clear before anything is set.
    pub clear: Vec<Clear>,
    /// Replaces os, architecture and variant. The os version is replaced if this states one, and cleared if the os changes.
    pub platform: Option<Platform>,
    /// Accepts a pair of os and architecture that does not exist.
    pub is_forced: bool,
    /// Replaces the operating system.
    pub os: Option<String>,
    /// Replaces the architecture.
    pub architecture: Option<String>,
    /// Replaces the variant.
    pub variant: Option<String>,
    /// Replaces the operating system's version.
    pub os_version: Option<String>,
    /// Adds operating system features, each once.
    pub os_features: Vec<String>,
    /// Adds CPU features, each once.
    pub features: Vec<String>,
    /// Adds annotations, replacing those with the same key.
    pub annotations: BTreeMap<String, String>,
}

/// A part of an entry to clear.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Clear {
    /// Everything: platform and annotations return to those of the source, or to none if those are unknown.
    All,
    /// One field, which becomes empty.
    Field(Field),
}

/// A field of an entry that can be cleared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are those of the fields")]
pub enum Field {
    Os,
    Architecture,
    Variant,
    OsVersion,
    OsFeatures,
    Features,
    Annotations,
}

/// The entry would have a pair of os and architecture that does not exist.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("manifest entry for image has unsupported os/arch combination: {os}/{architecture}")]
pub struct UnsupportedPair {
    /// The operating system.
    pub os: String,
    /// The architecture.
    pub architecture: String,
}

impl UnsupportedPair {
    /// Returns the platform that the user probably means, if the pair is another program's name for one that exists.
    #[must_use]
    pub fn meant(&self) -> Option<Platform> {
        let text = format!("{}/{}", self.os, self.architecture);
        let NamedPlatform { platform, alias } = NamedPlatform::parse_any(&text).ok()?;
        (alias.is_some() && platform.is_known_pair()).then_some(platform)
    }
}

impl PlatformEdit {
    /// Tells whether there is nothing to change. Empty text counts as absent: Docker cannot tell the two apart.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        let Self {
            clear,
            platform,
            is_forced: _,
            os,
            architecture,
            variant,
            os_version,
            os_features,
            features,
            annotations,
        } = self;
        let texts = [os, architecture, variant, os_version];
        let features = os_features.iter().chain(features);
        texts.into_iter().flatten().all(String::is_empty)
            && features.count() == 0
            && clear.is_empty()
            && platform.is_none()
            && annotations.is_empty()
    }

    /// Returns the field whose own value contradicts the platform. Fields that the platform leaves empty contradict nothing.
    #[must_use]
    pub fn contradiction(&self) -> Option<Field> {
        let whole = self.platform.as_ref()?;
        let fields = [
            (Field::Os, &self.os, &whole.os),
            (Field::Architecture, &self.architecture, &whole.architecture),
            (Field::Variant, &self.variant, &whole.variant),
            (Field::OsVersion, &self.os_version, &whole.os_version),
        ];
        let differs = |own: &Option<String>, whole: &String| {
            let own = own.as_ref().filter(|own| !own.is_empty());
            !whole.is_empty() && own.is_some_and(|own| own != whole)
        };
        fields
            .into_iter()
            .find_map(|(field, own, whole)| differs(own, whole).then_some(field))
    }
}

impl PlatformEdit {
    /// Applies the new values to a platform.
    fn apply_to(&self, platform: &mut Platform) {
        if let Some(whole) = &self.platform {
            if platform.os != whole.os {
                // They belong to the other operating system.
                platform.os_version.clear();
                platform.os_features.clear();
            }
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
        replace(&mut platform.os, &self.os);
        replace(&mut platform.architecture, &self.architecture);
        replace(&mut platform.variant, &self.variant);
        replace(&mut platform.os_version, &self.os_version);
        let add = |features: &mut Vec<String>, more: &[String]| {
            for feature in more {
                if !features.contains(feature) {
                    features.push(feature.clone());
                }
            }
        };
        add(&mut platform.os_features, &self.os_features);
        add(&mut platform.features, &self.features);
    }
}

impl Clear {
    /// Resets an entry's platform and annotations, or empties one field of them.
    fn apply(
        self,
        origin: Option<&Origin>,
        platform: &mut Platform,
        annotations: &mut BTreeMap<String, String>,
    ) {
        let field = match self {
            Self::All => {
                // Extra fields cannot have been annotated.
                let unknown = std::mem::take(&mut platform.extra);
                *platform = origin
                    .map(|origin| origin.platform.clone())
                    .unwrap_or_default();
                platform.extra = unknown;
                *annotations = origin
                    .map(|origin| origin.annotations.clone())
                    .unwrap_or_default();
                return;
            }
            Self::Field(field) => field,
        };
        match field {
            Field::Os => platform.os.clear(),
            Field::Architecture => platform.architecture.clear(),
            Field::Variant => platform.variant.clear(),
            Field::OsVersion => platform.os_version.clear(),
            Field::OsFeatures => platform.os_features.clear(),
            Field::Features => platform.features.clear(),
            Field::Annotations => annotations.clear(),
        }
    }
}

impl Entry {
    /// Takes over the annotations of `old`, the entry that this one replaces.
    ///
    /// A field counts as annotated, or cleared, if it differs from the source's value at that time. If Docker's CLI wrote the
    /// entry, that value is unknown, and every field that is not empty counts.
    pub fn keep_annotations(&mut self, old: &Self) {
        let origin = old.origin.as_ref();
        if let Some(was) = &old.descriptor.platform {
            let stated = origin.map(|origin| &origin.platform);
            let platform = self.descriptor.platform.get_or_insert_default();
            keep(|p| &mut p.os, was, stated, platform);
            keep(|p| &mut p.architecture, was, stated, platform);
            keep(|p| &mut p.variant, was, stated, platform);
            keep(|p| &mut p.os_version, was, stated, platform);
            keep(|p| &mut p.os_features, was, stated, platform);
            keep(|p| &mut p.features, was, stated, platform);
        }
        let none = BTreeMap::new();
        let stated = origin.map_or(&none, |origin| &origin.annotations);
        let was = &old.descriptor.annotations;
        let annotations = &mut self.descriptor.annotations;
        annotations.retain(|key, _| was.contains_key(key) || !stated.contains_key(key));
        let own = was
            .iter()
            .filter(|(key, value)| stated.get(*key) != Some(value));
        annotations.extend(own.map(|(key, value)| (key.clone(), value.clone())));
    }

    /// Changes the platform and the annotations.
    ///
    /// # Errors
    /// Returns an error if os and architecture would be a pair that does not exist. The entry is unchanged then.
    pub fn annotate(&mut self, edit: &PlatformEdit) -> Result<(), UnsupportedPair> {
        let mut platform = self.descriptor.platform.clone().unwrap_or_default();
        let mut annotations = self.descriptor.annotations.clone();
        for clear in &edit.clear {
            clear.apply(self.origin.as_ref(), &mut platform, &mut annotations);
        }
        edit.apply_to(&mut platform);
        annotations.extend(edit.annotations.clone());
        // An entry without an existing platform, such as another artifact, can be annotated and cleared without getting one.
        let is_untouched = self
            .descriptor
            .platform
            .as_ref()
            .unwrap_or(&Platform::default())
            == &platform;
        let is_as_it_came = self.origin.as_ref().is_some_and(|o| o.platform == platform);
        let says_else = !edit.annotations.is_empty() || !edit.clear.is_empty();
        let is_checked = !(edit.is_forced || (is_untouched || is_as_it_came) && says_else);
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

/// Takes over one field of a platform if it was annotated.
fn keep<T: Clone + Default + PartialEq>(
    field: fn(&mut Platform) -> &mut T,
    was: &Platform,
    stated: Option<&Platform>,
    platform: &mut Platform,
) {
    let of = |platform: &Platform| std::mem::take(field(&mut platform.clone()));
    let value = of(was);
    let unannotated = stated.map_or_else(T::default, of);
    if value != unannotated {
        *field(platform) = value;
    }
}

#[cfg(test)]
mod tests;
