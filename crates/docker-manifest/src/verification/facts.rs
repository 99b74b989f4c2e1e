//! The answers of a registry or layout about a list and all that it refers to.

use std::collections::{HashMap, HashSet, VecDeque};

use manifest_core::manifest::{ImageList, ImageManifest};
use manifest_core::{Content, Descriptor, Digest, Manifest, MediaType, Platform};
use manifest_registry::{BlobState, ContentProblem, RegistryError, redact};

/// A manifest that the registry has sent, without its bytes.
#[derive(Clone, Debug)]
pub(super) struct Received {
    pub(super) media_type: MediaType,
    pub(super) digest: Digest,
    pub(super) size: u64,
    pub(super) content: Content,
}

impl Received {
    pub(super) fn of(manifest: &Manifest) -> Self {
        Self {
            media_type: manifest.media_type(),
            digest: manifest.digest().clone(),
            size: manifest.bytes().len() as u64,
            content: manifest.content().clone(),
        }
    }
}

/// The registry's answer to a request for content by digest.
#[derive(Clone, Debug)]
pub(super) enum Answer<T> {
    /// The registry has the content.
    Present(T),
    /// The registry does not have the content.
    Absent,
    /// The registry has sent something that is not the content, or is not of its kind.
    Invalid(String),
    /// There is no clear answer.
    Unclear(RegistryError),
    /// The content was not asked for, because of this limit.
    OverLimit(&'static str),
}

impl<T> Answer<T> {
    /// Tells problems of the content from problems of the conversation.
    pub(super) fn of(result: Result<T, RegistryError>) -> Self {
        match result {
            Ok(value) => Self::Present(value),
            Err(error) if error.is_not_found() => Self::Absent,
            Err(RegistryError::Content { problem, .. }) if is_about_content(&problem) => {
                Self::Invalid(problem.to_string())
            }
            Err(RegistryError::Config { source, .. }) => Self::Invalid(format!(
                "it cannot be read: {}",
                redact::json_error(&source)
            )),
            Err(error) => Self::Unclear(error),
        }
    }

    /// Returns the content.
    pub(super) fn present(&self) -> Option<&T> {
        match self {
            Self::Present(value) => Some(value),
            _ => None,
        }
    }
}

fn is_about_content(problem: &ContentProblem) -> bool {
    matches!(
        problem,
        ContentProblem::Digest { .. }
            | ContentProblem::StatedDigest { .. }
            | ContentProblem::Size { .. }
            | ContentProblem::TooLarge { .. }
            | ContentProblem::MediaType { .. }
            | ContentProblem::Manifest(_)
    )
}

/// All answers of one verification.
#[derive(Clone, Debug)]
pub(crate) struct Facts {
    /// The name of the list.
    pub(super) name: String,
    /// The list, or a single image.
    pub(super) root: Received,
    /// The manifests below it.
    pub(super) manifests: HashMap<Digest, Answer<Received>>,
    /// Whether the registry has children of media types that this program does not read.
    pub(super) others: HashMap<Digest, Answer<()>>,
    /// The platforms in the configurations of images.
    pub(super) configs: HashMap<Digest, Answer<Platform>>,
    /// The blobs that were probed.
    pub(super) blobs: HashMap<Digest, Answer<BlobState>>,
}

/// A list, with the registry's answers about its children.
#[derive(Clone, Copy, Debug)]
pub(super) struct ListFacts<'a> {
    pub(super) received: &'a Received,
    pub(super) list: &'a ImageList,
}

/// An image, with its descriptor in a list if it comes from one.
#[derive(Clone, Copy, Debug)]
pub(super) struct ImageFacts<'a> {
    pub(super) descriptor: Option<&'a Descriptor>,
    pub(super) image: &'a ImageManifest,
}

impl Facts {
    /// Returns the answers about a list or image whose children were not asked for yet.
    pub(super) fn new(name: String, root: Received) -> Self {
        Self {
            name,
            root,
            manifests: HashMap::new(),
            others: HashMap::new(),
            configs: HashMap::new(),
            blobs: HashMap::new(),
        }
    }

    /// Returns the lists: the root, if it is one, then the lists in it. Each is there once.
    pub(super) fn lists(&self) -> Vec<ListFacts<'_>> {
        let (mut lists, mut seen) = (Vec::new(), HashSet::new());
        let mut queue = VecDeque::from([&self.root]);
        while let Some(received) = queue.pop_front() {
            let Content::List(list) = &received.content else {
                continue;
            };
            if !seen.insert(&received.digest) {
                continue;
            }
            lists.push(ListFacts { received, list });
            let children = list.manifests.iter();
            queue.extend(children.filter_map(|child| self.received(child)));
        }
        lists
    }

    /// Returns the children of all lists, each with its list.
    pub(super) fn children(&self) -> Vec<(ListFacts<'_>, &Descriptor)> {
        let lists = self.lists().into_iter();
        lists.flat_map(ListFacts::children).collect()
    }

    /// Returns the manifest of a child, if the registry has sent it.
    pub(super) fn received(&self, child: &Descriptor) -> Option<&Received> {
        self.manifests.get(&child.digest)?.present()
    }

    /// Returns the manifests that are no lists: images, attestations and other artifacts. Each is there once for each descriptor of
    /// it.
    pub(super) fn images(&self) -> Vec<ImageFacts<'_>> {
        let root = match &self.root.content {
            Content::Image(image) => Some(ImageFacts {
                descriptor: None,
                image,
            }),
            Content::List(_) => None,
        };
        let child = |(_, descriptor)| match &self.received(descriptor)?.content {
            Content::Image(image) => Some(ImageFacts {
                descriptor: Some(descriptor),
                image,
            }),
            Content::List(_) => None,
        };
        let children = self.children().into_iter().filter_map(child);
        root.into_iter().chain(children).collect()
    }
}

impl<'a> ListFacts<'a> {
    fn children(self) -> impl Iterator<Item = (Self, &'a Descriptor)> {
        self.list.manifests.iter().map(move |child| (self, child))
    }
}

impl ImageFacts<'_> {
    /// Tells whether a machine may run this: no attestation and no other artifact.
    pub(super) fn is_runnable(&self) -> bool {
        let is_listed_as_image = self.descriptor.is_none_or(Descriptor::is_image);
        is_listed_as_image && self.image.is_image()
    }
}
