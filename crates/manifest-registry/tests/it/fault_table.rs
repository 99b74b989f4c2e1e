//! Every operation against every fault, once and forever.
//!
//! The operation succeeds after a retry or fails with a correct error, in bounded time and memory, and publishes nothing
//! incomplete.

use std::fmt::Write as _;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use manifest_core::{Digest, MediaType};
use manifest_registry::{
    Child, Client, ClientConfig, Credentials, Insecure, Precondition, Publication, RegistryError,
    RetryPolicy, Timeouts, concurrent,
};
use manifest_testkit::fault::{Fault, FaultHandle};
use manifest_testkit::image::{BuiltImage, Image};
use manifest_testkit::{EmbeddedRegistry, TestCa, TokenServer};
use serde_json::json;

use crate::fault_rows::{Expect, Row, http2_rows, rows};
use crate::{chain, reference};

/// The size in bytes of a layer that uses a connection for bodies.
const LARGE: usize = 100_000;

/// The number of concurrent cells of an operation.
const PARALLEL_CELLS: usize = 24;

/// The number of concurrent operations.
const THREADS: usize = 3;

/// The maximum duration of a cell: three attempts of a second each, and a margin for a busy machine.
const CELL_LIMIT: Duration = Duration::from_secs(15);

/// The maximum duration of the table.
const TABLE_LIMIT: Duration = Duration::from_secs(120);

/// The maximum peak memory of the test program in KiB, including servers and parallel tests.
const MEMORY_LIMIT: u64 = 512 * 1024;

/// The operation that meets the fault.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Operation {
    Manifest,
    Config,
    Head,
    Mount,
    OpenUpload,
    Upload,
    UploadSource,
    /// Like `Upload`, with a layer that is too large for the connection of other requests.
    UploadLarge,
    UploadLargeSource,
    PutManifest,
    Token,
}

impl Operation {
    const ALL: [Self; 11] = [
        Self::Manifest,
        Self::Config,
        Self::Head,
        Self::Mount,
        Self::OpenUpload,
        Self::Upload,
        Self::UploadSource,
        Self::UploadLarge,
        Self::UploadLargeSource,
        Self::PutManifest,
        Self::Token,
    ];

    /// Returns whether the fault is in the response to a write. `Mount` does not count: if a mount turns out to be false, the
    /// blob is uploaded.
    fn is_write(self) -> bool {
        let uploads = self.is_upload() && !self.is_of_source();
        uploads && self != Self::Mount || self == Self::PutManifest
    }

    /// Returns whether the operation transfers an image from one repository to another.
    fn is_upload(self) -> bool {
        matches!(
            self,
            Self::Mount
                | Self::OpenUpload
                | Self::Upload
                | Self::UploadSource
                | Self::UploadLarge
                | Self::UploadLargeSource
        )
    }

    /// Returns whether the fault is in the source of the upload.
    fn is_of_source(self) -> bool {
        matches!(self, Self::UploadSource | Self::UploadLargeSource)
    }

    fn is_large(self) -> bool {
        matches!(self, Self::UploadLarge | Self::UploadLargeSource)
    }

    /// Returns the requests that have the fault.
    fn fault(self, image: &BuiltImage) -> Fault {
        match self {
            Self::Manifest => Fault::on("GET", "/manifests/"),
            Self::Config | Self::UploadSource => Fault::on("GET", "/blobs/"),
            Self::UploadLargeSource => Fault::on("GET", &image.layers[0].digest),
            Self::Head => Fault::on("HEAD", "/manifests/"),
            Self::Mount | Self::OpenUpload => Fault::on("POST", "/blobs/uploads/"),
            Self::Upload | Self::UploadLarge => Fault::on("PUT", "/blobs/uploads/"),
            Self::PutManifest => Fault::on("PUT", "/manifests/"),
            Self::Token => Fault::on_any("/token"),
        }
    }
}

/// The servers of one cell. `target` receives the operation, `source` has the image.
struct World {
    source: EmbeddedRegistry,
    target: EmbeddedRegistry,
    tokens: TokenServer,
    image: BuiltImage,
}

impl World {
    /// Starts the servers, with TLS and HTTP/2 if there is a CA.
    fn start(operation: Operation, ca: Option<&TestCa>) -> Self {
        let mut tokens = TokenServer::builder().user("me", "pw");
        let (mut target, mut source) = (EmbeddedRegistry::builder(), EmbeddedRegistry::builder());
        if let Some(ca) = ca {
            (tokens, target, source) = (tokens.tls(ca), target.tls(ca), source.tls(ca));
        }
        let (tokens, source) = (tokens.start(), source.start());
        let target = match operation {
            Operation::Token => target.token_auth(&tokens).start(),
            _ => target.start(),
        };
        let size = if operation.is_large() { LARGE } else { 5000 };
        let image = Image::oci().layer(&vec![7; size]).build();
        source.seed("app", "1", &image);
        if operation.is_large() {
            // Only the layer is missing.
            target.put_blob("copy", &image.config);
        } else if !operation.is_upload() || operation == Operation::Mount {
            target.seed("app", "1", &image);
        }
        Self {
            source,
            target,
            tokens,
            image,
        }
    }

