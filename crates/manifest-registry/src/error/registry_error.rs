//! The error of this crate.

use std::sync::Arc;
use std::time::Duration;

use http::StatusCode;
use manifest_core::reference::Repository;
use manifest_core::{Digest, ManifestError, Reference};

use crate::error::attempt::{Attempt, Operation, RejectedLogin};
use crate::error::certificate::CertificateProblem;
use crate::error::content::{Absent, ContentProblem};
use crate::error::error_response::ErrorResponse;
use crate::error::network::{Cause, NetworkProblem};

/// An error of a request to a registry, or of its preparation.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RegistryError {
    /// The registry does not have the manifest.
    #[error("no such manifest: {reference}")]
    NoSuchManifest {
        /// The reference.
        reference: Box<Reference>,
        /// The response of the registry.
        source: Box<RegistryError>,
    },
    /// The registry responded with an error.
    #[error("{attempt}: {error_response}{}", attempt.suffix())]
    ErrorResponse {
        /// The request.
        attempt: Box<Attempt>,
        /// The error response.
        error_response: ErrorResponse,
    },
    /// There is no response.
    #[error("{attempt}: {problem}{}", attempt.suffix())]
    Network {
        /// The request.
        attempt: Box<Attempt>,
        /// The reason why there is no response.
        problem: NetworkProblem,
        /// The underlying error, if there are details.
        source: Option<Cause>,
    },
    /// The content of the response is not valid.
    #[error("{attempt}: {problem}{}", attempt.suffix())]
    Content {
        /// The request.
        attempt: Box<Attempt>,
        /// The problem.
        problem: Box<ContentProblem>,
    },
    /// A manifest to copy does not match its descriptor.
    #[error("{reference} cannot be copied: {problem}")]
    InvalidManifest {
        /// The manifest, in its source repository.
        reference: Box<Reference>,
        /// The problem.
        problem: Box<ContentProblem>,
    },
    /// A local blob to upload is missing or has changed.
    #[error("{digest} cannot be read from {place}: {reason}")]
    LocalBlob {
        /// The place of the blob on disk.
        place: String,
        /// The blob.
        digest: Digest,
        /// The reason why it cannot be read.
        reason: String,
    },
    /// A registry rejected a manifest because content that it refers to is missing.
    #[error("{source}; {target} does not have {}", list(absent))]
    Incomplete {
        /// The target repository of the manifest.
        target: Repository,
        /// The missing content.
        absent: Vec<Absent>,
        /// The response of the registry.
        source: Box<RegistryError>,
    },
    /// A registry refused to move an immutable tag.
    #[error("{source}; {reference} points to {existing}")]
    TagImmutable {
        /// The tag.
        reference: Box<Reference>,
        /// The digest that it points to.
        existing: Digest,
        /// The response of the registry.
        source: Box<RegistryError>,
    },
    /// A tag does not meet its precondition.
    #[error("{reference} was not written: {}", found_before(expected.as_ref(), found.as_ref()))]
    PreconditionFailed {
        /// The tag.
        reference: Box<Reference>,
        /// The digest that the tag must point to. `None` if the tag must not exist.
        expected: Option<Digest>,
        /// The digest that the tag points to. `None` if it does not exist.
        found: Option<Digest>,
    },
    /// A cosign tag in the target has content that is not in its source.
    #[error(
        "{reference} points to {found}, which has content that is not in {source_digest} of {place}: neither is overwritten"
    )]
    SignaturesDiffer {
        /// The tag in the target.
        reference: Box<Reference>,
        /// The digest that it points to.
        found: Digest,
        /// The digest of the source.
        source_digest: Digest,
        /// The source: a repository, or a place on disk.
        place: String,
    },
    /// The tag of a referrers index points to another artifact.
    #[error("{reference} must be the referrers index of that digest, but is something else")]
    NotReferrersIndex {
        /// The tag.
        reference: Box<Reference>,
        /// The problem with the manifest that the tag points to.
        source: Arc<ManifestError>,
    },
    /// A limit is exceeded.
    #[error("{reference} is over the limit of {limit} {what}")]
    LimitExceeded {
        /// The manifest that exceeds the limit.
        reference: Box<Reference>,
        /// The limit.
        limit: usize,
        /// The counted items.
        what: &'static str,
    },
    /// A repository has more tags than are read.
    #[error("{repository} is over the limit of {limit} {what}")]
    TagListTooLong {
        /// The repository.
        repository: Repository,
        /// The limit.
        limit: usize,
        /// The counted items.
        what: &'static str,
    },
    /// Children of the published list are missing.
    #[error(
        "{reference} is published, but the registry does not have {}",
        digests(lost)
    )]
    ChildrenMissing {
        /// The tag.
        reference: Box<Reference>,
        /// The digests of the missing children.
        lost: Vec<Digest>,
    },
    /// The manifest that is read back differs from the written one.
    #[error("{written} was pushed to {reference}, {}", found_instead(found.as_ref()))]
    ReadBackMismatch {
        /// The reference that was written.
        reference: Box<Reference>,
        /// The digest that was written.
        written: Digest,
        /// The digest that was read back. `None` if the reference does not exist.
        found: Option<Digest>,
    },
    /// An image's configuration has the right digest, but is not valid JSON of the right format.
    #[error("the image config {blob} cannot be read")]
    Config {
        /// The repository and digest of the configuration.
        blob: String,
        /// The JSON error.
        source: Arc<serde_json::Error>,
    },
    /// A redirect or an upload location was not followed.
    #[error("{attempt}: redirect to {to} not followed: {reason}")]
    Redirect {
        /// The request.
        attempt: Box<Attempt>,
        /// The target, without secrets.
        to: String,
        /// The reason why it was not followed.
        reason: &'static str,
    },
    /// The registry demands an authentication scheme that is not supported, or that would leak the credentials.
    #[error("{attempt}: {reason}")]
    Challenge {
        /// The request.
        attempt: Box<Attempt>,
        /// The reason why there is no authorization.
        reason: String,
    },
    /// A credential helper failed.
    #[error("credential helper {helper} for {host}: {reason}")]
    Helper {
        /// The helper's binary: `docker-credential-desktop`.
        helper: String,
        /// The registry.
        host: String,
        /// The failure of the helper.
        reason: String,
        /// Whether the helper timed out.
        timed_out: bool,
    },
    /// Credentials in a file cannot be parsed.
    #[error("the credentials for {key} in {file} cannot be read: {reason}")]
    Credentials {
        /// The key in `auths`, or a name for the whole file.
        key: String,
        /// The file or environment variable.
        file: String,
        /// The problem. It never quotes the value.
        reason: String,
    },
    /// The user's certificates for a host, or for all hosts, cannot be used.
    #[error("the certificates for {host} cannot be used: {problem}")]
    Certificates {
        /// The host, or `all hosts`.
        host: String,
        /// The file and the problem.
        problem: CertificateProblem,
    },
    /// The host is not valid in a URL: a port over 65535, or a malformed address.
    #[error("{host} is not a valid host")]
    Host {
        /// The host.
        host: String,
        /// The URL error.
        source: url::ParseError,
    },
    /// A repository name has no registry, though its first component looks like a host.
    #[error("{}", no_registry(.0))]
    NoRegistry(String),
    /// The user agent is not a valid header value.
    #[error("invalid user agent {0:?}")]
    UserAgent(String),
    /// The HTTP client cannot be created, because TLS cannot be set up.
    #[error("TLS cannot be set up")]
    TlsSetup(#[source] Arc<reqwest::Error>),
}

