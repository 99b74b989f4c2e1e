//! Reading blobs: from a mirror if there is one, else from their registry.

use std::fmt;

use http::Method;
use http::header::HeaderMap;
use manifest_core::reference::Repository;
use manifest_core::{Descriptor, Digest, Reference};

use crate::auth::{Rights, Scope};
use crate::blob::in_flight::InFlight;
use crate::error::{ContentProblem, Operation, RegistryError};
use crate::http::{Answer, Payload, Traffic, Tries};
use crate::session::{Call, MirroredSession, Session, Target};

/// Reads blobs.
#[derive(Clone, Copy)]
pub(crate) struct BlobReader<'a> {
    pub(crate) session: &'a MirroredSession,
    /// The scopes that reads of each repository ask for.
    pub(crate) scopes: &'a Rights,
    pub(crate) in_flight: &'a InFlight,
}

impl fmt::Debug for BlobReader<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BlobReader")
    }
}

impl BlobReader<'_> {
    /// Gets a blob of at most `limit` bytes, which must be what its descriptor says. `kind` is its name in errors.
    pub(crate) async fn fetch(
        &self,
        kind: &'static str,
        repository: &Repository,
        descriptor: &Descriptor,
        limit: usize,
    ) -> Result<Vec<u8>, RegistryError> {
        let read = async |session: &Session, mirror: &Reference, tries: &Tries| {
            let call = self.request(mirror.repository(), &descriptor.digest);
            let (answer, bytes) = session.fetch_within(&call, limit, tries).await?;
            matching(kind, descriptor, &answer, bytes)
        };
        let reference = repository.at(descriptor.digest.clone());
        match self.session.read_mirrored(&reference, read).await {
            Some(bytes) => Ok(bytes),
            None => read(self.session.session(), &reference, &Tries::default()).await,
        }
    }

    /// Asks for a blob, whose body is still to come and still to be checked: where it is nearest. A caller that finds that what comes
    /// from a mirror breaks off or is something else says so by [`MirroredSession::mirror_failed`], and asks again for
    /// [`Nearest::Registry`].
    pub(super) async fn open(
        &self,
        repository: &Repository,
        digest: &Digest,
        nearest: Nearest,
    ) -> Result<(Answer, Option<Reference>), RegistryError> {
        if nearest == Nearest::Mirror {
            let read = async |session: &Session, mirror: &Reference, tries: &Tries| {
                let call = Call {
                    traffic: Traffic::Download,
                    ..blob_request(mirror.repository(), digest)
                };
                let answer = session.call_within(&call, tries).await?;
                Ok((answer, mirror.clone()))
            };
            let reference = repository.at(digest.clone());
            if let Some((answer, mirror)) = self.session.read_mirrored(&reference, read).await {
                return Ok((answer, Some(mirror)));
            }
        }
        let call = Call {
            traffic: Traffic::Download,
            ..self.request(repository, digest)
        };
        Ok((self.session.session().call(&call).await?, None))
    }

    fn request<'r>(&self, repository: &'r Repository, digest: &Digest) -> Call<'r> {
        Call {
            shared: self.scopes.shared_to_read(repository),
            ..blob_request(repository, digest)
        }
    }
}

/// Where a blob is asked for first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Nearest {
    /// At the mirrors, then at the registry.
    Mirror,
    /// At the registry itself.
    Registry,
}

/// Checks a blob against its descriptor.
fn matching(
    kind: &'static str,
    descriptor: &Descriptor,
    answer: &Answer,
    bytes: Vec<u8>,
) -> Result<Vec<u8>, RegistryError> {
    if bytes.len() as u64 != descriptor.size {
        return Err(answer.content(ContentProblem::Size {
            expected: descriptor.size,
            found: bytes.len() as u64,
        }));
    }
    if !descriptor.digest.matches(&bytes) {
        let expected = descriptor.digest.clone();
        return Err(answer.content(ContentProblem::Digest { kind, expected }));
    }
    Ok(bytes)
}

fn blob_request<'a>(repository: &'a Repository, digest: &Digest) -> Call<'a> {
    Call {
        domain: repository.domain(),
        operation: Operation::GetBlob(repository.clone(), digest.clone()),
        method: Method::GET,
        target: Target::Path(format!("/v2/{}/blobs/{digest}", repository.path())),
        headers: HeaderMap::new(),
        payload: Payload::None,
        traffic: Traffic::Request,
        scopes: vec![Scope::pull(repository)],
        shared: [].into(),
    }
}
