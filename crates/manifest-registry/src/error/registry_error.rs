//! The error of this crate.

use std::sync::Arc;
use std::time::Duration;

use http::StatusCode;
use manifest_core::reference::Repository;
use manifest_core::{Digest, ManifestError, Reference};

use crate::error::attempt::{Attempt, Operation};
use crate::error::certificate::CertificateProblem;
use crate::error::content::{Absent, ContentProblem};
use crate::error::error_response::ErrorResponse;
use crate::error::network::{Cause, NetworkProblem};

/// An error between this program and a registry.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RegistryError {
    /// The registry was asked, and has no such manifest.
    #[error("no such manifest: {reference}")]
    NoSuchManifest {
        /// The reference.
        reference: Box<Reference>,
        /// The response of the registry.
        source: Box<RegistryError>,
    },
    /// The registry responded with an error.
    #[error("{attempt}: {error_response}{}", attempt.trail())]
    Refused {
        /// The request.
        attempt: Box<Attempt>,
        /// The error response.
        error_response: ErrorResponse,
    },
    /// There is no response.
    #[error("{attempt}: {problem}{}", attempt.trail())]
    Network {
        /// The request.
        attempt: Box<Attempt>,
        /// Why there is no response.
        problem: NetworkProblem,
        /// The cause, if more is known.
        source: Option<Cause>,
    },
    /// The content of the response is wrong.
    #[error("{attempt}: {problem}{}", attempt.trail())]
    Content {
        /// The request.
        attempt: Box<Attempt>,
        /// What is wrong.
        problem: Box<ContentProblem>,
    },
    /// A manifest that was to be copied does not match its description.
    #[error("{reference} cannot be copied: {problem}")]
    InvalidManifest {
        /// The manifest, in its source repository.
        reference: Box<Reference>,
        /// What is wrong.
        problem: Box<ContentProblem>,
    },
    /// A blob that was to come from this machine is missing or has changed.
    #[error("{digest} cannot be read from {place}: {reason}")]
    Local {
        /// Where it was to come from.
        place: String,
        /// The blob.
        digest: Digest,
        /// Why it cannot.
        reason: String,
    },
    /// A registry refused a manifest because something that it refers to is not there.
    #[error("{source}; {target} does not have {}", list(absent))]
    Incomplete {
        /// The repository that the manifest was to be in.
        target: Repository,
        /// What is not there.
        absent: Vec<Absent>,
        /// The response of the registry.
        source: Box<RegistryError>,
    },
    /// A registry refused to move a tag.
    #[error("{source}; {reference} is {existing}")]
    TagImmutable {
        /// The tag.
        reference: Box<Reference>,
        /// The digest that it points to.
        existing: Digest,
        /// The response of the registry.
        source: Box<RegistryError>,
    },
    /// A tag does not meet its precondition.
    #[error("{reference} is not written: {}", found_before(expected.as_ref(), found.as_ref()))]
    PreconditionFailed {
        /// The tag.
        reference: Box<Reference>,
        /// The digest that it has to point to; none where it must not exist.
        expected: Option<Digest>,
        /// The digest that it points to.
        found: Option<Digest>,
    },
    /// A tag of cosign's has something in the target that is not in what was to be written there.
    #[error(
        "{reference} is {found}, and has something that is not in {source_digest} of {place}: neither is overwritten"
    )]
    SignaturesDiffer {
        /// The tag, in the target.
        reference: Box<Reference>,
        /// The digest that it points to.
        found: Digest,
        /// The digest that was to be written.
        source_digest: Digest,
        /// Where that is: a repository, or a place on this machine.
        place: String,
    },
    /// Something else has the tag under which the referrers of a manifest are listed.
    #[error("{reference} is to be the index of what refers to that digest, and is something else")]
    NotReferrersIndex {
        /// The tag.
        reference: Box<Reference>,
        /// What is wrong with the manifest that it points to.
        source: Arc<ManifestError>,
    },
    /// There is more than is followed.
    #[error("{reference} has more than the {limit} {what} that are followed")]
    TooMany {
        /// What has too many.
        reference: Box<Reference>,
        /// How many are followed.
        limit: usize,
        /// Of what.
        what: &'static str,
    },
    /// The published list has children that do not exist.
    #[error(
        "{reference} is published, and the registry does not have {}",
        digests(lost)
    )]
    ChildrenMissing {
        /// The tag.
        reference: Box<Reference>,
        /// The digests of the missing children.
        lost: Vec<Digest>,
    },
    /// The manifest that is read back is not the one that was written.
    #[error("{written} was put to {reference}, {}", found_instead(found.as_ref()))]
    ReadBackMismatch {
        /// The name under which it was written.
        reference: Box<Reference>,
        /// The digest that was written.
        written: Digest,
        /// The digest that was read back.
        found: Option<Digest>,
    },
    /// An image's configuration has the right digest, and is not JSON of the right form.
    #[error("the image config {blob} cannot be read")]
    Config {
        /// Repository and digest of the configuration.
        blob: String,
        /// What is wrong.
        source: Arc<serde_json::Error>,
    },
    /// A redirect or an upload location that is not followed.
    #[error("{attempt}: not sent on to {to}: {reason}")]
    Redirect {
        /// The request.
        attempt: Box<Attempt>,
        /// Where it was to go, without secrets.
        to: String,
        /// Why it did not.
        reason: &'static str,
    },
    /// The registry demands a kind of login that is not known here, or that would leak the credentials.
    #[error("{attempt}: {reason}")]
    Challenge {
        /// The request.
        attempt: Box<Attempt>,
        /// Why there is no login.
        reason: String,
    },
    /// A credential helper that the configuration names did not do its work.
    #[error("credential helper {helper} for {host}: {reason}")]
    Helper {
        /// The helper's binary: `docker-credential-desktop`.
        helper: String,
        /// The registry.
        host: String,
        /// What the helper did.
        reason: String,
        /// Whether it timed out.
        is_late: bool,
    },
    /// A file has credentials that cannot be read.
    #[error("the credentials for {key} in {file} cannot be read: {reason}")]
    Credentials {
        /// The key in `auths`, or the whole file.
        key: String,
        /// The file, or the variable.
        file: String,
        /// What is wrong. Never the value.
        reason: String,
    },
    /// Certificates that the user has given for a host, or for all, cannot be used.
    #[error("the certificates for {host} cannot be used: {problem}")]
    Certificates {
        /// The host, or `all hosts`.
        host: String,
        /// What is wrong with which file.
        problem: CertificateProblem,
    },
    /// The registry's host cannot be in a URL: a port over 65535, an address that is none.
    #[error("{host} is not a host that can be reached")]
    Host {
        /// The host.
        host: String,
        /// What is wrong with it.
        source: url::ParseError,
    },
    /// A repository's name has no registry in it, though its first part looks like one.
    #[error("{}", no_registry(.0))]
    NoRegistry(String),
    /// The user agent has characters that no header can have.
    #[error("{0:?} cannot be a user agent")]
    UserAgent(String),
    /// No HTTP client can be made: TLS cannot be set up.
    #[error("TLS cannot be set up")]
    Setup(#[source] Arc<reqwest::Error>),
}