fn list(absent: &[Absent]) -> String {
    let absent: Vec<String> = absent.iter().map(Absent::to_string).collect();
    absent.join(", ")
}

fn found_before(expected: Option<&Digest>, found: Option<&Digest>) -> String {
    match (expected, found) {
        (None, Some(found)) => format!("it already points to {found}"),
        (Some(expected), Some(found)) => format!("it points to {found}, not {expected}"),
        (Some(expected), None) => {
            format!("it does not exist, and was expected to point to {expected}")
        }
        (None, None) => "it already exists".to_owned(),
    }
}

fn no_registry(name: &str) -> String {
    let first = name.split('/').next().unwrap_or_default();
    format!("{name} names no registry: {first:?} is not a host name, because it has an underscore")
}

fn digests(lost: &[Digest]) -> String {
    let lost: Vec<&str> = lost.iter().map(Digest::as_str).collect();
    lost.join(", ")
}

fn found_instead(found: Option<&Digest>) -> String {
    match found {
        Some(found) => format!("but it now points to {found}"),
        None => "and accepted, but does not exist".to_owned(),
    }
}

impl RegistryError {
    pub(crate) fn content(attempt: Box<Attempt>, problem: ContentProblem) -> Self {
        Self::Content {
            attempt,
            problem: Box::new(problem),
        }
    }

