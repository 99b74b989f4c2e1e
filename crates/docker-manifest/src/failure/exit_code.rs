//! The exit code of each failure.

use super::error::Failure;
use crate::exit::Exit;

impl Failure {
    /// Returns the exit status of the program.
    #[must_use]
    pub fn exit(&self) -> Exit {
        match self {
            Self::Usage(error) => error.exit(),
            Self::Registry(error) if error.is_conflict() => Exit::Conflict,
            Self::Registry(error) if error.is_unauthorized() => Exit::Unauthorized,
            Self::Registry(error) if error.is_rate_limited() => Exit::RateLimited,
            Self::Registry(error) if error.is_unavailable() => Exit::Unavailable,
            Self::Check(failure) => failure.exit(),
            Self::Sources(error) => match error.refusal() {
                Some(refusal) => Self::Registry(refusal.clone()).exit(),
                None => error.exit(),
            },
            Self::List(failure) => failure.exit(),
            Self::Rollback(error) => error.exit(),
            Self::Stage(error) => error.exit(),
            Self::Exchange(error) => error.exit(),
            Self::NeedsPush { .. }
            | Self::NeedsRegistry { .. }
            | Self::NotALayout { .. }
            | Self::NotARepository { .. }
            | Self::ConflictingFlags { .. }
            | Self::NeedsFlattening { .. }
            | Self::MissingFlag { .. }
            | Self::PlatformName(_)
            | Self::AmendAndPush => Exit::Usage,
            Self::SourceMoved { .. } | Self::TargetMoved { .. } | Self::SignaturesDiffer { .. } => {
                Exit::Conflict
            }
            Self::PartlyPublished { failed, .. } => match failed.first() {
                Some(error) => Self::Registry(error.clone()).exit(),
                None => Exit::Failure,
            },
            Self::Multiple(failures) => match failures.as_slice() {
                [failure] => failure.exit(),
                _ => Exit::Failure,
            },
            Self::NoDocker | Self::RunDocker { .. } => Exit::NoDocker,
            Self::DockerExited(code) => Exit::Other(*code),
            _ => Exit::Failure,
        }
    }
}
