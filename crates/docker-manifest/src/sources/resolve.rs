//! Asking registries, and the disk, what is behind each source.

use std::collections::{BTreeMap, BTreeSet};
use std::pin::Pin;

use manifest_core::limits::LIST_DEPTH;
use manifest_core::manifest::{ImageList, ImageManifest};
use manifest_core::reference::Repository;
use manifest_core::{Content, Descriptor, Entry, ImageConfig, Manifest, Reference, Source};
use manifest_registry::{Client, concurrent};

use super::disk::Disk;
use super::flatten::{Choice, is_list};
use super::words::Named;
use crate::commands::{IMAGES_AT_ONCE, for_all};
use crate::failure::Failure;

/// What came of one source.
#[derive(Clone, Debug)]
pub(crate) struct Resolved {
    /// What was named.
    pub(crate) source: Source,
    /// Its entries, in its own order.
    pub(crate) entries: Vec<Entry>,
    /// What each image in it says of itself: labels, annotations, and those of the list that it came with.
    pub(crate) sayings: Vec<BTreeMap<String, String>>,
    /// What is odd about it.
    pub(crate) oddities: Vec<String>,
}

/// What is asked, and of what.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Resolver<'a> {
    pub(crate) client: &'a Client,
    pub(crate) choice: &'a Choice,
    /// What is made of the sources: what comes from disk gets names in its repository.
    pub(crate) list: &'a Reference,
    /// Whether lists become their children.
    pub(crate) flatten: bool,
    /// In seconds since 1970 (UTC).
    pub(crate) now: u64,
}

/// One child of a list, with what it says of itself.
struct Found {
    descriptor: Descriptor,
    manifest: Option<Manifest>,
    config: Option<ImageConfig>,
}

type Children = Result<Vec<(Reference, Found)>, Failure>;

/// Where manifests and configurations are.
enum Place<'a> {
    Registry(&'a Client),
    Disk(Box<Disk>),
}

impl Place<'_> {
    async fn child(
        &self,
        repository: &Repository,
        descriptor: &Descriptor,
    ) -> Result<Manifest, Failure> {
        match self {
            Self::Registry(client) => Ok(client.child(repository, descriptor).await?),
            Self::Disk(disk) => Ok(disk.manifest(descriptor)?),
        }
    }

    async fn config(
        &self,
        repository: &Repository,
        image: &ImageManifest,
    ) -> Result<ImageConfig, Failure> {
        match self {
            Self::Registry(client) => Ok(client.config(repository, image).await?),
            Self::Disk(disk) => disk.config(image),
        }
    }
}

