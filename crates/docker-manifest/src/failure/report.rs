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
        if matches!(
            self,
            Self::DockerExited(_) | Self::Absent(_) | Self::Check(CheckFailure::Different)
        ) {
            return;
        }
        if let Self::Output(error) = self
            && error.kind() == io::ErrorKind::BrokenPipe
        {
            return;
        }
        output.error(&describe(self));
        for hint in self.hints() {
            output.hint(&hint);
        }
    }
}
