//! The transfer of one blob to a repository: by mount if the registry supports it, else by upload.

use std::sync::Arc;

use http::StatusCode;
use manifest_core::reference::Repository;
use manifest_core::{Descriptor, Digest};

use crate::auth::Scope;
use crate::blob::progress::BlobProgress;
use crate::blob::source::BlobSource;
use crate::blob::target::BlobTarget;
use crate::blob::upload_session::UploadSession;
use crate::error::{Operation, RegistryError};
use crate::session::{Request, Target};

/// The outcome of the transfer of one blob.
pub(crate) enum BlobOutcome {
    /// The registry mounted the blob from another repository.
    Mounted,
    /// The blob was uploaded; the number is its size in bytes.
    Uploaded(u64),
    /// The repository had the blob already.
    AlreadyPresent,
}

impl BlobTarget<'_> {
    /// Mounts a blob from `mount_from`, or uploads it if there is no such repository or the registry does not mount.
    pub(crate) async fn transfer(
        &self,
        source: BlobSource<'_>,
        mount_from: Option<&Repository>,
        blob: &Descriptor,
    ) -> Result<BlobOutcome, RegistryError> {
        let blob_progress = self.progress.blob(blob.size, mount_from.is_some());
        let outcome = self
            .mount_or_upload(source, mount_from, blob, &blob_progress)
            .await?;
        blob_progress.finish();
        Ok(outcome)
    }

    /// Uploads a blob that the registry claimed to have but lacks.
    pub(crate) async fn upload_again(
        &self,
        source: BlobSource<'_>,
        blob: &Descriptor,
    ) -> Result<(), RegistryError> {
        self.progress.expect(1, 0);
        let blob_progress = self.progress.blob(blob.size, true);
        self.upload(source, blob, None, &blob_progress).await?;
        blob_progress.finish();
        Ok(())
    }

    async fn mount_or_upload(
        &self,
        source: BlobSource<'_>,
        mount_from: Option<&Repository>,
        blob: &Descriptor,
        blob_progress: &Arc<BlobProgress>,
    ) -> Result<BlobOutcome, RegistryError> {
        let mut session = None;
        if let Some(repository) = mount_from {
            match self.mount(repository, &blob.digest).await {
                Ok(None) => return Ok(BlobOutcome::Mounted),
                Ok(opened) => session = opened,
                // Refused: the token does not cover source and target together, or the registry does not mount at all.
                Err(error) if error.is_final_refusal() => {}
                Err(error) => return Err(error),
            }
        }
        // Boxed, because it would otherwise enlarge the futures of thousands of mounts, and few blobs are uploaded.
        Box::pin(self.upload_unless_present(source, blob, session, blob_progress)).await
    }

    async fn upload_unless_present(
        &self,
        source: BlobSource<'_>,
        blob: &Descriptor,
        session: Option<UploadSession>,
        blob_progress: &Arc<BlobProgress>,
    ) -> Result<BlobOutcome, RegistryError> {
        if self.blob_exists(self.repository, &blob.digest).await? {
            if let Some(session) = session {
                self.cancel_upload(&blob.digest, session).await;
            }
            return Ok(BlobOutcome::AlreadyPresent);
        }
        let _in_flight = self.reader.in_flight.begin(blob).await;
        self.upload(source, blob, session, blob_progress).await?;
        Ok(BlobOutcome::Uploaded(blob.size))
    }

    /// Requests a mount. Returns the upload session that the registry opened instead, if it did not mount.
    pub(crate) async fn mount(
        &self,
        source: &Repository,
        digest: &Digest,
    ) -> Result<Option<UploadSession>, RegistryError> {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        query
            .append_pair("from", source.path())
            .append_pair("mount", digest.as_str());
        let request = Request {
            operation: Operation::MountBlob(self.repository.clone(), digest.clone()),
            target: Target::Path(format!(
                "/v2/{}/blobs/uploads/?{}",
                self.repository.path(),
                query.finish()
            )),
            scopes: vec![Scope::push(self.repository), Scope::pull(source)],
            shared_scopes: self.scopes.shared_scopes(source),
            ..self.upload_request(digest)
        };
        let response = self.session().send(&request).await?;
        if response.status() == StatusCode::CREATED {
            response.discard().await;
            return Ok(None);
        }
        self.session_from(response).await.map(Some)
    }
}
