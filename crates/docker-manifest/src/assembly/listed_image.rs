//! A source of a list, with the properties that its entries get.

use std::collections::BTreeMap;

use manifest_core::{Digest, Entry, Platform, Source};
use manifest_registry::RegistryError;
use manifest_spec::PlatformSpec;

use super::shared_sources::SharedSources;
use crate::failure::{Failure, ListFailure};
use crate::sources::{ChildFilter, Resolved, Resolver, SourceSpec};

/// A source of a list, with the properties that its entries get.
#[derive(Clone, Debug)]
pub(crate) struct ListedImage {
    /// The source.
    pub(crate) spec: SourceSpec,
    /// The digest of the source, if it was looked up already.
    pub(crate) pinned: Option<Digest>,
    /// The stated parts of its platform. Of an image, they override those in its configuration; of a list, they choose among its
    /// images.
    pub(crate) platform: PlatformSpec,
    /// The annotations of its entries that are images.
    pub(crate) annotations: BTreeMap<String, String>,
}

impl From<SourceSpec> for ListedImage {
    fn from(spec: SourceSpec) -> Self {
        Self {
            spec,
            pinned: None,
            platform: PlatformSpec::default(),
            annotations: BTreeMap::new(),
        }
    }
}

impl ListedImage {
    /// Resolves the source, and gives its entries their properties.
    ///
    /// # Errors
    /// Fails if it cannot be resolved, or if it is a list without an image for the stated platform.
    pub(super) async fn resolve(
        &self,
        resolver: Resolver<'_>,
        shared: Option<&SharedSources>,
    ) -> Result<Resolved, Failure> {
        let chosen = self.chosen_platform();
        let own_filter = chosen.clone().map(|platform| ChildFilter {
            platforms: vec![platform],
            ..resolver.filter.clone()
        });
        let resolver = match &own_filter {
            Some(filter) => Resolver { filter, ..resolver },
            None => resolver,
        };
        let read = resolver.resolve(self.spec.clone(), self.pinned.as_ref());
        let mut resolved = match (shared, self.spec.reference()) {
            (Some(shared), Some(reference)) => {
                let choice = format!("{:?}", resolver.filter);
                shared.content(reference, &choice, read).await?
            }
            _ => read.await?,
        };
        if resolved.is_list {
            self.check_list(&resolved, chosen.as_ref())?;
        } else {
            for entry in &mut resolved.entries {
                state_platform(entry, &self.platform);
            }
        }
        for entry in resolved.entries.iter_mut().filter(|entry| entry.is_image()) {
            let annotations = self.annotations.clone();
            entry.descriptor.annotations.extend(annotations);
        }
        Ok(resolved)
    }

    /// Tells whether the registry states beyond doubt that the source does not exist. A list with a missing child does exist: it is
    /// broken, and must not be left out.
    pub(super) fn is_missing(&self, error: &RegistryError) -> bool {
        let (RegistryError::NoSuchManifest { reference, .. }, Some(image)) =
            (error, self.spec.reference())
        else {
            return false;
        };
        let pinned = || Some(image.repository().at(self.pinned.clone()?));
        **reference == *image || Some(&**reference) == pinned().as_ref()
    }

    /// Returns the platform that chooses among the images of a list, if it is stated.
    fn chosen_platform(&self) -> Option<Platform> {
        let PlatformSpec {
            os,
            architecture,
            variant,
            os_version,
            ..
        } = &self.platform;
        let text = |part: &Option<_>| part.as_deref().map(str::to_owned).unwrap_or_default();
        Some(Platform {
            os: os.as_deref()?.to_owned(),
            architecture: architecture.as_deref()?.to_owned(),
            variant: text(variant),
            os_version: text(os_version),
            ..Platform::default()
        })
    }

    /// Checks that a list has an image for the stated platform.
    fn check_list(&self, resolved: &Resolved, chosen: Option<&Platform>) -> Result<(), Failure> {
        let image = || resolved.source.clone().into();
        let PlatformSpec {
            os_features,
            features,
            ..
        } = &self.platform;
        let can_choose = os_features.is_empty() && features.is_empty();
        match chosen {
            _ if self.platform == PlatformSpec::default() => Ok(()),
            Some(platform) if can_choose => {
                let has_image = resolved.entries.iter().any(Entry::is_image);
                has_image.then_some(()).ok_or_else(|| {
                    let platform = platform.clone().into();
                    let image = image();
                    ListFailure::NoImageInList { image, platform }.into()
                })
            }
            _ => Err(ListFailure::ListWithPlatform { image: image() }.into()),
        }
    }
}

/// Overrides the stated parts of an image's platform. A variant belongs to its architecture, and a version and features to their
/// operating system, so those of another one are dropped.
fn state_platform(entry: &mut Entry, stated: &PlatformSpec) {
    let mut platform = entry.descriptor.platform.take().unwrap_or_default();
    let replace = |part: &mut String, stated: Option<&str>| {
        let is_other = stated.is_some_and(|stated| stated != part.as_str());
        if let Some(stated) = stated {
            *part = stated.to_owned();
        }
        is_other
    };
    if replace(&mut platform.os, stated.os.as_deref()) {
        platform.os_version.clear();
        platform.os_features.clear();
    }
    if replace(&mut platform.architecture, stated.architecture.as_deref()) {
        platform.variant.clear();
        platform.features.clear();
    }
    replace(&mut platform.variant, stated.variant.as_deref());
    replace(&mut platform.os_version, stated.os_version.as_deref());
    if !stated.os_features.is_empty() {
        platform.os_features = stated.os_features.clone();
    }
    if !stated.features.is_empty() {
        platform.features = stated.features.clone();
    }
    entry.descriptor.platform = Some(platform);
}

