//! The exit code of each failure.

use super::error::Failure;
use crate::exit::Exit;

impl Failure {
    /// Returns what the program ends with.
    #[must_use]
    pub fn exit(&self) -> Exit {
        match self {
            Self::Usage(error) => error.exit(),
            Self::Registry(error) if error.is_conflict() => Exit::Conflict,
            Self::Registry(error) if error.is_unauthorized() => Exit::Unauthorized,
            Self::Registry(error) if error.is_rate_limited() => Exit::RateLimited,
            Self::Registry(error) if error.is_unavailable() => Exit::Unavailable,
            Self::NeedsPush { .. }
            | Self::NeedsRegistry { .. }
            | Self::NoLayout { .. }
            | Self::Contradiction { .. }
            | Self::NotFlattened { .. }
            | Self::PlatformName(_)
            | Self::AmendAndPush => Exit::Usage,
            Self::Moved { .. } | Self::TargetMoved { .. } | Self::SignaturesDiffer { .. } => {
                Exit::Conflict
            }
            Self::Partly { failed, .. } => match failed.first() {
                Some(error) => Self::Registry(error.clone()).exit(),
                None => Exit::Failure,
            },
            Self::NoDocker | Self::HandOver { .. } => Exit::NoDocker,
            Self::Ended(code) => Exit::Other(*code),
            _ => Exit::Failure,
        }
    }
}
