//! Deletions of manifests and blobs, by digest.

use http::Method;
use http::header::HeaderMap;
use manifest_core::Digest;
use manifest_core::reference::Repository;

use crate::auth::Scope;
use crate::client::registry_client::Client;
use crate::error::{Operation, RegistryError};
use crate::http::{Attempts, Payload, Traffic};
use crate::session::{Request, Target};

/// The result of a deletion.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deletion {
    /// The registry has deleted the content.
    Deleted,
    /// The content was not there.
    Absent,
}

impl Client {
    /// Deletes a manifest, with all tags that point to it.
    ///
    /// # Errors
    /// Returns an error if the registry refuses. Many registries delete nothing.
    pub async fn delete_manifest(
        &self,
        repository: &Repository,
        digest: &Digest,
    ) -> Result<Deletion, RegistryError> {
        let reference = repository.at(digest.clone());
        let operation = Operation::DeleteManifest(reference);
        self.delete(repository, operation, &format!("manifests/{digest}"))
            .await
    }

    /// Deletes a blob.
    pub(crate) async fn delete_blob(
        &self,
        repository: &Repository,
        digest: &Digest,
    ) -> Result<Deletion, RegistryError> {
        let operation = Operation::DeleteBlob(repository.clone(), digest.clone());
        self.delete(repository, operation, &format!("blobs/{digest}"))
            .await
    }

    async fn delete(
        &self,
        repository: &Repository,
        operation: Operation,
        path: &str,
    ) -> Result<Deletion, RegistryError> {
        let request = Request {
            domain: repository.domain(),
            operation,
            method: Method::DELETE,
            target: Target::Path(format!("/v2/{}/{path}", repository.path())),
            headers: HeaderMap::new(),
            payload: Payload::None,
            traffic: Traffic::Request,
            scopes: vec![Scope::delete(repository)],
            shared_scopes: [].into(),
        };
        let attempts = Attempts::default();
        // A 404 is not retried, though the content was just written: the registry may have no such request.
        let sent = self.session().send_without_write_retry(&request, &attempts);
        match sent.await {
            Ok(response) => {
                response.discard().await;
                Ok(Deletion::Deleted)
            }
            Err(error) if is_gone(&error) => Ok(Deletion::Absent),
            Err(error) => Err(error),
        }
    }
}

/// Tells whether the registry says that the content is not there. A 404 without that may mean that it deletes nothing.
fn is_gone(error: &RegistryError) -> bool {
    let messages = error.error_response().map(|response| &response.messages);
    let is_unknown =
        |code: &str| matches!(code, "MANIFEST_UNKNOWN" | "BLOB_UNKNOWN" | "NAME_UNKNOWN");
    error.is_not_found()
        && messages
            .into_iter()
            .flatten()
            .any(|message| is_unknown(&message.code))
}
