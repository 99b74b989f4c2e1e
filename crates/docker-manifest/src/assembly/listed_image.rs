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
