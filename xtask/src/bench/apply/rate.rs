//! The rate of the requests, compared with those of two load generators. `wrk` gets the same tags with GET, because it waits for the body
//! of a response to HEAD, which never comes; `ab` sends HEAD for one of them.

use std::process::Command;

use manifest_testkit::fetch::{Tool, ab, wrk};
use manifest_testkit::{Client, LoggingProxy, RealRegistry, TestCa};

use super::super::args::Args;
use super::super::home::Home;
use super::super::measurement::{Measurement, measure};
use super::lists::{LISTS_PER_REPOSITORY, Lists, PLATFORMS, Pinning, Run, Work};
use crate::task::{TaskResult, target_folder};

/// The seconds that `wrk` runs for.
const WRK_SECONDS: u32 = 5;

/// The requests that `ab` sends.
const AB_REQUESTS: u32 = 10_000;

/// Measures `apply` on a registry without latency.
pub(super) fn run(args: &Args, ours: &Tool) -> TaskResult {
    let (lists, many) = if args.quick {
        (100, 1000)
    } else {
        (1000, 10_000)
    };
    let bench = Bench {
        ours,
        wrk: wrk(&target_folder()?).map_err(|error| error.to_string())?,
        ab: ab(&target_folder()?).map_err(|error| error.to_string())?,
    };
    println!(
        "\n`apply` of lists of {} platforms on CNCF distribution, and requests by load generators on as many connections:\n",
        PLATFORMS.len()
    );
    println!(
        "| lists | sources | run | requests | writes | connections | time | requests per second | wrk (GET) | ab (HEAD) | of the faster | processor | peak memory |"
    );
    println!(
        "| ---: | --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |"
    );
    for pinning in [Pinning::Digest, Pinning::Tag] {
        bench.rows(Work::new(lists, 1, pinning), &Run::ALL)?;
    }
    bench.rows(
        Work::new(lists, many / lists, Pinning::Digest),
        &Run::ALL[..2],
    )
}

/// The programs.
struct Bench<'a> {
    ours: &'a Tool,
    wrk: Tool,
    ab: Tool,
}

/// A registry with the images of the lists.
struct World {
    registry: RealRegistry,
    lists: Lists,
    home: Home,
}

/// Rates in requests per second.
struct Rates {
    ours: f64,
    get: f64,
    head: f64,
}

/// The requests of one run.
struct Counted {
    requests: usize,
    writes: usize,
    connections: usize,
}

