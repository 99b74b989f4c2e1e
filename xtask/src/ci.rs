//! `cargo xtask ci`: everything that a change has to pass.

use std::time::Instant;

use crate::task::{TaskResult, cargo, run as run_command};
use crate::{demo, deny, docs, test, walls};

/// Run everything that a change has to pass
#[derive(clap::Args)]
pub(crate) struct Args {}

/// One of the things that a change has to pass.
type Step = fn() -> TaskResult;

pub(crate) fn run(_args: &Args) -> TaskResult {
    let steps: [(&str, Step); 8] = [
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
        ("fuzz targets", || {
            // A workspace of their own, of which a stable compiler can only say whether it still builds.
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
