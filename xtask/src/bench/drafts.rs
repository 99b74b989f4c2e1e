//! A listing of many drafts, compared with `ls -lR` of the same folder.

use std::path::PathBuf;
use std::process::Command;

use manifest_testkit::fetch::Tool;
use manifest_testkit::image::Image;
use manifest_testkit::{EmbeddedRegistry, TestCa};

use super::args::Args;
use super::home::Home;
use super::measurement::{Measurement, measure, median};
use super::program::installed;
use crate::task::TaskResult;

/// The images of each draft, by architecture.
const ARCHITECTURES: [&str; 2] = ["amd64", "arm64"];

/// The layers of each image.
const LAYERS: usize = 10;

/// The default number of runs. Each takes some 10 ms, so that the median needs several.
const RUNS: usize = 21;

/// Measures `ls`.
pub(super) fn run(args: &Args, ours: PathBuf) -> TaskResult {
    let drafts = if args.quick { 100 } else { 1000 };
    let ours = installed(ours);
    let registry = EmbeddedRegistry::start();
    for architecture in ARCHITECTURES {
        let image = Image::docker().platform(&format!("linux/{architecture}"));
        registry.seed("app", architecture, &image.layers(LAYERS, 100).build());
    }
    let home = Home::new(&TestCa::new(), &[])?;
    eprintln!("bench: {drafts} drafts");
    let host = registry.host();
    for number in 0..drafts {
        let mut create = home.command(&ours);
        create.arg("create").arg(format!("{host}/app:{number}"));
        create.args(ARCHITECTURES.map(|architecture| format!("{host}/app:{architecture}")));
        measure(create)?;
    }
    let (mut of_ours, mut of_ls) = (Vec::new(), Vec::new());
    // In turns, so that the load of the machine is the same for both.
    for _ in 0..args.runs.unwrap_or(RUNS) {
        of_ours.push(measure(list(&home, &ours))?);
        let mut ls = Command::new("ls");
        ls.arg("-lR").arg(home.path().join("manifests"));
        of_ls.push(measure(ls)?);
    }
    print(drafts, median(&mut of_ours), median(&mut of_ls));
    Ok(())
}

fn list(home: &Home, ours: &Tool) -> Command {
    let mut command = home.command(ours);
    command.arg("ls");
    command
}

fn print(drafts: usize, ours: Measurement, ls: Measurement) {
    let milliseconds = |measured: Measurement| measured.wall.as_secs_f64() * 1000.0;
    println!(
        "\n`ls` of {drafts} drafts of {} images, and `ls -lR` of their folder (medians):\n",
        ARCHITECTURES.len()
    );
    println!("| drafts | ours | ls -lR | of ls -lR | peak memory |");
    println!("| ---: | ---: | ---: | ---: | ---: |");
    println!(
        "| {drafts} | {:.1} ms | {:.1} ms | {:.1} | {:.1} MB |",
        milliseconds(ours),
        milliseconds(ls),
        milliseconds(ours) / milliseconds(ls),
        ours.peak_mb(),
    );
}
