//! Parsing the global flags.

use std::ffi::OsString;

use clap::{CommandFactory as _, FromArgMatches as _};

use super::{pflag, usage};
use crate::failure::UsageError;
use crate::flags::{Globals, Rest};
use crate::names::Invocation;

impl Globals {
    /// Parses the flags before the first word, and returns them with the words from there on.
    ///
    /// # Errors
    /// Fails if a flag is none of Docker's global flags, or its value is wrong.
    pub fn split(
        arguments: &[OsString],
        invocation: &Invocation,
    ) -> Result<(Self, Vec<OsString>), UsageError> {
        let command = pflag::adapt(Self::command());
        let parsed = command.clone().try_get_matches_from(arguments);
        let mut globals = parsed
            .and_then(|matches| Self::from_arg_matches(&matches))
            .map_err(|error| {
                usage::global_flag_error(&error, arguments, &command, &invocation.command)
            })?;
        let rest = match globals.rest.take() {
            Some(Rest::Words(words)) => words,
            None => Vec::new(),
        };
        Ok((globals, rest))
    }
}
