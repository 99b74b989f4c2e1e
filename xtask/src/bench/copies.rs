//! Copies from one registry to another, compared with uploads of the blobs alone.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use manifest_testkit::TestCa;
use manifest_testkit::fetch::{self, Tool};
use rustls::ClientConfig;

use super::args::{Args, or_default};
use super::content::{self, Work};
use super::home::Home;
use super::measurement::{Measurement, measure, measure_here, median};
use super::program::{installed, tool};
use super::remote::{Front, Remote, Setup};
use super::upload::{Blob, upload};
use crate::task::{TaskResult, target_folder};

/// The default latencies, in milliseconds.
const LATENCIES: [u64; 2] = [0, 50];

/// The latency of a quick run, in milliseconds: skopeo takes 800 round trips for the smallest layers.
const QUICK_LATENCY: u64 = 5;

/// A program that copies.
enum Copier {
    /// The baseline: this process uploads the blobs alone, over HTTP/1.1.
    Raw,
    /// Our program: `create --push` of the list or image.
    Ours(Tool),
    /// `skopeo copy --all`.
    Skopeo(Tool),
    /// `buildah manifest`: adds the source's list to a list of its own, and pushes that with all its content.
    Buildah(Tool),
}

/// One combination of reverse proxy, latency and layers.
#[derive(Clone, Copy)]
struct Cell {
    front: Front,
    latency: Duration,
    work: Work,
}

/// Measures each program in each of the selected cells.
pub(super) fn run(args: &Args, ours: PathBuf) -> TaskResult {
    let copiers: Vec<Copier> = available_copiers(ours)?
        .into_iter()
        .filter(|copier| args.wants(copier.name()))
        .collect();
    println!("\nCopies from one CNCF distribution on disk to another:\n");
    println!(
        "| front | latency | work | program | time | of raw | of skopeo | round trips | peak memory |"
    );
    println!("| --- | ---: | ---: | --- | ---: | ---: | ---: | ---: | ---: |");
    for cell in cells(args) {
        measure_cell(cell, &copiers, args.runs.unwrap_or(1))?;
    }
    Ok(())
}

/// Returns the available programs in the order of their measurement. The baselines of the others come first.
fn available_copiers(ours: PathBuf) -> Result<Vec<Copier>, String> {
    let target = target_folder()?;
    let mut copiers = vec![Copier::Raw];
    copiers.extend(tool("skopeo", || fetch::skopeo(&target)).map(Copier::Skopeo));
    copiers.extend(tool("buildah", || fetch::buildah(&target)).map(Copier::Buildah));
    copiers.push(Copier::Ours(installed(ours)));
    Ok(copiers)
}

fn cells(args: &Args) -> Vec<Cell> {
    let (fronts, works, latencies) = if args.quick {
        (vec![Front::Nginx], vec![Work::Small], vec![QUICK_LATENCY])
    } else {
        let works = vec![Work::Small, Work::Medium, Work::Large, Work::Huge];
        (vec![Front::Nginx, Front::None], works, LATENCIES.to_vec())
    };
    let fronts = or_default(&args.front, fronts);
    let works = or_default(&args.work, works);
    let latencies = or_default(&args.latency, latencies);
    let mut cells = Vec::new();
    for &work in &works {
        for &front in &fronts {
            for &latency in &latencies {
                let latency = Duration::from_millis(latency);
                cells.push(Cell {
                    front,
                    latency,
                    work,
                });
            }
        }
    }
    cells
}

/// The registry to copy from, and the blobs for the baseline.
struct Source {
    ca: TestCa,
    tls: Arc<ClientConfig>,
    remote: Remote,
    blobs: Vec<Blob>,
}

impl Cell {
    fn registry(self, ca: &TestCa) -> Result<Remote, String> {
        let setup = Setup {
            front: self.front,
            latency: self.latency,
            ca,
            tokens: None,
            on_disk: true,
        };
        setup.start()
    }

