//! Deviations from Docker's CLI where it is wrong: a test for each row of the table of differences, named after the row.
//!
//! Docker's behaviour is tested as well, if there is a Docker: once it gets something right, the row can go.

mod copying;
mod drafts;
mod errors;
mod hosts;
mod inspecting;
mod lists;

use manifest_testkit::EmbeddedRegistry;
use manifest_testkit::suite::TestRegistry;

use crate::harness::{Player, Program, Seen, Stage, docker};

/// Starts an embedded registry, seeded with the world.
fn stage() -> Stage {
    Stage::on(TestRegistry::Embedded(EmbeddedRegistry::start()))
}

/// Returns the embedded registry of a stage.
fn embedded(stage: &Stage) -> &EmbeddedRegistry {
    match stage.registry() {
        TestRegistry::Embedded(registry) => registry,
        TestRegistry::Real(_) => panic!("this stage has a real registry"),
    }
}

/// Plays lines with Docker's CLI and returns the result of the last one, or `None` without Docker.
fn dockers(stage: &Stage, lines: &[&str]) -> Option<Seen> {
    docker::find()?;
    let player = stage.player(Program::Docker);
    let seen: Vec<Seen> = lines.iter().map(|line| player.play(line)).collect();
    seen.into_iter().next_back()
}

fn ours(stage: &Stage) -> Player<'_> {
    stage.player(Program::Ours)
}
