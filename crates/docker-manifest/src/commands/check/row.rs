//! The rows of the report: one for each check, always all of them, in one order.

use manifest_registry::RegistryError;
use serde::Serialize;

use crate::exit::Exit;
use crate::failure::Failure;

/// The checks, in the order of the report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Check {
    Reachable,
    RegistryApi,
    Tls,
    HttpVersion,
    Proxy,
    Mirror,
    TokenServer,
    Login,
    Pull,
    Push,
    TagsList,
    Referrers,
    OciIndex,
    MixedIndex,
    ArtifactType,
    Mount,
    SinglePost,
    Range,
    RateLimit,
    Cleanup,
}

impl Check {
    pub(super) const ALL: [Self; 20] = [
        Self::Reachable,
        Self::RegistryApi,
        Self::Tls,
        Self::HttpVersion,
        Self::Proxy,
        Self::Mirror,
        Self::TokenServer,
        Self::Login,
        Self::Pull,
        Self::Push,
        Self::TagsList,
        Self::Referrers,
        Self::OciIndex,
        Self::MixedIndex,
        Self::ArtifactType,
        Self::Mount,
        Self::SinglePost,
        Self::Range,
        Self::RateLimit,
        Self::Cleanup,
    ];

    /// Returns the name in JSON, and in the table.
    fn names(self) -> (&'static str, &'static str) {
        match self {
            Self::Reachable => ("reachable", "reachable"),
            Self::RegistryApi => ("registryApi", "registry API"),
            Self::Tls => ("tls", "TLS"),
            Self::HttpVersion => ("httpVersion", "HTTP version"),
            Self::Proxy => ("proxy", "proxy"),
            Self::Mirror => ("mirror", "mirror"),
            Self::TokenServer => ("tokenServer", "token server"),
            Self::Login => ("login", "login"),
            Self::Pull => ("pull", "pull"),
            Self::Push => ("push", "push"),
            Self::TagsList => ("tagsList", "tags list"),
            Self::Referrers => ("referrers", "referrers API"),
            Self::OciIndex => ("ociIndex", "OCI index"),
            Self::MixedIndex => ("mixedIndex", "mixed index"),
            Self::ArtifactType => ("artifactType", "artifact type"),
            Self::Mount => ("mount", "mount"),
            Self::SinglePost => ("singlePost", "single POST"),
            Self::Range => ("range", "range reads"),
            Self::RateLimit => ("rateLimit", "rate limit"),
            Self::Cleanup => ("cleanup", "cleanup"),
        }
    }

    /// Returns the name in JSON.
    pub(super) fn id(self) -> &'static str {
        self.names().0
    }

    /// Returns the name in the table and in errors.
    pub(super) fn label(self) -> &'static str {
        self.names().1
    }
}

/// The result of a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Verdict {
    /// It works, or the registry has it.
    Ok,
    /// It does not work, or the registry does not have it.
    No,
    /// It works, and the user should know something about it.
    Warn,
    /// It cannot be known.
    Unknown,
    /// It was not checked.
    Skipped,
}

impl Verdict {
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::No => "no",
            Self::Warn => "warn",
            Self::Unknown => "unknown",
            Self::Skipped => "skipped",
        }
    }
}

/// One row of the report.
#[derive(Clone, Debug)]
pub(super) struct Row {
    pub(super) check: Check,
    pub(super) verdict: Verdict,
    pub(super) detail: String,
    pub(super) hint: Option<String>,
    /// The exit code of the command, if a push cannot work because of this.
    pub(super) exit: Option<Exit>,
}

impl Row {
    fn new(check: Check, verdict: Verdict, detail: impl Into<String>) -> Self {
        Self {
            check,
            verdict,
            detail: detail.into(),
            hint: None,
            exit: None,
        }
    }

    pub(super) fn ok(check: Check, detail: impl Into<String>) -> Self {
        Self::new(check, Verdict::Ok, detail)
    }

    pub(super) fn no(check: Check, detail: impl Into<String>) -> Self {
        Self::new(check, Verdict::No, detail)
    }

    pub(super) fn warn(check: Check, detail: impl Into<String>) -> Self {
        Self::new(check, Verdict::Warn, detail)
    }

    pub(super) fn unknown(check: Check, detail: impl Into<String>) -> Self {
        Self::new(check, Verdict::Unknown, detail)
    }

    pub(super) fn skipped(check: Check, detail: impl Into<String>) -> Self {
        Self::new(check, Verdict::Skipped, detail)
    }

    /// Returns the row of a failure without which a push cannot work.
    pub(super) fn failed(check: Check, error: &RegistryError) -> Self {
        Self {
            exit: Some(Failure::Registry(error.clone()).exit()),
            ..Self::no(check, reason(error)).hint_of(error)
        }
    }

    /// Returns the row with another detail.
    pub(super) fn detail(self, detail: impl Into<String>) -> Self {
        Self {
            detail: detail.into(),
            ..self
        }
    }

    pub(super) fn hint(self, hint: impl Into<String>) -> Self {
        Self {
            hint: Some(hint.into()),
            ..self
        }
    }

    /// Returns the row with the hint from the table of hints, if it has one for the error.
    pub(super) fn hint_of(self, error: &RegistryError) -> Self {
        Self {
            hint: error.hint(),
            ..self
        }
    }

    /// Returns the row as one without which a push cannot work.
    pub(super) fn exit(self, exit: Exit) -> Self {
        Self {
            exit: Some(exit),
            ..self
        }
    }
}

/// Returns the reason of a failure, without the request, which the row's name tells.
pub(super) fn reason(error: &RegistryError) -> String {
    match error {
        RegistryError::ErrorResponse { error_response, .. } => error_response.to_string(),
        RegistryError::Network {
            problem, source, ..
        } => match source {
            Some(cause) => format!("{problem}: {cause}"),
            None => problem.to_string(),
        },
        RegistryError::Content { problem, .. } => problem.to_string(),
        RegistryError::Challenge { reason, .. } => reason.clone(),
        error => error.to_string(),
    }
}

/// Returns a row for each check in the order of the report: the first in `rows`, or that it was skipped.
pub(super) fn complete(rows: Vec<Row>) -> Vec<Row> {
    let row_of = |check: Check| {
        let found = rows.iter().find(|row| row.check == check).cloned();
        found.unwrap_or_else(|| match check {
            Check::Cleanup => Row::ok(check, "nothing was written"),
            _ => Row::skipped(check, "an earlier check failed"),
        })
    };
    Check::ALL.map(row_of).into()
}
