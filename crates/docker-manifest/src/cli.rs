//! The command line: definitions that clap parses as pflag would, and that help and reference are rendered from.

use std::ffi::OsString;

use clap::{ArgAction, CommandFactory, FromArgMatches, Parser, Subcommand};

use crate::commands::{annotate, create, inspect, install, push, remove, rm, tag, uninstall};
use crate::names::Invocation;

pub mod choices;
pub mod help;
pub mod patience;
pub mod pflag;
pub mod reach;
pub mod usage;

pub use choices::{
    AnnotationFlag, AnnotationTarget, AnyPlatformList, Attestations, Moved, OnDuplicate,
    OrderChoice, PlatformList, TypeChoice,
};
pub use patience::Patience;
pub use pflag::{CommaList, Switch};
pub use reach::{MirrorFlags, Reach};
use usage::UsageError;

/// Docker's global flags. Those that concern the daemon are taken and left aside: no daemon is contacted.
#[derive(Clone, Debug, Default, Parser)]
#[command(
    no_binary_name = true,
    disable_help_flag = true,
    disable_help_subcommand = true,
    disable_version_flag = true,
    allow_external_subcommands = true
)]
pub struct Globals {
    /// Folder of config.json and of the drafts (default "~/.docker")
    #[arg(long, value_name = "string")]
    pub config: Option<std::path::PathBuf>,
    /// Name of the context to use to connect to the daemon (taken and left aside)
    #[arg(short, long, value_name = "string", hide = true)]
    context: Option<OsString>,
    /// Write a line to standard error for each request
    #[arg(short = 'D', long)]
    debug: Switch,
    /// Print usage
    #[arg(short, long)]
    help: Switch,
    /// Daemon socket to connect to (taken and left aside)
    #[arg(short = 'H', long, value_name = "list", action = ArgAction::Append, hide = true)]
    host: Vec<OsString>,
    /// Set the logging level (taken and left aside)
    #[arg(short, long, value_name = "string", hide = true)]
    log_level: Option<OsString>,
    #[arg(long, hide = true)]
    tls: Switch,
    #[arg(long, value_name = "string", hide = true)]
    tlscacert: Option<OsString>,
    #[arg(long, value_name = "string", hide = true)]
    tlscert: Option<OsString>,
    #[arg(long, value_name = "string", hide = true)]
    tlskey: Option<OsString>,
    #[arg(long, hide = true)]
    tlsverify: Switch,
    /// Print version information and quit
    #[arg(short, long)]
    version: Switch,
    #[command(subcommand)]
    rest: Option<Rest>,
}

#[derive(Clone, Debug, Subcommand)]
enum Rest {
    #[command(external_subcommand)]
    Words(Vec<OsString>),
}

impl Globals {
    /// Parses the flags that stand before the first word, and returns them with the words from there on.
    ///
    /// # Errors
    /// Where a flag is none of Docker's global flags, or its value is wrong.
    pub fn split(
        arguments: &[OsString],
        invocation: &Invocation,
    ) -> Result<(Self, Vec<OsString>), UsageError> {
        let command = pflag::adapt(Self::command());
        let parsed = command.clone().try_get_matches_from(arguments);
        let mut globals = parsed
            .and_then(|matches| Self::from_arg_matches(&matches))
            .map_err(|error| {
                UsageError::of_flag(&error, arguments, &command, &invocation.command)
            })?;
        let rest = match globals.rest.take() {
            Some(Rest::Words(words)) => words,
            None => Vec::new(),
        };
        Ok((globals, rest))
    }

    /// Tells whether a trace is wanted.
    #[must_use]
    pub fn wants_debug(&self) -> bool {
        self.debug.is_on()
    }

    /// Tells whether `--help` stood before the first word.
    #[must_use]
    pub fn wants_help(&self) -> bool {
        self.help.is_on()
    }

