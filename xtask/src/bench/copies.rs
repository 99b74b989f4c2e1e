//! Many layers from one registry to another, beside what each registry does alone.

use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use manifest_testkit::fetch::{self, Tool};
use manifest_testkit::image::{BuiltImage, Image, Index, Pushable as _};
use manifest_testkit::{Client, RealRegistry, TestCa, seed, sha256};
use tempfile::TempDir;

use super::measured::measure;
use super::program::{in_environment, installed, tool};
use crate::{TaskResult, target_folder};

/// How many requests run at once where a registry is measured alone: as many as ours copies blobs.
const AT_ONCE: usize = 4;

/// Copies a list of images between two registries on disk.
pub(super) fn run(quick: bool, ours: PathBuf) -> TaskResult {
    let (images, layers, bytes) = if quick {
        (2, 3, 100_000)
    } else {
        (20, 10, 1_000_000)
    };
    let total = (images * layers * bytes) as f64 / 1e6;
    let images: Vec<BuiltImage> = (0..images)
        .map(|i| {
            Image::oci()
                .seed(&i.to_string())
                .layers(layers, bytes)
                .build()
        })
        .collect();
    let list = images.iter().fold(Index::oci(), Index::image).build();
    let ca = TestCa::new();
    let registry = || {
        let builder = RealRegistry::builder().on_disk().tls(&ca);
        builder
            .try_start()
            .map_err(|error| format!("no real registry to measure on: {error}"))
    };
    let source = registry()?;
    let client = |registry: &RealRegistry| Client::new(&registry.host()).tls(ca.client_config());
    seed::push_with(&client(&source), "app", "1", &list);
    let blobs: Vec<Vec<u8>> = images.iter().flat_map(BuiltImage::blobs).collect();
    println!(
        "\n{} images of {layers} layers of {:.1} MB from one CNCF distribution to another, TLS, no latency:\n",
        images.len(),
        bytes as f64 / 1e6
    );
    println!("| what | time | per second | peak memory |");
    println!("| --- | ---: | ---: | ---: |");
    let row = |what: &str, wall: Duration, memory: String| {
        let seconds = wall.as_secs_f64();
        println!(
            "| {what} | {seconds:.2} s | {:.0} MB | {memory} |",
            total / seconds
        );
    };
    eprintln!("bench: the registries alone");
    let read = timed(&blobs, |blob| {
        let path = format!("/v2/app/blobs/{}", sha256(blob));
        client(&source).get(&path).map(drop)
    })?;
    row("the source read alone", read, String::new());
    let alone = registry()?;
    let written = timed(&blobs, |blob| {
        seed::push_blob(&client(&alone), "app", &sha256(blob), blob).map(drop)
    })?;
    row("the target written alone", written, String::new());
    let target = target_folder()?;
    let skopeo = tool("skopeo", || fetch::skopeo(&target));
    let mut programs: Vec<(&str, Tool)> = vec![("ours", installed(ours))];
    programs.extend(skopeo.map(|tool| ("skopeo copy --all", tool)));
    for (name, tool) in programs {
        eprintln!("bench: {name}");
        let target = registry()?;
        let home = TempDir::new().map_err(|error| format!("cannot make a home folder: {error}"))?;
        let authority = home.path().join("ca.pem");
        fs::write(&authority, ca.ca_pem())
            .map_err(|error| format!("cannot write a file: {error}"))?;
        // The environment names it, and ours takes a file that is named and not there for a mistake.
        fs::write(home.path().join("config.json"), "{}")
            .map_err(|error| format!("cannot write a file: {error}"))?;
        let mut command = in_environment(&tool, home.path(), &authority);
        let (from, to) = (
            format!("{}/app:1", source.host()),
            format!("{}/app:1", target.host()),
        );
        if name == "ours" {
            command.args(["create", "--push", "--on-duplicate", "keep", &to, &from]);
        } else {
            let [from, to] = [from, to].map(|name| format!("docker://{name}"));
            command.args(["--insecure-policy", "copy", "--all", &from, &to]);
        }
        let measured = measure(command)?;
        row(name, measured.wall, format!("{:.1} MB", measured.peak_mb()));
    }
    Ok(())
}

/// Does something with each blob, some at once, and returns how long all of it took.
fn timed(
    blobs: &[Vec<u8>],
    work: impl Fn(&[u8]) -> std::io::Result<()> + Sync,
) -> Result<Duration, String> {
    let start = Instant::now();
    let failed = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..AT_ONCE)
            .map(|first| {
                let work = &work;
                scope.spawn(move || {
                    let mut own = blobs.iter().skip(first).step_by(AT_ONCE);
                    own.try_for_each(|blob| work(blob))
                })
            })
            .collect();
        let results = threads.into_iter().map(std::thread::ScopedJoinHandle::join);
        results.filter_map(|result| result.ok()?.err()).next()
    });
    match failed {
        Some(error) => Err(format!("cannot measure a registry alone: {error}")),
        None => Ok(start.elapsed()),
    }
}
