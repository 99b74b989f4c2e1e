//! Child manifests: manifests that are published along with another, and the source of their blobs.

use std::sync::Arc;

use manifest_core::manifest::ImageManifest;
use manifest_core::reference::Repository;
use manifest_core::{Content, Descriptor, Digest, Manifest, MediaType, Reference};

use crate::blob::{BlobSource, Downloads, LocalBlobs};
use crate::error::{ContentProblem, RegistryError};

/// A manifest that is published along with another, and the source of its blobs.
#[derive(Clone, Debug)]
pub struct Child {
    pub(crate) source: Repository,
    pub(crate) local: Option<Arc<dyn LocalBlobs>>,
    /// Shared, because each of several targets has its own list of children.
    pub(crate) manifest: Arc<Manifest>,
    role: Role,
}

/// The reason why a manifest is published along with another.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Role {
    /// The manifest is in the list.
    Child,
    /// The manifest is a referrer, which clients find by its subject.
    Referrer,
    /// The manifest has this tag.
    Tagged(String),
}

impl Child {
    /// Creates a child from the bytes of a manifest, and verifies its media type and digest.
    ///
    /// # Errors
    /// Returns an error if the bytes do not match the media type or digest.
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
        Ok(Self::from_verified(
            source,
            manifest.ok_or_else(|| unusable(wrong))?,
        ))
    }

    /// Creates a child from a verified manifest.
    pub(crate) fn from_verified(source: &Repository, manifest: Manifest) -> Self {
        Self {
            source: source.clone(),
            local: None,
            manifest: Arc::new(manifest),
            role: Role::Child,
        }
    }

    /// Turns this child into a referrer, which clients find by its subject.
    #[must_use]
    pub fn into_referrer(self) -> Self {
        let role = Role::Referrer;
        Self { role, ..self }
    }

    /// Returns this child with a tag.
    #[must_use]
    pub fn with_tag(self, tag: String) -> Self {
        let role = Role::Tagged(tag);
        Self { role, ..self }
    }

    /// Returns whether this child is a referrer, which clients find by its subject.
    #[must_use]
    pub fn is_referrer(&self) -> bool {
        self.role == Role::Referrer
    }

    /// Returns the tag of this child, if it has one.
    #[must_use]
    pub fn tag(&self) -> Option<&str> {
        match &self.role {
            Role::Tagged(tag) => Some(tag),
            Role::Child | Role::Referrer => None,
        }
    }

    /// Returns the reference of this child in a repository: by its tag, or else by its digest.
    pub(crate) fn reference_in(&self, target: &Repository) -> Reference {
        let tagged = self.tag().and_then(|tag| target.tagged(tag));
        tagged.unwrap_or_else(|| target.at(self.digest().clone()))
    }

    pub(crate) fn key(&self) -> ChildKey<'_> {
        (self.digest(), self.tag())
    }

    /// Returns this child with its blobs on this machine instead of in a repository.
    #[must_use]
    pub fn with_local_blobs(mut self, blobs: Arc<dyn LocalBlobs>) -> Self {
        self.local = Some(blobs);
        self
    }

    /// Returns the local blobs, unless the blobs are in a repository.
    #[must_use]
    pub fn local_blobs(&self) -> Option<&Arc<dyn LocalBlobs>> {
        self.local.as_ref()
    }

    /// Returns the source of the blobs.
    pub(crate) fn blob_source(&self) -> BlobSource<'_> {
        match &self.local {
            Some(local) => BlobSource::Local(local),
            None => BlobSource::Repository(&self.source),
        }
    }

    /// Returns the location of the blobs for messages.
    pub(crate) fn blob_location(&self) -> String {
        match &self.local {
            Some(local) => local.location(),
            None => self.source.to_string(),
        }
    }

    /// Returns whether the blobs are in the registry of `target`, so that they can be mounted.
    pub(crate) fn is_in_registry_of(&self, target: &Repository) -> bool {
        self.local.is_none() && self.source.domain() == target.domain()
    }

    /// Returns the repository that has the blobs, unless they are on this machine.
    #[must_use]
    pub fn source(&self) -> &Repository {
        &self.source
    }

    /// Returns the digest of the manifest.
    #[must_use]
    pub fn digest(&self) -> &Digest {
        self.manifest.digest()
    }

    /// Returns the manifest.
    #[must_use]
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// Returns the blobs of the manifest. A list has none.
    pub fn blobs(&self) -> impl Iterator<Item = &Descriptor> {
        let image = match self.manifest.content() {
            Content::Image(image) => Some(image),
            Content::List(_) => None,
        };
        image.into_iter().flat_map(ImageManifest::blobs)
    }
}

/// The key of a child: its digest and tag, as one manifest may have several tags.
pub(crate) type ChildKey<'a> = (&'a Digest, Option<&'a str>);

impl Downloads<'_> {
    /// Downloads a blob of `child` as [`crate::Client::download`] does, from a repository or from this machine.
    ///
    /// # Errors
    /// Returns the errors of [`crate::Client::download`].
    pub async fn get<E: From<RegistryError>>(
        &self,
        child: &Child,
        blob: &Descriptor,
        sink: impl FnMut(u64, &[u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        self.get_from(child.blob_source(), blob, sink).await
    }
}
