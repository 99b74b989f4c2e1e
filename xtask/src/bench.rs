//! `cargo xtask bench`: how long our program takes, and those that do the same, on a registry some way off.
//!
//! | module | holds |
//! | --- | --- |
//! | [`args`] | what is to be measured |
//! | [`world`] | the registry, the token server, and the images in it |
//! | [`program`] | the programs, and how each makes and pushes a list |
//! | [`copies`] | many layers, or a large one, from registry to registry |
//! | [`content`] | the layers that are copied |
//! | [`upload`] | the same bytes from a client that does nothing else: what copies are compared with |
//! | [`cold`] | a list of a few images of one repository, from cold |
//! | [`load`] | a push of many images, beside the same requests from a load generator |
//! | [`replay`] | the load generator |
//! | [`remote`] | a registry behind nginx or nothing, some way off, for these three |
//! | [`tokens`] | the token server, and a login |
//! | [`home`] | the home folder that a program starts with |
//! | [`measured`] | time, processor time and memory of a process |
//!
//! What is printed to standard output is Markdown, for `docs/performance.md`.

use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use crate::task::{TaskResult, cargo, run as run_command, target_folder};

mod args;
mod cold;
mod content;
mod copies;
mod home;
mod load;
mod measured;
mod program;
mod remote;
mod replay;
mod tokens;
mod upload;
mod world;

pub(crate) use args::Args;
use args::Part;
use program::Program;
use world::{Work, World};

/// How many round trips making and pushing a list takes at least, from cold: 8 for `create`, 10 for `push`.
const FLOOR: u32 = 18;

/// The latencies that are measured where none are named, in milliseconds.
const LATENCIES: [u64; 4] = [0, 20, 50, 100];

/// The longest latency at which a program that takes minutes is measured unasked, in milliseconds.
const PATIENCE: u64 = 50;

pub(crate) fn run(args: &Args) -> TaskResult {
    // With the features that this task was built with, so that nothing is compiled twice.
    let build = "build --quiet --release --package xtask --package docker-manifest";
    run_command(&mut cargo(&build.split(' ').collect::<Vec<_>>()))?;
    // Servers that are slow would be measured along with the programs.
    if cfg!(debug_assertions) {
        return run_command(&mut in_release());
    }
    let ours = match &args.build {
        Some(build) => build.clone(),
        None => target_folder()?
            .join("release")
            .join(format!("docker-manifest{}", std::env::consts::EXE_SUFFIX)),
    };
    let wants = |part| args.part.is_empty() || args.part.contains(&part);
    if wants(Part::Programs) {
        programs(args, ours.clone())?;
    }
    if wants(Part::Images) {
        images(args, ours.clone())?;
    }
    if wants(Part::Indexes) {
        indexes(args, ours.clone())?;
    }
    if wants(Part::Copies) {
        copies::run(args, ours.clone())?;
    }
    if wants(Part::Cold) {
        cold::run(args, ours.clone())?;
    }
    if wants(Part::Load) {
        load::run(args, &ours)?;
    }
    Ok(())
}

/// Makes the command that is this very task, with this program built for speed.
fn in_release() -> Command {
    let mut command = cargo(&["run", "--quiet", "--release", "--package", "xtask", "--"]);
    command.args(std::env::args_os().skip(1));
    command
}

/// Measures each program at each latency: a list of images from as many repositories, mounted into another.
fn programs(args: &Args, ours: PathBuf) -> TaskResult {
    let (work, latencies) = if args.quick {
        let work = Work {
            images: 4,
            layers: 3,
            attested: false,
        };
        (work, &LATENCIES[1..2])
    } else {
        let work = Work {
            images: 20,
            layers: 10,
            attested: false,
        };
        (work, &LATENCIES[..])
    };
    let latencies = if args.latency.is_empty() {
        latencies
    } else {
        &args.latency
    };
    let programs: Vec<Program> = program::found(ours, &target_folder()?)
        .into_iter()
        .filter(|program| args.wants(program.name))
        .collect();
    println!(
        "\n{} images of {} layers from {} repositories, on CNCF distribution behind TLS and a token server:\n",
        work.images, work.layers, work.images
    );
    println!(
        "| latency | program | create | push | both | requests | connections | tokens | round trips | of the floor | of ours |"
    );
    println!("| ---: | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |");
    let mut homes = Vec::new();
    for &latency in latencies {
        let mut of_ours = None;
        for program in &programs {
            let takes_minutes = program.name == "docker manifest" && latency > PATIENCE;
            if takes_minutes && args.latency.is_empty() {
                eprintln!(
                    "bench: {} at {latency} ms takes minutes: ask for it with --latency {latency}",
                    program.name
                );
                continue;
            }
            eprintln!("bench: {} at {latency} ms", program.name);
            // Each gets a registry of its own: what one has pushed would help the next.
            let world = World::real(work, Duration::from_millis(latency))?;
            row(program, &world, &mut of_ours)?;
            homes.push(world.end());
        }
    }
    Ok(())
}