    /// Tells whether `--version` stood before the first word.
    #[must_use]
    pub fn wants_version(&self) -> bool {
        self.version.is_on()
    }
}

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
    help: Help,
    /// The command.
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// The flag that each command has, which Docker's help does not list.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct Help {
    /// Print usage
    #[arg(short, long, hide = true)]
    help: Switch,
}

impl Help {
    /// Tells whether help was asked for.
    #[must_use]
    pub fn is_wanted(&self) -> bool {
        self.help.is_on()
    }
}

/// The commands, in the order of the alphabet, as Docker lists them.
#[derive(Debug, Subcommand)]
#[expect(
    missing_docs,
    reason = "a comment here would become the command's help, which is on its arguments"
)]
pub enum Command {
    Annotate(annotate::Args),
    Create(Box<create::Args>),
    Inspect(inspect::Args),
    Install(install::Args),
    Push(push::Args),
    Remove(remove::Args),
    Rm(rm::Args),
    Tag(tag::Args),
    Uninstall(uninstall::Args),
}

/// What a command line asks for.
#[derive(Debug)]
pub enum Request {
    /// Runs a command.
    Run(Box<Command>),
    /// Prints help: text that was asked for.
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
    /// A usage error in Docker's words.
    pub fn read(words: &[OsString], invocation: &Invocation) -> Result<Request, UsageError> {
        let definition = Self::definition();
        let matches = match definition.clone().try_get_matches_from(words) {
            Ok(matches) => matches,
            // Docker answers with the group's help where an unknown command is asked for its own.
            Err(error)
                if error.kind() == clap::error::ErrorKind::InvalidSubcommand
                    && words.iter().any(|word| word == "--help") =>
            {
                return Ok(Request::Help(help::render(&definition, None, invocation)));
            }
            Err(error) => return Err(UsageError::of(&error, words, &definition, invocation)),
        };
        let cli = Self::from_arg_matches(&matches)
            .map_err(|error| UsageError::of(&error, words, &definition, invocation))?;
        let Some(command) = cli.command else {
            let text = help::render(&definition, None, invocation);
            return Ok(if cli.help.is_wanted() {
                Request::Help(text)
            } else {
                Request::Usage(text)
            });
        };
        let name = matches.subcommand_name().unwrap_or_default();
        let (wants_help, arguments) = command.arguments();
        if cli.help.is_wanted() || wants_help {
            return Ok(Request::Help(help::render(
                &definition,
                Some(name),
                invocation,
            )));
        }
        arguments.check(name, &definition, invocation)?;
        Ok(Request::Run(Box::new(command)))
    }
}

impl Command {
    /// Returns whether help is wanted, and the arguments with the number of them that is right.
    fn arguments(&self) -> (bool, usage::Arguments) {
        use usage::Arguments;
        match self {
            Self::Annotate(args) => (
                args.help.is_wanted(),
                Arguments::range(args.least_arguments(), 2, args.images.len()),
            ),
            Self::Create(args) => (
                args.help.is_wanted(),
                Arguments::at_least(args.least_arguments(), args.images.len()),
            ),
            Self::Inspect(args) => (
                args.help.is_wanted(),
                Arguments::range(1, 2, args.images.len()),
            ),
            Self::Install(args) => (
                args.help.is_wanted(),
                Arguments::exactly(0, args.rest.len()),
            ),
            Self::Push(args) => (
                args.help.is_wanted(),
                Arguments::exactly(1, args.lists.len()),
            ),
            Self::Remove(args) => (
                args.help.is_wanted(),
                Arguments::at_least(2, args.images.len()),
            ),
            Self::Tag(args) => (
                args.help.is_wanted(),
                Arguments::at_least(2, args.names.len()),
            ),
            Self::Rm(args) => (
                args.help.is_wanted(),
                Arguments::at_least(1, args.lists.len()),
            ),
            Self::Uninstall(args) => (
                args.help.is_wanted(),
                Arguments::exactly(0, args.rest.len()),
            ),
        }
    }
}

#[cfg(test)]
mod tests;
