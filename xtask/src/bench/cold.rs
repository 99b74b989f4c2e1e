//! A list of a few images, made and pushed by a program without a cache, as in most runs in CI.

use std::path::PathBuf;
use std::time::Duration;

use manifest_testkit::image::Image;
use manifest_testkit::{TestCa, seed};

use super::args::{Args, or_default};
use super::home::Home;
use super::measurement::{Measurement, median};
use super::program::{self, Program};
use super::remote::{Front, Setup};
use super::tokens::{Tokens, seeding_token, token_server};
use crate::task::{TaskResult, target_folder};

/// The architectures of the images, which are also their tags.
const ARCHITECTURES: [&str; 4] = ["amd64", "arm64", "ppc64le", "s390x"];

/// The default number of runs of each program.
const RUNS: usize = 5;

/// The default latencies, in milliseconds.
const LATENCIES: [u64; 1] = [50];

/// One row of the table.
struct Row {
    label: String,
    program: Program,
    /// Variables for the program. `{host}` is the registry; `{realm}` and `{service}` are from its challenge.
    environment: &'static [(&'static str, &'static str)],
}

/// Measures each program several times, with a cold start each.
pub(super) fn run(args: &Args, ours: PathBuf) -> TaskResult {
    let runs = args.runs.unwrap_or(if args.quick { 1 } else { RUNS });
    println!(
        "\n{} images of one repository and their list, from cold, with TLS and a token; median and minimum of {runs}:\n",
        ARCHITECTURES.len()
    );
    println!(
        "| front | latency | program | median | minimum | round trips | at least | peak memory |"
    );
    println!("| --- | ---: | --- | ---: | ---: | ---: | ---: | ---: |");
    let rows = rows(ours)?;
    for &front in &or_default(&args.front, vec![Front::Nginx]) {
        for &latency in &or_default(&args.latency, LATENCIES.to_vec()) {
            let latency = Duration::from_millis(latency);
            for row in rows.iter().filter(|row| args.wants(row.program.name)) {
                eprintln!(
                    "bench: {} from cold at {} ms",
                    row.label,
                    latency.as_millis()
                );
                let measured = (0..runs).map(|_| row.measure(front, latency));
                let mut measured = measured.collect::<Result<Vec<Measurement>, _>>()?;
                row.print(front, latency, &mut measured);
            }
        }
    }
    Ok(())
}

fn rows(ours: PathBuf) -> Result<Vec<Row>, String> {
    // The program knows the large public registries' token servers without this variable.
    let known = Row {
        label: "ours, known registry".to_owned(),
        program: program::ours_create_and_push(ours.clone()),
        environment: &[(
            "DOCKER_MANIFEST_KNOWN_REGISTRIES",
            "{host}={realm};{service}",
        )],
    };
    let programs = program::for_one_repository(ours, &target_folder()?);
    let rows = programs.into_iter().map(|program| Row {
        label: program.name.to_owned(),
        program,
        environment: &[],
    });
    let mut rows: Vec<Row> = rows.collect();
    rows.insert(1, known);
    Ok(rows)
}

impl Row {
    /// Runs the program once, with a registry and a home folder of its own.
    fn measure(&self, front: Front, latency: Duration) -> Result<Measurement, String> {
        let ca = TestCa::new();
        let tokens = Tokens::start(token_server(&ca), latency);
        let remote = Setup::with_tokens(front, latency, &ca, &tokens).start()?;
        let token = seeding_token(tokens.server(), &ca, &["app".to_owned()])?;
        let seeder = remote.direct_client(&ca).bearer(&token);
        for architecture in ARCHITECTURES {
            let image = Image::oci().platform(&format!("linux/{architecture}"));
            seed::push_with(&seeder, "app", architecture, &image.layers(3, 100).build());
        }
        let host = remote.host();
        let mut home = Home::new(&ca, std::slice::from_ref(&host))?;
        for (name, value) in self.environment {
            let value = value
                .replace("{host}", &host)
                .replace("{realm}", &tokens.realm())
                .replace("{service}", tokens.server().service());
            home.set(name, value);
        }
        let images = ARCHITECTURES.map(|architecture| format!("{host}/app:{architecture}"));
        let published = self
            .program
            .publish(&home, &images, &format!("{host}/app:list"))?;
        Ok(published.both())
    }

    fn print(&self, front: Front, latency: Duration, measured: &mut [Measurement]) {
        let median = median(measured);
        let minimum = measured.first().copied().unwrap_or_default();
        println!(
            "| {front} | {} ms | {} | {:.2} s | {:.2} s | {} | {} | {:.1} MB |",
            latency.as_millis(),
            self.label,
            median.wall.as_secs_f64(),
            minimum.wall.as_secs_f64(),
            median.round_trips(latency),
            minimum.round_trips(latency),
            median.peak_mb(),
        );
    }
}