fn row(program: &Program, world: &World, of_ours: &mut Option<Duration>) -> TaskResult {
    let list = format!("{}/list:1", world.host());
    world.traffic();
    let published = program.publish(world.home(), &world.images(), &list)?;
    let traffic = world.traffic();
    let both = published.both().wall;
    let ours = *of_ours.get_or_insert(both);
    let (round_trips, of_floor) = if world.latency.is_zero() {
        ("".to_owned(), "".to_owned())
    } else {
        let round_trips = both.as_secs_f64() / world.latency.as_secs_f64();
        let of_floor = round_trips / f64::from(FLOOR);
        (format!("{round_trips:.0}"), format!("{of_floor:.1}"))
    };
    println!(
        "| {} ms | {} | {:.2} s | {:.2} s | {:.2} s | {} | {} | {} | {round_trips} | {of_floor} | {:.1} |",
        world.latency.as_millis(),
        program.name,
        published.create.wall.as_secs_f64(),
        published.push.wall.as_secs_f64(),
        both.as_secs_f64(),
        traffic.requests,
        traffic.connections,
        traffic.tokens,
        both.as_secs_f64() / ours.as_secs_f64(),
    );
    Ok(())
}

/// Measures ours with more and more images, on a registry that answers fast.
fn images(args: &Args, ours: PathBuf) -> TaskResult {
    let (counts, layers): (&[usize], _) = if args.quick {
        (&[5, 20], 3)
    } else {
        (&[5, 20, 100, 500], 10)
    };
    let latency = Duration::from_millis(args.latency.first().copied().unwrap_or(50));
    let programs = program::found(ours, &target_folder()?);
    let ours = &programs[0];
    println!(
        "\nours, images of {layers} layers at {} ms, on the testkit's registry:\n",
        latency.as_millis()
    );
    println!("| images | create | push | both | requests | tokens | of 20 images | peak memory |");
    println!("| ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |");
    let mut measured = Vec::new();
    let mut homes = Vec::new();
    for &images in counts {
        eprintln!("bench: {images} images");
        let world = World::embedded(
            Work {
                images,
                layers,
                attested: false,
            },
            latency,
        )?;
        world.traffic();
        let list = format!("{}/list:1", world.host());
        let published = ours.publish(world.home(), &world.images(), &list)?;
        measured.push((images, published, world.traffic()));
        homes.push(world.end());
    }
    let of_20 = measured.iter().find(|(images, ..)| *images == 20);
    let of_20 = of_20.map(|(_, published, _)| published.both().wall.as_secs_f64());
    for (images, published, traffic) in &measured {
        let both = published.both();
        println!(
            "| {images} | {:.2} s | {:.2} s | {:.2} s | {} | {} | {:.2} | {:.1} MB |",
            published.create.wall.as_secs_f64(),
            published.push.wall.as_secs_f64(),
            both.wall.as_secs_f64(),
            traffic.requests,
            traffic.tokens,
            both.wall.as_secs_f64() / of_20.unwrap_or(f64::NAN),
            both.peak_mb(),
        );
    }
    Ok(())
}

/// Measures ours with indexes of an image and its attestation, which are flattened into one.
fn indexes(args: &Args, ours: PathBuf) -> TaskResult {
    let images = if args.quick { 4 } else { 20 };
    let latency = Duration::from_millis(args.latency.first().copied().unwrap_or(50));
    let work = Work {
        images,
        layers: 10,
        attested: true,
    };
    eprintln!("bench: {images} indexes");
    let world = World::real(work, latency)?;
    let ours = program::installed(ours);
    world.traffic();
    let mut command = world.home().command(&ours);
    command.args(["create", "--push", "--on-duplicate", "keep"]);
    command.arg(format!("{}/list:1", world.host()));
    command.args(world.images());
    let measured = measured::measure(command)?;
    let waves = world::waves(&world.requests());
    let traffic = world.traffic();
    println!(
        "\n{images} indexes of BuildKit (an image of 10 layers and its attestation each), flattened and pushed at {} ms:\n",
        latency.as_millis()
    );
    println!(
        "| time | requests | connections | tokens | round trips after connection and token | peak memory |"
    );
    println!("| ---: | ---: | ---: | ---: | ---: | ---: |");
    println!(
        "| {:.2} s | {} | {} | {} | {waves} | {:.1} MB |",
        measured.wall.as_secs_f64(),
        traffic.requests,
        traffic.connections,
        traffic.tokens,
        measured.peak_mb(),
    );
    Ok(())
}