fn list(absent: &[Absent]) -> String {
    let absent: Vec<String> = absent.iter().map(Absent::to_string).collect();
    absent.join(", ")
}

fn found_before(expected: Option<&Digest>, found: Option<&Digest>) -> String {
    match (expected, found) {
        (None, Some(found)) => format!("it is there already, as {found}"),
        (Some(expected), Some(found)) => format!("it is {found}, not {expected}"),
        (Some(expected), None) => format!("it is not there, and not {expected}"),
        (None, None) => "it is there already".to_owned(),
    }
}

fn no_registry(name: &str) -> String {
    let first = name.split('/').next().unwrap_or_default();
    format!("{name} names no registry: {first:?} is not a host name, as it has an underscore")
}

fn digests(lost: &[Digest]) -> String {
    let lost: Vec<&str> = lost.iter().map(Digest::as_str).collect();
    lost.join(", ")
}

fn found_instead(found: Option<&Digest>) -> String {
    match found {
        Some(found) => format!("and now {found} is there"),
        None => "and accepted, but is not there".to_owned(),
    }
}

impl RegistryError {
    pub(crate) fn content(attempt: Box<Attempt>, problem: ContentProblem) -> Self {
        Self::Content {
            attempt,
            problem: Box::new(problem),
        }
    }

    /// Returns the request that failed, where one was made.
    #[must_use]
    pub fn attempt(&self) -> Option<&Attempt> {
        match self {
            Self::NoSuchManifest { source, .. }
            | Self::Incomplete { source, .. }
            | Self::TagImmutable { source, .. } => source.attempt(),
            Self::Refused { attempt, .. }
            | Self::Network { attempt, .. }
            | Self::Content { attempt, .. }
            | Self::Redirect { attempt, .. }
            | Self::Challenge { attempt, .. } => Some(attempt),
            Self::Helper { .. }
            | Self::Credentials { .. }
            | Self::InvalidManifest { .. }
            | Self::Local { .. }
            | Self::ReadBackMismatch { .. }
            | Self::PreconditionFailed { .. }
            | Self::ChildrenMissing { .. }
            | Self::SignaturesDiffer { .. }
            | Self::NotReferrersIndex { .. }
            | Self::TooMany { .. }
            | Self::Config { .. }
            | Self::Host { .. }
            | Self::Certificates { .. }
            | Self::UserAgent(_)
            | Self::NoRegistry(_)
            | Self::Setup(_) => None,
        }
    }

