//! Uploads of blobs to their target repository, in constant memory.
//!
//! A small blob is read into memory and shares the connections of other requests. A large blob is streamed on connections
//! for bodies ([`crate::http::Traffic`]).

use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use futures_util::future::try_join;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use http::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderMap};
use http::{Method, StatusCode};
use manifest_core::{Descriptor, Reference};

use crate::blob::content::{Content, local_content, response_problem, verified};
use crate::blob::progress::BlobProgress;
use crate::blob::read::BlobOrigin;
use crate::blob::single_post::SinglePost;
use crate::blob::source::BlobSource;
use crate::blob::target::BlobTarget;
use crate::blob::upload_session::{OCTET_STREAM, UploadSession, check_stored};
use crate::error::RegistryError;
use crate::http::{Attempts, Contact, IdleTimeout, Payload, SingleUseStream, Traffic};
use crate::limits::SMALL_BLOB;
use crate::observer::Resuming;
use crate::redact;
use crate::session::{Request, Target};

/// The upload of one blob.
struct Upload<'a> {
    source: BlobSource<'a>,
    blob: &'a Descriptor,
    progress: &'a Arc<BlobProgress>,
    attempts: Attempts,
    /// The whole content of a small blob.
    whole: Option<Bytes>,
    origin: BlobOrigin,
}

/// The failure of one attempt to upload a blob in a session.
struct UploadFailure {
    error: RegistryError,
    /// Whether the source of the blob failed rather than the target.
    is_of_source: bool,
}

impl From<RegistryError> for UploadFailure {
    fn from(error: RegistryError) -> Self {
        Self {
            error,
            is_of_source: false,
        }
    }
}

