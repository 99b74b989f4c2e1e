//! Reading parts: by the list of tags, or by name.

use manifest_core::limits::DRAFT_DOCUMENT_BYTES;
use manifest_core::reference::Repository;
use manifest_core::{Digest, DocumentError, DraftDocument, Reference, Source};
use manifest_registry::{Client, concurrent};

use super::artifact::{self, ArtifactContent};
use super::limits::PARTS;
use super::part_key::{PartKey, list_prefix, prefix_of};
use crate::concurrency::{PARALLEL_IMAGES, try_join_all};
use crate::failure::{Failure, StageError};
use crate::output::Output;

/// A part of a draft, as it was read.
#[derive(Clone, Debug)]
pub(super) struct StoredPart {
    /// The tag of the part.
    pub(super) tag: Reference,
    /// The digest that the tag pointed to.
    pub(super) digest: Digest,
    /// The name of the part.
    pub(super) key: PartKey,
    /// The content.
    pub(super) document: DraftDocument,
}

/// A tag that is to be removed.
#[derive(Clone, Debug)]
pub(super) struct OldPart {
    /// The tag.
    pub(super) tag: Reference,
    /// The digest that it points to.
    pub(super) digest: Digest,
    /// Whether this program wrote the manifest. Another one may be an image that has other tags, and must not be deleted.
    pub(super) is_own: bool,
}

impl From<&StoredPart> for OldPart {
    fn from(part: &StoredPart) -> Self {
        Self {
            tag: part.tag.clone(),
            digest: part.digest.clone(),
            is_own: true,
        }
    }
}

/// Reads from one repository.
#[derive(Clone, Copy)]
pub(super) struct Reader<'a> {
    pub(super) client: &'a Client,
    pub(super) repository: &'a Repository,
    pub(super) output: &'a Output,
}

