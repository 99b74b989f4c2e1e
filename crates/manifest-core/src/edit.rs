//! What is changed of an entry: its platform and its annotations.

use std::collections::BTreeMap;

use crate::draft::Entry;
use crate::platform::Platform;
use crate::platform_name::NamedPlatform;

/// What `annotate` changes: what is not given stays, features are added. First all is undone that is to be cleared.
#[derive(Clone, Debug, Default)]
pub struct PlatformEdit {
    /// What is undone.
    pub clear: Vec<Clear>,
    /// Replaces os, architecture and variant, and the os version where it has one or the os is another.
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
    Os,
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

impl UnsupportedPair {
    /// Returns the platform that was meant, where other programs call it so and engines call it otherwise.
    #[must_use]
    pub fn meant(&self) -> Option<Platform> {
        let text = format!("{}/{}", self.os, self.architecture);
        let NamedPlatform { platform, alias } = NamedPlatform::parse_any(&text).ok()?;
        (alias.is_some() && platform.is_known_pair()).then_some(platform)
    }
}

impl PlatformEdit {
    /// Returns whether there is nothing in it. Docker cannot tell an empty text from none.
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

    /// Returns the field that is named for itself, and otherwise than in the platform. What the platform leaves open
    /// contradicts nothing.
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

impl Entry {
    /// Takes over what had been annotated on `old`, the entry that this one replaces.
    ///
    /// A field was annotated, or emptied, if it differs from what the image came with then. Of an entry of which that is not
    /// known (Docker's CLI wrote it) every field that is not empty counts.
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
    /// Where os and architecture would be no pair that exists; the entry is as it was then.
    pub fn annotate(&mut self, edit: &PlatformEdit) -> Result<(), UnsupportedPair> {
        let mut platform = self.descriptor.platform.clone().unwrap_or_default();
        let mut annotations = self.descriptor.annotations.clone();
        for clear in &edit.clear {
            match clear {
                Clear::All => {
                    let origin = self.origin.as_ref();
                    // What is not known here cannot have been annotated.
                    let unknown = std::mem::take(&mut platform.extra);
                    platform = origin
                        .map(|origin| origin.platform.clone())
                        .unwrap_or_default();
                    platform.extra = unknown;
                    annotations = origin
                        .map(|origin| origin.annotations.clone())
                        .unwrap_or_default();
                }
                Clear::Field(Field::Os) => platform.os.clear(),
                Clear::Field(Field::Architecture) => platform.architecture.clear(),
                Clear::Field(Field::Variant) => platform.variant.clear(),
                Clear::Field(Field::OsVersion) => platform.os_version.clear(),
                Clear::Field(Field::OsFeatures) => platform.os_features.clear(),
                Clear::Field(Field::Features) => platform.features.clear(),
                Clear::Field(Field::Annotations) => annotations.clear(),
            }
        }
        if let Some(whole) = &edit.platform {
            if platform.os != whole.os {
                // They are those of the other system.
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
        // What came without a platform that exists, as other artifacts do, can be annotated, and cleared, without one.
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

/// Takes over one field of a platform, if it was annotated.
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
mod tests {
    use super::*;
    use crate::manifest::Manifest;
    use crate::media_type::DOCKER_MANIFEST;
    use crate::reference::Reference;

    fn manifest() -> Manifest {
        let digest = format!("sha256:{}", "a".repeat(64));
        let body = format!(
            r#"{{"schemaVersion":2,"mediaType":"{DOCKER_MANIFEST}","config":{{"mediaType":"c","size":1,"digest":"{digest}"}},"layers":[]}}"#
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
        Entry::resolved(reference, &manifest(), platform(stated), 1)
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
        let clear = PlatformEdit {
            clear: vec![
                Clear::Field(Field::OsFeatures),
                Clear::Field(Field::Variant),
            ],
            features: vec!["neon".to_owned()],
            annotations: [("k".to_owned(), "v".to_owned())].into(),
            ..PlatformEdit::default()
        };
        entry.annotate(&clear).unwrap();
        let platform = entry.descriptor.platform.clone().unwrap();
        assert_eq!(platform.to_string(), "linux/arm");
        assert_eq!(
            (platform.os_features.len(), platform.features.len()),
            (0, 1)
        );
        assert_eq!(entry.descriptor.annotations["k"], "v");
        let all = PlatformEdit {
            clear: vec![Clear::All],
            ..PlatformEdit::default()
        };
        entry.annotate(&all).unwrap();
        assert_eq!(entry, self::entry("linux/amd64"));
        let whole = |platform: &str, is_forced| PlatformEdit {
            platform: Some(self::platform(platform)),
            is_forced,
            ..PlatformEdit::default()
        };
        entry.annotate(&whole("linux/arm64", false)).unwrap();
        assert_eq!(platform_of(&entry), "linux/arm64");
        assert!(entry.annotate(&whole("linux/vax", false)).is_err());
        entry.annotate(&whole("linux/vax", true)).unwrap();
        let mut windows = self::entry("windows/amd64");
        let own = windows.descriptor.platform.as_mut().unwrap();
        own.os_version = "10.0.1".to_owned();
        windows.annotate(&whole("windows/arm64", false)).unwrap();
        assert_eq!(platform_of(&windows), "windows(10.0.1)/arm64");
        windows.annotate(&whole("linux/arm64", false)).unwrap();
        assert_eq!(platform_of(&windows), "linux/arm64");
        entry.annotate(&whole("linux/arm/v6", false)).unwrap();
        let clear = |field| PlatformEdit {
            clear: vec![field],
            ..PlatformEdit::default()
        };
        let mut odd = self::entry("unknown/unknown");
        odd.annotate(&clear(Clear::Field(Field::Annotations)))
            .unwrap();
        odd.annotate(&edit("linux", "arm", "v7")).unwrap();
        odd.annotate(&clear(Clear::All)).unwrap();
        assert_eq!(odd, self::entry("unknown/unknown"));
        let before = entry.clone();
        let error = entry.annotate(&edit("windows", "s390x", "-")).unwrap_err();
        assert_eq!(
            error.to_string(),
            "manifest entry for image has unsupported os/arch combination: windows/s390x"
        );
        assert_eq!(entry, before);
    }

    #[test]
    fn names_of_other_programs() {
        let meant = |os: &str, architecture: &str| {
            let pair = UnsupportedPair {
                os: os.to_owned(),
                architecture: architecture.to_owned(),
            };
            pair.meant().map(|platform| platform.to_string())
        };
        for (os, architecture, expected) in [
            ("linux", "aarch64", Some("linux/arm64")),
            ("linux", "x86_64", Some("linux/amd64")),
            ("linux", "armv7l", Some("linux/arm/v7")),
            ("linux", "amd64v2", Some("linux/amd64/v2")),
            ("Linux", "AMD64", Some("linux/amd64")),
            ("macos", "arm64", Some("darwin/arm64")),
            ("linux", "bogus", None),
            ("", "aarch64", None),
            ("windows", "s390x", None),
        ] {
            let expected = expected.map(str::to_owned);
            assert_eq!(meant(os, architecture), expected, "{os}/{architecture}");
        }
    }

    #[test]
    fn edits_that_contradict_themselves_or_change_nothing() {
        let with = |whole: &str, edit: PlatformEdit| PlatformEdit {
            platform: Some(platform(whole)),
            ..edit
        };
        for (whole, other, expected) in [
            ("linux/arm64", edit("-", "arm64", "v8"), None),
            ("linux/arm64", edit("", "", ""), None),
            (
                "linux/arm64",
                edit("-", "amd64", "-"),
                Some(Field::Architecture),
            ),
            ("linux/arm/v7", edit("windows", "-", "-"), Some(Field::Os)),
            (
                "linux/arm/v7",
                edit("linux", "arm", "v6"),
                Some(Field::Variant),
            ),
        ] {
            assert_eq!(with(whole, other).contradiction(), expected, "{whole}");
        }
        assert_eq!(edit("linux", "arm", "v6").contradiction(), None);
        assert!(edit("-", "", "-").is_empty());
        assert!(!edit("-", "arm", "-").is_empty());
        assert!(!with("linux/arm64", edit("-", "-", "-")).is_empty());
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

        let clear = PlatformEdit {
            clear: vec![
                Clear::Field(Field::Variant),
                Clear::Field(Field::Annotations),
            ],
            annotations: [("mine".to_owned(), "1".to_owned())].into(),
            ..PlatformEdit::default()
        };
        let with_annotations = |platform: &str| {
            let mut entry = entry(platform);
            entry.descriptor.annotations = [("its".to_owned(), "1".to_owned())].into();
            let origin = entry.origin.as_mut().unwrap();
            origin.annotations.clone_from(&entry.descriptor.annotations);
            entry
        };
        let mut emptied = with_annotations("linux/arm64/v8");
        emptied.annotate(&clear).unwrap();
        let mut new = with_annotations("linux/arm64/v8");
        new.keep_annotations(&emptied);
        assert_eq!(
            platform_of(&new),
            "linux/arm64",
            "what was emptied stays empty"
        );
        assert_eq!(new.descriptor.annotations, clear.annotations);
        let mut bare = entry("linux/arm64");
        bare.descriptor.platform = None;
        let mut annotated = bare.clone();
        annotated
            .descriptor
            .annotations
            .clone_from(&clear.annotations);
        bare.keep_annotations(&annotated);
        assert_eq!(bare, annotated, "nor does it need a platform");

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
}
