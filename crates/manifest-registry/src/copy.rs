//! Making an image's content present in another repository: by mount where the registry can, else by upload.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use futures_util::{Stream, StreamExt as _, TryStreamExt as _};
use http::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderMap, HeaderValue, LOCATION};
use http::{Method, StatusCode};
use manifest_core::digest::Hasher;
use manifest_core::media_type::is_foreign_layer;
use manifest_core::reference::Repository;
use manifest_core::{Content, Descriptor, Digest, Manifest, MediaType};
use url::Url;

use crate::answer::Answer;
use crate::client::Client;
use crate::error::{ContentProblem, Operation, RegistryError};
use crate::limits::PARALLEL_MOUNTS;
use crate::redact;
use crate::session::{Call, Target};
use crate::token::Scope;
use crate::transport::{Payload, Pulse};

/// What a copy came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Copied {
    /// The digest under which the target repository has the manifest.
    pub digest: Digest,
    /// How many blobs were mounted.
    pub mounted: usize,
    /// How many blobs were uploaded.
    pub uploaded: usize,
    /// How many bytes were uploaded.
    pub uploaded_bytes: u64,
}

/// How one blob came to be in the target repository.
enum Way {
    Mounted,
    Uploaded(u64),
    WasThere,
}

/// A place where an upload may go on.
struct UploadSession(Url);

impl Client {
    /// Makes an image, or an index whose children are there already, present in `target`: mounts all blobs, once
    /// each, uploads those that cannot be mounted, and puts the manifest under its digest. Foreign layers
    /// are left where they are.
    ///
    /// # Errors
    /// Where `bytes` are not what `media_type` and `digest` say, or content can be neither mounted nor uploaded. What was copied
    /// stays; nothing that has a tag has changed.
    pub async fn copy_child(
        &self,
        source: &Repository,
        target: &Repository,
        bytes: &[u8],
        media_type: MediaType,
        digest: &Digest,
    ) -> Result<Copied, RegistryError> {
        let reference = target.at(digest.clone());
        let unusable = |problem| RegistryError::Unusable {
            reference: source.at(digest.clone()).into(),
            problem,
        };
        let manifest = Manifest::parse(media_type.as_str(), bytes)
            .map_err(|error| unusable(ContentProblem::Manifest(Arc::new(error)).into()))?;
        if !digest.matches(bytes) {
            let expected = digest.clone();
            return Err(unusable(
                ContentProblem::Digest {
                    kind: "manifest",
                    expected,
                }
                .into(),
            ));
        }
        let mut copied = Copied {
            digest: digest.clone(),
            mounted: 0,
            uploaded: 0,
            uploaded_bytes: 0,
        };
        if source != target
            && let Content::Image(image) = manifest.content()
        {
            let mut seen = HashSet::new();
            let blobs = image
                .blobs()
                .filter(|blob| !is_foreign_layer(&blob.media_type) && seen.insert(&blob.digest));
            let copies: Vec<_> = blobs
                .map(|blob| self.copy_blob(source, target, blob))
                .collect();
            let mut ways = futures_util::stream::iter(copies).buffer_unordered(PARALLEL_MOUNTS);
            while let Some(way) = ways.try_next().await? {
                match way {
                    Way::Mounted => copied.mounted += 1,
                    Way::WasThere => {}
                    Way::Uploaded(size) => {
                        copied.uploaded += 1;
                        copied.uploaded_bytes += size;
                    }
                }
            }
        }
        copied.digest = self
            .put_manifest(&reference, media_type, bytes.to_vec())
            .await?;
        Ok(copied)
    }

