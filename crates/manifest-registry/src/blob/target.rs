//! The target repository of blobs.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use http::Method;
use http::header::{CONTENT_LENGTH, HeaderMap, HeaderValue};
use manifest_core::Digest;
use manifest_core::reference::Repository;

use crate::auth::{Scope, ScopePlan};
use crate::blob::progress::TransferProgress;
use crate::blob::read::BlobReader;
use crate::blob::single_post::SinglePostSupport;
use crate::error::{Operation, RegistryError};
use crate::http::{Payload, Traffic};
use crate::limits::SINGLE_REQUEST_UPLOADS;
use crate::session::{Request, Session, Target};

/// A target repository of blobs: the context of mounts and uploads.
pub(crate) struct BlobTarget<'a> {
    pub(super) reader: BlobReader<'a>,
    pub(super) repository: &'a Repository,
    /// The scopes that requests for these blobs ask for together.
    pub(super) scopes: Arc<ScopePlan>,
    pub(super) single_posts: &'a SinglePostSupport,
    /// Counts the blobs that are transferred.
    pub(super) progress: Arc<TransferProgress>,
    /// How many small blobs are to be uploaded.
    small_uploads: AtomicUsize,
}

impl<'a> BlobTarget<'a> {
    pub(crate) fn new(
        repository: &'a Repository,
        reader: BlobReader<'a>,
        single_posts: &'a SinglePostSupport,
        scopes: Arc<ScopePlan>,
        progress: Arc<TransferProgress>,
    ) -> Self {
        Self {
            reader,
            repository,
            scopes,
            single_posts,
            progress,
            small_uploads: AtomicUsize::new(0),
        }
    }

    /// Returns the progress of the blobs that are transferred.
    pub(crate) fn progress(&self) -> &TransferProgress {
        &self.progress
    }

    /// Notes how many small blobs are to be uploaded.
    pub(crate) fn expect_small_uploads(&self, count: usize) {
        self.small_uploads.store(count, Ordering::Relaxed);
    }

    /// Tells whether so many small blobs are to be uploaded that it is worth a round trip to save each of them a request.
    pub(super) fn has_many_small_uploads(&self) -> bool {
        self.small_uploads.load(Ordering::Relaxed) >= SINGLE_REQUEST_UPLOADS
    }

    /// Notes that the registry does not have what it said it took.
    pub(crate) fn distrust_single_posts(&self) {
        self.single_posts.mark_unsupported(self.repository.domain());
    }

    pub(super) fn session(&self) -> &Session {
        self.reader.session.session()
    }

    /// Sends HEAD for a blob, of any repository.
    pub(crate) async fn blob_exists(
        &self,
        repository: &Repository,
        digest: &Digest,
    ) -> Result<bool, RegistryError> {
        let is_target = repository == self.repository;
        let request = Request {
            domain: repository.domain(),
            operation: if is_target {
                Operation::PutBlob(repository.clone(), digest.clone())
            } else {
                Operation::GetBlob(repository.clone(), digest.clone())
            },
            method: Method::HEAD,
            target: Target::Path(format!("/v2/{}/blobs/{digest}", repository.path())),
            scopes: vec![self.scopes.needed_scope(repository)],
            shared_scopes: self.scopes.shared_scopes(repository),
            ..self.start(digest)
        };
        match self.session().send(&request).await {
            // A blob that may be missing can still be uploaded.
            Ok(response) => Ok(!response.is_web_page()),
            Err(error) if error.is_not_found() => Ok(false),
            // A blob that cannot be asked for can still be uploaded.
            Err(error) if error.status().is_some_and(|status| status.as_u16() == 405) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Makes the request that opens an upload session. Others for the same blob differ in a few fields.
    pub(super) fn start(&self, digest: &Digest) -> Request<'_> {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_LENGTH, HeaderValue::from_static("0"));
        Request {
            domain: self.repository.domain(),
            operation: Operation::PutBlob(self.repository.clone(), digest.clone()),
            method: Method::POST,
            target: Target::Path(format!("/v2/{}/blobs/uploads/", self.repository.path())),
            headers,
            payload: Payload::None,
            traffic: Traffic::Request,
            scopes: vec![Scope::push(self.repository)],
            shared_scopes: self.scopes.shared_scopes(self.repository),
        }
    }
}
