//! The `docker` shim: runs `manifest` itself, and executes the real `docker` for every other command line.

use std::ffi::{OsStr, OsString};
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::environment::Environment;
use crate::failure::Failure;
use crate::names::{BUILTIN, COMPLETE_ARGUMENTS};

/// The variable with the shims that have run already, so that none of them runs twice.
const VISITED: &str = "DOCKER_MANIFEST_SHIMS";

/// Docker's global flags with a value.
const VALUE_FLAGS: &[&str] = &[
    "--config",
    "--context",
    "--host",
    "--log-level",
    "--tlscacert",
    "--tlscert",
    "--tlskey",
];
const SHORT_VALUE_FLAGS: &[char] = &['c', 'H', 'l'];
/// Docker's global flags without a value, or with a value after `=`.
const SWITCHES: &[&str] = &["--debug", "--tls", "--tlsverify"];

/// Tells whether a command line of `docker` is for this program: `manifest` is its first word after global flags.
///
/// A command line that is not understood is left to Docker.
#[must_use]
pub fn is_manifest_command(arguments: &[OsString]) -> bool {
    first_word(arguments).is_some_and(|index| arguments[index] == BUILTIN)
}

/// Returns the words after `__complete` if a command line of `docker` asks for completions of `manifest`, up to the word at the
/// cursor. The word `manifest` itself is Docker's to complete.
#[must_use]
pub fn completion_words(arguments: &[OsString]) -> Option<&[OsString]> {
    let index = first_word(arguments)?;
    let is_request = COMPLETE_ARGUMENTS
        .iter()
        .any(|name| arguments[index] == *name);
    let words = &arguments[index..];
    let [_, before @ .., _] = words else {
        return None;
    };
    (is_request && is_manifest_command(before)).then_some(words)
}

/// Returns the index of the first word after Docker's global flags. `None` if there is none, or a flag is not understood.
fn first_word(arguments: &[OsString]) -> Option<usize> {
    let mut words = arguments
        .iter()
        .map(|word| word.to_str().unwrap_or_default());
    while let Some(word) = words.next() {
        if !word.starts_with('-') {
            return Some(arguments.len() - words.len() - 1);
        }
        let (flag, value) = word
            .split_once('=')
            .map_or((word, None), |(f, v)| (f, Some(v)));
        if VALUE_FLAGS.contains(&flag) {
            if value.is_none() {
                words.next();
            }
        } else if !SWITCHES.contains(&flag) && !skip_short_flags(word, &mut words) {
            return None;
        }
    }
    None
}

/// Skips a word of one-letter flags, with the value of the last if it takes one.
fn skip_short_flags<'a>(word: &str, words: &mut impl Iterator<Item = &'a str>) -> bool {
    let Some(letters) = word.strip_prefix('-').filter(|rest| !rest.starts_with('-')) else {
        return false;
    };
    let mut letters = letters.chars();
    while let Some(letter) = letters.next() {
        if SHORT_VALUE_FLAGS.contains(&letter) {
            if letters.as_str().is_empty() {
                words.next();
            }
            return true;
        }
        if letter != 'D' {
            return false;
        }
        if letters.as_str().starts_with('=') {
            return true;
        }
    }
    true
}

/// Replaces this process by the real `docker`, with the same arguments, streams and signals. Returns only on failure.
pub fn exec_docker(arguments: &[OsString], environment: &Environment) -> Failure {
    let visited = visited(environment);
    let Some(docker) = find_docker(environment, &visited) else {
        return Failure::NoDocker;
    };
    let list = std::env::join_paths(&visited).unwrap_or_default();
    let mut command = Command::new(&docker);
    command.args(arguments).env(VISITED, list);
    match exec(&mut command) {
        Ok(never) => never,
        Err(source) => Failure::RunDocker { docker, source },
    }
}

/// Finds the `docker` on PATH that is none of the given programs.
#[must_use]
pub fn find_docker(environment: &Environment, not: &[PathBuf]) -> Option<PathBuf> {
    find_program(environment, "docker", not)
}

/// Finds the program `name` on PATH that is none of the given ones.
#[must_use]
pub fn find_program(environment: &Environment, name: &str, not: &[PathBuf]) -> Option<PathBuf> {
    let path = environment.var("PATH")?;
    let name = format!("{name}{}", std::env::consts::EXE_SUFFIX);
    let candidates = std::env::split_paths(&path).map(|folder| folder.join(&name));
    let mut runnable = candidates.filter(|candidate| is_executable(candidate));
    runnable.find(|candidate| {
        let real = candidate
            .canonicalize()
            .unwrap_or_else(|_| candidate.clone());
        !not.contains(&real)
    })
}

fn visited(environment: &Environment) -> Vec<PathBuf> {
    let before = environment.var(VISITED).cloned().unwrap_or_default();
    let mut visited: Vec<PathBuf> = std::env::split_paths(&before)
        .filter(|path| !path.as_os_str().is_empty())
        .collect();
    if let Some(own) = own_program() {
        visited.push(own);
    }
    visited
}

/// Returns the file that this process runs, links resolved.
#[must_use]
pub fn own_program() -> Option<PathBuf> {
    std::env::current_exe()
        .and_then(|path| path.canonicalize())
        .ok()
}

#[cfg(unix)]
fn is_executable(path: &Path) -> bool {
    path.is_file() && rustix::fs::access(path, rustix::fs::Access::EXEC_OK).is_ok()
}

#[cfg(not(unix))]
fn is_executable(path: &Path) -> bool {
    path.is_file()
}

#[cfg(unix)]
fn exec(command: &mut Command) -> io::Result<Failure> {
    use std::os::unix::process::CommandExt as _;
    Err(command.arg0(OsStr::new("docker")).exec())
}

#[cfg(not(unix))]
fn exec(command: &mut Command) -> io::Result<Failure> {
    // Without `exec`, the child uses the console, and this process ends with its exit code.
    let status = command.status()?;
    Ok(Failure::DockerExited(
        u8::try_from(status.code().unwrap_or(1)).unwrap_or(1),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_its_own_command_lines() {
        for (line, ours) in [
            ("manifest", true),
            ("manifest create a b", true),
            ("-D manifest rm", true),
            ("--config /x manifest rm", true),
            ("--config=/x --debug -l debug manifest", true),
            ("-Dl debug -H=tcp://x manifest", true),
            ("-D=true --tlsverify=false manifest", true),
            ("-ldebug manifest", true),
            ("", false),
            ("version", false),
            ("-D ps", false),
            ("--config manifest ps", false),
            ("--help manifest", false),
            ("--bogus manifest", false),
            ("-v manifest", false),
            ("help manifest", false),
            ("-l", false),
        ] {
            let words: Vec<OsString> = line.split_whitespace().map(OsString::from).collect();
            assert_eq!(is_manifest_command(&words), ours, "{line}");
        }
    }

    #[test]
    fn knows_requests_for_completions_of_its_own_command() {
        for (line, wanted) in [
            ("__complete manifest x", "__complete manifest x"),
            (
                "-D __completeNoDesc manifest push --",
                "__completeNoDesc manifest push --",
            ),
            (
                "__complete --config /x manifest x",
                "__complete --config /x manifest x",
            ),
            // Docker completes the command's own name.
            ("__complete manifest", ""),
            ("__complete", ""),
            ("__complete ps manifest", ""),
            ("manifest __complete x", ""),
        ] {
            let words: Vec<OsString> = line.split_whitespace().map(OsString::from).collect();
            let found = completion_words(&words)
                .unwrap_or_default()
                .join(" ".as_ref());
            assert_eq!(found, wanted, "{line}");
        }
    }
}
