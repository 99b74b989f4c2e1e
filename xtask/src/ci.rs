//! `cargo xtask ci`: every check that a change has to pass.

use std::time::Instant;

use crate::task::{TaskResult, cargo, run as run_command};
use crate::{demo, deny, docs, sizes, test, walls};

/// Run every check that a change has to pass
#[derive(clap::Args)]
pub(crate) struct Args {}

/// One check.
type Step = fn() -> TaskResult;

pub(crate) fn run(_args: &Args) -> TaskResult {
    let steps: [(&str, Step); 9] = [
        ("fmt", || {
            run_command(&mut cargo(&["fmt", "--all", "--check"]))
        }),
        ("clippy", || {
            let arguments = [
                "clippy",
                "--workspace",
                "--all-targets",
                "--quiet",
                "--",
                "-D",
                "warnings",
            ];
            run_command(&mut cargo(&arguments))
        }),
        ("deny", || deny::run(&deny::Args {})),
        ("walls", || walls::run(&walls::Args::default())),
        ("sizes", || sizes::run(&sizes::Args {})),
        ("fuzz targets", || {
            // The fuzz targets are a workspace of their own. Running them needs nightly, so this only checks that they compile.
            let arguments = [
                "check",
                "--manifest-path",
                "fuzz/Cargo.toml",
                "--target-dir",
                "target/fuzz",
                "--quiet",
            ];
            run_command(&mut cargo(&arguments))
        }),
        ("docs", || docs::run(&docs::Args { check: true })),
        ("test", || test::run(&test::Args::default())),
        ("demo", || demo::run(&demo::Args::default())),
    ];
    for (name, step) in steps {
        let start = Instant::now();
        println!("== {name}");
        step().map_err(|error| format!("{name}: {error}"))?;
        println!("== {name}: passed in {} s", start.elapsed().as_secs());
    }
    Ok(())
}
