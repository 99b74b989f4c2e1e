//! A push of many images, compared with the same requests from a load generator.

use std::path::{Path, PathBuf};
use std::time::Duration;

use http::header::{CONNECTION, CONTENT_LENGTH, HOST, TRANSFER_ENCODING};
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use manifest_testkit::log::Request;
use manifest_testkit::{Client, LoggingProxy, RealRegistry, TestCa};

use super::args::{Args, or_default};
use super::home::Home;
use super::measurement::{Measurement, measure, measure_here};
use super::program::installed;
use super::remote::{Front, Setup};
use super::replay::{Recorded, Target};
use super::tokens::{Tokens, seeding_token, token_server};
use super::world::Work;
use crate::task::TaskResult;

/// The lifetime of tokens, in seconds. The replay uses those of the recorded run again.
const TOKEN_LIFETIME: u64 = 3600;

/// The repository to push to.
const REPOSITORY: &str = "list";

/// The default latencies, in milliseconds.
const LATENCIES: [u64; 1] = [0];

/// The recorded requests of a push.
struct Recording {
    /// The requests by phase. Those of one phase can be sent concurrently, after the responses to the phase before.
    phases: Vec<Vec<Recorded>>,
    connections: usize,
    /// The most requests in flight at one moment.
    in_flight: usize,
}

/// The settings that all registries of this part share.
struct Load {
    ours: PathBuf,
    work: Work,
    ca: TestCa,
    tokens: Tokens,
    latency: Duration,
}

/// Measures a push of many images, and the same requests from a load generator.
pub(super) fn run(args: &Args, ours: &Path) -> TaskResult {
    let work = Work {
        images: if args.quick { 20 } else { 500 },
        layers: if args.quick { 3 } else { 10 },
        attested: false,
    };
    println!(
        "\nA push of {} images of {} layers from as many repositories, and the same requests from a load generator:\n",
        work.images, work.layers
    );
    println!(
        "| front | latency | requests | connections | ours | requests alone | of those | processor: ours | requests alone | peak memory |"
    );
    println!("| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |");
    for &latency in &or_default(&args.latency, LATENCIES.to_vec()) {
        let latency = Duration::from_millis(latency);
        let ca = TestCa::new();
        let load = Load {
            ours: ours.to_owned(),
            work,
            tokens: Tokens::start(token_server(&ca).expires_in(TOKEN_LIFETIME), latency),
            ca,
            latency,
        };
        eprintln!("bench: recording a push at {} ms", latency.as_millis());
        let recording = load.record()?;
        for &front in &or_default(&args.front, vec![Front::None]) {
            load.compare(front, &recording, args.runs.unwrap_or(1))?;
        }
    }
    Ok(())
}

impl Load {
    /// Pushes to a registry behind a proxy that records the requests.
    fn record(&self) -> Result<Recording, String> {
        let registry = RealRegistry::builder()
            .token_auth_at(self.tokens.server(), &self.tokens.realm())
            .try_start()
            .map_err(|error| format!("no real registry to measure on: {error}"))?;
        let direct = Client::new(&registry.host());
        self.work.put(&direct, self.tokens.server(), &self.ca)?;
        let proxy = LoggingProxy::builder(&registry.host())
            .tls(&self.ca)
            .delay(self.latency)
            .start();
        self.push(&proxy.host(), || proxy.log().clear())?;
        let log = proxy.log();
        let names = [REPOSITORY.to_owned()];
        let token = seeding_token(self.tokens.server(), &self.ca, &names)?;
        Ok(Recording {
            phases: phases(&log.requests(), &direct.bearer(&token))?,
            connections: log.connections(),
            in_flight: log.max_in_flight(),
        })
    }

    /// Makes a list and pushes it. Only the push is measured.
    fn push(&self, host: &str, before_push: impl FnOnce()) -> Result<Measurement, String> {
        let home = Home::new(&self.ca, &[host.to_owned()])?;
        let list = format!("{host}/{REPOSITORY}:1");
        let tool = installed(self.ours.clone());
        let run = |words: &[&str], images: &[String]| {
            let mut command = home.command(&tool);
            command.args(words).args(images);
            measure(command)
        };
        run(&["create", &list], &self.work.images(host))?;
        before_push();
        run(&["push", &list], &[])
    }

