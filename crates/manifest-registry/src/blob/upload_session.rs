//! Upload sessions: opened, resumed and cancelled; and single POST, which needs none.

use bytes::Bytes;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderMap, HeaderValue, LOCATION, RANGE};
use http::{Method, StatusCode};
use manifest_core::{Descriptor, Digest};
use url::Url;

use crate::blob::single_post::SinglePost;
use crate::blob::target::BlobTarget;
use crate::error::{ContentProblem, Operation, RegistryError};
use crate::http::{DOCKER_CONTENT_DIGEST, Payload, Response};
use crate::session::{Request, Target};

/// The media type of uploads (distribution specification, "Pushing a blob monolithically").
pub(crate) const OCTET_STREAM: HeaderValue = HeaderValue::from_static("application/octet-stream");

/// An upload session: the URL at which an upload goes on.
pub(crate) struct UploadSession {
    pub(crate) url: Url,
    /// How many bytes the registry has already.
    pub(crate) offset: u64,
}

impl BlobTarget<'_> {
    pub(crate) async fn open_upload(
        &self,
        digest: &Digest,
    ) -> Result<UploadSession, RegistryError> {
        let response = self.session().send(&self.start(digest)).await?;
        self.session_of(response).await
    }

    /// Opens an upload and cancels it: the cheapest request that needs the permission to write.
    ///
    /// # Errors
    /// Where the registry does not let us.
    pub(crate) async fn try_to_write(&self, digest: &Digest) -> Result<(), RegistryError> {
        let request = Request {
            operation: Operation::CheckWriteAccess(self.repository.clone()),
            ..self.start(digest)
        };
        let response = self.session().send(&request).await?;
        let session = self.session_of(response).await?;
        self.cancel_upload(digest, session).await;
        Ok(())
    }

    /// Sends a blob along with the request for a session (distribution specification, "Single POST"). A registry that does not take
    /// it so opens the session.
    pub(crate) async fn upload_at_once(
        &self,
        blob: &Descriptor,
        bytes: Bytes,
        single: SinglePost,
    ) -> Result<Option<UploadSession>, RegistryError> {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, OCTET_STREAM);
        headers.insert(CONTENT_LENGTH, blob.size.into());
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        query.append_pair("digest", blob.digest.as_str());
        let path = self.repository.path();
        let request = Request {
            target: Target::Path(format!("/v2/{path}/blobs/uploads/?{}", query.finish())),
            headers,
            payload: Payload::Bytes(bytes),
            ..self.start(&blob.digest)
        };
        let response = match single {
            SinglePost::Known => self.session().send(&request).await?,
            // The response to a request that the registry may not know is not worth a retry.
            _ => self.session().send_once(&request).await?,
        };
        if response.status() != StatusCode::CREATED {
            return self.session_of(response).await.map(Some);
        }
        let response = response.stored()?;
        check_stored(&response, &blob.digest)?;
        response.discard().await;
        Ok(None)
    }

    /// Asks how far an upload has come (distribution specification, "Pushing a blob in chunks"). A registry that does not
    /// say gets a new one.
    pub(crate) async fn resume(
        &self,
        blob: &Descriptor,
        session: UploadSession,
    ) -> Result<UploadSession, RegistryError> {
        let request = Request {
            method: Method::GET,
            headers: HeaderMap::new(),
            target: Target::Url(session.url),
            ..self.start(&blob.digest)
        };
        let Ok(response) = self.session().send_once(&request).await else {
            return self.open_upload(&blob.digest).await;
        };
        // `0-0` may mean one byte or none.
        let last = response.header(RANGE.as_str()).and_then(last_byte);
        match (last, self.session_of(response).await) {
            (Some(last), Ok(session)) if last > 0 && last < blob.size => Ok(UploadSession {
                offset: last + 1,
                ..session
            }),
            _ => self.open_upload(&blob.digest).await,
        }
    }

    /// Reads the location of an upload session from a response.
    pub(crate) async fn session_of(
        &self,
        response: Response,
    ) -> Result<UploadSession, RegistryError> {
        let location = response
            .header(LOCATION.as_str())
            .filter(|text| !text.is_empty());
        let joined = location.and_then(|text| response.url().join(text).ok());
        let Some(mut url) = joined else {
            return Err(response.content(ContentProblem::MissingHeader("Location")));
        };
        // Registries behind a TLS proxy that they do not know of name themselves without TLS.
        let came_by_tls = response.url().scheme() == "https";
        if came_by_tls && url.scheme() == "http" && url.host() == response.url().host() {
            let _ = url.set_scheme("https");
            let _ = url.set_port(response.url().port());
        }
        let _ = url.set_username("");
        let _ = url.set_password(None);
        response.discard().await;
        Ok(UploadSession { url, offset: 0 })
    }

    /// Cancels an upload session. Registries clean up after clients that do not.
    pub(crate) async fn cancel_upload(&self, digest: &Digest, session: UploadSession) {
        let request = Request {
            method: Method::DELETE,
            target: Target::Url(session.url),
            ..self.start(digest)
        };
        if let Ok(response) = self.session().send_once(&request).await {
            response.discard().await;
        }
    }
}

/// Checks that a registry does not say that it stored something else. A digest of another algorithm says nothing.
pub(crate) fn check_stored(response: &Response, digest: &Digest) -> Result<(), RegistryError> {
    let stated = response.single_header(DOCKER_CONTENT_DIGEST)?;
    let stated = stated.and_then(|text| text.trim().parse::<Digest>().ok());
    match stated.filter(|stated| stated.algorithm() == digest.algorithm()) {
        Some(stated) if stated != *digest => Err(response.content(ContentProblem::StatedDigest {
            stated: stated.to_string(),
            found: digest.clone(),
        })),
        _ => Ok(()),
    }
}

/// Reads the end of `0-END`, as registries write `Range` in answers.
fn last_byte(range: &str) -> Option<u64> {
    let range = range.trim();
    let range = range.strip_prefix("bytes=").unwrap_or(range);
    range.strip_prefix("0-")?.parse().ok()
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
