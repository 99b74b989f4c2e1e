//! The errors and warnings of a run, collected.

use std::sync::Arc;

use crate::error::{SpecError, SpecErrors, SpecWarning};
use crate::limits::{COUNTED_ERRORS, ERRORS, WARNINGS};
use crate::position::Position;

/// Collects errors and warnings, up to their bounds.
#[derive(Debug, Default)]
pub(crate) struct Report {
    errors: Vec<SpecError>,
    omitted: usize,
    warnings: Vec<SpecWarning>,
}

impl Report {
    /// Adds an error.
    pub(crate) fn error(&mut self, error: SpecError) {
        if self.errors.len() < ERRORS {
            self.errors.push(error);
        } else {
            self.omitted += 1;
        }
    }

    /// Adds a warning.
    pub(crate) fn warning(&mut self, position: Position, message: String) {
        if self.warnings.len() < WARNINGS {
            self.warnings.push(SpecWarning { position, message });
        }
    }

    /// Tells whether there are so many errors that the rest of the input is not worth reading.
    pub(crate) fn is_full(&self) -> bool {
        self.errors.len() + self.omitted >= COUNTED_ERRORS
    }

    /// Tells whether there is an error.
    pub(crate) fn has_errors(&self) -> bool {
        !self.errors.is_empty()
    }

    /// Returns the warnings.
    ///
    /// # Errors
    /// Returns the errors if there are any.
    pub(crate) fn finish(mut self) -> Result<Vec<SpecWarning>, SpecErrors> {
        if self.errors.is_empty() {
            return Ok(self.warnings);
        }
        // Files stay in the order in which they are read. Within one, the keys of a mapping are not read in the file's order.
        let mut files: Vec<Arc<str>> = Vec::new();
        for error in &self.errors {
            if !files.contains(&error.position.file) {
                files.push(Arc::clone(&error.position.file));
            }
        }
        self.errors.sort_by_key(|error| {
            let Position { file, mark } = &error.position;
            (files.iter().position(|other| other == file), *mark)
        });
        Err(SpecErrors {
            errors: self.errors,
            omitted: self.omitted,
        })
    }
}
