//! The features of a registry that only a write shows: uploads, mounts, and the kinds of manifests.
//!
//! Nothing gets a tag. Everything that is written is deleted again, as far as the registry deletes.

use std::sync::Arc;

use futures_util::future::{join, join3, join5};
use http::header::{HeaderValue, RANGE};
use http::{Method, StatusCode};
use manifest_core::reference::Repository;
use manifest_core::{Descriptor, Digest};

use crate::auth::{Scope, ScopePlan};
use crate::blob::{
    BlobSource, BlobTarget, LocalBlobs, MemoryBlob, SinglePost, TransferProgress, UploadSession,
};
use crate::check::cleanup::{LeftBehind, Written, WrittenContent};
use crate::check::content::{CheckBlob, CheckContent, CheckManifest};
use crate::client::Client;
use crate::error::{Operation, RegistryError};
use crate::http::{Payload, Traffic};
use crate::observer::NoObserver;
use crate::session::{Request, Target};

/// Whether a registry has a feature.
#[derive(Clone, Debug, Default)]
pub enum Outcome {
    /// It has the feature.
    Yes,
    /// It responds as a registry without the feature.
    No,
    /// It refuses the request.
    Refused(RegistryError),
    /// The request failed for another reason.
    Failed(RegistryError),
    /// The request was not sent, because one that it depends on failed.
    #[default]
    NotTried,
}

impl Outcome {
    fn of(result: Result<bool, RegistryError>) -> Self {
        match result {
            Ok(true) => Self::Yes,
            Ok(false) => Self::No,
            Err(error) if error.is_final_refusal() => Self::Refused(error),
            Err(error) => Self::Failed(error),
        }
    }

    /// Returns the content that a write with this outcome has stored, or may have stored.
    fn written(&self, digest: &Digest) -> Option<WrittenContent> {
        let is_confirmed = match self {
            Self::Yes => true,
            Self::Failed(_) => false,
            Self::No | Self::Refused(_) | Self::NotTried => return None,
        };
        Some(WrittenContent {
            digest: digest.clone(),
            is_confirmed,
        })
    }

    fn is_yes(&self) -> bool {
        matches!(self, Self::Yes)
    }

    fn error(&self) -> Option<&RegistryError> {
        match self {
            Self::Refused(error) | Self::Failed(error) => Some(error),
            Self::Yes | Self::No | Self::NotTried => None,
        }
    }
}

/// The result of the writes to a repository.
#[derive(Clone, Debug)]
pub struct WriteCheck {
    /// Whether a blob was uploaded and a manifest was put, by digest.
    pub push: Result<(), RegistryError>,
    /// An upload in the POST that otherwise opens a session.
    pub single_post: Outcome,
    /// A mount. The repository is source and target, because there may be no other.
    pub mount: Outcome,
    /// A GET of a part of a blob.
    pub range: Outcome,
    /// An OCI image index.
    pub oci_index: Outcome,
    /// An image index with an OCI and a Docker image.
    pub mixed_index: Outcome,
    /// An OCI manifest with `artifactType`.
    pub artifact_type: Outcome,
    /// The referrers API, for a manifest that exists.
    pub referrers: Outcome,
    /// The number of manifests and blobs that were written and deleted.
    pub deleted: usize,
    /// What could not be deleted.
    pub left_behind: Vec<LeftBehind>,
}

/// The repository that is written to.
struct WriteTarget<'a> {
    repository: &'a Repository,
    blobs: BlobTarget<'a>,
    progress: Arc<TransferProgress>,
}

impl Client {
    /// Writes two small blobs and up to five manifests to a repository, by digest, and deletes them again.
    pub async fn check_writes(&self, repository: &Repository) -> WriteCheck {
        let content = CheckContent::new(fastrand::u128(..));
        let mut written = Written::default();
        let mut check = self.write_all(repository, &content, &mut written).await;
        let deleted = self.delete_written(repository, &written).await;
        check.deleted = deleted.count;
        check.left_behind = deleted.left_behind;
        check
    }

    async fn write_all(
        &self,
        repository: &Repository,
        content: &CheckContent,
        written: &mut Written,
    ) -> WriteCheck {
        let progress = TransferProgress::new(Arc::new(NoObserver));
        let target = WriteTarget {
            repository,
            blobs: BlobTarget::new(
                repository,
                self.blobs(),
                self.single_posts(),
                Arc::new(ScopePlan::to_publish(repository, [])),
                progress.clone(),
            ),
            progress,
        };
        let mut check = target.upload_both(content, written).await;
        if check.push.is_err() {
            return check;
        }
        let layer = &content.layer.descriptor;
        let (oci, docker, artifact, mount, range) = join5(
            self.put_check(repository, &content.oci_image),
            self.put_check(repository, &content.docker_image),
            self.put_check(repository, &content.artifact),
            target.mount(&layer.digest),
            self.read_range(repository, layer),
        )
        .await;
        let put = [
            oci.written(&content.oci_image.digest),
            docker.written(&content.docker_image.digest),
            artifact.written(&content.artifact.digest),
        ];
        written.manifests.extend(put.into_iter().flatten());
        (check.mount, check.range, check.artifact_type) = (mount, range, artifact);
        let first_error = oci.error().or(docker.error());
        if let Some(error) = first_error.filter(|_| !oci.is_yes() && !docker.is_yes()) {
            check.push = Err(error.clone());
        }
        if !oci.is_yes() {
            check.oci_index = oci;
            return check;
        }
        let subject = repository.at(content.oci_image.digest.clone());
        let (index, mixed, referrers) = join3(
            self.put_check(repository, &content.oci_index),
            async {
                match &docker {
                    Outcome::Yes => self.put_check(repository, &content.mixed_index).await,
                    Outcome::Refused(_) => docker.clone(),
                    _ => Outcome::NotTried,
                }
            },
            self.list_referrers(&subject, [].into()),
        )
        .await;
        let lists = [
            index.written(&content.oci_index.digest),
            mixed.written(&content.mixed_index.digest),
        ];
        written.lists.extend(lists.into_iter().flatten());
        check.referrers = Outcome::of(referrers.map(|referrers| referrers.is_some()));
        (check.oci_index, check.mixed_index) = (index, mixed);
        check
    }

