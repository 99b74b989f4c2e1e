//! Reads of blobs: from a mirror if there is one, else from their registry.

use std::fmt;

use http::header::{HeaderMap, HeaderValue, RANGE};
use http::{Method, StatusCode};
use manifest_core::reference::Repository;
use manifest_core::{Descriptor, Digest, Reference};

use crate::auth::{Scope, ScopePlan};
use crate::blob::in_flight::BlobsInFlight;
use crate::error::{ContentProblem, Operation, RegistryError};
use crate::http::{Attempts, Payload, Response, Traffic};
use crate::session::{MirroredSession, Request, Session, Target};

/// Reads blobs.
#[derive(Clone, Copy)]
pub(crate) struct BlobReader<'a> {
    pub(crate) session: &'a MirroredSession,
    /// The scopes that reads of each repository ask for.
    pub(crate) scopes: &'a ScopePlan,
    pub(crate) in_flight: &'a BlobsInFlight,
}

impl fmt::Debug for BlobReader<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BlobReader")
    }
}

impl BlobReader<'_> {
    /// Gets a blob of at most `limit` bytes, and verifies its size and digest. `kind` names the content in errors.
    pub(crate) async fn fetch(
        &self,
        kind: &'static str,
        repository: &Repository,
        descriptor: &Descriptor,
        limit: usize,
    ) -> Result<Vec<u8>, RegistryError> {
        let read = async |session: &Session, mirror: &Reference, attempts: &Attempts| {
            let request = self.request(mirror.repository(), &descriptor.digest);
            let (response, bytes) = session.fetch(&request, limit, attempts).await?;
            verify(kind, descriptor, &response, bytes)
        };
        let reference = repository.at(descriptor.digest.clone());
        match self.session.read_mirrored(&reference, read).await {
            Some(bytes) => Ok(bytes),
            None => read(self.session.session(), &reference, &Attempts::default()).await,
        }
    }

    /// Gets a blob as [`Self::fetch`] does, but never from a mirror.
    pub(crate) async fn fetch_from_registry(
        &self,
        kind: &'static str,
        repository: &Repository,
        descriptor: &Descriptor,
        limit: usize,
    ) -> Result<Vec<u8>, RegistryError> {
        let request = self.request(repository, &descriptor.digest);
        let session = self.session.session();
        let (response, bytes) = session.fetch(&request, limit, &Attempts::default()).await?;
        verify(kind, descriptor, &response, bytes)
    }

    /// Sends HEAD for a blob to its registry, or a GET for its first byte where the registry has no HEAD for blobs.
    pub(crate) async fn probe(
        &self,
        repository: &Repository,
        digest: &Digest,
    ) -> Result<BlobState, RegistryError> {
        let request = Request {
            method: Method::HEAD,
            ..self.request(repository, digest)
        };
        match self.session.session().send(&request).await {
            Ok(response) if response.is_web_page() => {
                Err(response.content(ContentProblem::WebPage))
            }
            Ok(response) => {
                let length = response.single_header("content-length")?;
                let size = length.and_then(|length| length.trim().parse().ok());
                Ok(BlobState::Present { size })
            }
            Err(error) if error.is_not_found() => Ok(BlobState::Absent),
            Err(error) if error.status() == Some(StatusCode::METHOD_NOT_ALLOWED) => {
                self.probe_by_get(repository, digest).await
            }
            Err(error) => Err(error),
        }
    }

    /// Sends GET for the first byte of a blob. The body is not read, because the registry may ignore the range and send all.
    async fn probe_by_get(
        &self,
        repository: &Repository,
        digest: &Digest,
    ) -> Result<BlobState, RegistryError> {
        let mut request = self.request(repository, digest);
        let first_byte = HeaderValue::from_static("bytes=0-0");
        request.headers.insert(RANGE, first_byte);
        let response = match self.session.session().send(&request).await {
            Ok(response) => response,
            Err(error) if error.is_not_found() => return Ok(BlobState::Absent),
            // The blob is there, and has no first byte.
            Err(error) if error.status() == Some(StatusCode::RANGE_NOT_SATISFIABLE) => {
                return Ok(BlobState::Present { size: Some(0) });
            }
            Err(error) => return Err(error),
        };
        if response.is_web_page() {
            return Err(response.content(ContentProblem::WebPage));
        }
        let size = match response.status() {
            StatusCode::PARTIAL_CONTENT => {
                let range = response.single_header("content-range")?;
                range.and_then(|range| range.rsplit_once('/')?.1.trim().parse().ok())
            }
            _ => {
                let length = response.single_header("content-length")?;
                length.and_then(|length| length.trim().parse().ok())
            }
        };
        Ok(BlobState::Present { size })
    }

    /// Sends GET for a blob, from a mirror first if `origin` allows it. Returns the response and the mirror that sent it.
    ///
    /// The body is neither read nor verified yet. If the body from a mirror is incomplete or wrong, the caller reports it with
    /// [`MirroredSession::mirror_failed`], and calls this method again with [`BlobOrigin::Registry`].
    pub(super) async fn open(
        &self,
        repository: &Repository,
        digest: &Digest,
        origin: BlobOrigin,
    ) -> Result<(Response, Option<Reference>), RegistryError> {
        if origin == BlobOrigin::Mirror {
            let read = async |session: &Session, mirror: &Reference, attempts: &Attempts| {
                let request = Request {
                    traffic: Traffic::Download,
                    ..blob_request(mirror.repository(), digest)
                };
                let response = session.send_with(&request, attempts).await?;
                Ok((response, mirror.clone()))
            };
            let reference = repository.at(digest.clone());
            if let Some((response, mirror)) = self.session.read_mirrored(&reference, read).await {
                return Ok((response, Some(mirror)));
            }
        }
        let request = Request {
            traffic: Traffic::Download,
            ..self.request(repository, digest)
        };
        Ok((self.session.session().send(&request).await?, None))
    }

    fn request<'r>(&self, repository: &'r Repository, digest: &Digest) -> Request<'r> {
        Request {
            shared_scopes: self.scopes.shared_read_scopes(repository),
            ..blob_request(repository, digest)
        }
    }
}

/// The state of a blob in a repository, according to the registry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BlobState {
    /// The repository has the blob.
    Present {
        /// The size in bytes, if the registry states it.
        size: Option<u64>,
    },
    /// The repository does not have the blob.
    Absent,
}

/// The first origin to request a blob from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum BlobOrigin {
    /// The mirrors, then the registry.
    Mirror,
    /// The registry itself.
    Registry,
}

/// Verifies the size and digest of a blob against its descriptor.
fn verify(
    kind: &'static str,
    descriptor: &Descriptor,
    response: &Response,
    bytes: Vec<u8>,
) -> Result<Vec<u8>, RegistryError> {
    if bytes.len() as u64 != descriptor.size {
        return Err(response.content(ContentProblem::Size {
            expected: descriptor.size,
            found: bytes.len() as u64,
        }));
    }
    if !descriptor.digest.matches(&bytes) {
        let expected = descriptor.digest.clone();
        return Err(response.content(ContentProblem::Digest { kind, expected }));
    }
    Ok(bytes)
}

fn blob_request<'a>(repository: &'a Repository, digest: &Digest) -> Request<'a> {
    Request {
        domain: repository.domain(),
        operation: Operation::GetBlob(repository.clone(), digest.clone()),
        method: Method::GET,
        target: Target::Path(format!("/v2/{}/blobs/{digest}", repository.path())),
        headers: HeaderMap::new(),
        payload: Payload::None,
        traffic: Traffic::Request,
        scopes: vec![Scope::pull(repository)],
        shared_scopes: [].into(),
    }
}
