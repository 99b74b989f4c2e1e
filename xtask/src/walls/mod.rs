//! `cargo xtask walls`: checks what may depend on what.

use cargo_metadata::MetadataCommand;

use crate::task::{TaskResult, workspace};

mod crates;
mod table;

/// Check which crate depends on what
#[derive(clap::Args)]
pub(crate) struct Args {}

pub(crate) fn run(_args: &Args) -> TaskResult {
    let metadata = MetadataCommand::new()
        .current_dir(workspace())
        .exec()
        .map_err(|error| format!("cannot ask cargo for the dependencies: {error}"))?;
    let breaches = crates::check(&metadata);
    if breaches.is_empty() {
        let count = table::WALLS.len();
        println!("walls: {count} crates depend only on what they may");
        return Ok(());
    }
    Err(format!("walls are breached:\n  {}", breaches.join("\n  ")))
}
