//! The command lines of `manifest-tool`, for scripts that were written for it. The program takes them if it is called by that name.
//!
//! | module | holds |
//! | --- | --- |
//! | `inspect` | `inspect`: an image or a list, as lines or as JSON |
//! | `push` | `push from-spec`, `push from-args` |
//! | `command_line` | the parser: the request of a command line |
//! | `misplaced` | words in the wrong place, which are ignored or refused |
//! | `help` | help in the layout of `manifest-tool`'s |
//! | `connection` | the global flags: login, TLS, configuration |
//! | `report` | errors in the form of `manifest-tool`'s |
//! | `definitions` | the commands and their flags |
//! | `flag_parser` | flags as Go's package `flag` parses them |
//!
//! Standard output, the exit codes and the bytes of a list are those of `manifest-tool` v2. The texts of errors are this program's own,
//! behind the words that scripts look for.

mod command_line;
mod connection;
mod definitions;
mod flag_parser;
mod help;
mod inspect;
mod misplaced;
mod push;
mod report;

use std::ffi::OsString;

use command_line::{Command, CommandLine, Request, UsageProblem};
use connection::Connection;

use crate::context::Context;
use crate::environment::Environment;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::names::{MANIFEST_TOOL, PROGRAM};
use crate::output::Output;
use crate::plugin::{COMMIT, VERSION};

/// The version of `manifest-tool` whose command lines are taken.
const COMPATIBLE_WITH: &str = "2";

/// Runs the program as `manifest-tool`, and reports a failure.
pub(crate) fn run(arguments: Vec<OsString>, environment: Environment, output: &Output) -> Exit {
    let words = arguments.into_iter().map(OsString::into_string);
    let words: Result<Vec<String>, OsString> = words.collect();
    let line = match words {
        Ok(words) => CommandLine::parse(&words),
        Err(_) => Err(UsageProblem::Flags {
            command: &definitions::PROGRAM,
            // It may be a password.
            text: "an argument is not UTF-8".to_owned(),
            hint: None,
        }),
    };
    let line = match line {
        Ok(line) => line,
        Err(problem) => {
            report::usage(&problem, output);
            return Exit::Other(problem.exit_code());
        }
    };
    for warning in &line.warnings {
        output.warning(warning);
    }
    match execute(&line, environment, output) {
        Ok(()) => Exit::Done,
        Err(failure) => {
            report::failure(&failure, output);
            Exit::Failure
        }
    }
}

fn execute(line: &CommandLine, environment: Environment, output: &Output) -> Result<(), Failure> {
    let command = match &line.request {
        Request::Help(command) => return Ok(output.text(&help::render(command))?),
        Request::Version => return Ok(output.result(version_line())?),
        Request::Run(command) => command,
    };
    let connection = Connection::new(&line.globals)?;
    connection.warn(output);
    let context = Context::new(environment, connection.globals(), output);
    let context = context.for_command(MANIFEST_TOOL);
    context.block_on(async {
        match command {
            Command::Inspect(args) => inspect::run(&context, &connection, args).await,
            Command::FromSpec(args) => push::from_spec(&context, &connection, args).await,
            Command::FromArgs(args) => push::from_args(&context, &connection, args).await,
        }
    })
}

/// Returns the line of `--version`. Its third word is a version, as `manifest-tool` has it.
fn version_line() -> String {
    format!("{MANIFEST_TOOL} version {COMPATIBLE_WITH} ({PROGRAM} {VERSION}, commit: {COMMIT})")
}
