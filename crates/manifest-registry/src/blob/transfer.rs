//! Making one blob present in another repository: by mount where the registry can, else by upload.

use std::sync::Arc;

use http::header::{CONTENT_LENGTH, HeaderMap, HeaderValue};
use http::{Method, StatusCode};
use manifest_core::reference::Repository;
use manifest_core::{Descriptor, Digest};

use crate::auth::Scope;
use crate::blob::progress::Counted;
use crate::blob::upload_session::UploadSession;
use crate::error::{Operation, RegistryError};
use crate::http::{Payload, Traffic};
use crate::publish::{Child, Push};
use crate::session::{Call, Target};

/// How one blob came to be in the target repository.
pub(crate) enum Way {
    Mounted,
    Uploaded(u64),
    WasThere,
}

impl Push<'_> {
    /// Mounts a blob, or uploads it where the registry does not mount.
    pub(crate) async fn copy_blob(
        &self,
        child: &Child,
        blob: &Descriptor,
    ) -> Result<Way, RegistryError> {
        let from = self.mountable(child, blob);
        let counted = self.meter.blob(blob.size, from.is_some());
        let way = self.copy_counted(child, blob, from, &counted).await?;
        counted.is_there();
        Ok(way)
    }

    async fn copy_counted(
        &self,
        child: &Child,
        blob: &Descriptor,
        from: Option<&Repository>,
        counted: &Arc<Counted>,
    ) -> Result<Way, RegistryError> {
        let mut session = None;
        if let Some(source) = from {
            match self.mount(source, &blob.digest).await {
                Ok(None) => return Ok(Way::Mounted),
                Ok(opened) => session = opened,
                // Refused: no right to the source in one token with the target, or no mounts at all.
                Err(error) if error.is_final_refusal() => {}
                Err(error) => return Err(error),
            }
        }
        // Boxed: few are, and each of thousands of mounts would be as large.
        Box::pin(self.upload_unless_there(child, blob, session, counted)).await
    }

    async fn upload_unless_there(
        &self,
        child: &Child,
        blob: &Descriptor,
        session: Option<UploadSession>,
        counted: &Arc<Counted>,
    ) -> Result<Way, RegistryError> {
        if self.blob_exists(self.target, &blob.digest).await? {
            if let Some(session) = session {
                self.abandon(&blob.digest, session).await;
            }
            return Ok(Way::WasThere);
        }
        let _in_flight = self.client.shared().in_flight.begin(blob).await;
        self.upload(child, blob, session, counted).await?;
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
            operation: Operation::MountBlob(self.target.clone(), digest.clone()),
            target: Target::Path(format!(
                "/v2/{}/blobs/uploads/?{}",
                self.target.path(),
                query.finish()
            )),
            scopes: vec![Scope::push(self.target), Scope::pull(source)],
            shared: self.rights.shared(source),
            ..self.start(digest)
        };
        let answer = self.session().call(&call).await?;
        if answer.status() == StatusCode::CREATED {
            answer.discard().await;
            return Ok(None);
        }
        self.session_of(answer).await.map(Some)
    }

    /// Asks for a blob with HEAD.
    pub(crate) async fn blob_exists(
        &self,
        repository: &Repository,
        digest: &Digest,
    ) -> Result<bool, RegistryError> {
        let is_target = repository == self.target;
        let call = Call {
            domain: repository.domain(),
            operation: if is_target {
                Operation::PutBlob(repository.clone(), digest.clone())
            } else {
                Operation::GetBlob(repository.clone(), digest.clone())
            },
            method: Method::HEAD,
            target: Target::Path(format!("/v2/{}/blobs/{digest}", repository.path())),
            scopes: vec![self.rights.needed(repository)],
            shared: self.rights.shared(repository),
            ..self.start(digest)
        };
        match self.session().call(&call).await {
            // What is not sure to be there may still be uploaded.
            Ok(answer) => Ok(!answer.is_web_page()),
            Err(error) if error.is_not_found() => Ok(false),
            // What cannot be asked for may still be uploaded.
            Err(error) if error.status().is_some_and(|status| status.as_u16() == 405) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// The call that opens an upload session. Others for the same blob differ in a few fields.
    pub(crate) fn start(&self, digest: &Digest) -> Call<'_> {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_LENGTH, HeaderValue::from_static("0"));
        Call {
            domain: self.target.domain(),
            operation: Operation::PutBlob(self.target.clone(), digest.clone()),
            method: Method::POST,
            target: Target::Path(format!("/v2/{}/blobs/uploads/", self.target.path())),
            headers,
            payload: Payload::None,
            traffic: Traffic::Request,
            scopes: vec![Scope::push(self.target)],
            shared: self.rights.shared(self.target),
        }
    }
}
