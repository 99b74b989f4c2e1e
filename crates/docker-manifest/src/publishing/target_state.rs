//! The states of targets, as texts and reports name them.

use serde::Serialize;

/// The state of a target.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(into = "&'static str")]
pub(crate) enum TargetState {
    /// It was written.
    Written,
    /// It points to the list already.
    ThereAlready,
    /// It was written, or was there already, and an image of the list is missing.
    Incomplete,
    /// It may not point to the list.
    Failed,
    /// It was not written, because a step before it failed.
    NotWritten,
    /// A run without `--dry-run` would write it.
    WouldWrite,
    /// A rollback without `--dry-run` would write it.
    Planned,
}

impl TargetState {
    /// The states of targets that may point to something else than before.
    pub(crate) const MOVED: [Self; 2] = [Self::Written, Self::Incomplete];

    /// Returns the name of the state.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Written => "written",
            Self::ThereAlready => "there already",
            Self::Incomplete => "incomplete",
            Self::Failed => "failed",
            Self::NotWritten => "not written",
            Self::WouldWrite => "would write",
            Self::Planned => "planned",
        }
    }
}

impl From<TargetState> for &'static str {
    fn from(state: TargetState) -> Self {
        state.as_str()
    }
}
