//! The program `docker-manifest`: the only crate that knows the command line, the terminal, the process and the
//! environment.
//!
//! | module | holds |
//! | --- | --- |
//! | [`names`] | what the program was called as: itself, a plugin, the `docker` shim |
//! | [`cli`] | the command line, its help and its usage errors, as Docker words them |
//! | [`commands`] | one file a command: its arguments, then what it does |
//! | [`sources`] | what `create` makes entries of |
//! | `drafting` | how a draft comes of what was resolved |
//! | [`publishing`] | what `push` and `create --push` do with a draft |
//! | [`review`] | what is looked at before a list goes live |
//! | [`context`] | what a command runs in: environment, configuration, drafts, registry client, output |
//! | [`interrupt`] | what is ended along with the program |
//! | [`settings`] | what is set for talking to registries: certificates, credentials, proxies, mirrors |
//! | [`memory`] | what is remembered from one run to the next |
//! | [`output`] | results to standard output, all else to standard error |
//! | [`observer`] | what the registry client tells while it works |
//! | `progress` | how far copying has come |
//! | [`failure`] | every way to fail, with its hints |
//! | [`exit`] | the table of exit codes |
//! | [`shim`] | handing a command line over to the real `docker` |
//!
//! The library part exists so that `cargo xtask docs` can render the reference from the same definitions. Types
//! and rules of images are in `manifest-core`, drafts in `manifest-store`, the network in `manifest-registry`.

use std::ffi::OsString;
use std::process::ExitCode;

mod byte_size;
pub mod cache;
pub mod cli;
pub mod commands;
mod compose;
mod concurrency;
pub mod context;
pub mod environment;
pub mod exit;
pub mod failure;
pub mod flags;
pub mod interrupt;
pub mod manual;
pub mod names;
pub mod observer;
pub mod output;
pub mod plugin;
pub mod preflight;
mod progress;
pub mod publishing;
pub mod reference_docs;
pub mod settings;
pub mod shim;
pub mod sources;
pub mod values;

use cli::{Cli, Request};
use context::Context;
use environment::Environment;
use exit::Exit;
use failure::Failure;
use flags::Globals;
use names::{Invocation, METADATA_ARGUMENT, ProgramName};
use output::Output;

/// Runs the program and returns what it ends with.
#[must_use]
pub fn run(arguments: Vec<OsString>, environment: Environment) -> ExitCode {
    let output = Output::default();
    let exit = match dispatch(arguments, environment, &output) {
        Ok(()) => Exit::Done,
        Err(failure) => {
            failure.report(&output);
            failure.exit()
        }
    };
    ExitCode::from(exit.code())
}

fn dispatch(
    arguments: Vec<OsString>,
    environment: Environment,
    output: &Output,
) -> Result<(), Failure> {
    let mut arguments = arguments.into_iter();
    let name = ProgramName::from_argv0(&arguments.next().unwrap_or_default());
    let arguments: Vec<OsString> = arguments.collect();
    if name == ProgramName::Shim && !shim::is_manifest_command(&arguments) {
        return Err(shim::exec_docker(&arguments, &environment));
    }
    if arguments
        .first()
        .is_some_and(|first| first == METADATA_ARGUMENT)
    {
        return Ok(output.result(plugin::metadata())?);
    }
    let outer = match &name {
        ProgramName::Shim => Invocation::under_docker(names::BUILTIN),
        _ => Invocation::own(),
    };
    let (globals, rest) = Globals::split(&arguments, &outer)?;
    if rest.is_empty() && globals.wants_version() {
        return Ok(output.result(format!("{} version {}", names::PROGRAM, plugin::VERSION))?);
    }
    let (invocation, mut words) = names::strip_plugin_name(&name, rest);
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
        Request::Run(command) => command.run(&Context::new(environment, globals, output)),
    }
}
