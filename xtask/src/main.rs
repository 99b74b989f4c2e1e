//! The project's own tasks: `cargo xtask demo`, `test`, `ci`, `bench`, `deny`, `docs`, `walls`, `sizes`.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a task's output is for its reader"
)]

use std::process::ExitCode;

use clap::Parser;

mod bench;
mod ci;
mod demo;
mod deny;
mod docs;
mod sizes;
mod task;
mod test;
mod walls;

/// The project's own tasks
#[derive(Parser)]
#[command(name = "cargo xtask")]
enum Task {
    /// Shows the program at work on an embedded registry, or on yours
    Demo(demo::Args),
    /// Fetches the registry that the tests need, and runs all tests
    Test(test::Args),
    /// Runs every check that a change has to pass
    Ci(ci::Args),
    /// Measures the program and its alternatives on a registry with latency
    Bench(bench::Args),
    /// Checks licences, advisories and sources of the dependencies
    Deny(deny::Args),
    /// Renders docs/reference and man from the command definitions
    Docs(docs::Args),
    /// Checks the allowed dependencies between crates, and between files and rooms of a crate
    Walls(walls::Args),
    /// Checks the length of files and functions, and the number of parameters
    Sizes(sizes::Args),
}

fn main() -> ExitCode {
    let result = match Task::parse() {
        Task::Demo(args) => demo::run(&args),
        Task::Test(args) => test::run(&args),
        Task::Ci(args) => ci::run(&args),
        Task::Bench(args) => bench::run(&args),
        Task::Deny(args) => deny::run(&args),
        Task::Docs(args) => docs::run(&args),
        Task::Walls(args) => walls::run(&args),
        Task::Sizes(args) => sizes::run(&args),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask: {error}");
            ExitCode::FAILURE
        }
    }
}
