//! The state while one file is read, and the reporting of what is wrong in it.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::error::{Problem, SpecError};
use crate::position::{Mark, Position};

use super::options::Options;
use super::run::Run;

/// The variables and defaults that hold at one place of the files.
#[derive(Clone, Debug, Default)]
pub(crate) struct FileScope {
    pub(super) variables: BTreeMap<String, String>,
    pub(super) defaults: Options,
}

/// Reads a document of one file.
pub(crate) struct Decoder<'r, 'v> {
    pub(super) run: &'r mut Run<'v>,
    file: Arc<str>,
    pub(super) scope: FileScope,
}

impl<'r, 'v> Decoder<'r, 'v> {
    /// Starts to read a file.
    pub(crate) fn new(run: &'r mut Run<'v>, file: &Arc<str>, scope: FileScope) -> Self {
        Self {
            run,
            file: Arc::clone(file),
            scope,
        }
    }

    /// Returns the value of a check. A problem is reported at `mark`.
    pub(super) fn checked<T>(&mut self, result: Result<T, Problem>, mark: Mark) -> Option<T> {
        result
            .map_err(|problem| {
                let position = self.position(mark);
                self.run.report.error(problem.at(position));
            })
            .ok()
    }

    /// Reports an error.
    pub(super) fn error(&mut self, mark: Mark, message: String, hint: Option<String>) {
        let position = self.position(mark);
        self.run.report.error(SpecError {
            position,
            message,
            hint,
        });
    }

    /// Returns a place in the file.
    pub(super) fn position(&self, mark: Mark) -> Position {
        Position {
            file: Arc::clone(&self.file),
            mark: Some(mark),
        }
    }
}