    fn inject(&self, operation: Operation, fault: Fault) -> FaultHandle {
        match operation {
            Operation::Token => self.tokens.fault(fault),
            operation if operation.is_of_source() => self.source.fault(fault),
            _ => self.target.fault(fault),
        }
    }

    async fn attempt(&self, operation: Operation, client: &Client) -> Result<(), RegistryError> {
        let at = |registry: &EmbeddedRegistry, rest: &str| reference(&registry.host(), rest);
        let media_type = MediaType::recognise(&self.image.media_type).unwrap();
        let (bytes, digest) = (&self.image.manifest, Digest::sha256(&self.image.manifest));
        match operation {
            Operation::Manifest | Operation::Token => {
                let manifest = client.manifest(&at(&self.target, "app:1")).await?;
                assert_eq!(manifest.bytes(), bytes);
            }
            Operation::Config => {
                let (_, platform) = client.image(&at(&self.target, "app:1")).await?;
                assert!(platform.unwrap().is_stated());
            }
            Operation::Head => {
                // The digest in a response to HEAD is not verified. Callers that rely on it get the manifest by it.
                client.manifest_digest(&at(&self.target, "app:1")).await?;
            }
            operation if operation.is_upload() => {
                let from = match operation {
                    Operation::Mount => at(&self.target, "app:1"),
                    _ => at(&self.source, "app:1"),
                };
                let to = at(&self.target, "copy:1");
                let (from, to) = (from.repository(), to.repository());
                // The image is its own child, so that its blobs are transferred and no other manifest is published.
                let child = Child::new(from, &digest, media_type, bytes)?;
                let publication = Publication {
                    targets: &[to.at(digest.clone())],
                    media_type,
                    bytes,
                    children: &[child],
                    push_foreign: false,
                    precondition: Precondition::None,
                    verify: Some(&[]),
                };
                let published = client.publish(&publication, |_| {}).await?;
                assert_eq!(published.digest, digest);
            }
            _ => {
                let to = at(&self.target, "app:new");
                client.put_manifest(&to, media_type, bytes.clone()).await?;
            }
        }
        Ok(())
    }

    /// Returns whether the target has the written content.
    fn is_written(&self, operation: Operation) -> bool {
        match operation {
            Operation::PutManifest => self
                .target
                .manifest("app", "new")
                .is_some_and(|(_, bytes)| bytes == self.image.manifest),
            operation if operation.is_upload() => {
                let mut blobs = self.image.blob_digests().into_iter();
                blobs.all(|digest| self.target.blob("copy", &digest).is_some())
            }
            _ => true,
        }
    }

    /// Returns a description of incomplete or wrong published content, if any.
    fn half_published(&self) -> Option<String> {
        for repository in ["app", "copy"] {
            for digest in self.target.manifests(repository) {
                let (_, bytes) = self.target.manifest(repository, &digest)?;
                if Digest::sha256(&bytes).as_str() != digest || bytes != self.image.manifest {
                    return Some(format!("{repository}@{digest} is damaged"));
                }
                for blob in self.image.blob_digests() {
                    match self.target.blob(repository, &blob) {
                        Some(bytes) if Digest::sha256(&bytes).as_str() == blob => {}
                        _ => return Some(format!("{repository} has no {blob}")),
                    }
                }
            }
        }
        let tags = self.target.tags("copy");
        (!tags.is_empty()).then(|| format!("copy has tags {tags:?}"))
    }
}

/// Runs one cell. Returns a description of its failure, if any.
async fn cell(
    operation: Operation,
    row: &Row,
    once: bool,
    world: &World,
    client: &Client,
) -> Option<String> {
    let fault = operation.fault(&world.image).respond(row.answer.clone());
    let hits = world.inject(operation, if once { fault.times(1) } else { fault });
    let started = Instant::now();
    let Ok(result) = tokio::time::timeout(CELL_LIMIT, world.attempt(operation, client)).await
    else {
        return Some("takes too long".to_owned());
    };
    let mut wrong = String::new();
    let mut check = |holds: bool, what: &str| {
        if !holds {
            let _ = write!(wrong, "{what}; ");
        }
    };
    check(hits.hits() > 0, "the fault did not strike");
    check(started.elapsed() < CELL_LIMIT, "took too long");
    if let Some(what) = world.half_published() {
        check(false, &what);
    }
    match &result {
        Ok(()) => {
            let is_misled = row.expect == Expect::FalseSuccess && operation.is_write();
            check(!is_misled, "believed what no registry said");
            check(world.is_written(operation), "is not there");
            let is_permanent = matches!(row.expect, Expect::Permanent(_));
            // A stream cannot be sent again with another token, so the upload is resumed with a new token.
            let is_put = matches!(operation, Operation::Upload | Operation::UploadLarge);
            let is_renewed = is_put && row.name == "401" && once;
            let has_fallback =
                is_renewed || matches!(operation, Operation::Mount | Operation::Head);
            check(!is_permanent || has_fallback, "should have failed");
        }
        Err(error) => {
            let text = chain(error);
            let starts = text.starts_with("failed to ") || text.starts_with("no such manifest: ");
            check(starts, "does not say what failed");
            check(!text.chars().any(char::is_control), "commands the terminal");
            check(text.len() < 2000, "is long");
            match row.expect {
                Expect::Transient(part) => {
                    check(!once, "should have passed");
                    // On a very busy machine, a timeout may occur before the expected error.
                    let late = ["no response within", "received less than 4096 bytes within"];
                    let timed_out = late.iter().any(|late| text.contains(late));
                    check(text.contains(part) || timed_out, part);
                    check(
                        !error.is_not_found() && !error.is_unauthorized(),
                        "is of another kind",
                    );
                }
                Expect::Permanent(part) => check(text.contains(part), part),
                Expect::Harmless => check(false, "should have passed"),
                Expect::Either | Expect::FalseSuccess => {}
            }
            let is_404 = text.contains("404");
            check(!error.is_not_found() || is_404, "says that it is not there");
        }
    }
    let shown = result.err().map(|error| chain(&error)).unwrap_or_default();
    (!wrong.is_empty()).then(|| format!("{wrong} {shown}"))
}

