//! A place in a file.

use std::fmt;
use std::sync::Arc;

use manifest_core::printable::printable;

/// A line and a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mark {
    /// The line, from 1.
    pub line: u32,
    /// The column, in characters from 1.
    pub column: u32,
}

/// A place in a file. `Display` gives `file:line:column`, with control characters escaped.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// The file as the user named it, or the name of another input, such as a flag.
    pub file: Arc<str>,
    /// The line and the column. `None` means the file as a whole.
    pub mark: Option<Mark>,
}

impl Position {
    /// Returns the place of a whole file.
    #[must_use]
    pub fn of_file(file: &Arc<str>) -> Self {
        Self {
            file: Arc::clone(file),
            mark: None,
        }
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&printable(&self.file))?;
        match self.mark {
            Some(Mark { line, column }) => write!(f, ":{line}:{column}"),
            None => Ok(()),
        }
    }
}
