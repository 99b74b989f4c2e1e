//! The response to a request: its head, and its bounded body.

use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use futures_util::Stream;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE, HeaderMap};
use http::{StatusCode, Version};
use tokio::time::Instant;
use url::Url;

use crate::error::{Attempt, Cause, ContentProblem, ErrorResponse, NetworkProblem, RegistryError};
use crate::http::connect_layer::wait_until_pooled;
use crate::http::connections::StreamPermit;
use crate::http::deadline::Deadline;
use crate::http::timeouts::Timeouts;
use crate::limits::{ERROR_BYTES, SLOWEST_BYTES};
use crate::redact;

/// The header that states the digest of a manifest or blob.
pub(crate) const DOCKER_CONTENT_DIGEST: &str = "docker-content-digest";

/// Returns the name of an HTTP version, as its specification spells it.
pub(crate) fn version_name(version: Version) -> &'static str {
    match version {
        Version::HTTP_2 => "HTTP/2",
        Version::HTTP_11 => "HTTP/1.1",
        Version::HTTP_10 => "HTTP/1.0",
        _ => "unknown",
    }
}

/// The headers in which registries, and the proxies in front of them, identify a request. The most useful for a support
/// ticket come first.
const REQUEST_IDS: &[&str] = &[
    "x-request-id",
    "x-github-request-id",
    "x-amzn-requestid",
    "x-amz-request-id",
    "x-ms-correlation-request-id",
    "x-correlation-id",
    "cf-ray",
];

/// The headers that identify the response to a write as a registry's (distribution specification, "Legacy Docker
/// support HTTP headers", and the sections that require a `Location`).
const REGISTRY_HEADERS: &[&str] = &[
    "docker-content-digest",
    "docker-distribution-api-version",
    "location",
];

/// The time limits of a response's body.
#[derive(Clone, Debug)]
pub(crate) struct BodyLimits {
    pub(crate) timeouts: Timeouts,
    pub(crate) deadline: Deadline,
}

/// A response whose head has arrived. It holds its permit until the body is read or it is dropped.
pub(crate) struct Response {
    response: reqwest::Response,
    attempt: Box<Attempt>,
    permit: Option<StreamPermit>,
    body_limits: BodyLimits,
    /// The parsed body of a transient error response, if it was read already.
    error_response: Option<ErrorResponse>,
}

impl Response {
    pub(crate) fn new(
        response: reqwest::Response,
        mut attempt: Box<Attempt>,
        permit: Option<StreamPermit>,
        body_limits: BodyLimits,
    ) -> Self {
        attempt.request_id = REQUEST_IDS
            .iter()
            .find_map(|name| response.headers().get(*name)?.to_str().ok())
            .map(redact::header);
        Self {
            response,
            attempt,
            permit,
            body_limits,
            error_response: None,
        }
    }

    pub(crate) fn status(&self) -> StatusCode {
        self.response.status()
    }

    pub(crate) fn headers(&self) -> &HeaderMap {
        self.response.headers()
    }

    /// Returns the URL of the response, after redirects.
    pub(crate) fn url(&self) -> &Url {
        self.response.url()
    }

    /// Returns the address that the response came from: the server's, or its proxy's. `None` if it is unknown.
    pub(crate) fn address(&self) -> Option<SocketAddr> {
        self.response.remote_addr()
    }

    /// Returns the HTTP version of the response.
    pub(crate) fn version(&self) -> Version {
        self.response.version()
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers().get(name)?.to_str().ok()
    }

    /// Returns a header. It is an error if the header has several different values.
    pub(crate) fn single_header(&self, name: &'static str) -> Result<Option<&str>, RegistryError> {
        let mut values = self.headers().get_all(name).into_iter();
        let first = values.next();
        if values.any(|value| Some(value) != first) {
            return Err(self.content(ContentProblem::ConflictingHeader(name)));
        }
        Ok(first.and_then(|value| value.to_str().ok()))
    }

    /// Creates the error for invalid content in this response.
    pub(crate) fn content(&self, problem: ContentProblem) -> RegistryError {
        RegistryError::content(self.attempt.clone(), problem)
    }

    pub(crate) fn attempt(&self) -> Box<Attempt> {
        self.attempt.clone()
    }

    /// Reads the body, of at most `limit` bytes, and releases the permit. The head remains available.
    pub(crate) async fn bytes(&mut self, limit: usize) -> Result<Vec<u8>, RegistryError> {
        let encoding = self.header(CONTENT_ENCODING.as_str()).unwrap_or("identity");
        if !encoding.eq_ignore_ascii_case("identity") {
            let encoding = encoding.to_owned();
            return Err(self.content(ContentProblem::Encoding(encoding)));
        }
        if self
            .response
            .content_length()
            .is_some_and(|length| length > limit as u64)
        {
            return Err(self.content(ContentProblem::TooLarge { limit }));
        }
        let BodyLimits { timeouts, deadline } = self.body_limits.clone();
        let result = deadline.run(timeouts.body, self.read(limit)).await;
        self.permit = None;
        result.unwrap_or_else(|problem| Err(self.network(problem, None)))
    }

    async fn read(&mut self, limit: usize) -> Result<Vec<u8>, RegistryError> {
        let mut bytes = Vec::new();
        while let Some(chunk) = self.chunk().await? {
            if bytes.len() + chunk.len() > limit {
                return Err(self.content(ContentProblem::TooLarge { limit }));
            }
            bytes.extend_from_slice(&chunk);
        }
        Ok(bytes)
    }