    /// Returns the failed request, if there was one.
    #[must_use]
    pub fn attempt(&self) -> Option<&Attempt> {
        match self {
            Self::NoSuchManifest { source, .. }
            | Self::Incomplete { source, .. }
            | Self::TagImmutable { source, .. } => source.attempt(),
            Self::ErrorResponse { attempt, .. }
            | Self::Network { attempt, .. }
            | Self::Content { attempt, .. }
            | Self::Redirect { attempt, .. }
            | Self::Challenge { attempt, .. } => Some(attempt),
            Self::Helper { .. }
            | Self::Credentials { .. }
            | Self::InvalidManifest { .. }
            | Self::LocalBlob { .. }
            | Self::ReadBackMismatch { .. }
            | Self::PreconditionFailed { .. }
            | Self::ChildrenMissing { .. }
            | Self::SignaturesDiffer { .. }
            | Self::NotReferrersIndex { .. }
            | Self::LimitExceeded { .. }
            | Self::TagListTooLong { .. }
            | Self::Config { .. }
            | Self::Host { .. }
            | Self::Certificates { .. }
            | Self::UserAgent(_)
            | Self::NoRegistry(_)
            | Self::TlsSetup(_) => None,
        }
    }

    /// Returns the registry's error response, if there is one.
    #[must_use]
    pub fn error_response(&self) -> Option<&ErrorResponse> {
        match self {
            Self::NoSuchManifest { source, .. }
            | Self::Incomplete { source, .. }
            | Self::TagImmutable { source, .. } => source.error_response(),
            Self::ErrorResponse { error_response, .. } => Some(error_response),
            _ => None,
        }
    }

    /// Returns the status of the registry's error response.
    #[must_use]
    pub fn status(&self) -> Option<StatusCode> {
        self.error_response()
            .map(|error_response| error_response.status)
    }

    /// Tells whether the registry does not have the content. A 404 of a token server does not count.
    #[must_use]
    pub fn is_not_found(&self) -> bool {
        match self {
            Self::NoSuchManifest { .. } => true,
            Self::ErrorResponse {
                attempt,
                error_response,
            } => {
                !matches!(attempt.operation, Operation::GetToken(_))
                    && error_response.is_not_found()
            }
            _ => false,
        }
    }

    /// Tells whether the error response is a web page, and so not from a registry.
    pub(crate) fn is_web_page(&self) -> bool {
        self.error_response()
            .is_some_and(|error_response| error_response.is_html)
    }

    /// Tells whether the registry demands other credentials, or denies access to these.
    #[must_use]
    pub fn is_unauthorized(&self) -> bool {
        match self {
            Self::ErrorResponse { error_response, .. } => error_response.is_unauthorized(),
            // The registry demands an authentication scheme without a matching credential.
            Self::Challenge { .. } => true,
            _ => false,
        }
    }

    /// Tells whether the registry has limited the request rate.
    #[must_use]
    pub fn is_rate_limited(&self) -> bool {
        matches!(self, Self::ErrorResponse { error_response, .. } if error_response.is_rate_limited())
    }

