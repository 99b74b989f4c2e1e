//! `apply` of many lists: the first run, a run without changes, and a run with a few. The rate of the requests is compared with those of
//! two load generators: `wrk` gets the same tags with GET, because it waits for the body of a response to HEAD, which never comes; `ab`
//! sends HEAD for one of them.

use std::path::{Path, PathBuf};
use std::process::Command;

use manifest_testkit::fetch::{Tool, ab, wrk};
use manifest_testkit::image::Image;
use manifest_testkit::{Client, LoggingProxy, RealRegistry, TestCa, seed};
use tempfile::TempDir;

use super::args::Args;
use super::home::Home;
use super::measurement::{Measurement, measure};
use super::program::installed;
use crate::task::{TaskResult, target_folder};

/// The platforms of each list, as official images have them.
const PLATFORMS: [&str; 8] = [
    "linux/386",
    "linux/amd64",
    "linux/arm/v5",
    "linux/arm/v7",
    "linux/arm64/v8",
    "linux/ppc64le",
    "linux/riscv64",
    "linux/s390x",
];

/// The lists of each repository.
const LISTS_PER_REPOSITORY: usize = 10;

/// The number of threads that seed images.
const SEEDERS: usize = 4;

/// The seconds that `wrk` runs for.
const WRK_SECONDS: u32 = 5;

/// The requests that `ab` sends.
const AB_REQUESTS: u32 = 10_000;

/// Measures `apply`.
pub(super) fn run(args: &Args, ours: PathBuf) -> TaskResult {
    let (lists, many) = if args.quick {
        (100, 1000)
    } else {
        (1000, 10_000)
    };
    let bench = Bench {
        ours: installed(ours),
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
    let all = [Run::First, Run::Unchanged, Run::Changed];
    for pinning in [Pinning::Digest, Pinning::Tag] {
        bench.rows(&Work::new(lists, 1, pinning), &all)?;
    }
    bench.rows(&Work::new(lists, many / lists, Pinning::Digest), &all[..2])
}

/// The form of the sources in the spec files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Pinning {
    Digest,
    Tag,
}

/// A run of `apply`.
#[derive(Clone, Copy, Debug)]
enum Run {
    /// No list exists.
    First,
    /// Nothing has changed since the run before.
    Unchanged,
    /// One image of each hundredth list has changed since.
    Changed,
}

impl Run {
    fn name(self) -> &'static str {
        match self {
            Self::First => "first",
            Self::Unchanged => "nothing changed",
            Self::Changed => "1 % changed",
        }
    }
}

/// The lists to apply.
#[derive(Clone, Copy, Debug)]
struct Work {
    /// The number of lists whose images differ.
    lists: usize,
    /// The number of tags of each, which are lists of their own.
    copies: usize,
    pinning: Pinning,
}

/// The programs.
struct Bench {
    ours: Tool,
    wrk: Tool,
    ab: Tool,
}

/// The digests of the images of one list, by platform.
type Digests = [String; PLATFORMS.len()];

