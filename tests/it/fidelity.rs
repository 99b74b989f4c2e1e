//! The same command lines through Docker's CLI and this program, side by side, compared after each of them: exit code, standard
//! output, errors, draft files, and published content.
//!
//! Each program has a home and a registry of its own, seeded the same. Only the registries' addresses differ, and they are
//! replaced before the comparison. Docker needs `--insecure` for a registry without TLS, so nearly every line has it. Docker's
//! mistakes are in [`crate::deviations`], and are left out here.
//!
//! | module | holds |
//! | --- | --- |
//! | [`annotate`], [`create`], [`inspect`], [`push`], [`rm`] | each command: its flags, arguments, errors |
//! | [`content`] | rare images and lists |
//! | [`flags`] | the syntax of flags; help and usage errors |
//! | [`scripts`] | the style of real scripts |
//! | [`handover`] | drafts that both programs work on, and old draft files |
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

/// Two stages that differ only in their addresses: one for Docker's CLI, one for this program.
struct SideBySide {
    docker: Stage,
    ours: Stage,
}

/// A session: two homes, in which the same lines are played.
struct Session<'a> {
    docker: Player<'a>,
    ours: Player<'a>,
    /// The lines played so far.
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
    /// Plays a line on both sides, and returns the difference. With `~` before the line, standard error may differ; with `+`,
    /// this program may warn where Docker is silent.
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

/// Plays cases, each in homes of its own: a name, and command lines. `%` in a line is the case's number, which makes tags and
/// repositories unique. All differences are reported at the end.
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
        // After a difference, everything that follows would differ as well.
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

/// The simplest session, without the machinery above.
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
