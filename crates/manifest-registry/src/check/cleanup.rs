//! The deletion of what a check has written.

use http::Method;
use http::header::HeaderMap;
use manifest_core::Digest;
use manifest_core::reference::Repository;

use crate::auth::Scope;
use crate::client::Client;
use crate::concurrent::concurrent;
use crate::error::{Operation, RegistryError};
use crate::http::{Attempts, Payload, Traffic};
use crate::session::{Request, Target};

/// The number of deletions that run at once. A check writes fewer manifests and blobs.
const DELETIONS: usize = 8;

/// Content that could not be deleted.
#[derive(Clone, Debug)]
pub struct LeftBehind {
    /// The repository and digest: `example.com/app@sha256:…`.
    pub name: String,
    /// Whether it is a manifest. Registries remove a blob that no manifest refers to in time.
    pub is_manifest: bool,
    /// The response of the registry.
    pub error: RegistryError,
}

/// The content that a check has written, or may have written.
#[derive(Default)]
pub(super) struct Written {
    pub(super) manifests: Vec<WrittenContent>,
    pub(super) lists: Vec<WrittenContent>,
    pub(super) blobs: Vec<WrittenContent>,
}

/// A manifest or blob that a check has written, or may have written.
pub(super) struct WrittenContent {
    pub(super) digest: Digest,
    /// Whether the registry has confirmed it. After any failure but a refusal, the content may be there as well.
    pub(super) is_confirmed: bool,
}

/// The result of a deletion.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Deletion {
    Deleted,
    /// The content was not there.
    Absent,
}

/// The result of the deletions.
#[derive(Default)]
pub(super) struct Deleted {
    pub(super) count: usize,
    pub(super) left_behind: Vec<LeftBehind>,
}

impl Client {
    /// Deletes content: lists first, then manifests, then blobs, because some registries keep what something refers to.
    pub(super) async fn delete_written(
        &self,
        repository: &Repository,
        written: &Written,
    ) -> Deleted {
        let mut deleted = Deleted::default();
        let groups = [
            (&written.lists, true),
            (&written.manifests, true),
            (&written.blobs, false),
        ];
        for (contents, is_manifest) in groups {
            let deletions = contents
                .iter()
                .map(|content| self.delete_one(repository, &content.digest, is_manifest));
            let results = concurrent(DELETIONS, deletions).await;
            for (content, result) in contents.iter().zip(results) {
                match result {
                    Ok(Deletion::Absent) if !content.is_confirmed => {}
                    // Some registries delete the blobs of a manifest with it.
                    Ok(_) => deleted.count += 1,
                    Err(error) => deleted.left_behind.push(LeftBehind {
                        name: repository.at(content.digest.clone()).to_string(),
                        is_manifest,
                        error,
                    }),
                }
            }
        }
        deleted
    }

    async fn delete_one(
        &self,
        repository: &Repository,
        digest: &Digest,
        is_manifest: bool,
    ) -> Result<Deletion, RegistryError> {
        let (operation, kind) = match is_manifest {
            true => {
                let reference = repository.at(digest.clone());
                (Operation::DeleteManifest(reference), "manifests")
            }
            false => {
                let operation = Operation::DeleteBlob(repository.clone(), digest.clone());
                (operation, "blobs")
            }
        };
        let request = Request {
            domain: repository.domain(),
            operation,
            method: Method::DELETE,
            target: Target::Path(format!("/v2/{}/{kind}/{digest}", repository.path())),
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