/// A registry with the images of the lists.
struct World {
    registry: RealRegistry,
    digests: Vec<Digests>,
    home: Home,
    files: TempDir,
    work: Work,
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

impl Work {
    fn new(lists: usize, copies: usize, pinning: Pinning) -> Self {
        Self {
            lists,
            copies,
            pinning,
        }
    }
}

impl Bench {
    /// Measures and prints the runs. The requests are counted on a registry of their own, because counting takes time.
    fn rows(&self, work: &Work, runs: &[Run]) -> TaskResult {
        let counted = self.count(work, runs)?;
        let mut world = World::new(*work)?;
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
    fn count(&self, work: &Work, runs: &[Run]) -> Result<Vec<Counted>, String> {
        let mut world = World::new(*work)?;
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
        eprintln!("bench: apply, {}, {:?}", run.name(), world.work);
        if matches!(run, Run::Changed) {
            world.change();
        }
        world.write_files(host)?;
        let mut command = world.home.command(&self.ours);
        command.arg("apply").arg("-f").arg(world.files.path());
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
            lists = world.work.lists,
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
        eprintln!("bench: seeding the images of {} lists", work.lists);
        let registry = RealRegistry::builder()
            .try_start()
            .map_err(|error| format!("no real registry to measure on: {error}"))?;
        let host = registry.host();
        let numbers: Vec<usize> = (0..work.lists).collect();
        let digests = std::thread::scope(|scope| {
            let seeders: Vec<_> = numbers
                .chunks(work.lists.div_ceil(SEEDERS))
                .map(|numbers| scope.spawn(|| seed_lists(&host, numbers)))
                .collect();
            let mut digests = Vec::new();
            for seeder in seeders {
                let seeded = seeder.join();
                digests.extend(seeded.map_err(|_| "the thread that seeds images panicked")?);
            }
            Ok::<_, String>(digests)
        })?;
        let files = TempDir::new().map_err(|error| format!("cannot make a folder: {error}"))?;
        Ok(Self {
            home: Home::new(&TestCa::new(), &[])?,
            registry,
            digests,
            files,
            work,
        })
    }

    /// Replaces the first image of each hundredth list.
    fn change(&mut self) {
        let client = Client::new(&self.registry.host());
        for (number, digests) in self.digests.iter_mut().enumerate().step_by(100) {
            digests[0] = seed_image(&client, number, 0, "changed");
        }
    }

    /// Writes a spec file for each repository.
    fn write_files(&self, host: &str) -> TaskResult {
        let mut numbers = (0..self.work.lists).peekable();
        while let Some(first) = numbers.peek().copied() {
            let repository = repository(first);
            let mut text = String::new();
            for number in numbers.by_ref().take(LISTS_PER_REPOSITORY) {
                for copy in 0..self.work.copies {
                    text.push_str(&self.document(host, number, copy));
                }
            }
            let path = self
                .files
                .path()
                .join(format!("{}.yaml", repository.replace('/', "-")));
            write(&path, &text)?;
        }
        Ok(())
    }

    /// Returns the description of one list.
    fn document(&self, host: &str, number: usize, copy: usize) -> String {
        let repository = repository(number);
        let mut text = format!("---\nimage: {host}/{repository}:{number}-{copy}\nmanifests:\n");
        for (platform, digest) in self.digests[number].iter().enumerate() {
            let pin = match self.work.pinning {
                Pinning::Digest => format!("@{digest}"),
                Pinning::Tag => String::new(),
            };
            let tag = tag(number, platform);
            text.push_str(&format!("  - image: {host}/{repository}:{tag}{pin}\n"));
        }
        text
    }
}

fn repository(number: usize) -> String {
    format!("app/{}", number / LISTS_PER_REPOSITORY)
}

fn tag(number: usize, platform: usize) -> String {
    let platform = PLATFORMS[platform]
        .trim_start_matches("linux/")
        .replace('/', "");
    format!("{number}-{platform}")
}

/// Seeds the images of these lists.
fn seed_lists(host: &str, numbers: &[usize]) -> Vec<Digests> {
    let client = Client::new(host);
    let seed = |number: &usize| {
        std::array::from_fn(|platform| seed_image(&client, *number, platform, "original"))
    };
    numbers.iter().map(seed).collect()
}

/// Pushes one image, and returns its digest.
fn seed_image(client: &Client, number: usize, platform: usize, edition: &str) -> String {
    let image = Image::oci()
        .platform(PLATFORMS[platform])
        .seed(&format!("{number} {platform} {edition}"))
        .layers(1, 100)
        .build();
    seed::push_with(client, &repository(number), &tag(number, platform), &image)
}

fn write(path: &Path, text: &str) -> TaskResult {
    std::fs::write(path, text).map_err(|error| format!("cannot write {}: {error}", path.display()))
}

fn print(work: &Work, run: Run, counted: &Counted, measured: Measurement, rates: &Rates) {
    let sources = match work.pinning {
        Pinning::Digest => "by digest",
        Pinning::Tag => "by tag",
    };
    println!(
        "| {} | {sources} | {} | {} | {} | {} | {:.2} s | {:.0} | {:.0} | {:.0} | {:.2} | {:.2} s | {:.1} MB |",
        work.lists * work.copies,
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
