//! `cargo xtask bench`: measures our program and its alternatives on a registry with latency.
//!
//! | module | holds |
//! | --- | --- |
//! | [`args`] | the command line: the measurements to make |
//! | [`world`] | the registry, the token server, and the images in it |
//! | [`program`] | the programs, and making and pushing a list with each |
//! | [`copies`] | many layers, or a large one, from registry to registry |
//! | [`content`] | the layers that are copied |
//! | [`upload`] | uploads of the same blobs by a minimal client, as the baseline of the copies |
//! | [`cold`] | a list of a few images of one repository, with a cold start |
//! | [`load`] | a push of many images, and the same requests from a load generator |
//! | [`apply`] | many lists, compared with load generators, and at a distance |
//! | [`drafts`] | a listing of many drafts, compared with `ls -lR` |
//! | [`replay`] | the load generator |
//! | [`remote`] | a registry with latency, with or without nginx, for these four |
//! | [`tokens`] | the token server, and a login |
//! | [`home`] | the initial home folder of a program |
//! | [`measurement`] | time, processor time and memory of a process |
//!
//! Standard output is Markdown, for `docs/performance.md`.

use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use crate::task::{TaskResult, cargo, run as run_command, target_folder};

mod apply;
mod args;
mod cold;
mod content;
mod copies;
mod drafts;
mod home;
mod load;
mod measurement;
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

/// The fewest round trips for making and pushing a list, with a cold start: 8 for `create`, 10 for `push`.
const FLOOR: u32 = 18;

/// The default latencies, in milliseconds.
const LATENCIES: [u64; 4] = [0, 20, 50, 100];

/// The highest default latency for a program that takes minutes, in milliseconds.
const SLOW_PROGRAM_LATENCY: u64 = 50;

pub(crate) fn run(args: &Args) -> TaskResult {
    if cfg!(debug_assertions) || args.build.is_none() {
        // Naming both packages gives the program the features of this task's build, so that nothing is compiled twice.
        let build = "build --quiet --release --package xtask --package docker-manifest";
        run_command(&mut cargo(&build.split(' ').collect::<Vec<_>>()))?;
    }
    // The servers run in this process. A debug build of them would slow down the programs.
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
    if wants(Part::Drafts) {
        drafts::run(args, ours.clone())?;
    }
    if wants(Part::Apply) {
        apply::run(args, ours)?;
    }
    Ok(())
}

/// Creates the command that runs this task again, in a release build.
fn in_release() -> Command {
    let mut command = cargo(&["run", "--quiet", "--release", "--package", "xtask", "--"]);
    command.args(std::env::args_os().skip(1));
    command
}

/// Measures each program at each latency, with a list of images from as many repositories, which are mounted into another one.
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
    let programs: Vec<Program> = program::available(ours, &target_folder()?)
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
            let takes_minutes = program.name == "docker manifest" && latency > SLOW_PROGRAM_LATENCY;
            if takes_minutes && args.latency.is_empty() {
                eprintln!(
                    "bench: skipping {} at {latency} ms, which takes minutes; --latency {latency} measures it",
                    program.name
                );
                continue;
            }
            eprintln!("bench: {} at {latency} ms", program.name);
            // Each program gets a registry of its own: content that one pushed would save work for the next.
            let world = World::real(work, Duration::from_millis(latency))?;
            row(program, &world, &mut of_ours)?;
            homes.push(world.stop());
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

/// Measures our program with growing numbers of images, on a fast registry.
fn images(args: &Args, ours: PathBuf) -> TaskResult {
    let (counts, layers): (&[usize], _) = if args.quick {
        (&[5, 20], 3)
    } else {
        (&[5, 20, 100, 500], 10)
    };
    let latency = Duration::from_millis(args.latency.first().copied().unwrap_or(50));
    let programs = program::available(ours, &target_folder()?);
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
        homes.push(world.stop());
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

/// Measures our program with indexes of an image and its attestation, which are flattened into one.
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
    let measured = measurement::measure(command)?;
    let chain = world::longest_request_chain(&world.requests());
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
        "| {:.2} s | {} | {} | {} | {chain} | {:.1} MB |",
        measured.wall.as_secs_f64(),
        traffic.requests,
        traffic.connections,
        traffic.tokens,
        measured.peak_mb(),
    );
    Ok(())
}
