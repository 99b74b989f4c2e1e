//! A row of the table of hints: what it states of an error, and whether that fits.

use crate::error::attempt::Operation;
use crate::error::content::Absent;
use crate::error::error_response::{ErrorResponse, Message};
use crate::error::network::NetworkProblem;
use crate::error::registry_kind::RegistryKind;

/// The symptom that a row is looked up by.
pub(super) enum Symptom<'a> {
    ErrorResponse(&'a ErrorResponse),
    Network(NetworkProblem),
}

/// The outcome of a publication, where that is more than one response says.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Outcome {
    /// Only layers that registries need not hold are absent.
    ForeignAbsent,
    /// Something is absent, from its source as well.
    Lost,
    /// Something is absent that its source has.
    Swept,
    /// The tag may not be moved.
    TagImmutable,
    /// Another manifest was found in place of the written one.
    OtherThere,
    /// The written manifest was not found.
    NothingThere,
}

impl Outcome {
    pub(super) fn of_absent(absent: &[Absent]) -> Self {
        if absent.iter().all(|absent| absent.kind == "foreign layer") {
            Self::ForeignAbsent
        } else if absent
            .iter()
            .any(|absent| absent.is_in_source == Some(false))
        {
            Self::Lost
        } else {
            Self::Swept
        }
    }
}

/// The body of a response.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Body {
    Any,
    /// Says nothing.
    Empty,
    Html,
}

/// The operation that failed.
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
    /// The only one; nothing else that a row states counts with it, and nothing is filled in.
    pub(super) outcome: Option<Outcome>,
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
            outcome: None,
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

    pub(super) const fn outcome(outcome: Outcome, hint: &'static str) -> Self {
        let mut row = Self::new(hint);
        row.outcome = Some(outcome);
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
