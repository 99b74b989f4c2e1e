//! Docker's global flags, which come before the command.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{ArgAction, Parser, Subcommand};

use crate::values::Switch;

/// Docker's global flags. Those for the daemon are accepted and ignored: no daemon is contacted.
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
    pub config: Option<PathBuf>,
    /// The file that is read instead of config.json in that folder.
    #[arg(skip)]
    pub(crate) config_file: Option<PathBuf>,
    /// Name of the context to use to connect to the daemon (accepted and ignored)
    #[arg(short, long, value_name = "string", hide = true)]
    context: Option<OsString>,
    /// Write a line to standard error for each request
    #[arg(short = 'D', long)]
    debug: Switch,
    /// Print usage
    #[arg(short, long)]
    help: Switch,
    /// Daemon socket to connect to (accepted and ignored)
    #[arg(short = 'H', long, value_name = "list", action = ArgAction::Append, hide = true)]
    host: Vec<OsString>,
    /// Set the logging level (accepted and ignored)
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
    pub(crate) rest: Option<Rest>,
}

/// The command, with its flags and arguments as they were typed.
#[derive(Clone, Debug, Subcommand)]
pub enum Rest {
    /// All words from the first word on that is not a flag.
    #[command(external_subcommand)]
    Words(Vec<OsString>),
}

impl Globals {
    /// Returns the flags `--config` and `--debug` of a command line that spells them otherwise. `config_file` is read instead of
    /// `config.json`.
    pub(crate) fn new(
        config: Option<PathBuf>,
        config_file: Option<PathBuf>,
        is_debug: bool,
    ) -> Self {
        Self {
            config,
            config_file,
            debug: is_debug.into(),
            ..Self::default()
        }
    }

    /// Tells whether `--debug` is given.
    #[must_use]
    pub fn wants_debug(&self) -> bool {
        self.debug.is_on()
    }

    /// Tells whether `--help` is given before the command.
    #[must_use]
    pub fn wants_help(&self) -> bool {
        self.help.is_on()
    }

    /// Tells whether `--version` is given before the command.
    #[must_use]
    pub fn wants_version(&self) -> bool {
        self.version.is_on()
    }
}
