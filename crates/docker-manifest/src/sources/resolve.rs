//! Resolving sources: from names to entries, by registries and layouts.

use std::collections::{BTreeMap, BTreeSet};
use std::pin::Pin;

use manifest_core::limits::LIST_DEPTH;
use manifest_core::manifest::{ImageList, ImageManifest};
use manifest_core::reference::Repository;
use manifest_core::{Content, Descriptor, Digest, Entry, ImageConfig, Manifest, Reference, Source};
use manifest_registry::{Client, concurrent};

use super::flatten::{ChildFilter, is_list};
use super::lazy_layout::LazyLayout;
use super::source_spec::SourceSpec;
use crate::concurrency::{PARALLEL_IMAGES, try_join_all};
use crate::failure::Failure;

/// The entries of one source.
#[derive(Clone, Debug)]
pub(crate) struct Resolved {
    /// The source.
    pub(crate) source: Source,
    /// Whether the source is a list, and not an image.
    pub(crate) is_list: bool,
    /// Its entries, in its own order.
    pub(crate) entries: Vec<Entry>,
    /// The annotations of each image in it: those from its labels, its own, and those of its list.
    pub(crate) annotations: Vec<BTreeMap<String, String>>,
    /// Warnings about it.
    pub(crate) warnings: Vec<String>,
}

/// Resolves sources.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Resolver<'a> {
    pub(crate) client: &'a Client,
    /// The choice among the children of lists.
    pub(crate) filter: &'a ChildFilter,
    /// Whether the platforms of the filter are a choice among sources that are images, too.
    pub(crate) filters_images: bool,
    /// The list that is made of the sources. Images from layouts get references in its repository.
    pub(crate) list: &'a Reference,
    /// Whether lists are replaced by their children.
    pub(crate) flatten: bool,
    /// In seconds since 1970 (UTC).
    pub(crate) now: u64,
}

/// A child of a list, with its manifest and configuration if they are needed.
struct FetchedChild {
    descriptor: Descriptor,
    manifest: Option<Manifest>,
    config: Option<ImageConfig>,
}

type Children = Result<Vec<(Reference, FetchedChild)>, Failure>;

/// The origin of manifests and configurations.
enum ManifestSource<'a> {
    Registry(&'a Client),
    Layout(Box<LazyLayout>),
}

impl ManifestSource<'_> {
    async fn child(
        &self,
        repository: &Repository,
        descriptor: &Descriptor,
    ) -> Result<Manifest, Failure> {
        match self {
            Self::Registry(client) => Ok(client.child(repository, descriptor).await?),
            Self::Layout(layout) => Ok(layout.manifest(descriptor)?),
        }
    }

    async fn config(
        &self,
        repository: &Repository,
        image: &ImageManifest,
    ) -> Result<ImageConfig, Failure> {
        match self {
            Self::Registry(client) => Ok(client.config(repository, image).await?),
            Self::Layout(layout) => layout.config(image),
        }
    }
}