/// Gives the entry of an image that is listed more than once, for several platforms, a reference of its own. Entries are
/// distinguished by their references.
pub(super) fn name_repeated(resolved: &mut [Resolved]) {
    let mut seen: Vec<Entry> = Vec::new();
    for source in resolved.iter_mut().filter(|source| !source.is_list) {
        for entry in &mut source.entries {
            let is_same = |other: &&Entry| other.reference == entry.reference;
            let Some(first) = seen.iter().find(is_same) else {
                seen.push(entry.clone());
                continue;
            };
            if first.descriptor == entry.descriptor {
                continue;
            }
            let platform = entry.descriptor.platform.clone().unwrap_or_default();
            let digest = entry.descriptor.digest.clone();
            if let Some(origin) = &mut entry.origin {
                origin.config = Some(origin.platform.clone());
                origin.platform = platform;
                let named = Source::Registry(entry.reference.clone());
                origin.source.get_or_insert(named);
            }
            entry.reference = entry.reference.repository().at(digest);
        }
    }
}

#[cfg(test)]
mod tests {
    use manifest_core::media_type::OCI_MANIFEST;
    use manifest_core::{Manifest, NamedPlatform, Reference};
    use manifest_spec::{SpecInput, Variables, load};

    use super::*;

    fn platform(text: &str) -> Platform {
        NamedPlatform::parse_any(text).unwrap().platform
    }

    /// Returns the entry of `r.io/app:1`, whose configuration has this platform.
    fn entry(platform: Platform) -> Entry {
        let digest = format!("sha256:{}", "a".repeat(64));
        let body =
            format!(r#"{{"config":{{"mediaType":"c","size":1,"digest":"{digest}"}},"layers":[]}}"#);
        let manifest = Manifest::parse(OCI_MANIFEST, body.into_bytes()).unwrap();
        Entry::resolved(
            Reference::parse("r.io/app:1").unwrap(),
            &manifest,
            platform,
            1,
        )
    }

    /// Returns the stated platform of a spec file.
    fn stated(yaml: &str) -> PlatformSpec {
        let text = format!("image: a\nmanifests:\n  - image: b\n    platform: {{{yaml}}}\n");
        let input = SpecInput::Text {
            name: "a.yaml".to_owned(),
            bytes: text.into_bytes(),
        };
        let mut lists = load(&[input], &Variables::default()).unwrap();
        lists.remove(0).images.remove(0).platform
    }

    #[test]
    fn stated_parts_override_those_of_the_image() {
        for (own, yaml, expected) in [
            ("linux/arm64/v8", "", "linux/arm64/v8"),
            ("linux/arm/v7", "variant: v6", "linux/arm/v6"),
            (
                "linux/arm64/v8",
                "os: linux, architecture: arm64",
                "linux/arm64/v8",
            ),
            // The variant is that of another architecture.
            (
                "linux/arm/v7",
                "os: linux, architecture: arm64",
                "linux/arm64",
            ),
            (
                "linux/amd64",
                "os: linux, architecture: arm, variant: v6",
                "linux/arm/v6",
            ),
            (
                "windows(10.0.1.2)/amd64",
                "osversion: 10.0.3.4",
                "windows(10.0.3.4)/amd64",
            ),
            (
                "windows(10.0.1.2)/amd64",
                "os: linux, architecture: amd64",
                "linux/amd64",
            ),
        ] {
            let mut entry = entry(platform(own));
            state_platform(&mut entry, &stated(yaml));
            let found = entry.descriptor.platform.unwrap();
            assert_eq!(found.to_string(), expected, "{own} {yaml}");
        }
        let own = Platform {
            os_features: vec!["win32k".to_owned()],
            features: vec!["sse4".to_owned()],
            ..platform("windows(10.0.1.2)/amd64")
        };
        let found = |yaml: &str| {
            let mut entry = entry(own.clone());
            state_platform(&mut entry, &stated(yaml));
            let platform = entry.descriptor.platform.unwrap();
            (platform.os_features.join(" "), platform.features.join(" "))
        };
        let texts = |os: &str, cpu: &str| (os.to_owned(), cpu.to_owned());
        assert_eq!(found("osversion: 10.0.3.4"), texts("win32k", "sse4"));
        assert_eq!(
            found("osfeatures: [a, b], features: [c]"),
            texts("a b", "c")
        );
        assert_eq!(found("os: linux, architecture: amd64"), texts("", "sse4"));
    }

    #[test]
    fn an_image_that_is_listed_again_for_another_platform_has_a_name_of_its_own() {
        let resolved = |own: &str| {
            let mut entry = entry(platform("linux/arm/v6"));
            entry.descriptor.platform = Some(platform(own));
            Resolved {
                source: Source::Registry(entry.reference.clone()),
                is_list: false,
                entries: vec![entry],
                annotations: Vec::new(),
                warnings: Vec::new(),
            }
        };
        let mut all = [
            "linux/arm/v6",
            "linux/arm/v7",
            "linux/arm/v6",
            "linux/arm/v8",
        ]
        .map(resolved);
        name_repeated(&mut all);
        let merged = crate::compose::merge(&all, None);
        let names = merged.iter().map(|entry| {
            let reference = &entry.reference;
            (
                reference.tag().map(str::to_owned),
                reference.digest().is_some(),
            )
        });
        let tag = |text: &str| Some(text.to_owned());
        let names: Vec<_> = names.collect();
        assert_eq!(
            names,
            [(tag("1"), false), (None, true), (tag("linux-arm-v8"), true)]
        );
        // The configuration's platform is still known, for the check against it.
        let own = merged[1].origin.as_ref().unwrap().config_platform();
        assert_eq!(own.to_string(), "linux/arm/v6");
    }
}
