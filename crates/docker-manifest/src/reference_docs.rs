//! The reference pages of the documentation, rendered from the command definitions and the manual.

mod troubleshooting;

use std::fmt::Write as _;

use crate::cli::help::{FlagRow, OPTIONS, headings, options, usage_line};
use crate::cli::{Cli, keywords};
use crate::exit::Exit;
use crate::manual::{self, Manual};
use crate::names::Invocation;

pub use troubleshooting::troubleshooting;

/// Renders every page: its file name in `docs/reference/`, and its text.
///
/// # Panics
/// Panics if a command has no manual.
#[must_use]
pub fn pages() -> Vec<(String, String)> {
    let group = Cli::definition();
    let mut pages = vec![("README.md".to_owned(), overview(&group))];
    for command in group.get_subcommands() {
        let name = command.get_name();
        let manual = manual::of(name).expect("each command has a manual");
        pages.push((format!("{name}.md"), page(&group, command, manual)));
    }
    pages.push(("exit-codes.md".to_owned(), exit_codes()));
    pages
}

fn overview(group: &clap::Command) -> String {
    let mut text = "# Reference\n\n`cargo xtask docs` renders these pages from the program's own definitions. They call the program \
        `docker-manifest`, the name\nthat always works. [Other names](../guide/names.md) depend on the installation.\n\n\
        | command | |\n| --- | --- |\n"
        .to_owned();
    for command in group.get_subcommands() {
        let name = command.get_name();
        let _ = writeln!(text, "| [{name}]({name}.md) | {} |", about(command));
    }
    text.push_str(
        "\nEvery command has `--help`. `--debug` (before the command) traces each request on standard error.\n\n[Exit codes](exit-codes.md)\n",
    );
    text
}

/// Returns the first sentence of a command's help.
fn about(command: &clap::Command) -> String {
    let about = command.get_about().map(ToString::to_string);
    about.unwrap_or_default()
}

fn page(group: &clap::Command, command: &clap::Command, manual: &Manual) -> String {
    let invocation = Invocation::own();
    let name = command.get_name();
    let mut text = format!(
        "# {name}\n\n{}.\n\n## Synopsis\n\n```text\n{}\n```\n",
        about(command).trim_end_matches('.'),
        usage_line(command, &invocation)
    );
    text.push_str(&description(command, manual));
    if !manual.arguments.is_empty() {
        let _ = write!(
            text,
            "\n## Arguments\n\n| argument | meaning |\n| --- | --- |\n"
        );
        for (argument, meaning) in manual.arguments {
            let _ = writeln!(text, "| `{argument}` | {} |", cell(meaning));
        }
    }
    if manual.takes_sources {
        let _ = write!(
            text,
            "\n### Sources\n\n| source | meaning |\n| --- | --- |\n"
        );
        for (source, meaning) in manual::SOURCES {
            let _ = writeln!(text, "| `{}` | {} |", cell(source), cell(meaning));
        }
    }
    text.push_str(&flags(group, command));
    text.push_str("\n## Examples\n");
    for example in manual.examples {
        let _ = write!(
            text,
            "\n{}:\n\n```console\n$ {} {}\n```\n",
            example.title, invocation.command, example.line
        );
    }
    text.push_str("\n## Exit codes\n\n| code | meaning |\n| --- | --- |\n");
    for (exit, meaning) in Exit::TABLE {
        let is_general = [Exit::Done, Exit::Failure, Exit::Usage].contains(exit);
        if is_general || manual.exit_codes.contains(exit) {
            let _ = writeln!(text, "| {} | {meaning} |", exit.code());
        }
    }
    text.push_str("\n[All exit codes](exit-codes.md)\n");
    text
}

fn description(command: &clap::Command, manual: &Manual) -> String {
    let long = command.get_long_about().map(ToString::to_string);
    // The first paragraph is the sentence above.
    let long = long.as_deref().and_then(|long| long.split_once("\n\n"));
    let paragraphs = long.into_iter().map(|(_, rest)| rest.trim());
    let paragraphs: Vec<&str> = paragraphs
        .chain(manual.description.iter().copied())
        .collect();
    if paragraphs.is_empty() {
        return String::new();
    }
    format!("\n## Description\n\n{}\n", paragraphs.join("\n\n"))
}

fn flags(group: &clap::Command, command: &clap::Command) -> String {
    let rows = options(command);
    let mut text = String::new();
    for heading in headings(command) {
        let mut rows = rows.iter().filter(|row| row.heading == heading).peekable();
        if rows.peek().is_none() {
            continue;
        }
        let level = if heading == OPTIONS { "##" } else { "###" };
        let _ = write!(
            text,
            "\n{level} {heading}\n\n| flag | value | default | meaning |\n| --- | --- | --- | --- |\n"
        );
        for row in rows {
            text.push_str(&flag(group, command.get_name(), row));
        }
    }
    text
}

/// Renders a flag as a row: its names, its values, its default, and its meaning without the default.
fn flag(group: &clap::Command, command: &str, row: &FlagRow) -> String {
    let words = row.names.trim();
    let long = words.find("--").unwrap_or_default();
    let end = words[long..].find([' ', '[']).map(|place| long + place);
    let (names, value) = words.split_at(end.unwrap_or(words.len()));
    let value = value.trim();
    let values = match allowed_values(group, command, &names[long..]) {
        Some(values) if value.starts_with('[') => format!("none, or {values}"),
        Some(values) => values,
        None if value.is_empty() => String::new(),
        None => format!("*{value}*"),
    };
    let (meaning, default) = match row.help.rsplit_once(" (default ") {
        Some((meaning, default)) => (meaning, default.trim_end_matches(')').replace('"', "`")),
        None => (row.help.as_str(), String::new()),
    };
    let (values, default, meaning) = (cell(&values), cell(&default), cell(meaning));
    format!("| `{names}` | {values} | {default} | {meaning} |\n")
}

/// Returns the values that a flag accepts, if they are keywords.
fn allowed_values(group: &clap::Command, command: &str, long: &str) -> Option<String> {
    let keywords = keywords(group, command, long.trim_start_matches('-'));
    let keywords = keywords.filter(|keywords| keywords.is_complete)?;
    let words: Vec<String> = keywords
        .words
        .iter()
        .map(|word| format!("`{word}`"))
        .collect();
    Some(words.join(", "))
}

/// Returns a text that is safe inside a cell of a table.
fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}
fn exit_codes() -> String {
    let mut text = "# Exit codes\n\n| code | meaning |\n| --- | --- |\n".to_owned();
    for (exit, meaning) in Exit::TABLE {
        let _ = writeln!(text, "| {} | {meaning} |", exit.code());
    }
    text.push_str(
        "\nDocker's command ends with 0, 1 and 125 for the same reasons, and with 1 where it is 4 to 7 here. A command that is ended by a \
         signal\nhas the shell's code for it: 130 (Ctrl-C), 143 (`SIGTERM`).\n\n\
         | command line | code | Docker's | |\n| --- | --- | --- | --- |\n",
    );
    for (line, exit, what, is_dockers) in Exit::EXAMPLES {
        let code = exit.code();
        let dockers = if *is_dockers {
            code.to_string()
        } else {
            "-".to_owned()
        };
        let _ = writeln!(text, "| `{line}` | {code} | {dockers} | {what} |");
    }
    text
}
