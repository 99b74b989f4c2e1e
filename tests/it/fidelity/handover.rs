//! Drafts that change hands midway. Whoever runs which command of a session, in one home, every command has to
//! show, leave and publish what it does in a session of Docker's CLI alone.

use super::SideBySide;
use crate::harness::stage::Stderr;
use crate::harness::{Program, docker};

/// Plays sessions once for every way to deal their commands out to the two programs, beside one that is Docker's
/// alone. Lines as in [`super::check`]; lines that start with `!` are nobody's.
#[track_caller]
fn check(name: &str, lines: &str) {
    if !docker::is_here(&format!("fidelity::handover::{name}")) {
        return;
    }
    let stages = SideBySide::start();
    let lines: Vec<&str> = lines.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let commands = lines.iter().filter(|line| !line.starts_with('!')).count();
    for deal in 1..1_u32 << commands {
        let docker = stages.docker.player(Program::Docker);
        let mut mixed = stages.ours.player(Program::Docker);
        let mut played = String::new();
        let mut left = deal;
        for line in &lines {
            let line = line.replace('%', &format!("deal{deal}"));
            if !line.starts_with('!') {
                mixed.program = if left & 1 == 1 { Program::Ours } else { Program::Docker };
                left >>= 1;
            }
            played.push_str(&format!("\n  {:?}: {line}", mixed.program));
            let (line, stderr) = match line.strip_prefix('~') {
                Some(line) => (line, Stderr::Free),
                None => (&*line, Stderr::Same),
            };
            if let Some(difference) = docker.play(line).difference(&mixed.play(line), stderr) {
                panic!("{name}{played}\n{difference}");
            }
        }
    }
}

#[test]
fn create_annotate_push() {
    check("create, annotate, push", "
        create --insecure @/app:% @/app:amd64 @/app:odd @/other:s390x
        annotate @/app:% @/app:odd --arch arm --variant v6 --os-features '<a>,b'
        inspect -v @/app:%
        push --insecure @/app:%
        push --insecure -p @/app:%");
}

#[test]
fn amend_and_annotate() {
    check("amend and annotate", "
        create --insecure @/app:% @/app:oci-odd
        create --insecure -a @/app:% @/app:arm64
        annotate @/app:% @/app:arm64 --variant v9 --os-version 1
        create --insecure -a @/app:% @/app:arm64 @/app:armv7
        annotate @/app:% @/app:arm64 --variant v8
        push --insecure @/app:%");
}

#[test]
fn remove_and_make_again() {
    check("remove and make again", "
        create --insecure @/new-%:1 @/app:amd64
        annotate @/new-%:1 @/app:amd64 --arch arm64
        rm @/new-%:1
        create --insecure @/new-%:1 @/app:amd64 @/app:arm64
        push --insecure -p @/new-%:1
        inspect --insecure @/new-%:1");
}

#[test]
fn annotations_of_the_other_program_stay() {
    check("annotations of the other program stay", "
        create --insecure @/app:% @/app:built-1 @/app:windows
        annotate @/app:% @/app:built-1 --arch arm --variant v7
        annotate @/app:% @/app:windows --os-features x --os-version 10.0.2
        create --insecure -a @/app:% @/app:built-1 @/app:windows
        inspect @/app:%
        push --insecure @/app:%");
}

/// Docker 18.06 and older kept no raw bytes; where re-indenting restores the digest nothing else changes.
#[test]
fn files_without_raw() {
    check("files without Raw", "
        create --insecure @/new-%:1 @/app:amd64 @/app:oci-arm64
        !without-raw @/new-%:1 @/app:amd64
        !without-raw @/new-%:1 @/app:oci-arm64
        inspect @/new-%:1 @/app:amd64
        inspect -v @/new-%:1
        annotate @/new-%:1 @/app:amd64 --variant v2
        inspect @/new-%:1
        push --insecure @/new-%:1");
}

/// Where re-indenting does not restore the digest, a child cannot be pushed to another repository.
#[test]
fn files_without_raw_of_odd_bytes() {
    check("files without Raw, of odd bytes", "
        create --insecure @/new-%:1 @/app:odd
        !without-raw @/new-%:1 @/app:odd
        annotate @/new-%:1 @/app:odd --variant v2
        push --insecure @/new-%:1
        inspect -v @/new-%:1 @/app:odd");
}

/// In the same repository nothing is pushed but the list, so no raw bytes are needed.
#[test]
fn files_without_raw_of_the_same_repository() {
    check("files without Raw, of the same repository", "
        create --insecure @/app:% @/app:odd @/app:oci-odd
        !without-raw @/app:% @/app:odd
        !without-raw @/app:% @/app:oci-odd
        push --insecure @/app:%
        create --insecure --amend @/app:% @/app:arm64
        push --insecure @/app:%");
}

/// The oldest form has digest and platform at the top, and the digest is that of the compact manifest.
#[test]
fn files_before_descriptors() {
    check("files before descriptors", "
        create --insecure @/app:% @/app:compact @/app:amd64
        !before-descriptors @/app:% @/app:compact
        inspect @/app:%
        inspect -v @/app:%
        inspect @/app:% @/app:compact
        push --insecure @/app:%
        annotate @/app:% @/app:compact --variant power9 --os-features a
        push --insecure @/app:%");
}

#[test]
fn files_before_descriptors_of_another_repository() {
    check("files before descriptors, of another repository", "
        create --insecure @/new-%:1 @/app:compact
        !before-descriptors @/new-%:1 @/app:compact
        annotate @/new-%:1 @/app:compact --variant power9
        push --insecure @/new-%:1
        inspect -v @/new-%:1 @/app:compact");
}

#[test]
fn files_before_descriptors_of_oci_images() {
    check("files before descriptors, of OCI images", "
        create --insecure @/app:% @/app:oci-compact
        !before-descriptors @/app:% @/app:oci-compact
        inspect -v @/app:%
        annotate @/app:% @/app:oci-compact --variant power9
        push --insecure @/app:%");
}
