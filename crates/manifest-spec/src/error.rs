//! Errors and warnings, each with its place and the advice for it.

use std::fmt;

use manifest_core::printable::printable;

use crate::limits::{QUOTED_CHARS, REASON_CHARS};
use crate::position::Position;

/// One thing that is wrong in an input.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{position}: {message}")]
pub struct SpecError {
    /// The place.
    pub position: Position,
    /// The problem. Text of the file in it is escaped and cut short.
    pub message: String,
    /// The remedy, if there is one to name.
    pub hint: Option<String>,
}

/// Something in an input that has no effect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SpecWarning {
    /// The place.
    pub position: Position,
    /// The problem. Text of the file in it is escaped and cut short.
    pub message: String,
}

impl fmt::Display for SpecWarning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.position, self.message)
    }
}

/// All that is wrong in the inputs of a run, in the order of the inputs: at least one error, at most
/// [`ERRORS`](crate::limits::ERRORS).
///
/// `Display` gives one line for each: `file:line:column: message`. Hints are apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SpecErrors {
    pub(crate) errors: Vec<SpecError>,
    pub(crate) omitted: usize,
}

impl SpecErrors {
    /// Returns the errors.
    #[must_use]
    pub fn errors(&self) -> &[SpecError] {
        &self.errors
    }

    /// Returns the number of errors that are not reported, because there are too many. The input is not read to its end after
    /// [`COUNTED_ERRORS`](crate::limits::COUNTED_ERRORS).
    #[must_use]
    pub fn omitted(&self) -> usize {
        self.omitted
    }

    /// Returns the different hints, in the order of the errors.
    #[must_use]
    pub fn hints(&self) -> Vec<&str> {
        let mut hints: Vec<&str> = Vec::new();
        for hint in self.errors.iter().filter_map(|error| error.hint.as_deref()) {
            if !hints.contains(&hint) {
                hints.push(hint);
            }
        }
        hints
    }
}

impl std::error::Error for SpecErrors {}

impl From<SpecError> for SpecErrors {
    fn from(error: SpecError) -> Self {
        Self {
            errors: vec![error],
            omitted: 0,
        }
    }
}

impl fmt::Display for SpecErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, error) in self.errors.iter().enumerate() {
            let separator = if i == 0 { "" } else { "\n" };
            write!(f, "{separator}{error}")?;
        }
        match self.omitted {
            0 => Ok(()),
            1 => f.write_str("\n1 more error is not shown"),
            more => write!(f, "\n{more} more errors are not shown"),
        }
    }
}

/// Returns text of a file in quotes, as a message may have it: escaped and cut short.
pub(crate) fn quoted(text: &str) -> String {
    format!("\"{}\"", shortened(text, QUOTED_CHARS))
}

/// Returns the reason that another error gives, which may quote text of a file: escaped and cut short.
pub(crate) fn reason(error: &impl fmt::Display) -> String {
    shortened(&error.to_string(), REASON_CHARS)
}

fn shortened(text: &str, most: usize) -> String {
    let mut chars = text.chars();
    let start: String = chars.by_ref().take(most).collect();
    let end = if chars.next().is_some() { "..." } else { "" };
    format!("{}{end}", printable(&start))
}

/// A problem without a place, and its remedy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Problem {
    /// The problem. Text of the file in it is escaped and cut short.
    pub(crate) message: String,
    /// The remedy.
    pub(crate) hint: String,
}

impl Problem {
    /// Makes a problem of its message and its remedy.
    pub(crate) fn new(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            hint: hint.into(),
        }
    }

    /// Returns the error at a place.
    pub(crate) fn at(self, position: Position) -> SpecError {
        SpecError {
            position,
            message: self.message,
            hint: Some(self.hint),
        }
    }
}