    async fn copy_blob(
        &self,
        source: &Repository,
        target: &Repository,
        blob: &Descriptor,
    ) -> Result<Way, RegistryError> {
        let mut session = None;
        if source.domain() == target.domain() {
            match self.mount(source, target, &blob.digest).await {
                Ok(None) => return Ok(Way::Mounted),
                Ok(opened) => session = opened,
                // Refused: no right to the source in one token with the target, or no mounts at all.
                Err(error) if is_refusal_of_mount(&error) => {}
                Err(error) => return Err(error),
            }
        }
        let _permit = self.shared().uploads.acquire().await.ok();
        if self.blob_exists(target, &blob.digest).await? {
            if let Some(session) = session {
                self.abandon(target, &blob.digest, session).await;
            }
            return Ok(Way::WasThere);
        }
        let session = match session {
            Some(session) => session,
            None => self.open_upload(target, &blob.digest).await?,
        };
        self.upload(source, target, blob, session).await?;
        Ok(Way::Uploaded(blob.size))
    }

    /// Asks for a mount. Returns the session that the registry opened where it did not mount.
    async fn mount(
        &self,
        source: &Repository,
        target: &Repository,
        digest: &Digest,
    ) -> Result<Option<UploadSession>, RegistryError> {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        query
            .append_pair("from", source.path())
            .append_pair("mount", digest.as_str());
        let call = Call {
            operation: Operation::MountBlob(target.clone(), digest.clone()),
            target: Target::Path(format!(
                "/v2/{}/blobs/uploads/?{}",
                target.path(),
                query.finish()
            )),
            scopes: vec![Scope::push(target), Scope::pull(source)],
            ..start(target, digest)
        };
        let answer = self.shared().session.call(&call).await?;
        if answer.status() == StatusCode::CREATED {
            answer.discard().await;
            return Ok(None);
        }
        self.session_of(answer).await.map(Some)
    }

    async fn open_upload(
        &self,
        target: &Repository,
        digest: &Digest,
    ) -> Result<UploadSession, RegistryError> {
        let answer = self.shared().session.call(&start(target, digest)).await?;
        self.session_of(answer).await
    }

    async fn session_of(&self, answer: Answer) -> Result<UploadSession, RegistryError> {
        let location = answer
            .header(LOCATION.as_str())
            .filter(|text| !text.is_empty());
        let joined = location.and_then(|text| answer.url().join(text).ok());
        let Some(mut url) = joined else {
            return Err(answer.content(ContentProblem::Header("Location")));
        };
        // Registries behind a TLS proxy that they do not know of name themselves without TLS.
        let came_by_tls = answer.url().scheme() == "https";
        if came_by_tls && url.scheme() == "http" && url.host() == answer.url().host() {
            let _ = url.set_scheme("https");
            let _ = url.set_port(answer.url().port());
        }
        let _ = url.set_username("");
        let _ = url.set_password(None);
        answer.discard().await;
        Ok(UploadSession(url))
    }