    async fn put_check(&self, repository: &Repository, manifest: &CheckManifest) -> Outcome {
        let target = repository.at(manifest.digest.clone());
        let bytes = manifest.bytes.clone();
        let stored = self.put(&target, manifest.media_type, bytes, [].into());
        Outcome::of(stored.await.map(|_| true))
    }

    /// Gets the first byte of a blob.
    async fn read_range(&self, repository: &Repository, blob: &Descriptor) -> Outcome {
        let digest = &blob.digest;
        let mut headers = http::HeaderMap::new();
        headers.insert(RANGE, HeaderValue::from_static("bytes=0-0"));
        let request = Request {
            domain: repository.domain(),
            operation: Operation::GetBlob(repository.clone(), digest.clone()),
            method: Method::GET,
            target: Target::Path(format!("/v2/{}/blobs/{digest}", repository.path())),
            headers,
            payload: Payload::None,
            traffic: Traffic::Request,
            scopes: vec![Scope::pull(repository)],
            shared_scopes: [].into(),
        };
        let sent = self.session().send(&request).await;
        let is_partial = match sent {
            Ok(response) => {
                let is_partial = response.status() == StatusCode::PARTIAL_CONTENT;
                response.discard().await;
                Ok(is_partial)
            }
            Err(error) => Err(error),
        };
        Outcome::of(is_partial)
    }
}

impl WriteTarget<'_> {
    /// Uploads the layer by a single POST, and the configuration in a session, which every registry has to support.
    async fn upload_both(&self, content: &CheckContent, written: &mut Written) -> WriteCheck {
        let (single, session) = join(
            self.upload_single(&content.layer),
            self.upload_in_session(&content.config, None),
        )
        .await;
        let (single_post, layer) = single;
        for (result, blob) in [(&layer, &content.layer), (&session, &content.config)] {
            let outcome = Outcome::of(result.clone().map(|()| true));
            written
                .blobs
                .extend(outcome.written(&blob.descriptor.digest));
        }
        let push = session.and(layer);
        WriteCheck {
            // A refusal says nothing about single POSTs if it is one of all uploads.
            single_post: match &push {
                Ok(()) => single_post,
                Err(_) => Outcome::NotTried,
            },
            push,
            mount: Outcome::NotTried,
            range: Outcome::NotTried,
            oci_index: Outcome::NotTried,
            mixed_index: Outcome::NotTried,
            artifact_type: Outcome::NotTried,
            referrers: Outcome::NotTried,
            deleted: 0,
            left_behind: Vec::new(),
        }
    }

    /// Uploads a blob by a single POST, or in a session if the registry does not support that.
    async fn upload_single(&self, blob: &CheckBlob) -> (Outcome, Result<(), RegistryError>) {
        let bytes = blob.bytes.clone();
        let sent = self
            .blobs
            .send_single_post(&blob.descriptor, bytes, SinglePost::Trial);
        let (outcome, session) = match sent.await {
            Ok(None) => return (Outcome::Yes, Ok(())),
            Ok(session) => (Outcome::No, session),
            Err(error) => (Outcome::of(Err(error)), None),
        };
        (outcome, self.upload_in_session(blob, session).await)
    }

    /// Uploads a blob in this session, or in a new one.
    async fn upload_in_session(
        &self,
        blob: &CheckBlob,
        session: Option<UploadSession>,
    ) -> Result<(), RegistryError> {
        let CheckBlob { descriptor, bytes } = blob;
        let session = match session {
            Some(session) => session,
            None => self.blobs.open_upload(&descriptor.digest).await?,
        };
        let source: Arc<dyn LocalBlobs> = Arc::new(MemoryBlob(bytes.clone()));
        let progress = self.progress.blob(descriptor.size, false);
        self.blobs
            .upload(
                BlobSource::Local(&source),
                descriptor,
                Some(session),
                &progress,
            )
            .await
    }

    /// Mounts a blob of the repository in the same repository.
    async fn mount(&self, digest: &Digest) -> Outcome {
        let is_mounted = match self.blobs.mount(self.repository, digest).await {
            Ok(None) => Ok(true),
            Ok(Some(session)) => {
                self.blobs.cancel_upload(digest, session).await;
                Ok(false)
            }
            Err(error) => Err(error),
        };
        Outcome::of(is_mounted)
    }
}
