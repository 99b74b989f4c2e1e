//! Uploads: a blob streamed from one repository into another, in constant memory.

use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use futures_util::stream::BoxStream;
use futures_util::{Stream, StreamExt as _, TryStreamExt as _};
use http::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderMap, HeaderValue, LOCATION, RANGE};
use http::{Method, StatusCode};
use manifest_core::{Descriptor, Digest, Reference};
use url::Url;

use crate::answer::Answer;
use crate::child::Child;
use crate::client::DOCKER_CONTENT_DIGEST;
use crate::error::{ContentProblem, RegistryError};
use crate::hash::Check;
use crate::meter::Counted;
use crate::mirrors::Nearest;
use crate::observer::Resuming;
use crate::publish::Push;
use crate::redact;
use crate::retry::{Contact, Tries};
use crate::session::{Call, Target};
use crate::transport::{Payload, Pulse};

/// The bytes of a blob, checked as they come.
type Content = BoxStream<'static, Result<Bytes, RegistryError>>;

/// A place where an upload may go on.
pub(crate) struct UploadSession {
    url: Url,
    /// How many bytes the registry has already.
    offset: u64,
}

/// Why a blob did not get into an upload session.
struct Broken {
    error: RegistryError,
    /// Whether it is what the blob was read from that failed.
    is_of_source: bool,
}

impl From<RegistryError> for Broken {
    fn from(error: RegistryError) -> Self {
        Self {
            error,
            is_of_source: false,
        }
    }
}

