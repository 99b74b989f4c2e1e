//! A row of the table of hints: its conditions, and their match with an error.

use manifest_core::ManifestError;

use crate::error::attempt::Operation;
use crate::error::content::{Absent, ContentProblem};
use crate::error::error_response::{ErrorResponse, Message};
use crate::error::network::NetworkProblem;
use crate::error::registry_kind::RegistryKind;

/// The symptom of an error that rows are matched with.
pub(super) enum Symptom<'a> {
    ErrorResponse(&'a ErrorResponse),
    Network(NetworkProblem),
}

/// A condition that the type of an error determines, whatever the response.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Condition {
    /// Only foreign layers are missing.
    ForeignLayersMissing,
    /// Content is missing, and its source does not have it either.
    ContentLost,
    /// Content is missing, but its source has it.
    ContentOnlyInSource,
    /// The tag is immutable.
    TagImmutable,
    /// The tag points to another digest than the written one.
    ReadBackDiffers,
    /// The written content cannot be found.
    ReadBackMissing,
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
    /// A credential helper timed out.
    HelperTimeout,
    /// Saved credentials cannot be read.
    Credentials,
    /// The registry demands an unsupported authentication scheme.
    Challenge,
    /// A redirect is not followed.
    Redirect,
    /// The response is not from a registry.
    NotARegistry,
    /// The manifest has an unsupported media type.
    UnsupportedType,
    /// The manifest is of Docker's first format.
    Schema1,
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
            Self::ContentOnlyInSource
        }
    }

    /// Returns the condition for invalid content, if there is a hint for it.
    pub(super) fn of_content(problem: &ContentProblem) -> Option<Self> {
        Some(match problem {
            ContentProblem::NotFromRegistry(_) | ContentProblem::WebPage => Self::NotARegistry,
            ContentProblem::Manifest(error) => match **error {
                ManifestError::UnsupportedType(ref found) if is_schema_1(found) => Self::Schema1,
                ManifestError::UnsupportedType(_) => Self::UnsupportedType,
                _ => Self::InvalidManifest,
            },
            ContentProblem::Digest { .. }
            | ContentProblem::StatedDigest { .. }
            | ContentProblem::Size { .. }
            | ContentProblem::MediaType { .. }
            | ContentProblem::Encoding(_)
            | ContentProblem::ConflictingHeader(_) => Self::ContentChanged,
            ContentProblem::InvalidToken
            | ContentProblem::MissingHeader(_)
            | ContentProblem::TagList(_)
            | ContentProblem::RepeatedPage => Self::InvalidResponse,
            ContentProblem::TooLarge { .. } => return None,
        })
    }
}

/// Tells whether this is a media type of Docker's first format (distribution, "Image Manifest Version 2, Schema 1").
fn is_schema_1(media_type: &str) -> bool {
    media_type.starts_with("application/vnd.docker.distribution.manifest.v1+")
}

/// The form of a response's body.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Body {
    Any,
    /// No message.
    Empty,
    Html,
}

/// The kind of operation.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Action {
    Any,
    ReadManifest,
    ReadBlob,
    Read,
    Write,
    FetchToken,
}

/// A row of the table. All its conditions must match; an absent condition always matches.
pub(super) struct Row {
    /// The range of statuses, inclusive.
    pub(super) statuses: Option<(u16, u16)>,
    /// The error codes, one of which must occur.
    pub(super) codes: &'static [&'static str],
    pub(super) body: Body,
    pub(super) problem: Option<fn(NetworkProblem) -> bool>,
    /// The condition by error type. If it is set, the other conditions are ignored.
    pub(super) condition: Option<Condition>,
    pub(super) hosts: &'static [RegistryKind],
    pub(super) action: Action,
    /// The hint with placeholders: `{host}`, `{login}` (the command), `{repository}`, `{path}` (the repository without
    /// its host), `{right}` (`push to`, `pull from` or `list the tags of`), `{limits}` (` (ratelimit-limit: 100)`, or
    /// nothing), `{server}` (the host of the request, which may differ from the registry's), `{proxy}` and `{issuer}`
    /// (` (CN=Some CA)`, or nothing).
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
            action: Action::Any,
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

    pub(super) const fn action(mut self, action: Action) -> Self {
        self.action = action;
        self
    }

    pub(super) fn matches(
        &self,
        symptom: &Symptom<'_>,
        kind: RegistryKind,
        operation: &Operation,
    ) -> bool {
        let matches = match symptom {
            Symptom::ErrorResponse(error_response) => self.matches_error_response(error_response),
            Symptom::Network(problem) => self.problem.is_some_and(|is| is(*problem)),
        };
        matches
            && (self.hosts.is_empty() || self.hosts.contains(&kind))
            && self.action.matches(operation)
    }

    fn matches_error_response(&self, error_response: &ErrorResponse) -> bool {
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

impl Action {
    pub(super) fn matches(self, operation: &Operation) -> bool {
        let own = match operation {
            Operation::GetManifest(_) | Operation::ListReferrers(_) | Operation::ListTags(_) => {
                Self::ReadManifest
            }
            Operation::GetBlob(..) => Self::ReadBlob,
            Operation::PutManifest(_)
            | Operation::PutBlob(..)
            | Operation::MountBlob(..)
            | Operation::CheckWriteAccess(_)
            | Operation::DeleteManifest(_)
            | Operation::DeleteBlob(..) => Self::Write,
            Operation::GetToken(_) => Self::FetchToken,
            // The registry itself, not its token server.
            Operation::Ping(_) => Self::Any,
        };
        let is_reading = matches!(own, Self::ReadManifest | Self::ReadBlob);
        self == Self::Any || self == own || self == Self::Read && is_reading
    }
}
