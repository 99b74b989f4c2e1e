//! `--help`.

use crate::values::Switch;

/// The flag that every command has. Docker's help does not list it.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct HelpFlag {
    /// Print usage
    #[arg(short, long, hide = true)]
    help: Switch,
}

impl HelpFlag {
    /// Tells whether help was requested.
    #[must_use]
    pub fn is_wanted(&self) -> bool {
        self.help.is_on()
    }
}
