//! The command line: definitions that clap parses as pflag would, and that help and reference are rendered from.

use std::ffi::OsString;

use clap::{CommandFactory as _, FromArgMatches as _, Parser};

use crate::failure::UsageError;
use crate::flags::HelpFlag;
use crate::names::Invocation;

mod command;
mod globals;
pub mod help;
mod keywords;
mod pflag;
mod usage;

pub use command::Command;
pub use keywords::{Keywords, keywords};
pub use pflag::{adapt, is_switch, takes_next_word};

/// Manage Docker image manifests and manifest lists
#[derive(Debug, Parser)]
#[command(
    name = "manifest",
    long_about = "Makes, edits, publishes and reads multi-platform images: manifest lists and image indexes.\n\
        A list is staged as a draft below ~/.docker/manifests, changed there, and pushed to a registry.",
    no_binary_name = true,
    disable_help_flag = true,
    disable_help_subcommand = true,
    override_usage = "COMMAND"
)]
pub struct Cli {
    #[command(flatten)]
    help: HelpFlag,
    /// The command.
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// The request of a command line.
#[derive(Debug)]
pub enum Request {
    /// Runs a command.
    Run {
        /// Its name.
        name: String,
        /// The command.
        command: Box<Command>,
    },
    /// Prints help, which was asked for.
    Help(String),
    /// Prints the usage, because no command was named. Docker writes it to standard error and succeeds.
    Usage(String),
}

impl Cli {
    /// Returns the definition of the command line, from which it is parsed and documented.
    #[must_use]
    pub fn definition() -> clap::Command {
        pflag::adapt(Self::command())
    }

    /// Parses the words after the program's name and the global flags.
    ///
    /// # Errors
    /// Fails if the words are not a valid command line; in Docker's words.
    pub fn read(words: &[OsString], invocation: &Invocation) -> Result<Request, UsageError> {
        let definition = Self::definition();
        let matches = match definition.clone().try_get_matches_from(words) {
            Ok(matches) => matches,
            // Docker shows the group's help for `UNKNOWN --help`.
            Err(error)
                if error.kind() == clap::error::ErrorKind::InvalidSubcommand
                    && words.iter().any(|word| word == "--help") =>
            {
                return Ok(Request::Help(help::render(&definition, None, invocation)));
            }
            Err(error) => return Err(usage::command_error(&error, words, &definition, invocation)),
        };
        let cli = Self::from_arg_matches(&matches)
            .map_err(|error| usage::command_error(&error, words, &definition, invocation))?;
        let Some(command) = cli.command else {
            let text = help::render(&definition, None, invocation);
            return Ok(if cli.help.is_wanted() {
                Request::Help(text)
            } else {
                Request::Usage(text)
            });
        };
        let name = matches.subcommand_name().unwrap_or_default();
        if cli.help.is_wanted() || command.help().is_wanted() {
            return Ok(Request::Help(help::render(
                &definition,
                Some(name),
                invocation,
            )));
        }
        command
            .argument_count()
            .check(name, &definition, invocation)?;
        Ok(Request::Run {
            name: name.to_owned(),
            command: command.into(),
        })
    }
}

#[cfg(test)]
mod tests;
