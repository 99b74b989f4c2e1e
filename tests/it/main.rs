//! End-to-end tests of the program: real processes, a home folder each, registries on loopback.
//!
//! | module | holds |
//! | --- | --- |
//! | [`recorded`] | recorded results of Docker's CLI, compared where there is no Docker |
//! | [`fidelity`] | the same command lines through Docker's CLI and this program, side by side |
//! | [`deviations`] | a test for each row of the table of differences |
//! | [`publishing`] | indexes with attestations, many tags, and reports |
//! | [`verification`] | `verify` and `diff`: each kind of damage, each kind of difference |
//! | [`registries`] | TLS, tokens, credentials, refusals, and the number of requests |
//! | [`inspect`] | the forms of `inspect` that Docker's command does not have |
//! | [`races`] | many processes at once, and killed processes |
//! | [`completion`] | candidates for shells and for Docker's CLI, in real shells |
//! | [`manifest_tool`] | the program called as `manifest-tool` |
//! | [`names`] | the plugin, the shim, `install` and `uninstall` |
//! | [`commands`] | the main workflow on both registries: results, drafts, published content, requests |
//! | [`harness`] | homes, programs, registries with known images, and the effects of commands |
//!
//! Each file of this folder is a module of this one binary; [`every_file_is_a_module`] checks that.

#![allow(clippy::unwrap_used, reason = "in a test, a panic is the report")]

mod apply;
mod commands;
mod completion;
mod deviations;
mod fidelity;
mod harness;
mod inspect;
mod manifest_tool;
mod names;
mod publishing;
mod races;
mod recorded;
mod registries;
mod verification;

use std::path::{Path, PathBuf};

/// Returns the folder of these tests.
pub(crate) fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/it")
}

/// A file without a `mod` is never compiled, and its tests never run.
#[test]
fn every_file_is_a_module() {
    let mut forgotten = Vec::new();
    let mut folders = vec![(folder(), folder().join("main.rs"))];
    while let Some((here, parent)) = folders.pop() {
        let text = std::fs::read_to_string(&parent).unwrap_or_default();
        for entry in std::fs::read_dir(&here).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push((path.clone(), path.with_extension("rs")));
                continue;
            }
            let name = path
                .file_stem()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned();
            let is_code = path.extension().is_some_and(|extension| extension == "rs");
            let declaration = format!("mod {name};");
            let declared = text
                .lines()
                .any(|line| line.trim_end().ends_with(&declaration));
            if is_code && !declared && path != parent {
                forgotten.push(format!("{} has no `{declaration}`", parent.display()));
            }
        }
    }
    assert!(forgotten.is_empty(), "{}", forgotten.join("\n"));
}