impl Push<'_> {
    /// Uploads a blob, in the session that a registry opened where it did not mount, or in a new one. What breaks off is
    /// gone on with from where the registry says that it is, or begun anew, as often as any request is repeated. What a mirror
    /// of the source sends and is not what it has to be is taken from the source itself.
    pub(crate) async fn upload(
        &self,
        child: &Child,
        blob: &Descriptor,
        session: Option<UploadSession>,
        counted: &Arc<Counted>,
    ) -> Result<(), RegistryError> {
        counted.streams();
        let mut session = match session {
            Some(session) => session,
            None => self.open_upload(&blob.digest).await?,
        };
        let retries = &self.session().transport.retries;
        let tries = Tries::default();
        let mut nearest = Nearest::Mirror;
        let mut is_renewed = false;
        loop {
            // Repeats itself where that is worth it.
            let (content, mirror) = self.content(child, blob, nearest).await?;
            let Err(Broken {
                mut error,
                is_of_source,
            }) = self
                .send_blob(content, blob, &session, (&tries, counted))
                .await
            else {
                return Ok(());
            };
            if is_of_source && let Some(mirror) = mirror {
                self.client.mirror_failed(&mirror, &error);
                nearest = Nearest::Registry;
                // What arrived of it may be something else.
                self.abandon(&blob.digest, session).await;
                session = self.open_upload(&blob.digest).await?;
                continue;
            }
            // A stream cannot be sent again with another token. To ask how far it came gets one.
            if error.status() == Some(StatusCode::UNAUTHORIZED) && !is_renewed {
                is_renewed = true;
                session = self.resume(blob, session).await?;
                continue;
            }
            if session.offset > 0 && is_lost(&error) {
                session = self.open_upload(&blob.digest).await?;
                self.tell(blob, &session);
                continue;
            }
            // A stream is not repeated below; this makes a new one.
            if !retries.again(&tries, &mut error, Contact::Before).await {
                return Err(error);
            }
            session = self.resume(blob, session).await?;
            self.tell(blob, &session);
        }
    }

    /// Opens a blob where it is. Its bytes are checked as they come. The mirror that they come from is returned with them.
    async fn content(
        &self,
        child: &Child,
        blob: &Descriptor,
        nearest: Nearest,
    ) -> Result<(Content, Option<Reference>), RegistryError> {
        if let Some(local) = child.local() {
            let content = crate::local::stream(local, blob).await?;
            let problem = problem_on_disk(local.place(), blob.digest.clone());
            return Ok((checked(content, blob.clone(), problem).boxed(), None));
        }
        let opened = self
            .client
            .open_nearest(child.source(), &blob.digest, nearest);
        let (answer, mirror) = opened.await?;
        let problem = problem_of(&answer);
        let content = checked(answer.stream(), blob.clone(), problem).boxed();
        Ok((content, mirror))
    }

    fn tell(&self, blob: &Descriptor, session: &UploadSession) {
        self.session().transport.retries.resuming(&Resuming {
            target: self.target,
            digest: &blob.digest,
            offset: session.offset,
            size: blob.size,
        });
    }

    async fn open_upload(&self, digest: &Digest) -> Result<UploadSession, RegistryError> {
        let answer = self.session().call(&self.start(digest)).await?;
        self.session_of(answer).await
    }

    /// Asks how far an upload has come (distribution specification, "Pushing a blob in chunks"). A registry that does not
    /// say gets a new one.
    async fn resume(
        &self,
        blob: &Descriptor,
        session: UploadSession,
    ) -> Result<UploadSession, RegistryError> {
        let call = Call {
            method: Method::GET,
            headers: HeaderMap::new(),
            target: Target::Url(session.url),
            ..self.start(&blob.digest)
        };
        let Ok(answer) = self.session().call_once(&call).await else {
            return self.open_upload(&blob.digest).await;
        };
        // `0-0` may mean one byte or none.
        let last = answer.header(RANGE.as_str()).and_then(last_byte);
        match (last, self.session_of(answer).await) {
            (Some(last), Ok(session)) if last > 0 && last < blob.size => Ok(UploadSession {
                offset: last + 1,
                ..session
            }),
            _ => self.open_upload(&blob.digest).await,
        }
    }

    /// Reads from an answer where the upload goes on.
    pub(crate) async fn session_of(&self, answer: Answer) -> Result<UploadSession, RegistryError> {
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
        Ok(UploadSession { url, offset: 0 })
    }

    /// Gives an upload session back. Registries clean up after those that do not.
    pub(crate) async fn abandon(&self, digest: &Digest, session: UploadSession) {
        let call = Call {
            method: Method::DELETE,
            target: Target::Url(session.url),
            ..self.start(digest)
        };
        if let Ok(answer) = self.session().call_once(&call).await {
            answer.discard().await;
        }
    }

    /// Streams a blob into an upload session, from where that is. The registry gets the last byte only after size and
    /// digest have turned out right.
    async fn send_blob(
        &self,
        content: Content,
        blob: &Descriptor,
        session: &UploadSession,
        (tries, counted): (&Tries, &Arc<Counted>),
    ) -> Result<(), Broken> {
        let timeouts = self.session().transport.timeouts;
        // The source's own limit strikes first, so that a source that stalls is not taken for a target that does.
        let idle = timeouts.idle + timeouts.idle / 4;
        let pulse = Pulse::new(idle);
        let failure = Failure::default();
        let mut skip = session.offset;
        let body = content.map({
            let (pulse, failure, counted) = (pulse.clone(), failure.clone(), counted.clone());
            let (mut left, size) = (blob.size, blob.size);
            move |chunk| {
                if let Ok(chunk) = &chunk {
                    left = left.saturating_sub(chunk.len() as u64);
                    counted.has_come(size - left);
                }
                pulse.beat(if left == 0 && size > 0 {
                    timeouts.commit
                } else {
                    idle
                });
                let chunk = chunk.map_err(|error| failure.keep(error))?;
                let known = usize::try_from(skip).map_or(chunk.len(), |skip| skip.min(chunk.len()));
                skip -= known as u64;
                Ok::<_, std::io::Error>(chunk.slice(known..))
            }
        });
        let body = body.try_filter(|chunk| std::future::ready(!chunk.is_empty()));
        let mut url = session.url.clone();
        url.query_pairs_mut()
            .append_pair("digest", blob.digest.as_str());
        let mut headers = HeaderMap::new();
        headers.insert(
            CONTENT_TYPE,
            HeaderValue::from_static("application/octet-stream"),
        );
        headers.insert(CONTENT_LENGTH, (blob.size - session.offset).into());
        let call = Call {
            method: Method::PUT,
            target: Target::Url(url),
            headers,
            payload: Payload::Stream(Mutex::new(Some(reqwest::Body::wrap_stream(body))), pulse),
            ..self.start(&blob.digest)
        };
        match self.session().call_within(&call, tries).await {
            Ok(answer) => {
                let answer = answer.stored()?;
                check_stored(&answer, &blob.digest)?;
                answer.discard().await;
                Ok(())
            }
            // The source failed first: the target only says that it was left in the middle.
            Err(error) => Err(match failure.take() {
                Some(error) => Broken {
                    error,
                    is_of_source: true,
                },
                None => error.into(),
            }),
        }
    }
}

