//! Whether the sources of a draft may have moved since it was made.

use crate::flags::PublishFlags;
use crate::values::{OnDuplicate, OnMoved};

/// The age of a draft.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Freshness {
    /// This command has just resolved the sources, so none of them can have moved.
    JustResolved,
    /// An earlier command made the draft. Sources and target may have moved since.
    Stored {
        /// The value of `--moved`.
        on_moved: OnMoved,
    },
}

impl Freshness {
    /// Returns the default of `--on-duplicate`: duplicates are an error, except for scripts that were written for Docker's `push` and
    /// rely on their publication.
    pub(super) fn default_on_duplicate(self, flags: &PublishFlags) -> OnDuplicate {
        match self {
            Self::Stored { .. } if !flags.is_new_form() => OnDuplicate::Warn,
            _ => OnDuplicate::Error,
        }
    }

    /// Returns the policy for tags that have moved. `None` if none can have.
    pub(super) fn on_moved(self, flags: &PublishFlags) -> Option<OnMoved> {
        match self {
            Self::JustResolved => None,
            Self::Stored {
                on_moved: OnMoved::Warn,
            } if flags.strict.is_on() => Some(OnMoved::Error),
            Self::Stored { on_moved } => Some(on_moved),
        }
    }
}
