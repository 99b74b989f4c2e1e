//! Reading of tags: as few requests as possible, and all independent ones at once.
//!
//! Four steps, each for all tags together: where each tag points, the manifests, the children of lists, the configurations.
//! Content that several tags share is read once.

use std::cell::Cell;
use std::collections::{HashMap, HashSet};

use manifest_core::limits::LIST_DEPTH;
use manifest_core::manifest::ImageManifest;
use manifest_core::reference::Repository;
use manifest_core::{Content, Descriptor, Digest, ImageConfig, Manifest, MediaType, Reference};
use manifest_registry::{Client, RegistryError, concurrent, redact};

use super::limits::{CONTENT_BYTES, MANIFESTS, PROBLEM_CHARS};
use crate::byte_size::byte_size;
use crate::concurrency::PARALLEL_IMAGES;
use crate::excerpt::excerpt;
use crate::failure::Failure;

/// Content in a registry.
#[derive(Clone, Debug)]
pub(super) enum Found<T> {
    /// The content, which is valid.
    Valid(T),
    /// The registry does not have it.
    Missing,
    /// The registry has it, but it is not valid, for this reason.
    Damaged(String),
}

/// Everything that the tags of a repository point to.
#[derive(Debug, Default)]
pub(super) struct Contents {
    /// The digest that each tag points to, in the order of the tags.
    pub(super) tags: Vec<Found<Digest>>,
    /// The manifests, by digest.
    pub(super) manifests: HashMap<Digest, Found<Content>>,
    /// The configurations, by digest.
    pub(super) configs: HashMap<Digest, Found<ImageConfig>>,
}

impl Contents {
    /// Reads the content of tags.
    ///
    /// # Errors
    /// Fails if the registry refuses a request or is unavailable, and if there are more than [`MANIFESTS`] manifests or
    /// [`CONTENT_BYTES`]. Missing and damaged content does not fail the read.
    pub(super) async fn read(
        client: &Client,
        repository: &Repository,
        tags: &[Reference],
    ) -> Result<Self, Failure> {
        let mut contents = Self::default();
        let budget = &Budget::new(repository);
        let digest = |tag| async move {
            Ok(match found(client.manifest_digest(tag).await)? {
                Found::Valid(Some(digest)) => Found::Valid(digest),
                Found::Valid(None) | Found::Missing => Found::Missing,
                Found::Damaged(reason) => Found::Damaged(reason),
            })
        };
        contents.tags = all(tags.iter().map(digest)).await?;
        let is_new = &mut HashSet::new();
        let digests: Vec<Digest> = contents
            .tags
            .iter()
            .filter_map(|tag| match tag {
                Found::Valid(digest) if is_new.insert(digest) => Some(digest.clone()),
                _ => None,
            })
            .collect();
        let manifest = |digest: Digest| async move {
            budget.check()?;
            let manifest = client.manifest(&repository.at(digest.clone())).await;
            Ok((digest, budget.content(found(manifest)?)))
        };
        contents.manifests = all(digests.into_iter().map(manifest))
            .await?
            .into_iter()
            .collect();
        for _ in 1..LIST_DEPTH {
            let children = contents.unread_children(repository)?;
            if children.is_empty() {
                break;
            }
            let child = |child: Descriptor| async move {
                budget.check()?;
                let manifest = client.child(repository, &child).await;
                Ok((child.digest, budget.content(found(manifest)?)))
            };
            contents
                .manifests
                .extend(all(children.into_iter().map(child)).await?);
        }
        contents.configs = contents.read_configs(client, repository, budget).await?;
        budget.check()?;
        Ok(contents)
    }

    /// Returns the children of the lists that are not read yet, each once.
    fn unread_children(&self, repository: &Repository) -> Result<Vec<Descriptor>, Failure> {
        let mut unread: HashMap<&Digest, &Descriptor> = HashMap::new();
        for manifest in self.manifests.values() {
            let Found::Valid(Content::List(list)) = manifest else {
                continue;
            };
            let children = list.manifests.iter().filter(|child| is_relevant(child));
            for child in children.filter(|child| !self.manifests.contains_key(&child.digest)) {
                unread.entry(&child.digest).or_insert(child);
            }
        }
        if self.manifests.len() + unread.len() > MANIFESTS {
            return Err(Failure::TooMuchContent {
                repository: repository.clone(),
                limit: format!("{MANIFESTS} manifests"),
            });
        }
        Ok(unread.into_values().cloned().collect())
    }