    /// Pushes to one registry, replays the recorded requests on another, and prints both measurements.
    fn compare(&self, front: Front, recording: &Recording, runs: usize) -> TaskResult {
        let registry = || {
            let setup = Setup::with_tokens(front, self.latency, &self.ca, &self.tokens);
            let remote = setup.start()?;
            let direct = remote.direct_client(&self.ca);
            self.work.put(&direct, self.tokens.server(), &self.ca)?;
            Ok::<_, String>(remote)
        };
        for _ in 0..runs {
            eprintln!("bench: a push, front {front}");
            let remote = registry()?;
            let pushed = self.push(&remote.host(), || {})?;
            drop(remote);
            eprintln!("bench: the same requests alone, front {front}");
            let remote = registry()?;
            let target = Target {
                host: remote.host(),
                tls: self.ca.client_config(),
                connections: recording.connections,
                streams: recording.in_flight.div_ceil(recording.connections),
            };
            let (result, replayed) = measure_here(|| target.replay(&recording.phases));
            result?;
            println!(
                "| {front} | {} ms | {} | {} | {:.2} s | {:.2} s | {:.2} | {:.2} s | {:.2} s | {:.1} MB |",
                self.latency.as_millis(),
                recording.phases.iter().map(Vec::len).sum::<usize>(),
                recording.connections,
                pushed.wall.as_secs_f64(),
                replayed.wall.as_secs_f64(),
                pushed.wall.as_secs_f64() / replayed.wall.as_secs_f64(),
                pushed.cpu.as_secs_f64(),
                replayed.cpu.as_secs_f64(),
                pushed.peak_mb(),
            );
        }
        Ok(())
    }
}

/// Sorts requests into phases: reads before the push, mounts, images, the list, reads after it. The push uploads an image's manifest
/// once its own layers are mounted; the load generator waits for all mounts.
fn phases(requests: &[Request], direct: &Client) -> Result<Vec<Vec<Recorded>>, String> {
    let list = requests
        .iter()
        .position(|request| request.method == "PUT" && !request.path.contains("/manifests/sha256:"))
        .ok_or("the recorded push has no list")?;
    let mut phases = vec![Vec::new(); 5];
    for (at, request) in requests.iter().enumerate() {
        let phase = match request.method.as_str() {
            "POST" => 1,
            "PUT" if at != list => 2,
            "PUT" => 3,
            _ if at > list => 4,
            _ => 0,
        };
        phases[phase].push(with_body(request, direct)?);
    }
    Ok(phases)
}

/// Completes a logged request with its body. The log has no bodies, so it is read from the registry, which stored it.
fn with_body(request: &Request, direct: &Client) -> Result<Recorded, String> {
    let body = if request.method == "PUT" {
        let stored = direct
            .get(&request.path)
            .map_err(|error| error.to_string())?;
        stored.body
    } else {
        Vec::new()
    };
    if body.len() != request.body_len {
        return Err(format!(
            "cannot replay {}: its body is not known",
            request.line()
        ));
    }
    let mut headers = HeaderMap::new();
    for (name, value) in &request.headers {
        let name = HeaderName::from_bytes(name.as_bytes()).map_err(|error| error.to_string())?;
        let value = HeaderValue::from_str(value).map_err(|error| error.to_string())?;
        // The client sets the headers about the connection itself.
        if ![CONNECTION, CONTENT_LENGTH, HOST, TRANSFER_ENCODING].contains(&name) {
            headers.append(name, value);
        }
    }
    let mark = if request.query.is_empty() { "" } else { "?" };
    Ok(Recorded {
        method: Method::from_bytes(request.method.as_bytes()).map_err(|error| error.to_string())?,
        path_and_query: format!("{}{mark}{}", request.path, request.query),
        headers,
        body: body.into(),
        status: request.status,
    })
}