impl BlobTarget<'_> {
    /// Uploads a blob in `session`, which a registry opened instead of a mount, or else in a new session.
    ///
    /// An interrupted upload resumes at the offset that the registry states, or restarts, as often as any request is
    /// retried. If a mirror of the source sends damaged content, the blob is read from the source itself.
    pub(crate) async fn upload(
        &self,
        source: BlobSource<'_>,
        blob: &Descriptor,
        session: Option<UploadSession>,
        blob_progress: &Arc<BlobProgress>,
    ) -> Result<(), RegistryError> {
        blob_progress.expect_bytes();
        let mut upload = Upload {
            source,
            blob,
            progress: blob_progress,
            attempts: Attempts::default(),
            whole: None,
            origin: BlobOrigin::Mirror,
        };
        let single = match session {
            Some(_) => SinglePost::No,
            None => self.single_post(source, blob),
        };
        let open = async {
            match session {
                Some(session) => Ok(session),
                None => self.open_upload(&blob.digest).await,
            }
        };
        if blob.size > SMALL_BLOB {
            let (opened, session) = try_join(self.open_content(&upload), open).await?;
            return self.upload_from(&mut upload, opened, session).await;
        }
        let whole = self.whole_content(source, blob);
        let (bytes, session) = match single {
            SinglePost::No => try_join(whole, open).await?,
            SinglePost::Trial | SinglePost::Known => {
                let bytes = whole.await?;
                match self.upload_single(blob, bytes.clone(), single).await? {
                    Some(session) => (bytes, session),
                    None => return Ok(()),
                }
            }
        };
        upload.whole = Some(bytes);
        let opened = self.open_content(&upload).await?;
        self.upload_from(&mut upload, opened, session).await
    }

    /// Decides whether a blob is sent in a single POST.
    ///
    /// The trial is free for a local blob. For any other blob it costs a round trip, which pays off if there are many.
    fn single_post(&self, source: BlobSource<'_>, blob: &Descriptor) -> SinglePost {
        if blob.size > SMALL_BLOB {
            return SinglePost::No;
        }
        let is_worth_trial =
            matches!(source, BlobSource::Local(_)) || self.has_many_small_uploads();
        self.single_posts
            .use_for(self.repository.domain(), is_worth_trial)
    }

    /// Sends a blob in a single POST. Returns an upload session if the registry does not support that.
    async fn upload_single(
        &self,
        blob: &Descriptor,
        bytes: Bytes,
        single: SinglePost,
    ) -> Result<Option<UploadSession>, RegistryError> {
        match self.send_single_post(blob, bytes, single).await {
            Ok(None) => {
                let domain = self.repository.domain();
                self.single_posts.mark_supported(domain);
                Ok(None)
            }
            Err(error) if single == SinglePost::Known && !error.is_final_refusal() => Err(error),
            // A registry without support for a single POST may still open a session.
            Err(_) => self.open_upload(&blob.digest).await.map(Some),
            session => session,
        }
    }

    /// Sends a blob in a session until the registry has stored it. The first attempt uses the content in `opened`.
    async fn upload_from(
        &self,
        upload: &mut Upload<'_>,
        mut opened: (Content, Option<Reference>),
        mut session: UploadSession,
    ) -> Result<(), RegistryError> {
        let blob = upload.blob;
        let retrier = &self.session().transport.retrier;
        let mut is_renewed = false;
        loop {
            let (content, mirror) = opened;
            let Err(broken) = self.send_blob(content, upload, &session).await else {
                return Ok(());
            };
            let UploadFailure {
                mut error,
                is_of_source,
            } = broken;
            if is_of_source && let Some(mirror) = mirror {
                self.reader.session.mirror_failed(&mirror, &error);
                upload.origin = BlobOrigin::Registry;
                // The bytes that the target has received may be wrong.
                self.cancel_upload(&blob.digest, session).await;
                session = self.open_upload(&blob.digest).await?;
            } else if error.status() == Some(StatusCode::UNAUTHORIZED) && !is_renewed {
                // A stream cannot be sent again with another token. The request for the offset obtains a new token.
                is_renewed = true;
                session = self.resume(blob, session).await?;
            } else if session.offset > 0 && is_lost(&error) {
                session = self.open_upload(&blob.digest).await?;
                self.report_resumption(blob, &session);
            } else if retrier
                .retry(&upload.attempts, &mut error, Contact::Responded)
                .await
            {
                // The session layer does not retry a stream, so the loop opens a new stream.
                session = self.resume(blob, session).await?;
                self.report_resumption(blob, &session);
            } else {
                return Err(error);
            }
            // `open_content` does its own retries.
            opened = self.open_content(upload).await?;
        }
    }

    /// Opens a blob at its source as a verified stream. Returns the stream and the mirror that sends it, if any.
    async fn open_content(
        &self,
        upload: &Upload<'_>,
    ) -> Result<(Content, Option<Reference>), RegistryError> {
        let blob = upload.blob;
        if let Some(whole) = &upload.whole {
            return Ok((stream::iter([Ok(whole.clone())]).boxed(), None));
        }
        let source = match upload.source {
            BlobSource::Local(local) => return Ok((local_content(local, blob).await?, None)),
            BlobSource::Repository(source) => source,
        };
        let opened = self.reader.open(source, &blob.digest, upload.origin);
        let (response, mirror) = opened.await?;
        let problem = response_problem(&response);
        let content = verified(response.stream(), blob.clone(), problem).boxed();
        Ok((content, mirror))
    }

    /// Reads a small blob into memory, and verifies it.
    async fn whole_content(
        &self,
        source: BlobSource<'_>,
        blob: &Descriptor,
    ) -> Result<Bytes, RegistryError> {
        let source = match source {
            BlobSource::Local(local) => {
                let content = local_content(local, blob).await?;
                let chunks: Vec<Bytes> = content.try_collect().await?;
                return Ok(chunks.concat().into());
            }
            BlobSource::Repository(source) => source,
        };
        let size = usize::try_from(blob.size).unwrap_or(usize::MAX);
        let bytes = self.reader.fetch("blob", source, blob, size).await?;
        Ok(bytes.into())
    }

    fn report_resumption(&self, blob: &Descriptor, session: &UploadSession) {
        self.session().transport.retrier.resuming(&Resuming {
            target: self.repository,
            digest: &blob.digest,
            offset: session.offset,
            size: blob.size,
        });
    }

    /// Streams a blob into an upload session, from the offset of the session. The registry receives the last byte only
    /// after size and digest have been verified.
    async fn send_blob(
        &self,
        content: Content,
        upload: &Upload<'_>,
        session: &UploadSession,
    ) -> Result<(), UploadFailure> {
        let (blob, blob_progress) = (upload.blob, upload.progress);
        let timeouts = self.session().transport.timeouts;
        // The source's own timeout is shorter, so that a stalled source is not mistaken for a stalled target.
        let idle = timeouts.idle + timeouts.idle / 4;
        let idle_timeout = IdleTimeout::new(idle);
        let failure = SourceFailure::default();
        let mut skip = session.offset;
        let body = content.map({
            let (idle_timeout, failure, blob_progress) =
                (idle_timeout.clone(), failure.clone(), blob_progress.clone());
            let (mut left, size) = (blob.size, blob.size);
            move |chunk| {
                if let Ok(chunk) = &chunk {
                    left = left.saturating_sub(chunk.len() as u64);
                    blob_progress.advance(size - left);
                }
                idle_timeout.reset(if left == 0 && size > 0 {
                    timeouts.commit
                } else {
                    idle
                });
                let chunk = chunk.map_err(|error| failure.record(error))?;
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
        headers.insert(CONTENT_TYPE, OCTET_STREAM);
        headers.insert(CONTENT_LENGTH, (blob.size - session.offset).into());
        let request = Request {
            method: Method::PUT,
            target: Target::Url(url),
            headers,
            payload: Payload::Stream(SingleUseStream::new(body.boxed()), idle_timeout),
            traffic: match upload.whole {
                Some(_) => Traffic::Request,
                None => Traffic::Upload,
            },
            ..self.upload_request(&blob.digest)
        };
        match self.session().send_with(&request, &upload.attempts).await {
            Ok(response) => {
                let response = response.stored()?;
                check_stored(&response, &blob.digest)?;
                response.discard().await;
                Ok(())
            }
            // If the source failed first, the error of the target only reports the aborted body.
            Err(error) => Err(match failure.take() {
                Some(error) => UploadFailure {
                    error,
                    is_of_source: true,
                },
                None => error.into(),
            }),
        }
    }
}

/// Returns whether a registry refuses the rest of an upload because of the part that it has: that part is damaged (400), has
/// another length (416), or is gone (404).
fn is_lost(error: &RegistryError) -> bool {
    let status = error.status().map(|status| status.as_u16());
    error.is_final_refusal() && matches!(status, Some(400 | 404 | 416))
}

/// Carries an error of the source past the HTTP library, which would otherwise wrap it.
#[derive(Clone, Default)]
struct SourceFailure(Arc<Mutex<Option<RegistryError>>>);

impl SourceFailure {
    fn record(&self, error: RegistryError) -> std::io::Error {
        let text = redact::printable(&error.to_string());
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
        std::io::Error::other(text)
    }

    fn take(&self) -> Option<RegistryError> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}
