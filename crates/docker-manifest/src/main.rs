//! `docker-manifest`: makes, edits, publishes and reads multi-platform container images.

use std::process::ExitCode;

use docker_manifest::environment::Environment;

fn main() -> ExitCode {
    docker_manifest::run(std::env::args_os().collect(), Environment::of_process())
}
