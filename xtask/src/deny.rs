//! `cargo xtask deny`: licences, advisories and sources of all that the program is built upon, by `deny.toml`.

use std::process::Stdio;

use crate::task::{TaskResult, cargo, run as run_command};

/// Check licences, advisories and sources of what the program is built upon
#[derive(clap::Args)]
pub(crate) struct Args {}

/// Runs cargo-deny. Where it is not installed that is said, and is no failure: it is built from some hundred crates.
pub(crate) fn run(_args: &Args) -> TaskResult {
    let is_installed = cargo(&["deny", "--version"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success());
    if !is_installed {
        println!("SKIPPED: cargo-deny is not here; `cargo install --locked cargo-deny` gets it");
        return Ok(());
    }
    run_command(&mut cargo(&["deny", "--workspace", "check"]))
}
