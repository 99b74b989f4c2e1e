//! Upload sessions: open, resume and cancel; and the single POST, which needs no session.

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

/// An upload session.
pub(crate) struct UploadSession {
    /// The URL at which the upload continues.
    pub(crate) url: Url,
    /// The number of bytes that the registry has already.
    pub(crate) offset: u64,
}

impl BlobTarget<'_> {
    pub(crate) async fn open_upload(
        &self,
        digest: &Digest,
    ) -> Result<UploadSession, RegistryError> {
        let response = self.session().send(&self.upload_request(digest)).await?;
        self.session_from(response).await
    }

    /// Opens an upload session and cancels it: the cheapest request that requires push access.
    ///
    /// # Errors
    /// Returns an error if the registry denies the push.
    pub(crate) async fn check_push_access(&self, digest: &Digest) -> Result<(), RegistryError> {
        let request = Request {
            operation: Operation::CheckWriteAccess(self.repository.clone()),
            ..self.upload_request(digest)
        };
        let response = self.session().send(&request).await?;
        let session = self.session_from(response).await?;
        self.cancel_upload(digest, session).await;
        Ok(())
    }

    /// Sends a blob in the body of the POST that requests a session (distribution specification, "Single POST"). Returns the
    /// session if the registry opens one instead.
    pub(crate) async fn send_single_post(
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
            ..self.upload_request(&blob.digest)
        };
        let response = match single {
            SinglePost::Known => self.session().send(&request).await?,
            // The registry may not support the request, so a failure is not worth a retry.
            _ => self.session().send_once(&request).await?,
        };
        if response.status() != StatusCode::CREATED {
            return self.session_from(response).await.map(Some);
        }
        let response = response.stored()?;
        check_stored(&response, &blob.digest)?;
        response.discard().await;
        Ok(None)
    }

    /// Requests the offset of an upload (distribution specification, "Pushing a blob in chunks"). Opens a new session if the
    /// registry does not state it.
    pub(crate) async fn resume(
        &self,
        blob: &Descriptor,
        session: UploadSession,
    ) -> Result<UploadSession, RegistryError> {
        let request = Request {
            method: Method::GET,
            headers: HeaderMap::new(),
            target: Target::Url(session.url),
            ..self.upload_request(&blob.digest)
        };
        let Ok(response) = self.session().send_once(&request).await else {
            return self.open_upload(&blob.digest).await;
        };
        // `0-0` may mean one byte or none.
        let last = response.header(RANGE.as_str()).and_then(last_byte);
        match (last, self.session_from(response).await) {
            (Some(last), Ok(session)) if last > 0 && last < blob.size => Ok(UploadSession {
                offset: last + 1,
                ..session
            }),
            _ => self.open_upload(&blob.digest).await,
        }
    }

    /// Reads the location of an upload session from a response.
    pub(crate) async fn session_from(
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
        // A registry behind a TLS-terminating proxy may send `http` URLs for itself.
        let is_tls = response.url().scheme() == "https";
        if is_tls && url.scheme() == "http" && url.host() == response.url().host() {
            let _ = url.set_scheme("https");
            let _ = url.set_port(response.url().port());
        }
        let _ = url.set_username("");
        let _ = url.set_password(None);
        response.discard().await;
        Ok(UploadSession { url, offset: 0 })
    }

    /// Cancels an upload session. A failure is ignored, because registries remove abandoned sessions themselves.
    pub(crate) async fn cancel_upload(&self, digest: &Digest, session: UploadSession) {
        let request = Request {
            method: Method::DELETE,
            target: Target::Url(session.url),
            ..self.upload_request(digest)
        };
        if let Ok(response) = self.session().send_once(&request).await {
            response.discard().await;
        }
    }
}

/// Checks that the digest which the registry states for a stored blob, if any, is the expected digest. A digest of another
/// algorithm is ignored, as it cannot be compared.
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

/// Parses the last byte of a `Range` response header of the form `0-LAST`.
fn last_byte(range: &str) -> Option<u64> {
    let range = range.trim();
    let range = range.strip_prefix("bytes=").unwrap_or(range);
    range.strip_prefix("0-")?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::last_byte;

    #[test]
    fn last_byte_of_range_header() {
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