impl Resolver<'_> {
    /// Resolves one source, whatever it is: an image becomes one entry, a list its children.
    pub(crate) async fn resolve(&self, named: Named) -> Result<Resolved, Failure> {
        let source = named.source();
        let (place, manifest, image) = match named {
            Named::Registry(image) => {
                let manifest = self.client.manifest(&image).await?;
                (Place::Registry(self.client), manifest, image)
            }
            Named::Disk(location) => {
                let disk = Disk::new(location);
                let manifest = disk.root()?;
                let image = self.list.repository().at(manifest.digest().clone());
                (Place::Disk(disk.into()), manifest, image)
            }
        };
        let place = &place;
        match manifest.content() {
            Content::Image(content) => {
                self.probe_tags_early(place, image.repository(), &manifest);
                let config = place.config(image.repository(), content).await?;
                if !self.choice.serves(&config.platform) {
                    return Ok(self.nothing_in(source));
                }
                let sayings = sayings(content, &config);
                let mut entry = Entry::resolved(image, &manifest, config.platform, self.now);
                if let (Source::Disk(_), Some(origin)) = (&source, &mut entry.origin) {
                    origin.source = Some(source.clone());
                }
                Ok(Resolved {
                    source,
                    entries: vec![entry],
                    sayings: vec![sayings],
                    oddities: Vec::new(),
                })
            }
            Content::List(list) if self.flatten => {
                let children = self.children(place, image.repository(), list, 1).await?;
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
                    entries: vec![entry],
                    sayings: vec![list.annotations.clone()],
                    oddities: Vec::new(),
                })
            }
        }
    }

    /// Asks what an image that is in the draft already says of itself. One that cannot be read says nothing.
    pub(crate) async fn sayings_of(
        &self,
        entry: &Entry,
    ) -> Result<BTreeMap<String, String>, Failure> {
        let manifest = Manifest::parse(&entry.descriptor.media_type, entry.payload()?);
        let Ok(Content::Image(image)) = manifest.as_ref().map(Manifest::content) else {
            return Ok(BTreeMap::new());
        };
        let place = match entry.source().and_then(Named::of) {
            Some(Named::Disk(location)) => Place::Disk(Disk::new(location).into()),
            _ => Place::Registry(self.client),
        };
        let config = place.config(entry.reference.repository(), image).await?;
        Ok(sayings(image, &config))
    }

    /// Begins to look whether those that are published to have an image of another repository.
    fn probe_tags_early(&self, place: &Place<'_>, repository: &Repository, manifest: &Manifest) {
        if let Place::Registry(client) = place {
            client.probe_child_early(repository, manifest.digest());
        }
    }

    fn nothing_in(&self, source: Source) -> Resolved {
        let oddity = if self.choice.platforms.is_empty() {
            format!("there is no image in {source}")
        } else {
            format!("{source} has nothing for the platforms that are wanted")
        };
        Resolved {
            source,
            entries: Vec::new(),
            sayings: Vec::new(),
            oddities: vec![oddity],
        }
    }

    fn flattened(
        &self,
        source: Source,
        manifest: &Manifest,
        list: &ImageList,
        children: Vec<(Reference, Found)>,
    ) -> Resolved {
        if children.is_empty() {
            return self.nothing_in(source);
        }
        let mut resolved = Resolved {
            source,
            entries: Vec::new(),
            sayings: Vec::new(),
            oddities: Vec::new(),
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
                let mut own = sayings(image, config);
                own.extend(list.annotations.clone());
                resolved.sayings.push(own);
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

    /// Fetches the children of a list that are wanted, those of lists in it in their place.
    fn children<'b>(
        &'b self,
        place: &'b Place<'b>,
        repository: &'b Repository,
        list: &'b ImageList,
        depth: usize,
    ) -> Pin<Box<dyn Future<Output = Children> + 'b>> {
        Box::pin(async move {
            let wanted = self.choice.of(&list.manifests).into_iter();
            let fetch = |descriptor: &'b Descriptor| async move {
                let reference = repository.at(descriptor.digest.clone());
                if manifest_core::MediaType::recognise(&descriptor.media_type).is_none() {
                    let found = Found {
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
                let manifest = place.child(repository, descriptor).await?;
                if let Content::List(list) = manifest.content() {
                    return self.children(place, repository, list, depth + 1).await;
                }
                let found = self
                    .child(place, repository, descriptor.clone(), manifest)
                    .await?;
                let stated = found.descriptor.platform.as_ref().filter(|p| p.is_stated());
                let own = found.config.as_ref().map(|config| &config.platform);
                let is_wanted = match (stated, own) {
                    (None, Some(own)) => self.choice.serves(own),
                    _ => true,
                };
                Ok(Vec::from_iter(is_wanted.then_some((reference, found))))
            };
            let children = for_all(wanted.map(fetch)).await?;
            let mut children: Vec<_> = children.into_iter().flatten().collect();
            Self::leave_out_lone(list, &mut children);
            Ok(children)
        })
    }

    /// Leaves out the attestations of images that turned out not to be wanted when their configuration was read.
    fn leave_out_lone(list: &ImageList, children: &mut Vec<(Reference, Found)>) {
        let of = |descriptor: &Descriptor| descriptor.digest.to_string();
        let images = list.manifests.iter().filter(|child| !is_list(child));
        let images: BTreeSet<String> = images.map(of).collect();
        let there: BTreeSet<String> = children
            .iter()
            .map(|(_, found)| of(&found.descriptor))
            .collect();
        children.retain(|(_, found)| {
            let about = found.descriptor.attested_digest();
            about.is_none_or(|about| !images.contains(about) || there.contains(about))
        });
    }

    /// Fetches what an image says of itself.
    async fn child(
        &self,
        place: &Place<'_>,
        repository: &Repository,
        descriptor: Descriptor,
        manifest: Manifest,
    ) -> Result<Found, Failure> {
        self.probe_tags_early(place, repository, &manifest);
        let config = match manifest.content() {
            Content::Image(image) if image.is_image() && descriptor.attested_digest().is_none() => {
                Some(place.config(repository, image).await?)
            }
            _ => None,
        };
        Ok(Found {
            descriptor,
            manifest: Some(manifest),
            config,
        })
    }
}

/// Resolves all images at once. Where the first failure is that an image is missing, all that are missing are named.
pub(crate) async fn resolve_all<T>(
    work: impl IntoIterator<Item = impl Future<Output = Result<T, Failure>>>,
) -> Result<Vec<T>, Failure> {
    let mut resolved = Vec::new();
    let mut failures = Vec::new();
    for result in concurrent(IMAGES_AT_ONCE, work).await {
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

/// Gathers what an image says of itself: the labels of the vocabulary that annotations share, then its annotations.
fn sayings(image: &ImageManifest, config: &ImageConfig) -> BTreeMap<String, String> {
    let labels = config.labels.iter();
    let mut own: BTreeMap<String, String> = labels
        .filter(|(key, _)| key.starts_with("org.opencontainers.image."))
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect();
    own.extend(image.annotations.clone());
    own
}