/// Checks that a registry does not say that it stored something else. A digest of another algorithm says nothing.
fn check_stored(answer: &Answer, digest: &Digest) -> Result<(), RegistryError> {
    let stated = answer.single_header(DOCKER_CONTENT_DIGEST)?;
    let stated = stated.and_then(|text| text.trim().parse::<Digest>().ok());
    match stated.filter(|stated| stated.algorithm() == digest.algorithm()) {
        Some(stated) if stated != *digest => Err(answer.content(ContentProblem::StatedDigest {
            stated: stated.to_string(),
            found: digest.clone(),
        })),
        _ => Ok(()),
    }
}

/// Tells whether a registry refuses the rest of an upload for what it has of it: that is damaged (400), of another length
/// (416), or gone (404).
fn is_lost(error: &RegistryError) -> bool {
    let status = error.status().map(|status| status.as_u16());
    error.is_final_refusal() && matches!(status, Some(400 | 404 | 416))
}

/// Reads the end of `0-END`, as registries write `Range` in answers.
fn last_byte(range: &str) -> Option<u64> {
    let range = range.trim();
    let range = range.strip_prefix("bytes=").unwrap_or(range);
    range.strip_prefix("0-")?.parse().ok()
}

/// Returns what makes an error of what is wrong with the body of an answer.
pub(crate) fn problem_of(
    answer: &Answer,
) -> impl Fn(ContentProblem) -> RegistryError + Send + use<> {
    let attempt = answer.attempt();
    move |problem| RegistryError::content(attempt.clone(), problem)
}

/// Returns what makes an error of what is wrong with a blob on this machine.
pub(crate) fn problem_on_disk(
    place: String,
    digest: Digest,
) -> impl Fn(ContentProblem) -> RegistryError + Send {
    move |problem| crate::local::failed(place.clone(), &digest, problem.to_string())
}

/// Passes a blob's bytes on as they come, and the last of them only if size and digest are right.
pub(crate) fn checked<P>(
    content: impl Stream<Item = Result<Bytes, RegistryError>> + Send + 'static,
    blob: Descriptor,
    problem: P,
) -> impl Stream<Item = Result<Bytes, RegistryError>> + Send + 'static
where
    P: Fn(ContentProblem) -> RegistryError + Send + 'static,
{
    let mut hash = Some(Check::new(blob.digest.clone()));
    let mut count = 0u64;
    let mut check = move |chunk: Option<Bytes>| {
        let problem = |found| Err(problem(found));
        let is_end = chunk.is_none();
        let chunk = chunk.unwrap_or_default();
        count += chunk.len() as u64;
        if count > blob.size || is_end && count < blob.size {
            return problem(ContentProblem::Size {
                expected: blob.size,
                found: count,
            });
        }
        if let Some(hash) = &mut hash {
            hash.update(&chunk);
        }
        if count == blob.size
            && let Some(hash) = hash.take()
            && let Err(expected) = hash.finish()
        {
            return problem(ContentProblem::Digest {
                kind: "blob",
                expected,
            });
        }
        Ok(chunk)
    };
    let end = futures_util::stream::once(std::future::ready(Ok(None)));
    let chunks = content.map_ok(Some).chain(end);
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

#[cfg(test)]
mod tests {
    use super::last_byte;

    #[test]
    fn how_far_an_upload_has_come() {
        for (range, last) in [
            ("0-99", Some(99)),
            ("bytes=0-99", Some(99)),
            ("0-0", Some(0)),
            ("5-99", None),
            ("0-", None),
            ("", None),
            ("0-99999999999999999999", None),
        ] {
            assert_eq!(last_byte(range), last, "{range}");
        }
    }
}