    async fn blob_exists(
        &self,
        repository: &Repository,
        digest: &Digest,
    ) -> Result<bool, RegistryError> {
        let call = Call {
            operation: Operation::PutBlob(repository.clone(), digest.clone()),
            method: Method::HEAD,
            target: Target::Path(format!("/v2/{}/blobs/{digest}", repository.path())),
            ..start(repository, digest)
        };
        match self.shared().session.call(&call).await {
            Ok(_) => Ok(true),
            Err(error) if error.is_not_found() => Ok(false),
            // What cannot be asked for may still be uploaded.
            Err(error) if error.status().is_some_and(|status| status.as_u16() == 405) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Gives an upload session back. Registries clean up after those that do not.
    async fn abandon(&self, target: &Repository, digest: &Digest, session: UploadSession) {
        let call = Call {
            method: Method::DELETE,
            target: Target::Url(session.0),
            ..start(target, digest)
        };
        if let Ok(answer) = self.shared().session.call_once(&call).await {
            answer.discard().await;
        }
    }

    /// Streams a blob from one repository into an upload session of another. The registry gets the last byte only
    /// after size and digest have turned out right.
    async fn upload(
        &self,
        source: &Repository,
        target: &Repository,
        blob: &Descriptor,
        session: UploadSession,
    ) -> Result<(), RegistryError> {
        let timeouts = self.shared().session.transport.timeouts;
        let answer = self.open_blob(source, &blob.digest).await?;
        let pulse = Pulse::new(timeouts.idle);
        let failure = Failure::default();
        let body = checked(answer, blob.clone()).map({
            let (pulse, failure) = (pulse.clone(), failure.clone());
            let (mut left, size) = (blob.size, blob.size);
            move |chunk| {
                if let Ok(chunk) = &chunk {
                    left = left.saturating_sub(chunk.len() as u64);
                }
                pulse.beat(if left == 0 && size > 0 {
                    timeouts.commit
                } else {
                    timeouts.idle
                });
                chunk.map_err(|error| failure.keep(error))
            }
        });
        let mut url = session.0;
        url.query_pairs_mut()
            .append_pair("digest", blob.digest.as_str());
        let mut headers = HeaderMap::new();
        headers.insert(
            CONTENT_TYPE,
            HeaderValue::from_static("application/octet-stream"),
        );
        headers.insert(CONTENT_LENGTH, blob.size.into());
        let call = Call {
            method: Method::PUT,
            target: Target::Url(url),
            headers,
            payload: Payload::Stream(Mutex::new(Some(reqwest::Body::wrap_stream(body))), pulse),
            ..start(target, &blob.digest)
        };
        match self.shared().session.call(&call).await {
            Ok(answer) => {
                answer.discard().await;
                Ok(())
            }
            // The source failed first: the target only says that it was left in the middle.
            Err(error) => Err(failure.take().unwrap_or(error)),
        }
    }
}

/// The call that opens an upload session. Others for the same blob differ in a few fields.
fn start<'a>(target: &'a Repository, digest: &Digest) -> Call<'a> {
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_LENGTH, HeaderValue::from_static("0"));
    Call {
        domain: target.domain(),
        operation: Operation::PutBlob(target.clone(), digest.clone()),
        method: Method::POST,
        target: Target::Path(format!("/v2/{}/blobs/uploads/", target.path())),
        headers,
        payload: Payload::None,
        scopes: vec![Scope::push(target)],
    }
}

/// Tells whether a registry only refused to mount, so that it may still take an upload.
fn is_refusal_of_mount(error: &RegistryError) -> bool {
    error
        .status()
        .is_some_and(|status| status.is_client_error())
        && !error.is_rate_limited()
}

/// Passes a blob's bytes on as they come, and the last of them only if size and digest are right.
fn checked(
    answer: Answer,
    blob: Descriptor,
) -> impl Stream<Item = Result<Bytes, RegistryError>> + Send + 'static {
    let attempt = answer.attempt();
    let mut hasher = Some(Hasher::new(blob.digest.algorithm()));
    let mut count = 0u64;
    let mut check = move |chunk: Option<Bytes>| {
        let problem = |problem| Err(RegistryError::content(attempt.clone(), problem));
        let is_end = chunk.is_none();
        let chunk = chunk.unwrap_or_default();
        count += chunk.len() as u64;
        if count > blob.size || is_end && count < blob.size {
            return problem(ContentProblem::Size {
                expected: blob.size,
                found: count,
            });
        }
        if let Some(hasher) = &mut hasher {
            hasher.update(&chunk);
        }
        if count == blob.size
            && let Some(hasher) = hasher.take()
            && hasher.finish() != blob.digest
        {
            return problem(ContentProblem::Digest {
                kind: "blob",
                expected: blob.digest.clone(),
            });
        }
        Ok(chunk)
    };
    let end = futures_util::stream::once(std::future::ready(Ok(None)));
    let chunks = answer.stream().map_ok(Some).chain(end);
    chunks
        .map(move |chunk| check(chunk?))
        .try_filter(|chunk| std::future::ready(!chunk.is_empty()))
}

/// Carries a failure of the source past the HTTP library, which would wrap it.
#[derive(Clone, Default)]
struct Failure(Arc<Mutex<Option<RegistryError>>>);

impl Failure {
    fn keep(&self, error: RegistryError) -> std::io::Error {
        let text = redact::printable(&error.to_string());
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
        std::io::Error::other(text)
    }

    fn take(&self) -> Option<RegistryError> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}
