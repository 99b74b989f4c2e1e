//! The program `docker-manifest`: the only crate that knows the command line, the terminal, the process and the
//! environment.
//!
//! A module uses only modules of lower layers, and none of its own layer. `cargo xtask walls` checks that.
//!
//! | layer | module | holds |
//! | --- | --- | --- |
//! | 11 | [`completion`] | candidates for shells, and for Docker's CLI |
//! | 11 | [`man_pages`] | the man pages |
//! | 11 | [`reference_docs`] | the reference pages of the documentation |
//! | 10 | `manifest_tool` | the command lines of `manifest-tool`, if the program is called by that name |
//! | 10 | [`cli`] | the command line: parser, help, usage errors in Docker's words, dispatch |
//! | 9 | [`commands`] | one file for each command: its arguments, then a function that runs it |
//! | 8 | `assembly` | a draft of sources, made in one way for all commands |
//! | 8 | `drafts` | the drafts that a command works on: on this machine, or in a registry |
//! | 7 | `staging` | drafts in a repository of a registry |
//! | 6 | `comparison` | the differences between two lists |
//! | 6 | `compose` | composing a draft of resolved sources |
//! | 6 | [`publishing`] | publishing drafts and manifests, to registries and to layouts |
//! | 6 | `verification` | the checks of a published list and all that it refers to |
//! | 6 | `view` | a manifest, list or draft as `inspect` shows it: as JSON and as a table |
//! | 5 | [`context`] | the context of a command: configuration, drafts, registry client, output |
//! | 5 | [`preflight`] | the checks of a list before it is published |
//! | 5 | `result_files` | files that flags name for results |
//! | 5 | [`table`] | tables of text |
//! | 5 | [`sources`] | the sources of a list: from arguments to entries |
//! | 4 | [`observer`] | events of the registry client, as text |
//! | 4 | [`settings`] | the user's settings for registries: certificates, credentials, proxies, mirrors |
//! | 4 | [`terminal`] | the width of the terminal, and whether text has colours |
//! | 4 | [`shim`] | the `docker` shim, which executes the real `docker` |
//! | 3 | [`cache`] | the cache on disk |
//! | 3 | `concurrency` | concurrent work, bounded |
//! | 3 | [`environment`] | variables, and the user's folders |
//! | 3 | [`flags`] | groups of flags that several commands have |
//! | 3 | `input_files` | files that arguments and flags name for input, or standard input |
//! | 3 | [`interrupt`] | signals end credential helpers, too |
//! | 3 | `journal` | the notes of a run in the journal of written tags |
//! | 3 | [`manual`] | description, arguments, examples and exit codes of each command |
//! | 3 | `progress` | the progress of copying, as a bar or as lines |
//! | 2 | [`plugin`] | the version, and the metadata for Docker's CLI |
//! | 2 | [`failure`] | every error of a command, with text, hints and exit code |
//! | 1 | `age` | ages, as text |
//! | 1 | `byte_size` | numbers of bytes, as text |
//! | 1 | `excerpt` | text that is cut short for people |
//! | 1 | [`exit`] | the table of exit codes |
//! | 1 | `go_template` | Go templates, as `--format` has them |
//! | 1 | [`names`] | the name that the program was called by: itself, a plugin, the `docker` shim |
//! | 1 | [`output`] | results to standard output, everything else to standard error |
//! | 1 | `timestamp` | times as images state them |
//! | 1 | [`values`] | the values of flags, and how they are parsed |
//!
//! The library part exists so that `cargo xtask docs` can render the reference from the same definitions. Types
//! and rules of images are in `manifest-core`, drafts in `manifest-store`, the network in `manifest-registry`.

use std::ffi::OsString;
use std::process::ExitCode;

mod age;
mod assembly;
mod byte_size;
pub mod cache;
pub mod cli;
pub mod commands;
mod comparison;
pub mod completion;
mod compose;
mod concurrency;
pub mod context;
mod drafts;
pub mod environment;
mod excerpt;
pub mod exit;
pub mod failure;
pub mod flags;
pub mod go_template;
mod input_files;
pub mod interrupt;
mod journal;
pub mod man_pages;
mod manifest_tool;
pub mod manual;
pub mod names;
pub mod observer;
pub mod output;
pub mod plugin;
pub mod preflight;
mod progress;
pub mod publishing;
pub mod reference_docs;
mod result_files;
pub mod settings;
pub mod shim;
pub mod sources;
mod staging;
pub mod table;
pub mod terminal;
mod timestamp;
pub mod values;
mod verification;
mod view;

use cli::{Cli, Request};
use context::Context;
use environment::Environment;
use exit::Exit;
use failure::Failure;
use flags::Globals;
use names::{Invocation, METADATA_ARGUMENT, ProgramName};
use output::Output;

/// Runs the program and returns its exit code.
#[must_use]
pub fn run(arguments: Vec<OsString>, environment: Environment) -> ExitCode {
    let output = Output::new(terminal::has_colours_on_stderr(&environment));
    let mut arguments = arguments.into_iter();
    let name = ProgramName::from_argv0(&arguments.next().unwrap_or_default());
    let arguments = arguments.collect();
    if name == ProgramName::ManifestTool {
        return ExitCode::from(manifest_tool::run(arguments, environment, &output).code());
    }
    let exit = match dispatch(&name, arguments, environment, &output) {
        Ok(()) => Exit::Done,
        Err(failure) => {
            failure.report(&output);
            failure.exit()
        }
    };
    ExitCode::from(exit.code())
}

fn dispatch(
    name: &ProgramName,
    arguments: Vec<OsString>,
    environment: Environment,
    output: &Output,
) -> Result<(), Failure> {
    if let Some(request) = completion::Request::read(name, &arguments) {
        let candidates = completion::complete(&request, &environment, output);
        output.text(&candidates.text(request.has_descriptions))?;
        output.status(&candidates.status());
        return Ok(());
    }
    if *name == ProgramName::Shim && !shim::is_manifest_command(&arguments) {
        return Err(shim::exec_docker(&arguments, &environment));
    }
    if arguments
        .first()
        .is_some_and(|first| first == METADATA_ARGUMENT)
    {
        return Ok(output.result(plugin::metadata())?);
    }
    let outer = match name {
        ProgramName::Shim => Invocation::under_docker(names::BUILTIN),
        _ => Invocation::own(),
    };
    let (globals, rest) = Globals::split(&arguments, &outer)?;
    if rest.is_empty() && globals.wants_version() {
        return Ok(output.result(plugin::version_line())?);
    }
    let (invocation, mut words) = names::strip_plugin_name(name, rest);
    if globals.wants_help() {
        words.push("--help".into());
    }
    let request = Cli::read(&words, &invocation)?;
    match request {
        Request::Help(text) => Ok(output.text(&text)?),
        Request::Usage(text) => {
            output.status(&format!("\n{}", text.trim_end()));
            Ok(())
        }
        Request::Run { name, command } => {
            let context = Context::new(environment, globals, output);
            command.run(&context.for_command(&name))
        }
    }
}