    fn source(self) -> Result<Source, String> {
        let ca = TestCa::new();
        let remote = self.registry(&ca)?;
        Ok(Source {
            blobs: content::put(self.work, &remote, &ca)?,
            tls: ca.client_config(),
            ca,
            remote,
        })
    }
}

fn measure_cell(cell: Cell, copiers: &[Copier], runs: usize) -> TaskResult {
    let source = cell.source()?;
    // Registries with many files are removed at the end: some file systems create files many times slower after a mass removal.
    let mut kept = Vec::new();
    let (mut raw, mut skopeo) = (None, None);
    for copier in copiers {
        let name = copier.name();
        eprintln!(
            "bench: {} by {name} at {} ms, front {}",
            cell.work,
            cell.latency.as_millis(),
            cell.front
        );
        let mut measured = Vec::new();
        for _ in 0..runs {
            // Each run gets a registry of its own: content that one pushed would save work for the next.
            let target = cell.registry(&source.ca)?;
            let home = Home::new(&source.ca, &[])?;
            measured.push(copier.copy(cell, &source, &target, &home)?);
            if cell.work.has_many_files() {
                kept.push((target, home));
            }
        }
        let measured = median(&mut measured);
        match copier {
            Copier::Raw => raw = Some(measured.wall),
            Copier::Skopeo(_) => skopeo = Some(measured.wall),
            Copier::Ours(_) | Copier::Buildah(_) => {}
        }
        row(cell, name, measured, raw, skopeo);
    }
    Ok(())
}

fn row(
    cell: Cell,
    name: &str,
    measured: Measurement,
    raw: Option<Duration>,
    skopeo: Option<Duration>,
) {
    let seconds = measured.wall.as_secs_f64();
    let of = |other: Option<Duration>| {
        other.map_or_else(String::new, |other| {
            format!("{:.2}", seconds / other.as_secs_f64())
        })
    };
    let latency = (!cell.latency.is_zero()).then_some(cell.latency);
    let round_trips = latency.map_or_else(String::new, |latency| {
        format!("{:.0}", seconds / latency.as_secs_f64())
    });
    let memory = if measured.peak_kib == 0 {
        String::new()
    } else {
        format!("{:.1} MB", measured.peak_mb())
    };
    println!(
        "| {} | {} ms | {} | {name} | {seconds:.2} s | {} | {} | {round_trips} | {memory} |",
        cell.front,
        cell.latency.as_millis(),
        cell.work,
        of(raw),
        of(skopeo),
    );
}

impl Copier {
    /// Returns the name in tables and for `--only`.
    fn name(&self) -> &'static str {
        match self {
            Self::Raw => "raw",
            Self::Ours(_) => "ours",
            Self::Skopeo(_) => "skopeo",
            Self::Buildah(_) => "buildah",
        }
    }

    fn copy(
        &self,
        cell: Cell,
        source: &Source,
        target: &Remote,
        home: &Home,
    ) -> Result<Measurement, String> {
        let from = format!("{}/app:1", source.remote.host());
        let to = format!("{}/app:1", target.host());
        let run = |tool: &Tool, words: &[&str]| {
            let mut command = home.command(tool);
            command.args(words);
            measure(command)
        };
        match self {
            Self::Raw => {
                let connections = cell.work.connections();
                let work = || upload(&target.host(), &source.tls, &source.blobs, connections);
                let (uploaded, measured) = measure_here(work);
                uploaded.map(|()| measured)
            }
            Self::Ours(tool) => run(
                tool,
                &["create", "--push", "--on-duplicate", "keep", &to, &from],
            ),
            Self::Skopeo(tool) => {
                let [from, to] = [from, to].map(|name| format!("docker://{name}"));
                run(tool, &["copy", "--all", &from, &to])
            }
            Self::Buildah(tool) => {
                let [from, to] = [from, to].map(|name| format!("docker://{name}"));
                let run = |words: &[&str]| measure(home.buildah_manifest(tool, words));
                let create = run(&["create", "list"])?;
                let add = run(&["add", "--all", "list", &from])?;
                let push = run(&["push", "--all", "list", &to])?;
                Ok(create.then(add).then(push))
            }
        }
    }
}