    async fn read_configs(
        &self,
        client: &Client,
        repository: &Repository,
        budget: &Budget<'_>,
    ) -> Result<HashMap<Digest, Found<ImageConfig>>, Failure> {
        let mut images: HashMap<&Digest, &ImageManifest> = HashMap::new();
        for manifest in self.manifests.values() {
            if let Found::Valid(Content::Image(image)) = manifest
                && image.is_image()
            {
                images.insert(&image.config.digest, image);
            }
        }
        let config = |(digest, image): (&Digest, _)| {
            let digest = digest.clone();
            async move {
                budget.check()?;
                let config = found(client.config(repository, image).await)?;
                if matches!(config, Found::Valid(_)) {
                    budget.count(image.config.size);
                }
                Ok((digest, config))
            }
        };
        Ok(all(images.into_iter().map(config))
            .await?
            .into_iter()
            .collect())
    }
}

/// The bytes that may still be read.
struct Budget<'a> {
    repository: &'a Repository,
    /// `None` if it is exceeded.
    left: Cell<Option<u64>>,
}

impl<'a> Budget<'a> {
    fn new(repository: &'a Repository) -> Self {
        let left = Cell::new(Some(CONTENT_BYTES));
        Self { repository, left }
    }

    /// Fails if the content that was read exceeds the budget.
    fn check(&self) -> Result<(), Failure> {
        match self.left.get() {
            Some(_) => Ok(()),
            None => Err(Failure::TooMuchContent {
                repository: self.repository.clone(),
                limit: format!(
                    "{} of manifests and image configs",
                    byte_size(CONTENT_BYTES)
                ),
            }),
        }
    }

    /// Counts content that was read.
    fn count(&self, bytes: u64) {
        let left = self.left.get();
        self.left.set(left.and_then(|left| left.checked_sub(bytes)));
    }

    /// Counts a manifest, and drops its bytes: only its content is shown.
    fn content(&self, manifest: Found<Manifest>) -> Found<Content> {
        match manifest {
            Found::Valid(manifest) => {
                self.count(manifest.bytes().len() as u64);
                Found::Valid(manifest.content().clone())
            }
            Found::Missing => Found::Missing,
            Found::Damaged(reason) => Found::Damaged(reason),
        }
    }
}

/// Tells whether a child is an image, or a list that may have some.
pub(super) fn is_relevant(child: &Descriptor) -> bool {
    let is_list = || MediaType::recognise(&child.media_type).is_some_and(MediaType::is_list);
    child.is_image() || is_list()
}

/// Runs requests at once, and returns their results in order, or the first failure.
async fn all<T>(
    requests: impl Iterator<Item = impl Future<Output = Result<T, Failure>>>,
) -> Result<Vec<T>, Failure> {
    let results = concurrent(PARALLEL_IMAGES, requests).await;
    results.into_iter().collect()
}

/// Tells missing and damaged content from a registry that refuses or is unavailable.
fn found<T>(result: Result<T, RegistryError>) -> Result<Found<T>, Failure> {
    match result {
        Ok(valid) => Ok(Found::Valid(valid)),
        Err(error) if error.is_not_found() => Ok(Found::Missing),
        Err(RegistryError::Content { problem, .. }) => {
            Ok(Found::Damaged(cut(&problem.to_string())))
        }
        Err(RegistryError::Config { source, .. }) => {
            let reason = redact::json_error(&source);
            Ok(Found::Damaged(cut(&format!(
                "the image config cannot be read: {reason}"
            ))))
        }
        Err(error) => Err(error.into()),
    }
}

fn cut(reason: &str) -> String {
    excerpt(&redact::printable(reason), PROBLEM_CHARS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_over_the_budget_ends_the_reading() {
        let app = Reference::parse("example.com/app").unwrap();
        let budget = Budget::new(app.repository());
        budget.count(CONTENT_BYTES);
        assert!(budget.check().is_ok());
        budget.count(1);
        let error = budget.check().unwrap_err().to_string();
        assert_eq!(
            error,
            "the tags of example.com/app have more than 500.0 MB of manifests and image configs"
        );
        budget.count(u64::MAX);
        assert!(budget.check().is_err());
    }
}
