//! The findings of `check`, `verify` and `diff` that end a command without success.

use manifest_core::Reference;
use manifest_registry::redact;

use crate::exit::Exit;

/// A finding that ends a command without success.
#[derive(Debug, thiserror::Error)]
pub enum CheckFailure {
    /// A push cannot work.
    #[error("{target} is not ready for a push; failed: {}", failed.join(", "))]
    NotReady {
        /// The registry or repository.
        target: String,
        /// The checks that failed.
        failed: Vec<&'static str>,
        /// The exit code of the first of them.
        exit: Exit,
    },
    /// A check has to write, and names no repository.
    #[error("--write needs a repository")]
    WriteCheckNeedsRepository {
        /// The registry.
        registry: String,
    },
    /// `verify` has found errors, or warnings that count as errors.
    #[error("{} has {findings}", redact::printable(name))]
    VerificationFailed {
        /// The list or image.
        name: String,
        /// The number of findings, as text.
        findings: String,
    },
    /// `verify` could not read all content of a list, because of a limit of this program.
    #[error("{} was not verified in full: {reason}", redact::printable(name))]
    NotVerified {
        /// The list or image.
        name: String,
        /// The limit.
        reason: String,
    },
    /// The list to verify is a draft that was not pushed.
    #[error("no such manifest: {list}")]
    OnlyDraft {
        /// The list.
        list: Box<Reference>,
    },
    /// Neither of the lists that `diff` compares exists.
    #[error("neither {first} nor {second} exists")]
    NothingToCompare {
        /// One of them.
        first: String,
        /// The other.
        second: String,
    },
    /// `diff` has found differences, which are its result. Nothing else is reported.
    #[error("the lists differ")]
    Different,
}

impl CheckFailure {
    pub(super) fn exit(&self) -> Exit {
        match self {
            Self::NotReady { exit, .. } => *exit,
            Self::WriteCheckNeedsRepository { .. } => Exit::Usage,
            _ => Exit::Failure,
        }
    }

    pub(super) fn hint(&self) -> Option<String> {
        match self {
            Self::WriteCheckNeedsRepository { registry } => Some(format!(
                "name a repository that may be written to: {registry}/REPOSITORY"
            )),
            Self::OnlyDraft { list } => Some(format!(
                "it is a draft on this machine: `docker-manifest push {list}` publishes it"
            )),
            _ => None,
        }
    }
}
