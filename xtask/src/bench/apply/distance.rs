//! The time of `apply` on a registry with latency, TLS and tokens, with a cache from the run before or without one.

use std::time::Duration;

use manifest_testkit::fetch::Tool;
use manifest_testkit::{Client, TestCa};

use super::super::args::{Args, or_default};
use super::super::home::Home;
use super::super::measurement::{Measurement, measure};
use super::super::remote::{Front, Remote, Setup};
use super::super::tokens::{Tokens, seeding_token, token_server};
use super::lists::{Lists, PLATFORMS, Pinning, Run, Work};
use crate::task::TaskResult;

/// The default latencies, in milliseconds.
const LATENCIES: [u64; 1] = [50];

/// Measures `apply` at each latency, behind each front.
pub(super) fn run(args: &Args, ours: &Tool) -> TaskResult {
    let lists = if args.quick { 100 } else { 1000 };
    println!(
        "\n`apply` of {lists} lists of {} platforms at a distance, with TLS and tokens:\n",
        PLATFORMS.len()
    );
    println!(
        "| front | latency | sources | run | time | round trips | tokens | processor | peak memory |"
    );
    println!("| --- | ---: | --- | --- | ---: | ---: | ---: | ---: | ---: |");
    for &front in &or_default(&args.front, vec![Front::Nginx]) {
        for &latency in &or_default(&args.latency, LATENCIES.to_vec()) {
            for pinning in [Pinning::Digest, Pinning::Tag] {
                let latency = Duration::from_millis(latency);
                rows(Work::new(lists, 1, pinning), front, latency, ours)?;
            }
        }
    }
    Ok(())
}

/// Measures and prints the runs on one registry.
fn rows(work: Work, front: Front, latency: Duration, ours: &Tool) -> TaskResult {
    let ca = TestCa::new();
    let tokens = Tokens::start(token_server(&ca), latency);
    let remote = Setup::with_tokens(front, latency, &ca, &tokens).start()?;
    let client = |repository: &str| seeder(&remote, &tokens, &ca, repository);
    let mut lists = Lists::seed(work, &client)?;
    let host = remote.host();
    let home = Home::new(&ca, std::slice::from_ref(&host))?;
    for run in Run::ALL {
        lists.prepare(run, &host, &client)?;
        tokens.server().log().clear();
        let mut command = home.command(ours);
        command.arg("apply").arg("-f").arg(lists.folder());
        let measured = measure(command)?;
        let issued = tokens.server().log().count(|_| true);
        print((front, latency), work, run, issued, measured);
    }
    Ok(())
}

/// Returns a client that may push to a repository.
fn seeder(
    remote: &Remote,
    tokens: &Tokens,
    ca: &TestCa,
    repository: &str,
) -> Result<Client, String> {
    let token = seeding_token(tokens.server(), ca, &[repository.to_owned()])?;
    Ok(remote.direct_client(ca).bearer(&token))
}

fn print(
    (front, latency): (Front, Duration),
    work: Work,
    run: Run,
    tokens: usize,
    measured: Measurement,
) {
    println!(
        "| {front} | {} ms | {} | {} | {:.2} s | {} | {tokens} | {:.2} s | {:.1} MB |",
        latency.as_millis(),
        work.sources(),
        run.name(),
        measured.wall.as_secs_f64(),
        measured.round_trips(latency),
        measured.cpu.as_secs_f64(),
        measured.peak_mb(),
    );
}
