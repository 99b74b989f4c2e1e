//! The request for completions: the command line up to the cursor.

use std::ffi::OsString;

use crate::names::{BUILTIN, COMPLETE_ARGUMENTS, ProgramName};
use crate::shim;

/// A command line that is not complete yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// The words before the cursor, without the program's name.
    pub(super) words: Vec<String>,
    /// The word at the cursor, up to the cursor. It may be empty.
    pub(super) current: String,
    /// The name of the command under `docker`, if it may be among the words.
    pub(super) name: Option<String>,
    /// Whether candidates have descriptions.
    pub has_descriptions: bool,
}

impl Request {
    /// Returns the request in the arguments of this process. `None` if they are none.
    #[must_use]
    pub fn read(name: &ProgramName, arguments: &[OsString]) -> Option<Self> {
        let (words, name) = match name {
            ProgramName::Shim => (shim::completion_words(arguments)?, Some(BUILTIN)),
            ProgramName::Plugin(name) => (arguments, Some(name.as_str())),
            ProgramName::Own | ProgramName::ManifestTool => (arguments, None),
        };
        let (first, words) = words.split_first()?;
        let kind = COMPLETE_ARGUMENTS.iter().position(|name| first == name)?;
        let text = |word: &OsString| word.to_string_lossy().into_owned();
        let mut words: Vec<String> = words.iter().map(text).collect();
        let current = words.pop().unwrap_or_default();
        Some(Self {
            words,
            current,
            name: name.map(str::to_owned),
            has_descriptions: kind == 0,
        })
    }
}
