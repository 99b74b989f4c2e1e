//! Diagnosis of a refused manifest: content that the registry lacks, or an immutable tag.

use manifest_core::media_type::is_foreign_layer;
use manifest_core::reference::Repository;
use manifest_core::{Content, Descriptor, Digest, Manifest, Reference};

use crate::blob::local_blob;
use crate::client::{Probe, Stored};
use crate::concurrent::concurrent;
use crate::error::{Absent, RegistryError};
use crate::limits::PARALLEL_WORK;
use crate::publish::child::Child;
use crate::publish::push::Push;

impl Push<'_> {
    /// Writes `name`. If the registry says that it lacks children, and has all of them, writes it again: a registry on a file system
    /// does not see content while another push writes it.
    ///
    /// # Errors
    /// Returns [`RegistryError::Incomplete`] if the registry lacks children.
    pub(crate) async fn put_complete(&self, name: &Reference) -> Result<Stored, RegistryError> {
        match self.put_published(name).await {
            Err(error) if error.is_incomplete() => {
                match Box::pin(self.incomplete_list(error)).await {
                    error @ RegistryError::Incomplete { .. } => Err(error),
                    _ => self.put_published(name).await,
                }
            }
            result => result,
        }
    }

    /// Explains why the registry refused to write `name`. Returns the digest if the manifest exists after all, because another
    /// client wrote it first.
    ///
    /// # Errors
    /// Returns the explained error in all other cases.
    pub(crate) async fn diagnose(
        &self,
        name: &Reference,
        error: RegistryError,
    ) -> Result<Digest, RegistryError> {
        if !error.may_be_immutable() {
            return Err(error);
        }
        match self.probe(name).await {
            Ok(Probe::At(existing)) if existing.matches(self.publication.bytes) => Ok(existing),
            Ok(Probe::At(existing)) => Err(RegistryError::TagImmutable {
                reference: name.clone().into(),
                existing,
                source: Box::new(error),
            }),
            _ => Err(error),
        }
    }

    /// Returns the blobs of a child that the target repository lacks. A blob counts as present if its probe fails.
    pub(crate) async fn absent_blobs(&self, child: &Child) -> Vec<Descriptor> {
        let blobs: Vec<&Descriptor> = child.blobs().collect();
        let probes = blobs.iter().map(|blob| self.is_absent(self.target, blob));
        let absent = concurrent(PARALLEL_WORK, probes).await;
        let blobs = blobs.into_iter().zip(absent);
        blobs
            .filter(|(_, absent)| *absent)
            .map(|(blob, _)| blob.clone())
            .collect()
    }

    async fn is_absent(&self, repository: &Repository, blob: &Descriptor) -> bool {
        matches!(
            self.blobs.blob_exists(repository, &blob.digest).await,
            Ok(false)
        )
    }

    /// Returns whether the source has a blob, or `None` if that is unknown.
    async fn source_has(&self, child: &Child, blob: &Descriptor) -> Option<bool> {
        match child.local_blobs() {
            Some(local) => Some(local_blob(local, blob).await.is_ok()),
            None => self
                .blobs
                .blob_exists(child.source(), &blob.digest)
                .await
                .ok(),
        }
    }

    /// Creates the error for a refused child: its missing blobs, and whether its source has them.
    pub(crate) async fn incomplete_child(
        &self,
        child: &Child,
        blobs: Vec<Descriptor>,
        error: RegistryError,
    ) -> RegistryError {
        let probes = blobs.into_iter().map(|blob| async move {
            let is_in_source = self.source_has(child, &blob).await;
            Absent {
                kind: if is_foreign_layer(&blob.media_type) {
                    "foreign layer"
                } else {
                    "blob"
                },
                digest: blob.digest,
                source: child.blob_location(),
                is_in_source,
            }
        });
        let absent = concurrent(PARALLEL_WORK, probes).await;
        incomplete(self.target, absent, error)
    }

    /// Creates the error for a refused list: its missing children, and whether their sources have them.
    async fn incomplete_list(&self, error: RegistryError) -> RegistryError {
        let publication = self.publication;
        let list = Manifest::parse(publication.media_type.as_str(), publication.bytes);
        let Ok(Content::List(list)) = list.as_ref().map(Manifest::content) else {
            return error;
        };
        let probes = list
            .manifests
            .iter()
            .map(|entry| self.absent_child(&entry.digest));
        let absent = concurrent(PARALLEL_WORK, probes).await;
        incomplete(self.target, absent.into_iter().flatten().collect(), error)
    }

    async fn absent_child(&self, digest: &Digest) -> Option<Absent> {
        let Ok(Probe::Absent) = self.probe(&self.target.at(digest.clone())).await else {
            return None;
        };
        let child = self.children.iter().find(|child| child.digest() == digest);
        let source = child.map_or(self.target, Child::source);
        let is_in_source = match child {
            None => Some(false),
            Some(child) if child.local_blobs().is_some() => Some(true),
            Some(_) => match self.probe(&source.at(digest.clone())).await {
                Ok(Probe::At(_) | Probe::Present) => Some(true),
                Ok(Probe::Absent) => Some(false),
                Ok(Probe::Refused(_)) | Err(_) => None,
            },
        };
        Some(Absent {
            kind: "manifest",
            digest: digest.clone(),
            source: child.map_or_else(|| self.target.to_string(), Child::blob_location),
            is_in_source,
        })
    }
}

fn incomplete(target: &Repository, absent: Vec<Absent>, error: RegistryError) -> RegistryError {
    if absent.is_empty() {
        return error;
    }
    RegistryError::Incomplete {
        target: target.clone(),
        absent,
        source: Box::new(error),
    }
}
