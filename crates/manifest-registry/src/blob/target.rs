//! The target repository of blob transfers.

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

/// The target repository of blob transfers: the context of mounts and uploads.
pub(crate) struct BlobTarget<'a> {
    pub(super) reader: BlobReader<'a>,
    pub(super) repository: &'a Repository,
    /// The scopes that requests for these blobs share in one token.
    pub(super) scopes: Arc<ScopePlan>,
    pub(super) single_posts: &'a SinglePostSupport,
    /// The progress of the transfers.
    pub(super) progress: Arc<TransferProgress>,
    /// The number of small blobs to upload.
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

    /// Returns the progress of the transfers.
    pub(crate) fn progress(&self) -> &TransferProgress {
        &self.progress
    }

    /// Sets the number of small blobs to upload.
    pub(crate) fn expect_small_uploads(&self, count: usize) {
        self.small_uploads.store(count, Ordering::Relaxed);
    }

    /// Returns whether there are enough small uploads that saving one request for each is worth one extra round trip.
    pub(super) fn has_many_small_uploads(&self) -> bool {
        self.small_uploads.load(Ordering::Relaxed) >= SINGLE_REQUEST_UPLOADS
    }

    /// Stops the use of single POSTs: the registry lacks a blob that it claimed to have stored.
    pub(crate) fn disable_single_posts(&self) {
        self.single_posts.mark_unsupported(self.repository.domain());
    }

    pub(super) fn session(&self) -> &Session {
        self.reader.session.session()
    }

    /// Sends HEAD for a blob of any repository. Returns whether the blob exists.
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
            ..self.upload_request(digest)
        };
        match self.session().send(&request).await {
            // A web page is no clear response: treat the blob as missing, as it can still be uploaded.
            Ok(response) => Ok(!response.is_web_page()),
            Err(error) if error.is_not_found() => Ok(false),
            // A registry without HEAD for blobs may still accept the upload.
            Err(error) if error.status().is_some_and(|status| status.as_u16() == 405) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Creates the request that opens an upload session. Other requests for the blob override a few of its fields.
    pub(super) fn upload_request(&self, digest: &Digest) -> Request<'_> {
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
