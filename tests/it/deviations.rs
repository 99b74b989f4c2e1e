//! Where Docker's CLI is wrong and ours is not: a test for each row of the table of deviations, named after it.
//!
//! Docker's side is shown, too, where there is a Docker: should it ever get something right, its row can go.

mod copying;
mod drafts;
mod errors;
mod hosts;
mod inspecting;
mod lists;

use manifest_testkit::EmbeddedRegistry;
use manifest_testkit::suite::TestRegistry;

use crate::harness::{Player, Program, Seen, Stage, docker};

/// Starts an embedded registry with the world in it.
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

/// Plays lines with Docker's CLI and returns what the last of them did; nothing where there is no Docker.
fn dockers(stage: &Stage, lines: &[&str]) -> Option<Seen> {
    docker::find()?;
    let player = stage.player(Program::Docker);
    let seen: Vec<Seen> = lines.iter().map(|line| player.play(line)).collect();
    seen.into_iter().next_back()
}

fn ours(stage: &Stage) -> Player<'_> {
    stage.player(Program::Ours)
}