impl Resolver<'_> {
    /// Resolves one source: an image becomes one entry; a list becomes its children, or one entry. `pinned` is the digest of the
    /// source, if it is known already: its content comes from the cache if an earlier run read it.
    pub(crate) async fn resolve(
        &self,
        spec: SourceSpec,
        pinned: Option<&Digest>,
    ) -> Result<Resolved, Failure> {
        let source = spec.source();
        let (origin, manifest, image) = match spec {
            SourceSpec::Registry(image) => {
                let manifest = match pinned {
                    Some(digest) => {
                        let repository = image.repository();
                        self.client.pinned_manifest(repository, digest).await?
                    }
                    None => self.client.manifest(&image).await?,
                };
                (ManifestSource::Registry(self.client), manifest, image)
            }
            SourceSpec::Layout(location) => {
                let layout = LazyLayout::new(location);
                let manifest = layout.root()?;
                let image = self.list.repository().at(manifest.digest().clone());
                (ManifestSource::Layout(layout.into()), manifest, image)
            }
        };
        let origin = &origin;
        match manifest.content() {
            Content::Image(content) => {
                self.probe_child_early(origin, image.repository(), &manifest);
                let config = origin.config(image.repository(), content).await?;
                if self.filters_images && !self.filter.serves(&config.platform) {
                    return Ok(self.empty(source, false));
                }
                let annotations = annotations_of(content, &config);
                let mut entry = Entry::resolved(image, &manifest, config.platform, self.now);
                if let (Source::Disk(_), Some(origin)) = (&source, &mut entry.origin) {
                    origin.source = Some(source.clone());
                }
                Ok(Resolved {
                    source,
                    is_list: false,
                    entries: vec![entry],
                    annotations: vec![annotations],
                    warnings: Vec::new(),
                })
            }
            Content::List(list) if self.flatten => {
                let children = self.children(origin, image.repository(), list, 1).await?;
                Ok(self.flattened(source, &manifest, list, children))
            }
            Content::List(list) => {
                let descriptor = manifest.descriptor();
                let reference = image.repository().at(descriptor.digest.clone());
                let digest = manifest.digest().clone();
                let named = (source.clone(), digest);
                let entry = Entry::child(reference, descriptor, &manifest, named, self.now);
                Ok(Resolved {
                    source,
                    is_list: true,
                    entries: vec![entry],
                    annotations: vec![list.annotations.clone()],
                    warnings: Vec::new(),
                })
            }
        }
    }

    /// Fetches the annotations of an image that is in the draft already. A payload that is not an image has none.
    pub(crate) async fn annotations_of_entry(
        &self,
        entry: &Entry,
    ) -> Result<BTreeMap<String, String>, Failure> {
        let manifest = Manifest::parse(&entry.descriptor.media_type, entry.payload()?);
        let Ok(Content::Image(image)) = manifest.as_ref().map(Manifest::content) else {
            return Ok(BTreeMap::new());
        };
        let origin = match entry.source().and_then(SourceSpec::from_source) {
            Some(SourceSpec::Layout(location)) => {
                ManifestSource::Layout(LazyLayout::new(location).into())
            }
            _ => ManifestSource::Registry(self.client),
        };
        let config = origin.config(entry.reference.repository(), image).await?;
        Ok(annotations_of(image, &config))
    }

    /// Begins to probe whether the targets of a push have this image of another repository.
    fn probe_child_early(
        &self,
        origin: &ManifestSource<'_>,
        repository: &Repository,
        manifest: &Manifest,
    ) {
        if let ManifestSource::Registry(client) = origin {
            client.probe_child_early(repository, manifest.digest());
        }
    }

    fn empty(&self, source: Source, is_list: bool) -> Resolved {
        let warning = if self.filter.platforms.is_empty() {
            format!("{source} contains no image")
        } else {
            format!("{source} has no image for the requested platforms")
        };
        Resolved {
            source,
            is_list,
            entries: Vec::new(),
            annotations: Vec::new(),
            warnings: vec![warning],
        }
    }

    fn flattened(
        &self,
        source: Source,
        manifest: &Manifest,
        list: &ImageList,
        children: Vec<(Reference, FetchedChild)>,
    ) -> Resolved {
        if children.is_empty() {
            return self.empty(source, true);
        }
        let mut resolved = Resolved {
            source,
            is_list: true,
            entries: Vec::new(),
            annotations: Vec::new(),
            warnings: Vec::new(),
        };
        for (reference, found) in children {
            // The same child twice is the same entry.
            let is_known = |entry: &Entry| {
                entry.reference == reference && entry.descriptor == found.descriptor
            };
            if resolved.entries.iter().any(is_known) {
                continue;
            }
            let named = (resolved.source.clone(), manifest.digest().clone());
            let image = found.manifest.as_ref().map(Manifest::content);
            if let (Some(Content::Image(image)), Some(config)) = (image, &found.config) {
                let mut own = annotations_of(image, config);
                own.extend(list.annotations.clone());
                resolved.annotations.push(own);
            }
            let mut entry = match &found.manifest {
                Some(manifest) => {
                    Entry::child(reference, found.descriptor, manifest, named, self.now)
                }
                None => Entry::unread_child(reference, found.descriptor, named, self.now),
            };
            if let Some(config) = &found.config {
                entry.record_config_platform(&config.platform);
            }
            resolved.entries.push(entry);
        }
        resolved
    }

    /// Fetches the wanted children of a list. Lists in it are replaced by their children.
    fn children<'b>(
        &'b self,
        origin: &'b ManifestSource<'b>,
        repository: &'b Repository,
        list: &'b ImageList,
        depth: usize,
    ) -> Pin<Box<dyn Future<Output = Children> + 'b>> {
        Box::pin(async move {
            let wanted = self.filter.select(&list.manifests).into_iter();
            let fetch = |descriptor: &'b Descriptor| async move {
                let reference = repository.at(descriptor.digest.clone());
                if manifest_core::MediaType::recognise(&descriptor.media_type).is_none() {
                    let found = FetchedChild {
                        descriptor: descriptor.clone(),
                        manifest: None,
                        config: None,
                    };
                    return Ok(vec![(reference, found)]);
                }
                if is_list(descriptor) && depth >= LIST_DEPTH {
                    return Err(Failure::TooDeep {
                        image: reference,
                        depth,
                    });
                }
                let manifest = origin.child(repository, descriptor).await?;
                if let Content::List(list) = manifest.content() {
                    return self.children(origin, repository, list, depth + 1).await;
                }
                let found = self
                    .fetch_child(origin, repository, descriptor.clone(), manifest)
                    .await?;
                let stated = found.descriptor.platform.as_ref().filter(|p| p.is_stated());
                let own = found.config.as_ref().map(|config| &config.platform);
                let is_wanted = match (stated, own) {
                    (None, Some(own)) => self.filter.serves(own),
                    _ => true,
                };
                Ok(Vec::from_iter(is_wanted.then_some((reference, found))))
            };
            let children = try_join_all(wanted.map(fetch)).await?;
            let mut children: Vec<_> = children.into_iter().flatten().collect();
            Self::drop_orphaned_attestations(list, &mut children);
            Ok(children)
        })
    }

    /// Drops the attestations of images that turned out not to be wanted when their configuration was read.
    fn drop_orphaned_attestations(list: &ImageList, children: &mut Vec<(Reference, FetchedChild)>) {
        let of = |descriptor: &Descriptor| descriptor.digest.to_string();
        let images = list.manifests.iter().filter(|child| !is_list(child));
        let images: BTreeSet<String> = images.map(of).collect();
        let present: BTreeSet<String> = children
            .iter()
            .map(|(_, found)| of(&found.descriptor))
            .collect();
        children.retain(|(_, found)| {
            let about = found.descriptor.attested_digest();
            about.is_none_or(|about| !images.contains(about) || present.contains(about))
        });
    }

    /// Fetches the configuration of an image.
    async fn fetch_child(
        &self,
        origin: &ManifestSource<'_>,
        repository: &Repository,
        descriptor: Descriptor,
        manifest: Manifest,
    ) -> Result<FetchedChild, Failure> {
        self.probe_child_early(origin, repository, &manifest);
        let config = match manifest.content() {
            Content::Image(image) if image.is_image() && descriptor.attested_digest().is_none() => {
                Some(origin.config(repository, image).await?)
            }
            _ => None,
        };
        Ok(FetchedChild {
            descriptor,
            manifest: Some(manifest),
            config,
        })
    }
}

