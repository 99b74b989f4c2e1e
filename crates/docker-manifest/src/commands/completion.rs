//! `completion`: prints the script with which a shell completes this program's command line.

use crate::context::Context;
use crate::exit::Exit;
use crate::failure::{Failure, UsageError};
use crate::flags::HelpFlag;

/// The scripts. Each asks the program by `__complete`, so that none knows anything about commands.
const SCRIPTS: [(&str, &str); 4] = [
    ("bash", include_str!("completion/bash.sh")),
    ("zsh", include_str!("completion/zsh.zsh")),
    ("fish", include_str!("completion/fish.fish")),
    ("powershell", include_str!("completion/powershell.ps1")),
];

/// Print a script for shell completion
#[derive(Debug, clap::Args)]
#[command(override_usage = "completion bash|zsh|fish|powershell")]
pub struct Args {
    #[command(flatten)]
    pub(crate) help: HelpFlag,
    #[arg(value_name = "SHELL", hide = true)]
    pub(crate) shells: Vec<String>,
}

/// Prints the script.
pub(crate) fn run(context: &Context<'_>, args: &Args) -> Result<(), Failure> {
    let [shell] = args.shells.as_slice() else {
        unreachable!("the number was checked")
    };
    let found = SCRIPTS.iter().find(|(name, _)| name == shell);
    let (_, script) = found.ok_or_else(|| UsageError {
        text: format!("unknown shell {shell:?}"),
        exit: Exit::Failure,
        hint: Some("there are scripts for bash, zsh, fish and powershell".to_owned()),
    })?;
    Ok(context.output.text(script)?)
}