impl Reader<'_> {
    /// Returns the tags of all parts of drafts, removed ones included.
    ///
    /// # Errors
    /// Fails if the registry does not list the tags, or lists more than [`PARTS`] of parts.
    pub(super) async fn tags(&self) -> Result<Vec<Reference>, Failure> {
        let listed = match self.client.tags(self.repository).await {
            Ok(listed) => listed.tags,
            Err(error) if error.is_not_found() => Vec::new(),
            Err(source) => {
                return Err(StageError::NotListed {
                    repository: self.repository.clone().into(),
                    source,
                }
                .into());
            }
        };
        let is_part = |tag: &Reference| tag.tag().and_then(prefix_of).is_some();
        let parts: Vec<Reference> = listed.into_iter().filter(is_part).collect();
        if parts.len() > PARTS {
            return Err(StageError::TooManyParts {
                repository: self.repository.clone().into(),
                count: parts.len(),
                limit: PARTS,
            }
            .into());
        }
        Ok(parts)
    }

    /// Returns the tags of all parts of a list's draft, removed ones included.
    ///
    /// # Errors
    /// As [`Self::tags`].
    pub(super) async fn tags_of(&self, list: &Reference) -> Result<Vec<Reference>, Failure> {
        let prefix = list_prefix(list);
        let mut tags = self.tags().await?;
        tags.retain(|tag| tag.tag().is_some_and(|tag| tag.starts_with(&prefix)));
        Ok(tags)
    }

    /// Reads all parts of a list's draft.
    ///
    /// # Errors
    /// Fails if one of them cannot be read.
    pub(super) async fn parts_of(&self, list: &Reference) -> Result<Vec<StoredPart>, Failure> {
        let tags = self.tags_of(list).await?;
        let read = tags.iter().map(|tag| self.listed_part(tag));
        Ok(try_join_all(read).await?.into_iter().flatten().collect())
    }

    /// Returns all tags of a list's draft that are not removed, whatever they point to.
    ///
    /// # Errors
    /// Fails if the registry does not list the tags, or gives no clear response about one.
    pub(super) async fn old_parts_of(&self, list: &Reference) -> Result<Vec<OldPart>, Failure> {
        let tags = self.tags_of(list).await?;
        let old = tags.into_iter().map(|tag| self.old_part(tag));
        Ok(try_join_all(old).await?.into_iter().flatten().collect())
    }

    async fn old_part(&self, tag: Reference) -> Result<Option<OldPart>, Failure> {
        let (digest, is_own) = match self.client.registry_manifest(&tag).await {
            Ok(manifest) => match artifact::content(&manifest) {
                ArtifactContent::Removed => return Ok(None),
                ArtifactContent::Foreign(_) => (manifest.digest().clone(), false),
                _ => (manifest.digest().clone(), true),
            },
            Err(error) if error.is_not_found() => return Ok(None),
            // It may be of a type that this program does not know.
            Err(error) => match self.client.manifest_metadata(&tag).await {
                Ok(Some(found)) => (found.digest, false),
                _ => return Err(error.into()),
            },
        };
        Ok(Some(OldPart {
            tag,
            digest,
            is_own,
        }))
    }

    /// Reads the parts of these sources.
    ///
    /// # Errors
    /// Fails if one of them exists and cannot be read.
    pub(super) async fn parts_of_sources(
        &self,
        list: &Reference,
        sources: &[Source],
    ) -> Result<Vec<StoredPart>, Failure> {
        let read = sources.iter().map(|source| async move {
            let tag = PartKey::Source(source.clone()).tag(self.repository, list);
            match self.client.registry_manifest(&tag).await {
                Ok(manifest) => self.part(&tag, &manifest).await,
                Err(error) if error.is_not_found() => Ok(None),
                Err(error) => Err(error.into()),
            }
        });
        Ok(try_join_all(read).await?.into_iter().flatten().collect())
    }

    /// Reads these listed parts, each with its own result. Removed ones are `None`.
    pub(super) async fn each(
        &self,
        tags: &[Reference],
    ) -> Vec<Result<Option<StoredPart>, Failure>> {
        concurrent(
            PARALLEL_IMAGES,
            tags.iter().map(|tag| self.listed_part(tag)),
        )
        .await
    }

    /// Reads a part that the registry has just listed. Returns `None` if it was removed.
    async fn listed_part(&self, tag: &Reference) -> Result<Option<StoredPart>, Failure> {
        match self.client.listed_manifest(tag).await {
            Ok(manifest) => self.part(tag, &manifest).await,
            Err(error) if error.is_not_found() => {
                let message = format!("{tag} is listed, and does not exist: it is left out");
                self.output.warning(&message);
                Ok(None)
            }
            Err(error) => Err(error.into()),
        }
    }

    async fn part(
        &self,
        tag: &Reference,
        manifest: &manifest_core::Manifest,
    ) -> Result<Option<StoredPart>, Failure> {
        let foreign = |reason| StageError::Foreign {
            tag: tag.clone().into(),
            reason,
        };
        let bytes = match artifact::content(manifest) {
            ArtifactContent::Removed => return Ok(None),
            ArtifactContent::Document(bytes) => bytes,
            ArtifactContent::Blob(blob) => {
                let blob = self
                    .client
                    .blob(self.repository, &blob, DRAFT_DOCUMENT_BYTES);
                blob.await?
            }
            ArtifactContent::NewerVersion => return Err(newer(tag)),
            ArtifactContent::Foreign(reason) => return Err(foreign(reason).into()),
        };
        let document = DraftDocument::decode(&bytes).map_err(|source| match source {
            DocumentError::Version(_) => newer(tag),
            source => StageError::Damaged {
                tag: tag.clone().into(),
                source,
            }
            .into(),
        })?;
        let key = PartKey::of(&document).ok_or_else(|| foreign("it has several parts"))?;
        // Whoever may write to the repository must not choose a file on the machine that pushes.
        if let PartKey::Source(Source::Disk(_)) = key {
            return Err(foreign("its source is on a machine").into());
        }
        if key.tag(self.repository, &document.list) != *tag {
            return Err(foreign("it belongs to another tag").into());
        }
        Ok(Some(StoredPart {
            tag: tag.clone(),
            digest: manifest.digest().clone(),
            key,
            document,
        }))
    }
}

fn newer(tag: &Reference) -> Failure {
    let tag = tag.clone().into();
    StageError::NewerVersion { tag }.into()
}
