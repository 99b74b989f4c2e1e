//! Drafts that both programs work on. Whichever program runs a command of a session in one home, the command must print, store
//! and publish the same as in a session of Docker's CLI alone.

use manifest_testkit::suite::{Kind, TestRegistry};

use crate::harness::stage::Stderr;
use crate::harness::{Program, Seen, Stage, docker};

/// Plays a session with Docker's CLI alone, then with its commands dealt to both programs. The lines are as in [`super::check`];
/// lines that start with `!` belong to neither.
///
/// Each deal has a registry of its own, so that no published content of another one is there.
#[track_caller]
fn check(name: &str, lines: &str) {
    if !docker::is_here(&format!("fidelity::handover::{name}")) {
        return;
    }
    let stage = || Stage::on(TestRegistry::start(Kind::Embedded));
    let lines: Vec<&str> = lines
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .collect();
    let commands = lines.iter().filter(|line| !line.starts_with('!')).count();
    let dockers: Vec<Seen> = {
        let stage = stage();
        let player = stage.player(Program::Docker);
        lines.iter().map(|line| player.play(line)).collect()
    };
    for deal in deals(commands) {
        let stage = stage();
        let mut player = stage.player(Program::Docker);
        let mut played = String::new();
        let mut left = deal;
        for (line, docker) in lines.iter().zip(&dockers) {
            if !line.starts_with('!') {
                player.program = if left & 1 == 1 {
                    Program::Ours
                } else {
                    Program::Docker
                };
                left >>= 1;
            }
            played.push_str(&format!("\n  {:?}: {line}", player.program));
            if let Some(difference) = docker.difference(&player.play(line), Stderr::Same) {
                panic!("{name}{played}\n{difference}");
            }
        }
    }
}

/// Deals commands: a bit for each, set if this program runs it. All combinations, or if those are too many, one program runs all
/// but one command, or all but those before or after one.
fn deals(commands: usize) -> Vec<u32> {
    let all = (1 << commands) - 1;
    if commands <= 4 {
        return (1..=all).collect();
    }
    let edges = (0..commands).flat_map(|at| [1 << at, (1 << at) - 1]);
    let mut deals: Vec<u32> = edges
        .flat_map(|deal| [deal, all & !deal])
        .filter(|&deal| deal > 0)
        .collect();
    deals.sort_unstable();
    deals.dedup();
    deals
}

#[test]
fn create_annotate_push() {
    check(
        "create, annotate, push",
        "
        create --insecure @/app:list @/app:amd64 @/app:odd @/other:s390x
        annotate @/app:list @/app:odd --arch arm --variant v6 --os-features '<a>,b'
        inspect -v @/app:list
        push --insecure @/app:list
        push --insecure -p @/app:list",
    );
}

#[test]
fn amend_and_annotate() {
    check(
        "amend and annotate",
        "
        create --insecure @/app:list @/app:odd
        create --insecure -a @/app:list @/app:arm64
        annotate @/app:list @/app:arm64 --variant v9 --os-version 1
        create --insecure -a @/app:list @/app:arm64 @/app:armv7
        annotate @/app:list @/app:arm64 --variant v8
        push --insecure @/app:list",
    );
}

#[test]
fn remove_and_make_again() {
    check(
        "remove and make again",
        "
        create --insecure @/new:1 @/app:amd64
        annotate @/new:1 @/app:amd64 --arch arm64
        rm @/new:1
        create --insecure @/new:1 @/app:amd64 @/app:arm64
        push --insecure -p @/new:1
        inspect --insecure @/new:1",
    );
}

#[test]
fn annotations_of_the_other_program_stay() {
    check(
        "annotations of the other program stay",
        "
        create --insecure @/app:list @/app:built-1 @/app:windows
        annotate @/app:list @/app:built-1 --arch arm --variant v7
        annotate @/app:list @/app:windows --os-features x --os-version 10.0.2
        create --insecure -a @/app:list @/app:built-1 @/app:windows
        inspect @/app:list
        push --insecure @/app:list",
    );
}

/// Docker 18.06 and older stored no raw bytes. If re-indenting restores the digest, nothing else changes.
#[test]
fn files_without_raw() {
    check(
        "files without Raw",
        "
        create --insecure @/new:1 @/app:oci-arm64 @/other:s390x
        !without-raw @/new:1 @/app:oci-arm64
        !without-raw @/new:1 @/other:s390x
        inspect @/new:1 @/other:s390x
        inspect -v @/new:1
        annotate @/new:1 @/other:s390x --variant z15
        inspect @/new:1
        push --insecure @/new:1",
    );
}

/// If re-indenting does not restore the digest, a child cannot be pushed to another repository.
#[test]
fn files_without_raw_of_odd_bytes() {
    check(
        "files without Raw, of odd bytes",
        "
        create --insecure @/new:1 @/app:odd
        !without-raw @/new:1 @/app:odd
        annotate @/new:1 @/app:odd --variant v2
        push --insecure @/new:1
        inspect -v @/new:1 @/app:odd",
    );
}

/// In the same repository only the list is pushed, so raw bytes are not needed.
#[test]
fn files_without_raw_of_the_same_repository() {
    check(
        "files without Raw, of the same repository",
        "
        create --insecure @/app:list @/app:oci-odd @/app:windows
        !without-raw @/app:list @/app:oci-odd
        !without-raw @/app:list @/app:windows
        push --insecure @/app:list
        create --insecure --amend @/app:list @/other:s390x
        push --insecure @/app:list",
    );
}

/// The oldest form has digest and platform at the top. The digest is that of the compact manifest.
#[test]
fn files_before_descriptors() {
    check(
        "files before descriptors",
        "
        create --insecure @/app:list @/app:compact @/app:amd64
        !before-descriptors @/app:list @/app:compact
        inspect @/app:list
        inspect -v @/app:list
        inspect @/app:list @/app:compact
        push --insecure @/app:list
        annotate @/app:list @/app:compact --variant power9 --os-features a
        push --insecure @/app:list",
    );
}

#[test]
fn files_before_descriptors_of_another_repository() {
    check(
        "files before descriptors, of another repository",
        "
        create --insecure @/new:1 @/app:compact
        !before-descriptors @/new:1 @/app:compact
        annotate @/new:1 @/app:compact --variant power9
        push --insecure @/new:1
        inspect -v @/new:1 @/app:compact",
    );
}

#[test]
fn files_before_descriptors_of_oci_images() {
    check(
        "files before descriptors, of OCI images",
        "
        create --insecure @/app:list @/app:oci-compact
        !before-descriptors @/app:list @/app:oci-compact
        inspect -v @/app:list
        annotate @/app:list @/app:oci-compact --variant power9
        push --insecure @/app:list",
    );
}
