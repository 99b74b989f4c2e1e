//! `cargo xtask test`: fetches the real registry that the tests need, and runs all tests.

use manifest_testkit::real;

use crate::task::{TaskResult, cargo, run as run_command};

/// Fetch the registry that the tests need, and run all tests
#[derive(Default, clap::Args)]
pub(crate) struct Args {
    /// Run on the embedded registry only, without the real one
    #[arg(long)]
    pub(crate) embedded_only: bool,
    /// Arguments for `cargo test`: a filter, `-p CRATE`, `-- --nocapture`
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    pub(crate) rest: Vec<String>,
}

pub(crate) fn run(args: &Args) -> TaskResult {
    let mut command = cargo(&["test", "--workspace", "--quiet"]);
    if args.embedded_only {
        println!("test: WITHOUT the real registry (--embedded-only)");
        command.env("EMBEDDED_ONLY", "1");
    } else {
        let registry = real::locate().map_err(|error| {
            format!("no real registry to test on: {error}\nor test without it: cargo xtask test --embedded-only")
        })?;
        command.env("REGISTRY_BIN", registry);
    }
    run_command(command.args(&args.rest))
}