    /// Tells whether the registry or the network is unavailable: no response, or 5xx. Timeouts count as well.
    #[must_use]
    pub fn is_unavailable(&self) -> bool {
        match self {
            Self::Network { .. }
            | Self::Helper {
                timed_out: true, ..
            } => true,
            Self::ErrorResponse { error_response, .. } => error_response.is_unavailable(),
            _ => false,
        }
    }

    /// Tells whether the target already has conflicting content, or was changed by another client.
    #[must_use]
    pub fn is_conflict(&self) -> bool {
        matches!(
            self,
            Self::TagImmutable { .. }
                | Self::PreconditionFailed { .. }
                | Self::SignaturesDiffer { .. }
                | Self::ReadBackMismatch { found: Some(_), .. }
        )
    }

    /// Tells whether a retry would get the same error response.
    pub(crate) fn is_final_refusal(&self) -> bool {
        matches!(self, Self::ErrorResponse { error_response, .. } if error_response.is_final())
    }

    /// Tells whether the write of a tag that failed with this error was certainly not made. A registry that did not respond, or with
    /// 5xx, may have made it.
    #[must_use]
    pub fn is_refused_write(&self) -> bool {
        match self {
            Self::ErrorResponse { .. } => !self.is_unavailable(),
            Self::Challenge { .. }
            | Self::Incomplete { .. }
            | Self::PreconditionFailed { .. }
            | Self::TagImmutable { .. } => true,
            _ => false,
        }
    }

    /// Tells whether a manifest was rejected because of missing content.
    pub(crate) fn is_incomplete(&self) -> bool {
        matches!(self, Self::ErrorResponse { attempt, error_response }
            if matches!(attempt.operation, Operation::PutManifest(_)) && error_response.is_incomplete())
    }

    /// Tells whether a manifest may have been rejected because its tag is immutable.
    pub(crate) fn may_be_immutable(&self) -> bool {
        matches!(self, Self::ErrorResponse { attempt, error_response }
            if matches!(attempt.operation, Operation::PutManifest(_)) && error_response.may_be_immutable())
    }

    /// Returns the wait before a retry that the registry asks for.
    pub(crate) fn requested_wait(&self) -> Option<Duration> {
        self.error_response()?.retry_after
    }

    /// Records that there was no time for another attempt.
    pub(crate) fn mark_out_of_time(&mut self) {
        if let Some(attempt) = self.attempt_mut() {
            attempt.out_of_time = true;
        }
    }

    /// Records the place of the rejected credentials.
    pub(crate) fn mark_login(&mut self, login: RejectedLogin) {
        if let Some(attempt) = self.attempt_mut() {
            attempt.login = Some(login);
        }
    }

    /// Returns the error as that of a single attempt.
    pub(crate) fn as_single_attempt(&self) -> Self {
        let mut error = self.clone();
        if let Some(attempt) = error.attempt_mut() {
            attempt.attempts = 1;
        }
        error
    }

    /// Returns the error for another request that depends on the same work.
    pub(crate) fn shared_with(&self, other: Box<Attempt>) -> Self {
        let mut error = self.clone();
        if let Some(attempt) = error.attempt_mut()
            && !matches!(attempt.operation, Operation::GetToken(_))
            // A request's own error keeps the URL of its attempt, which may be that without TLS.
            && (&attempt.operation, &attempt.method) != (&other.operation, &other.method)
        {
            let Attempt {
                operation,
                method,
                url,
                host,
                ..
            } = *other;
            *attempt = Attempt {
                operation,
                method,
                url,
                host,
                ..attempt.clone()
            };
        }
        error
    }

    fn attempt_mut(&mut self) -> Option<&mut Attempt> {
        match self {
            Self::ErrorResponse { attempt, .. }
            | Self::Network { attempt, .. }
            | Self::Content { attempt, .. }
            | Self::Redirect { attempt, .. }
            | Self::Challenge { attempt, .. } => Some(attempt),
            _ => None,
        }
    }
}
