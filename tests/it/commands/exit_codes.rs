//! The page of exit codes: each of its rows is tested.

use std::collections::BTreeSet;
use std::os::unix::fs::symlink;

use docker_manifest::exit::Exit;
use manifest_testkit::fault::{Fault, Response};

use super::{Shell, watched};
use crate::harness::home::OURS;
use crate::harness::{Home, docker};

#[test]
fn command_lines_end_as_the_page_says() {
    let registry = watched::each().next().unwrap();
    let shell = Shell::new(&registry);
    for (line, exit, ..) in Exit::EXAMPLES {
        let ran = shell.run(line);
        assert_eq!(ran.code, i32::from(exit.code()), "{ran}");
    }
}

#[test]
fn dockers_command_ends_as_the_page_says() {
    if !docker::is_here("commands::exit_codes::dockers_command_ends_as_the_page_says") {
        return;
    }
    let home = Home::new();
    for (line, exit, _, is_dockers) in Exit::EXAMPLES {
        let words = line.split(' ').skip(1);
        let ran = home.run(home.docker().args(words));
        let code = i32::from(exit.code());
        // A flag that Docker lacks is an unknown flag there.
        let expected = if *is_dockers { code } else { 125 };
        assert_eq!(ran.code, expected, "{ran}");
    }
}

#[test]
fn every_exit_code_is_tested() {
    let registry = watched::each().next().unwrap();
    let shell = Shell::new(&registry);
    let mut met: BTreeSet<u8> = Exit::EXAMPLES.iter().map(|row| row.1.code()).collect();
    for (exit, status) in [
        (Exit::Unauthorized, 403),
        (Exit::RateLimited, 429),
        (Exit::Unavailable, 503),
    ] {
        registry.fault(Fault::on("GET", "/manifests/").respond(Response::status(status)));
        let ran = shell.run("inspect --retry 0 @/app:amd64");
        ran.fails(exit.code().into());
        registry.clear_faults();
        met.insert(exit.code());
    }
    let taken = "create --push --if-not-exists @/app:amd64 @/app:arm64";
    shell.run(taken).fails(Exit::Conflict.code().into());
    met.insert(Exit::Conflict.code());
    let folder = shell.home.path().join("only-the-shim");
    std::fs::create_dir(&folder).unwrap();
    symlink(OURS, folder.join("docker")).unwrap();
    let mut command = shell.home.command(folder.join("docker"));
    let ran = shell.run_command(command.arg("ps").env("PATH", &folder));
    ran.fails(Exit::NoDocker.code().into());
    met.insert(Exit::NoDocker.code());
    let documented: BTreeSet<u8> = Exit::TABLE.iter().map(|row| row.0.code()).collect();
    assert_eq!(met, documented);
}
