//! The parts that all tasks share: their result, the workspace's folders, and running commands.

use std::path::{Path, PathBuf};
use std::process::Command;

/// The result of a task. The error is a message for the reader.
pub(crate) type TaskResult = Result<(), String>;

/// Returns the folder of the workspace.
pub(crate) fn workspace() -> PathBuf {
    let own = Path::new(env!("CARGO_MANIFEST_DIR"));
    own.parent()
        .expect("xtask is a folder of the workspace")
        .to_owned()
}

/// Returns cargo's target folder, derived from the path of this program.
pub(crate) fn target_folder() -> Result<PathBuf, String> {
    let own =
        std::env::current_exe().map_err(|error| format!("cannot find this program: {error}"))?;
    let folder = own.parent().and_then(Path::parent);
    folder
        .map(Path::to_owned)
        .ok_or_else(|| format!("{} is not in a target folder", own.display()))
}

/// Creates a cargo command in the workspace, with the cargo that runs this task.
pub(crate) fn cargo(arguments: &[&str]) -> Command {
    #[expect(
        clippy::disallowed_methods,
        reason = "cargo states its own path this way"
    )]
    let program = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(program);
    command.args(arguments).current_dir(workspace());
    command
}

/// Runs a command to its end. Its output goes to the terminal.
pub(crate) fn run(command: &mut Command) -> TaskResult {
    let name = || {
        let words = std::iter::once(command.get_program()).chain(command.get_args());
        words
            .map(|word| word.to_string_lossy().into_owned())
            .collect::<Vec<_>>()
            .join(" ")
    };
    let name = name();
    let status = command
        .status()
        .map_err(|error| format!("cannot run {name}: {error}"))?;
    if status.success() {
        Ok(())
    } else {
        Err(format!("{name}: {status}"))
    }
}