fn client<'a>(worlds: impl IntoIterator<Item = &'a World>) -> Client {
    let login = json!({ "username": "me", "password": "pw" });
    let hosts = worlds
        .into_iter()
        .map(|world| (world.target.host(), login.clone()));
    let config = json!({ "auths": hosts.collect::<serde_json::Map<_, _>>() });
    Client::new(ClientConfig {
        credentials: Credentials::from_config_json(config.to_string().as_bytes()).unwrap(),
        timeouts: Timeouts {
            connect: Duration::from_millis(1200),
            response: Duration::from_millis(300),
            commit: Duration::from_millis(800),
            idle: Duration::from_millis(500),
            body: Duration::from_millis(800),
        },
        retry: RetryPolicy {
            max_retries: 2,
            first_backoff: Duration::from_millis(5),
            ..RetryPolicy::default()
        },
        insecure: Insecure {
            all: true,
            ..Insecure::default()
        },
        ..ClientConfig::default()
    })
    .unwrap()
}

/// Runs the cells of one operation. Returns the number of cells, and descriptions of the failures.
fn cells(operation: Operation, rows: &[Row], ca: Option<&TestCa>) -> (usize, Vec<String>) {
    let numbered = (0..rows.len()).flat_map(|row| [(row, true), (row, false)]);
    // All worlds live to the end, so that no port is reused with one client.
    let worlds: Vec<_> = numbered
        .map(|(row, once)| (row, once, World::start(operation, ca)))
        .collect();
    let client = client(worlds.iter().map(|(.., world)| world));
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let all = worlds
        .iter()
        .map(|(row, once, world)| cell(operation, &rows[*row], *once, world, &client));
    let results = runtime.block_on(concurrent(PARALLEL_CELLS, all));
    let failed = worlds
        .iter()
        .zip(results)
        .filter_map(|((row, once, _), wrong)| {
            let often = if *once { "once" } else { "for ever" };
            Some(format!(
                "{operation:?} x {} {often}: {}",
                rows[*row].name, wrong?
            ))
        });
    (worlds.len(), failed.collect())
}

#[test]
fn every_operation_against_every_fault() {
    table("HTTP/1.1", rows, None);
}

#[test]
fn every_operation_against_the_faults_of_http2() {
    table("HTTP/2", http2_rows, Some(&TestCa::new()));
}

#[expect(clippy::print_stdout, reason = "the count is what the table is for")]
fn table(protocol: &str, rows: fn(&str) -> Vec<Row>, ca: Option<&TestCa>) {
    let started = Instant::now();
    let elsewhere = EmbeddedRegistry::start();
    let rows = rows(&elsewhere.host());
    let waiting = Mutex::new(Operation::ALL.into_iter());
    let results = Mutex::new((0, Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                loop {
                    let next = waiting.lock().unwrap().next();
                    let Some(operation) = next else { break };
                    let (count, wrong) = cells(operation, &rows, ca);
                    let mut results = results.lock().unwrap();
                    results.0 += count;
                    results.1.extend(wrong);
                }
            });
        }
    });
    let (count, failed) = results.into_inner().unwrap();
    let took = started.elapsed();
    println!(
        "fault table: {} of {count} cells passed ({protocol}, {} operations, {} faults, each once and for ever) in {took:.1?}",
        count - failed.len(),
        Operation::ALL.len(),
        rows.len(),
    );
    let leaked = elsewhere.log().requests().into_iter();
    let leaked = leaked.filter(|request| request.header("authorization").is_some());
    assert_eq!(leaked.count(), 0, "a redirect took credentials along");
    assert!(failed.is_empty(), "{}", failed.join("\n"));
    assert!(took < TABLE_LIMIT, "the table took {took:?}");
    if let Some(peak) = peak_memory() {
        assert!(peak < MEMORY_LIMIT, "the test program needed {peak} KiB");
    }
}

/// Returns the peak memory of this process in KiB, if the system reports it.
fn peak_memory() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}
