//! The same command lines through Docker's CLI and ours, side by side, compared after each of them: exit code,
//! standard output, errors, draft files, and what is published.
//!
//! Each program has a home and a registry of its own, seeded the same; only the registries' addresses differ, and
//! these are replaced before anything is compared. Docker needs `--insecure` for a registry without TLS, so nearly
//! every line has it. What Docker gets wrong is in [`crate::deviations`], and is left out here.
//!
//! | module | holds |
//! | --- | --- |
//! | [`annotate`], [`create`], [`inspect`], [`push`], [`rm`] | each command: its flags, arguments, errors |
//! | [`content`] | images and lists that are seldom seen |
//! | [`flags`] | how flags may be written; help and usage errors |
//! | [`scripts`] | the ways that real scripts are written |
//! | [`handover`] | drafts that change hands midway, and old draft files |
//! | [`random`] | sessions of random commands |
//! | [`references`] | random names |

mod annotate;
mod content;
mod create;
mod flags;
mod handover;
mod inspect;
mod push;
mod random;
mod references;
mod rm;
mod scripts;

use crate::harness::stage::Stderr;
use crate::harness::{Home, Player, Program, Stage, docker};

/// Two stages that only differ in their addresses: one for Docker's CLI, one for ours.
struct SideBySide {
    docker: Stage,
    ours: Stage,
}

/// A session: two homes, in which the same lines are played.
struct Session<'a> {
    docker: Player<'a>,
    ours: Player<'a>,
    /// What was played so far.
    played: Vec<String>,
}

impl SideBySide {
    /// Starts the registries.
    fn start() -> Self {
        Self {
            docker: Stage::start(),
            ours: Stage::start(),
        }
    }

    /// Starts a session in two empty homes.
    fn session(&self) -> Session<'_> {
        Session {
            docker: self.docker.player(Program::Docker),
            ours: self.ours.player(Program::Ours),
            played: Vec::new(),
        }
    }
}

impl Session<'_> {
    /// Plays a line on both sides, and returns what differs. `~` before the line: standard error may differ; `+`:
    /// ours may warn where Docker is silent.
    fn play(&mut self, line: &str) -> Result<(), String> {
        let (text, stderr) = match line.split_at(1) {
            ("~", text) => (text, Stderr::Free),
            ("+", text) => (text, Stderr::MoreWarnings),
            _ => (line, Stderr::Same),
        };
        self.played.push(text.to_owned());
        let docker = self.docker.play(text);
        let ours = self.ours.play(text);
        let Some(difference) = docker.difference(&ours, stderr) else {
            return Ok(());
        };
        Err(format!(
            "played:\n  {}\n{difference}",
            self.played.join("\n  ")
        ))
    }
}

/// Plays cases, each in homes of its own: a name, and command lines. `%` in a line is the case's number, for tags
/// and repositories that no other case has. All differences are shown at the end.
#[track_caller]
fn check(table: &str, cases: &[(&str, &str)]) {
    if !docker::is_here(&format!("fidelity::{table}")) {
        return;
    }
    let stages = SideBySide::start();
    let mut differences = Vec::new();
    for (number, (name, lines)) in (1..).zip(cases) {
        let mut session = stages.session();
        let lines = lines.replace('%', &format!("case{number}"));
        let lines = lines.lines().map(str::trim).filter(|line| !line.is_empty());
        // What comes after a difference would differ, too.
        if let Err(difference) = lines.into_iter().try_for_each(|line| session.play(line)) {
            differences.push(format!("=== {table}, {name}\n{difference}"));
        }
    }
    let count = differences.len();
    assert!(
        count == 0,
        "{count} of {} cases differ\n{}",
        cases.len(),
        differences.join("\n")
    );
}

/// The plainest session, without any of the machinery above.
#[test]
fn both_programs_in_one_home() {
    if !docker::is_here("fidelity::both_programs_in_one_home") {
        return;
    }
    let home = Home::new();
    for ran in [home.dockers(&["rm", "app:1"]), home.ours(&["rm", "app:1"])] {
        ran.fails(1)
            .prints("")
            .says("No such manifest: docker.io/library/app:1\n");
    }
    assert!(home.drafts().is_empty());
}
