//! A home folder, and command lines in it.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::Watched;
use crate::harness::home::OURS;
use crate::harness::line::{self, Line};
use crate::harness::{Home, Ran};

/// A home, and the registry of `@/` in its command lines ([`line`]).
#[derive(Debug)]
pub(crate) struct Shell<'a> {
    pub(crate) registry: &'a Watched<'a>,
    pub(crate) home: Home,
    /// Secrets that no program may write.
    pub(crate) secrets: Vec<String>,
}

impl<'a> Shell<'a> {
    /// Creates a shell in an empty home.
    pub(crate) fn new(registry: &'a Watched<'a>) -> Self {
        Self {
            registry,
            home: Home::new(),
            secrets: Vec::new(),
        }
    }

    /// Fills in the placeholders of a command line.
    pub(crate) fn command(&self, text: &str) -> Command {
        let line = Line::parse(text, &self.registry.host());
        let mut command = self.home.command(OURS);
        command.args(line.words).envs(line.variables);
        command
    }

    /// Runs a command line to its end. In its output, the registry's address is replaced by `REGISTRY`, the home's path by
    /// `HOME`.
    pub(crate) fn run(&self, text: &str) -> Ran {
        self.run_command(&mut self.command(text))
    }

    /// Runs any program to its end, and checks its output as [`Self::run`] does.
    pub(crate) fn run_command(&self, command: &mut Command) -> Ran {
        let ran = self.home.run(command);
        for secret in &self.secrets {
            let written = [&ran.stdout, &ran.stderr];
            assert!(
                written.iter().all(|text| !text.contains(secret)),
                "a secret was shown\n{ran}"
            );
        }
        let home = self.home.path().to_string_lossy().into_owned();
        let neutral =
            |text: &str| line::neutral_text(text, &self.registry.host()).replace(&home, "HOME");
        Ran {
            stdout: neutral(&ran.stdout),
            stderr: neutral(&ran.stderr),
            ..ran
        }
    }

    /// Returns the files of the store, including this program's own folder, but neither the locks nor the journal.
    pub(crate) fn store(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        let mut files = BTreeMap::new();
        let mut folders = vec![self.home.manifests()];
        while let Some(folder) = folders.pop() {
            for path in paths(&folder) {
                if path.is_dir() {
                    folders.push(path);
                } else if !is_log(&path) {
                    files.insert(path.clone(), fs::read(path).unwrap());
                }
            }
        }
        files
    }

    /// Returns the names of the drafts, with the number of entries of each.
    pub(crate) fn drafts(&self) -> BTreeMap<String, usize> {
        let mut drafts = BTreeMap::new();
        for file in self.home.drafts() {
            let name = line::neutral_text(&file.list, &self.registry.host());
            *drafts.entry(name).or_default() += usize::from(!file.file.is_empty());
        }
        drafts
    }
}

/// Tells whether a file changes with every command that writes.
fn is_log(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    ["lock", "journal", "journal.lock"].contains(&&*name)
}

fn paths(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten();
    entries.map(|entry| entry.unwrap().path()).collect()
}
