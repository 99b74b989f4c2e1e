//! Reporting a failure to the user.

use std::io;

use super::checks::CheckFailure;
use super::error::{Failure, describe};
use crate::output::Output;

impl Failure {
    /// Returns the error with its causes.
    pub(crate) fn text(&self) -> String {
        describe(self)
    }

    /// Writes the error and its hints to standard error.
    pub fn report(&self, output: &Output) {
        let Some(text) = self.reported_text() else {
            return;
        };
        output.error(&text);
        for hint in self.hints() {
            output.hint(&hint);
        }
    }

    /// Returns the text of the error, without hints. `None` if nothing is reported, because the exit code says everything.
    pub(crate) fn reported_text(&self) -> Option<String> {
        if matches!(
            self,
            Self::DockerExited(_) | Self::Absent(_) | Self::Check(CheckFailure::Different)
        ) {
            return None;
        }
        if let Self::Output(error) = self
            && error.kind() == io::ErrorKind::BrokenPipe
        {
            return None;
        }
        Some(self.text())
    }
}
