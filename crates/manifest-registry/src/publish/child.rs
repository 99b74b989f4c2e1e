//! A manifest that is published along with another: its bytes, and the place of its blobs.

use std::sync::Arc;

use manifest_core::manifest::ImageManifest;
use manifest_core::reference::Repository;
use manifest_core::{Content, Descriptor, Digest, Manifest, MediaType, Reference};

use crate::blob::{BlobSource, Downloads, LocalBlobs};
use crate::error::{ContentProblem, RegistryError};

/// A manifest that is published along with another, and the place of its blobs.
#[derive(Clone, Debug)]
pub struct Child {
    pub(crate) source: Repository,
    pub(crate) local: Option<Arc<dyn LocalBlobs>>,
    /// Shared, as each of several targets has its own list of children.
    pub(crate) manifest: Arc<Manifest>,
    role: Role,
}

/// Why a manifest is published along.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Role {
    /// It is in the list.
    Child,
    /// It is a referrer, to be found by its subject.
    Referrer,
    /// It has this tag.
    Named(String),
}

impl Child {
    /// Checks a manifest against its type and digest.
    ///
    /// # Errors
    /// Where it does not match them.
    pub fn new(
        source: &Repository,
        digest: &Digest,
        media_type: MediaType,
        bytes: &[u8],
    ) -> Result<Self, RegistryError> {
        let unusable = |problem| RegistryError::InvalidManifest {
            reference: source.at(digest.clone()).into(),
            problem: Box::new(problem),
        };
        let manifest = Manifest::parse(media_type.as_str(), bytes)
            .map_err(|error| unusable(ContentProblem::Manifest(Arc::new(error))))?;
        let wrong = ContentProblem::Digest {
            kind: "manifest",
            expected: digest.clone(),
        };
        let manifest = manifest.with_digest(digest);
        Ok(Self::of(source, manifest.ok_or_else(|| unusable(wrong))?))
    }

    /// Makes a child of a manifest that was verified.
    pub(crate) fn of(source: &Repository, manifest: Manifest) -> Self {
        Self {
            source: source.clone(),
            local: None,
            manifest: Arc::new(manifest),
            role: Role::Child,
        }
    }

    /// Returns this child as a referrer, to be found by its subject.
    #[must_use]
    pub fn as_referrer(self) -> Self {
        let role = Role::Referrer;
        Self { role, ..self }
    }

    /// Returns this child with a tag.
    #[must_use]
    pub fn with_tag(self, tag: String) -> Self {
        let role = Role::Named(tag);
        Self { role, ..self }
    }

    /// Tells whether it is to be found by its subject.
    #[must_use]
    pub fn is_referrer(&self) -> bool {
        self.role == Role::Referrer
    }

    /// Returns the tag that it has, if it has one.
    #[must_use]
    pub fn tag(&self) -> Option<&str> {
        match &self.role {
            Role::Named(tag) => Some(tag),
            Role::Child | Role::Referrer => None,
        }
    }

    /// Returns the name that it gets in a repository: its tag, or else its digest.
    pub(crate) fn name_in(&self, target: &Repository) -> Reference {
        let tagged = self.tag().and_then(|tag| target.tagged(tag));
        tagged.unwrap_or_else(|| target.at(self.digest().clone()))
    }

    pub(crate) fn key(&self) -> ChildKey<'_> {
        (self.digest(), self.tag())
    }

    /// Returns this child with its blobs on this machine, not in a repository.
    #[must_use]
    pub fn with_local_blobs(mut self, blobs: Arc<dyn LocalBlobs>) -> Self {
        self.local = Some(blobs);
        self
    }

    /// Returns the place on this machine that has its blobs, where that is no repository.
    #[must_use]
    pub fn local(&self) -> Option<&Arc<dyn LocalBlobs>> {
        self.local.as_ref()
    }

    /// Returns the place that its blobs are read from.
    pub(crate) fn blob_source(&self) -> BlobSource<'_> {
        match &self.local {
            Some(local) => BlobSource::Local(local),
            None => BlobSource::Repository(&self.source),
        }
    }

    /// Returns the name of the place of its blobs, for messages.
    pub(crate) fn blob_place(&self) -> String {
        match &self.local {
            Some(local) => local.place(),
            None => self.source.to_string(),
        }
    }

    /// Tells whether its blobs can be mounted into a repository.
    pub(crate) fn is_in_registry_of(&self, target: &Repository) -> bool {
        self.local.is_none() && self.source.domain() == target.domain()
    }

    /// Returns the repository that has its blobs, unless they are on this machine.
    #[must_use]
    pub fn source(&self) -> &Repository {
        &self.source
    }

    /// Returns its digest.
    #[must_use]
    pub fn digest(&self) -> &Digest {
        self.manifest.digest()
    }

    /// Returns the manifest.
    #[must_use]
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// Returns the blobs of the manifest: none for a list.
    pub fn blobs(&self) -> impl Iterator<Item = &Descriptor> {
        let image = match self.manifest.content() {
            Content::Image(image) => Some(image),
            Content::List(_) => None,
        };
        image.into_iter().flat_map(ImageManifest::blobs)
    }
}

/// The key of a child: digest and tag. One manifest may have several tags.
pub(crate) type ChildKey<'a> = (&'a Digest, Option<&'a str>);

impl Downloads<'_> {
    /// As [`crate::Client::download`], of a blob of `child`, wherever that is.
    ///
    /// # Errors
    /// As there.
    pub async fn get<E: From<RegistryError>>(
        &self,
        child: &Child,
        blob: &Descriptor,
        take: impl FnMut(u64, &[u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        self.get_from(child.blob_source(), blob, take).await
    }
}
