//! A row of the table of hints: what it states of an error, and whether that fits.

use manifest_core::ManifestError;

use crate::error::attempt::Operation;
use crate::error::content::{Absent, ContentProblem};
use crate::error::error_response::{ErrorResponse, Message};
use crate::error::network::NetworkProblem;
use crate::error::registry_kind::RegistryKind;

/// The symptom that a row is looked up by.
pub(super) enum Symptom<'a> {
    ErrorResponse(&'a ErrorResponse),
    Network(NetworkProblem),
}

/// A condition that the type of the error tells, whatever the registry responded.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Condition {
    /// Only foreign layers are missing.
    ForeignLayersMissing,
    /// Content is missing, in its source as well.
    ContentLost,
    /// Content is missing that its source has.
    ContentCollected,
    /// The tag is immutable.
    TagImmutable,
    /// The tag points to other content than was written.
    OtherContent,
    /// The content that was written cannot be found.
    NothingFound,
    /// Source and target have different signatures.
    SignaturesDiffer,
    /// Another artifact has the tag of the referrers index.
    NotReferrersIndex,
    /// A blob on disk cannot be read.
    LocalBlob,
    /// The files in `certs.d`, or of `--ca-file`, cannot be used.
    Certificates,
    /// A credential helper failed.
    Helper,
    /// A credential helper did not end in time.
    HelperLate,
    /// Saved credentials cannot be read.
    Credentials,
    /// The registry requires an unsupported kind of login.
    Challenge,
    /// A redirect is not followed.
    Redirect,
    /// The response is not a registry's.
    NotARegistry,
    /// The manifest has an unsupported media type.
    UnsupportedType,
    /// The manifest cannot be used.
    InvalidManifest,
    /// The content does not match its digest, size or type.
    ContentChanged,
    /// The response lacks a required part.
    InvalidResponse,
}

impl Condition {
    pub(super) fn of_absent(absent: &[Absent]) -> Self {
        if absent.iter().all(|absent| absent.kind == "foreign layer") {
            Self::ForeignLayersMissing
        } else if absent
            .iter()
            .any(|absent| absent.is_in_source == Some(false))
        {
            Self::ContentLost
        } else {
            Self::ContentCollected
        }
    }

    /// Returns the condition of wrong content, where there is a hint for it.
    pub(super) fn of_content(problem: &ContentProblem) -> Option<Self> {
        Some(match problem {
            ContentProblem::NotStored(_) | ContentProblem::WebPage => Self::NotARegistry,
            ContentProblem::Manifest(error) => match **error {
                ManifestError::UnsupportedType(_) => Self::UnsupportedType,
                _ => Self::InvalidManifest,
            },
            ContentProblem::Digest { .. }
            | ContentProblem::StatedDigest { .. }
            | ContentProblem::Size { .. }
            | ContentProblem::MediaType { .. }
            | ContentProblem::Encoding(_)
            | ContentProblem::Ambiguous(_) => Self::ContentChanged,
            ContentProblem::Token | ContentProblem::Header(_) => Self::InvalidResponse,
            ContentProblem::TooLarge { .. } => return None,
        })
    }
}

/// The form of a response's body.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Body {
    Any,
    /// Says nothing.
    Empty,
    Html,
}

/// The kind of operation.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Doing {
    Anything,
    ReadingManifest,
    ReadingBlob,
    Reading,
    Writing,
    LoggingIn,
}

/// A row of the table: all that it states has to fit, what it does not state always fits.
pub(super) struct Row {
    /// The statuses, from the first to the last.
    pub(super) statuses: Option<(u16, u16)>,
    /// The registry's codes, one of which has to be there.
    pub(super) codes: &'static [&'static str],
    pub(super) body: Body,
    pub(super) problem: Option<fn(NetworkProblem) -> bool>,
    /// The condition. Everything else that a row states is ignored then.
    pub(super) condition: Option<Condition>,
    pub(super) hosts: &'static [RegistryKind],
    pub(super) doing: Doing,
    /// `{host}`, `{login}` (the command), `{repository}`, `{path}` (the repository without its host), `{right}` (`push to` or
    /// `pull from`), `{limits}` (` (ratelimit-limit: 100)`, or nothing), `{server}` (the host that was talked to, which may be
    /// another than the registry's), `{proxy}` and `{issuer}` (` (CN=Some CA)`, or nothing) are filled in.
    pub(super) hint: &'static str,
}

impl Row {
    pub(super) const fn new(hint: &'static str) -> Self {
        Self {
            statuses: None,
            codes: &[],
            body: Body::Any,
            problem: None,
            condition: None,
            hosts: &[],
            doing: Doing::Anything,
            hint,
        }
    }

    pub(super) const fn status(status: u16, hint: &'static str) -> Self {
        Self::statuses(status, status, hint)
    }

    pub(super) const fn statuses(first: u16, last: u16, hint: &'static str) -> Self {
        let mut row = Self::new(hint);
        row.statuses = Some((first, last));
        row
    }

    pub(super) const fn network(problem: fn(NetworkProblem) -> bool, hint: &'static str) -> Self {
        let mut row = Self::new(hint);
        row.problem = Some(problem);
        row
    }

    pub(super) const fn condition(condition: Condition, hint: &'static str) -> Self {
        let mut row = Self::new(hint);
        row.condition = Some(condition);
        row
    }

    pub(super) const fn codes(mut self, codes: &'static [&'static str]) -> Self {
        self.codes = codes;
        self
    }

    pub(super) const fn body(mut self, body: Body) -> Self {
        self.body = body;
        self
    }

    pub(super) const fn on(mut self, hosts: &'static [RegistryKind]) -> Self {
        self.hosts = hosts;
        self
    }

    pub(super) const fn doing(mut self, doing: Doing) -> Self {
        self.doing = doing;
        self
    }

    pub(super) fn fits(
        &self,
        symptom: &Symptom<'_>,
        kind: RegistryKind,
        operation: &Operation,
    ) -> bool {
        let fits = match symptom {
            Symptom::ErrorResponse(error_response) => self.fits_error_response(error_response),
            Symptom::Network(problem) => self.problem.is_some_and(|is| is(*problem)),
        };
        fits && (self.hosts.is_empty() || self.hosts.contains(&kind)) && self.doing.fits(operation)
    }

    fn fits_error_response(&self, error_response: &ErrorResponse) -> bool {
        let status = error_response.status.as_u16();
        let body = match self.body {
            Body::Any => true,
            Body::Empty => error_response.messages.is_empty() && !error_response.is_html,
            Body::Html => error_response.is_html,
        };
        let code = |message: &Message| self.codes.contains(&message.code.as_str());
        body && self
            .statuses
            .is_some_and(|(first, last)| (first..=last).contains(&status))
            && (self.codes.is_empty() || error_response.messages.iter().any(code))
    }
}

impl Doing {
    pub(super) fn fits(self, operation: &Operation) -> bool {
        let own = match operation {
            Operation::GetManifest(_) | Operation::ListReferrers(_) => Self::ReadingManifest,
            Operation::GetBlob(..) => Self::ReadingBlob,
            Operation::PutManifest(_)
            | Operation::PutBlob(..)
            | Operation::MountBlob(..)
            | Operation::TryToWrite(_) => Self::Writing,
            Operation::GetToken(_) | Operation::Ping(_) => Self::LoggingIn,
        };
        let is_reading = matches!(own, Self::ReadingManifest | Self::ReadingBlob);
        self == Self::Anything || self == own || self == Self::Reading && is_reading
    }
}
