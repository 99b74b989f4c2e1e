//! `cargo xtask deny`: checks licences, advisories and sources of the dependencies, by `deny.toml`.

use std::process::Stdio;

use crate::task::{TaskResult, cargo, run as run_command};

/// Check licences, advisories and sources of the dependencies
#[derive(clap::Args)]
pub(crate) struct Args {}

/// Runs cargo-deny. If it is not installed, the task prints that and succeeds: building it takes some hundred crates.
pub(crate) fn run(_args: &Args) -> TaskResult {
    let is_installed = cargo(&["deny", "--version"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success());
    if !is_installed {
        println!("SKIPPED: cargo-deny is not installed; run `cargo install --locked cargo-deny`");
        return Ok(());
    }
    run_command(&mut cargo(&["deny", "--workspace", "check"]))
}
