//! The project's own tasks: `cargo xtask demo`, `test`, `ci`, `bench`, `deny`, `docs`, `walls`.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a task's output is for its reader"
)]

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use clap::Parser;

mod bench;
mod ci;
mod demo;
mod deny;
mod docs;
mod test;
mod walls;

/// The project's own tasks
#[derive(Parser)]
#[command(name = "cargo xtask")]
enum Task {
    /// Shows the program at work on an embedded registry, or on yours
    Demo(demo::Args),
    /// Runs all tests, and gets what they need
    Test(test::Args),
    /// Runs everything that a change has to pass
    Ci(ci::Args),
    /// Measures the program, and those that do the same, on a registry some way off
    Bench(bench::Args),
    /// Checks licences, advisories and sources of what the program is built upon
    Deny(deny::Args),
    /// Renders docs/reference from the command definitions
    Docs(docs::Args),
    /// Checks which crate depends on what
    Walls(walls::Args),
}

/// What a task ends with: nothing, or a text that says what failed.
type TaskResult = Result<(), String>;

fn main() -> ExitCode {
    let result = match Task::parse() {
        Task::Demo(args) => demo::run(&args),
        Task::Test(args) => test::run(&args),
        Task::Ci(args) => ci::run(&args),
        Task::Bench(args) => bench::run(&args),
        Task::Deny(args) => deny::run(&args),
        Task::Docs(args) => docs::run(&args),
        Task::Walls(args) => walls::run(&args),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Returns the folder of the workspace.
fn workspace() -> PathBuf {
    let own = Path::new(env!("CARGO_MANIFEST_DIR"));
    own.parent()
        .expect("xtask is a folder of the workspace")
        .to_owned()
}

/// Returns the folder that cargo builds in: that of this very program, which cargo built.
fn target_folder() -> Result<PathBuf, String> {
    let own =
        std::env::current_exe().map_err(|error| format!("cannot find this program: {error}"))?;
    let folder = own.parent().and_then(Path::parent);
    folder
        .map(Path::to_owned)
        .ok_or_else(|| format!("{} is not in a target folder", own.display()))
}

/// Makes a cargo command in the workspace, with the cargo that runs this task.
fn cargo(arguments: &[&str]) -> Command {
    #[expect(clippy::disallowed_methods, reason = "cargo says so which cargo it is")]
    let program = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(program);
    command.args(arguments).current_dir(workspace());
    command
}

/// Runs a command to its end, with its output shown.
fn run(command: &mut Command) -> TaskResult {
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
