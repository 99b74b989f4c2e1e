//! Usage errors.

use crate::exit::Exit;

/// A command line that cannot be run.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text}")]
pub struct UsageError {
    pub(crate) text: String,
    pub(crate) exit: Exit,
    pub(crate) hint: Option<String>,
}

impl UsageError {
    /// Returns the exit code: Docker's 125 for a flag, 1 for arguments.
    #[must_use]
    pub fn exit(&self) -> Exit {
        self.exit
    }

    /// Returns a suggestion for the word that the user probably meant.
    #[must_use]
    pub fn hint(&self) -> Option<&str> {
        self.hint.as_deref()
    }
}