/// Resolves all images concurrently. If the first failure is a missing image, the error has all missing images.
pub(crate) async fn resolve_all<T>(
    work: impl IntoIterator<Item = impl Future<Output = Result<T, Failure>>>,
) -> Result<Vec<T>, Failure> {
    let mut resolved = Vec::new();
    let mut failures = Vec::new();
    for result in concurrent(PARALLEL_IMAGES, work).await {
        match result {
            Ok(found) => resolved.push(found),
            Err(failure) => failures.push(failure),
        }
    }
    let is_missing = matches!(failures.first(), Some(Failure::NoSources(_)));
    let missing = |failure| match failure {
        Failure::NoSources(errors) => errors,
        _ => Vec::new(),
    };
    if is_missing {
        let missing = failures.into_iter().flat_map(missing).collect();
        return Err(Failure::NoSources(missing));
    }
    match failures.into_iter().next() {
        Some(failure) => Err(failure),
        None => Ok(resolved),
    }
}

/// Returns the annotations of an image: its labels in OCI's namespace for annotations, then its annotations, which take precedence.
fn annotations_of(image: &ImageManifest, config: &ImageConfig) -> BTreeMap<String, String> {
    let labels = config.labels.iter();
    let mut own: BTreeMap<String, String> = labels
        .filter(|(key, _)| key.starts_with("org.opencontainers.image."))
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect();
    own.extend(image.annotations.clone());
    own
}