    /// Returns the error response of the registry, where there is one.
    #[must_use]
    pub fn error_response(&self) -> Option<&ErrorResponse> {
        match self {
            Self::NoSuchManifest { source, .. }
            | Self::Incomplete { source, .. }
            | Self::TagImmutable { source, .. } => source.error_response(),
            Self::Refused { error_response, .. } => Some(error_response),
            _ => None,
        }
    }

    /// Returns the status that the registry refused with.
    #[must_use]
    pub fn status(&self) -> Option<StatusCode> {
        self.error_response()
            .map(|error_response| error_response.status)
    }

    /// Tells whether the registry was asked and does not have it. A token server's 404 is none of that.
    #[must_use]
    pub fn is_not_found(&self) -> bool {
        match self {
            Self::NoSuchManifest { .. } => true,
            Self::Refused {
                attempt,
                error_response,
            } => {
                !matches!(attempt.operation, Operation::GetToken(_))
                    && error_response.is_not_found()
            }
            _ => false,
        }
    }

    /// Tells whether the registry wants other credentials, or refuses these the right.
    #[must_use]
    pub fn is_unauthorized(&self) -> bool {
        match self {
            Self::Refused { error_response, .. } => error_response.is_unauthorized(),
            // It wants a login that there is none for here.
            Self::Challenge { .. } => true,
            _ => false,
        }
    }

    /// Tells whether the registry says that there were too many requests.
    #[must_use]
    pub fn is_rate_limited(&self) -> bool {
        matches!(self, Self::Refused { error_response, .. } if error_response.is_rate_limited())
    }

    /// Tells whether registry or network are out of order: no answer, or 5xx. What took all the time that there was counts as well.
    #[must_use]
    pub fn is_unavailable(&self) -> bool {
        match self {
            Self::Network { .. } | Self::Helper { is_late: true, .. } => true,
            Self::Refused { error_response, .. } => error_response.is_unavailable(),
            _ => false,
        }
    }

    /// Tells whether something stands in the way that is there already, or was moved meanwhile.
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

    /// Tells whether the answer was no, and will be no if it is asked for again.
    pub(crate) fn is_final_refusal(&self) -> bool {
        matches!(self, Self::Refused { error_response, .. } if error_response.is_final())
    }

    /// Tells whether a manifest was refused for what it refers to.
    pub(crate) fn is_incomplete(&self) -> bool {
        matches!(self, Self::Refused { attempt, error_response }
            if matches!(attempt.operation, Operation::PutManifest(_)) && error_response.is_incomplete())
    }

    /// Tells whether a manifest may have been refused because its tag must not be moved.
    pub(crate) fn may_be_immutable(&self) -> bool {
        matches!(self, Self::Refused { attempt, error_response }
            if matches!(attempt.operation, Operation::PutManifest(_)) && error_response.may_be_immutable())
    }

    /// Returns how long the registry asks to wait before the request is repeated.
    pub(crate) fn asked_wait(&self) -> Option<Duration> {
        self.error_response()?.retry_after
    }

    /// Notes that there was no time for another try.
    pub(crate) fn mark_out_of_time(&mut self) {
        if let Some(attempt) = self.attempt_mut() {
            attempt.out_of_time = true;
        }
    }

    /// Notes where the login is from that went with the request.
    pub(crate) fn mark_login(&mut self, source: String) {
        if let Some(attempt) = self.attempt_mut() {
            attempt.login = Some(source);
        }
    }

    /// Returns the same failure as that of one try among several.
    pub(crate) fn of_one_try(&self) -> Self {
        let mut error = self.clone();
        if let Some(attempt) = error.attempt_mut() {
            attempt.tries = 1;
        }
        error
    }

    /// Returns the same failure as it is for another request that shared the work.
    pub(crate) fn shared_with(&self, other: Box<Attempt>) -> Self {
        let mut error = self.clone();
        if let Some(attempt) = error.attempt_mut()
            && !matches!(attempt.operation, Operation::GetToken(_))
            // Its own failure keeps the URL that it came from, which may be the one without TLS.
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
            Self::Refused { attempt, .. }
            | Self::Network { attempt, .. }
            | Self::Content { attempt, .. }
            | Self::Redirect { attempt, .. }
            | Self::Challenge { attempt, .. } => Some(attempt),
            _ => None,
        }
    }
}
