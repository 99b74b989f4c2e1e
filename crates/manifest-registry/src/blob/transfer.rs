//! Making one blob present in another repository: by mount where the registry can, else by upload.

use std::sync::Arc;

use http::StatusCode;
use manifest_core::reference::Repository;
use manifest_core::{Descriptor, Digest};

use crate::auth::Scope;
use crate::blob::progress::Counted;
use crate::blob::source::BlobSource;
use crate::blob::target::BlobTarget;
use crate::blob::upload_session::UploadSession;
use crate::error::{Operation, RegistryError};
use crate::session::{Call, Target};

/// How one blob came to be in the target repository.
pub(crate) enum Way {
    Mounted,
    Uploaded(u64),
    WasThere,
}

impl BlobTarget<'_> {
    /// Mounts a blob from a repository, or uploads it where there is none or the registry does not mount.
    pub(crate) async fn transfer(
        &self,
        source: BlobSource<'_>,
        mount_from: Option<&Repository>,
        blob: &Descriptor,
    ) -> Result<Way, RegistryError> {
        let counted = self.progress.blob(blob.size, mount_from.is_some());
        let way = self
            .mount_or_upload(source, mount_from, blob, &counted)
            .await?;
        counted.is_there();
        Ok(way)
    }

    /// Uploads a blob that the registry said it has, and does not have.
    pub(crate) async fn upload_again(
        &self,
        source: BlobSource<'_>,
        blob: &Descriptor,
    ) -> Result<(), RegistryError> {
        self.progress.expect(1, 0);
        let counted = self.progress.blob(blob.size, true);
        self.upload(source, blob, None, &counted).await?;
        counted.is_there();
        Ok(())
    }

    async fn mount_or_upload(
        &self,
        source: BlobSource<'_>,
        mount_from: Option<&Repository>,
        blob: &Descriptor,
        counted: &Arc<Counted>,
    ) -> Result<Way, RegistryError> {
        let mut session = None;
        if let Some(repository) = mount_from {
            match self.mount(repository, &blob.digest).await {
                Ok(None) => return Ok(Way::Mounted),
                Ok(opened) => session = opened,
                // Refused: no right to the source in one token with the target, or no mounts at all.
                Err(error) if error.is_final_refusal() => {}
                Err(error) => return Err(error),
            }
        }
        // Boxed: few are, and each of thousands of mounts would be as large.
        Box::pin(self.upload_unless_there(source, blob, session, counted)).await
    }

    async fn upload_unless_there(
        &self,
        source: BlobSource<'_>,
        blob: &Descriptor,
        session: Option<UploadSession>,
        counted: &Arc<Counted>,
    ) -> Result<Way, RegistryError> {
        if self.blob_exists(self.repository, &blob.digest).await? {
            if let Some(session) = session {
                self.abandon(&blob.digest, session).await;
            }
            return Ok(Way::WasThere);
        }
        let _in_flight = self.reader.in_flight.begin(blob).await;
        self.upload(source, blob, session, counted).await?;
        Ok(Way::Uploaded(blob.size))
    }

    /// Asks for a mount. Returns the session that the registry opened where it did not mount.
    async fn mount(
        &self,
        source: &Repository,
        digest: &Digest,
    ) -> Result<Option<UploadSession>, RegistryError> {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        query
            .append_pair("from", source.path())
            .append_pair("mount", digest.as_str());
        let call = Call {
            operation: Operation::MountBlob(self.repository.clone(), digest.clone()),
            target: Target::Path(format!(
                "/v2/{}/blobs/uploads/?{}",
                self.repository.path(),
                query.finish()
            )),
            scopes: vec![Scope::push(self.repository), Scope::pull(source)],
            shared: self.scopes.shared(source),
            ..self.start(digest)
        };
        let answer = self.session().call(&call).await?;
        if answer.status() == StatusCode::CREATED {
            answer.discard().await;
            return Ok(None);
        }
        self.session_of(answer).await.map(Some)
    }
}