impl Bench<'_> {
    /// Measures and prints the runs. The requests are counted on a registry of their own, because counting takes time.
    fn rows(&self, work: Work, runs: &[Run]) -> TaskResult {
        let counted = self.count(work, runs)?;
        let mut world = World::new(work)?;
        let host = world.registry.host();
        for (run, counted) in runs.iter().zip(counted) {
            let measured = self.apply(&mut world, &host, *run)?;
            let rates = Rates {
                ours: counted.requests as f64 / measured.wall.as_secs_f64(),
                get: self.get_rate(&world, counted.connections)?,
                head: self.head_rate(&world, counted.connections)?,
            };
            print(work, *run, &counted, measured, &rates);
        }
        Ok(())
    }

    /// Counts the requests of the runs.
    fn count(&self, work: Work, runs: &[Run]) -> Result<Vec<Counted>, String> {
        let mut world = World::new(work)?;
        let proxy = LoggingProxy::builder(&world.registry.host()).start();
        let mut counted = Vec::new();
        for run in runs {
            let log = proxy.log();
            log.clear();
            let connections = log.connections();
            self.apply(&mut world, &proxy.host(), *run)?;
            let is_read = |method: &str| matches!(method, "GET" | "HEAD");
            counted.push(Counted {
                requests: log.count(|_| true),
                writes: log.count(|request| !is_read(&request.method)),
                connections: log.connections().saturating_sub(connections).max(1),
            });
        }
        Ok(counted)
    }

    fn apply(&self, world: &mut World, host: &str, run: Run) -> Result<Measurement, String> {
        let registry = world.registry.host();
        world.lists.prepare(run, host, &client_of(&registry))?;
        let mut command = world.home.command(self.ours);
        command.arg("apply").arg("-f").arg(world.lists.folder());
        measure(command)
    }

    /// Measures the rate at which `wrk` gets the lists, in requests per second.
    fn get_rate(&self, world: &World, connections: usize) -> Result<f64, String> {
        let script = world.home.path().join("get.lua");
        let text = format!(
            r#"wrk.headers["Accept"] = "application/vnd.oci.image.index.v1+json"
local number = 0
request = function()
  number = (number + 1) % {lists}
  return wrk.format(nil, "/v2/app/" .. math.floor(number / {LISTS_PER_REPOSITORY}) .. "/manifests/" .. number .. "-0")
end
"#,
            lists = world.lists.work().lists,
        );
        std::fs::write(&script, text)
            .map_err(|error| format!("cannot write {script:?}: {error}"))?;
        let mut command = world.home.command(&self.wrk);
        command
            .args(["--threads", "1", "--connections", &connections.to_string()])
            .args(["--duration", &format!("{WRK_SECONDS}s"), "--script"])
            .arg(&script)
            .arg(world.registry.url());
        rate("wrk", command, "Requests/sec:")
    }

    /// Measures the rate at which `ab` sends HEAD for one of the lists, in requests per second.
    fn head_rate(&self, world: &World, connections: usize) -> Result<f64, String> {
        let mut command = world.home.command(&self.ab);
        command
            .args(["-q", "-i", "-k", "-c", &connections.to_string()])
            .args(["-n", &AB_REQUESTS.to_string(), "-H"])
            .arg("Accept: application/vnd.oci.image.index.v1+json")
            .arg(format!("{}/v2/app/0/manifests/0-0", world.registry.url()));
        rate("ab", command, "Requests per second:")
    }
}

/// Runs a load generator, and returns the rate that it prints after this label.
fn rate(name: &str, mut command: Command, label: &str) -> Result<f64, String> {
    let output = command
        .output()
        .map_err(|error| format!("cannot run {name}: {error}"))?;
    let text = String::from_utf8_lossy(&output.stdout);
    if text.contains("Non-2xx") {
        return Err(format!("{name} did not find the lists: {text}"));
    }
    let rate = text
        .lines()
        .find_map(|line| line.trim().strip_prefix(label))
        .and_then(|rate| rate.split_whitespace().next()?.parse().ok());
    rate.filter(|rate| *rate > 0.0)
        .ok_or_else(|| format!("{name} printed no rate: {text}"))
}

impl World {
    /// Starts a registry, and seeds it with the images of the lists.
    fn new(work: Work) -> Result<Self, String> {
        let registry = RealRegistry::builder()
            .try_start()
            .map_err(|error| format!("no real registry to measure on: {error}"))?;
        let lists = Lists::seed(work, &client_of(&registry.host()))?;
        Ok(Self {
            home: Home::new(&TestCa::new(), &[])?,
            registry,
            lists,
        })
    }
}

/// Returns the client for each repository: the registry needs no token.
fn client_of(host: &str) -> impl Fn(&str) -> Result<Client, String> + Sync + use<> {
    let client = Client::new(host);
    move |_repository| Ok(client.clone())
}

fn print(work: Work, run: Run, counted: &Counted, measured: Measurement, rates: &Rates) {
    println!(
        "| {} | {} | {} | {} | {} | {} | {:.2} s | {:.0} | {:.0} | {:.0} | {:.2} | {:.2} s | {:.1} MB |",
        work.lists * work.copies,
        work.sources(),
        run.name(),
        counted.requests,
        counted.writes,
        counted.connections,
        measured.wall.as_secs_f64(),
        rates.ours,
        rates.get,
        rates.head,
        rates.ours / rates.get.max(rates.head),
        measured.cpu.as_secs_f64(),
        measured.peak_mb(),
    );
}