    async fn chunk(&mut self) -> Result<Option<Bytes>, RegistryError> {
        let BodyLimits { timeouts, deadline } = self.body_limits.clone();
        match deadline.run(timeouts.idle, self.response.chunk()).await {
            Ok(Ok(chunk)) => Ok(chunk),
            Ok(Err(error)) => {
                let problem = NetworkProblem::of(&error, timeouts.idle);
                Err(self.network(problem, Some(Cause::of(&error))))
            }
            Err(problem) => Err(self.network(problem, None)),
        }
    }

    fn network(&self, problem: NetworkProblem, source: Option<Cause>) -> RegistryError {
        RegistryError::Network {
            attempt: self.attempt.clone(),
            problem,
            source,
        }
    }

    /// Turns the response into a stream of its body. A body that is too slow ends with an error. The permit is held
    /// until the body is complete.
    pub(crate) fn stream(
        self,
    ) -> impl Stream<Item = Result<Bytes, RegistryError>> + Send + 'static {
        let start = (self, Duration::ZERO, 0);
        futures_util::stream::try_unfold(start, |(mut response, mut waited, mut came)| async move {
            // Only the time spent waiting for the body counts, not that spent by the consumer.
            let asked = Instant::now();
            let Some(chunk) = response.chunk().await? else {
                response.wait_until_pooled().await;
                return Ok(None);
            };
            waited += asked.elapsed();
            came += chunk.len();
            let idle = response.body_limits.timeouts.idle;
            if waited >= idle {
                if came < SLOWEST_BYTES {
                    return Err(response.network(NetworkProblem::TooSlow(idle), None));
                }
                (waited, came) = (Duration::ZERO, 0);
            }
            Ok(Some((chunk, (response, waited, came))))
        })
    }

    /// Returns the response to a write if it comes from a registry: 201, or another 2xx with a registry's header.
    ///
    /// A proxy or a login page in front of a registry may respond 200 to anything.
    pub(crate) fn stored(self) -> Result<Self, RegistryError> {
        let is_created = self.status() == StatusCode::CREATED;
        let is_marked = REGISTRY_HEADERS
            .iter()
            .any(|&name| self.headers().contains_key(name));
        let is_believed = match (is_created, is_marked) {
            (true, true) => true,
            (true, false) | (false, true) => !self.is_web_page(),
            (false, false) => false,
        };
        if is_believed {
            Ok(self)
        } else {
            Err(self.content(ContentProblem::NotFromRegistry(self.status())))
        }
    }

    /// Tells whether the response is a web page, and so not from a registry.
    pub(crate) fn is_web_page(&self) -> bool {
        let content_type = self.header(CONTENT_TYPE.as_str()).unwrap_or_default();
        content_type.to_ascii_lowercase().contains("html")
    }

    /// Reads the rest of a small body, so that the connection can be reused.
    pub(crate) async fn discard(mut self) {
        let limit = self.body_limits.timeouts.idle;
        let _ = tokio::time::timeout(limit, self.read(ERROR_BYTES)).await;
        self.wait_until_pooled().await;
    }

    /// Waits until the connection of a body is back in the HTTP library's pool, before the permit is released.
    /// Otherwise the next body would open another connection.
    async fn wait_until_pooled(&self) {
        if self.permit.as_ref().is_some_and(StreamPermit::is_for_body) {
            wait_until_pooled().await;
        }
    }

    /// Returns the response if its status is 2xx.
    pub(crate) async fn accepted(self) -> Result<Self, RegistryError> {
        if self.status().is_success() {
            Ok(self)
        } else {
            Err(self.refused().await)
        }
    }

    /// Turns the response into an error. A body that cannot be read is ignored.
    pub(crate) async fn refused(mut self) -> RegistryError {
        let error_response = match self.error_response.take() {
            Some(error_response) => error_response,
            None => self.read_error_response().await,
        };
        RegistryError::ErrorResponse {
            attempt: self.attempt,
            error_response,
        }
    }

    async fn read_error_response(&mut self) -> ErrorResponse {
        let body = self.error_body().await;
        ErrorResponse::read(self.status(), self.headers(), &body)
    }

    /// Turns the response into a transient error, and releases the permit.
    pub(crate) async fn transient_error(&mut self) -> RegistryError {
        let error_response = self.read_error_response().await;
        self.permit = None;
        RegistryError::ErrorResponse {
            attempt: self.attempt.clone(),
            error_response,
        }
    }

    /// Puts back the error of [`Response::transient_error`] if there is no retry.
    pub(crate) fn with_final_error(mut self, error: RegistryError) -> Self {
        if let RegistryError::ErrorResponse {
            attempt,
            error_response,
        } = error
        {
            self.attempt = attempt;
            self.error_response = Some(error_response);
        }
        self
    }

    async fn error_body(&mut self) -> Vec<u8> {
        let mut body = Vec::new();
        let limit = self.body_limits.timeouts.idle;
        let _ = tokio::time::timeout(limit, async {
            while let Ok(Some(chunk)) = self.chunk().await {
                let room = ERROR_BYTES - body.len();
                body.extend_from_slice(&chunk[..chunk.len().min(room)]);
                if chunk.len() >= room {
                    break;
                }
            }
        })
        .await;
        body
    }
}
