//! Help in the layout of Docker's, rendered from the command definitions.

use std::fmt::Write as _;

use clap::{Arg, Command, CommandFactory as _};

use super::pflag;
use crate::flags::Globals;
use crate::manual::{self, Manual};
use crate::names::Invocation;

/// Renders the help of the group, or of the command named.
#[must_use]
pub fn render(group: &Command, command: Option<&str>, invocation: &Invocation) -> String {
    match command.and_then(|name| group.find_subcommand(name)) {
        Some(command) => render_command(command, invocation),
        None => render_group(group, invocation),
    }
}

/// Returns the line of a command's arguments: `docker manifest push [OPTIONS] MANIFEST_LIST`.
#[must_use]
pub fn usage_line(command: &Command, invocation: &Invocation) -> String {
    // The definition's usage is `create MANIFEST_LIST ...`, without the program's own words.
    let usage = command.clone().render_usage().to_string();
    let words = usage.trim_start_matches("Usage:").trim();
    format!("{} {words}", invocation.command)
}

fn render_group(group: &Command, invocation: &Invocation) -> String {
    let about = group
        .get_long_about()
        .map(ToString::to_string)
        .unwrap_or_default();
    let commands = group.get_subcommands().map(|command| {
        let about = command
            .get_about()
            .map(ToString::to_string)
            .unwrap_or_default();
        (command.get_name().to_owned(), about)
    });
    format!(
        "Usage:  {}\n\n{about}\n\nCommands:\n{}\nGlobal options, before the command (`{}`):\n{}\n\
         Run '{} COMMAND --help' for more information on a command.\n",
        usage_line(group, invocation),
        table(&commands.collect::<Vec<_>>(), 4),
        invocation.with_global("--debug", "create ..."),
        flag_table(&global_options(invocation)),
        invocation.command,
    )
}

/// Returns Docker's global flags that have an effect here. Under `docker`, its CLI has `--help` and `--version` itself.
#[must_use]
pub fn global_options(invocation: &Invocation) -> Vec<FlagRow> {
    let is_dockers = |row: &FlagRow| {
        ["help", "version"]
            .map(|name| row.is_long(name))
            .contains(&true)
    };
    let mut rows = options(&pflag::adapt(Globals::command()));
    rows.retain(|row| !invocation.is_under_docker() || !is_dockers(row));
    rows
}

fn flag_table<'a>(rows: impl IntoIterator<Item = &'a FlagRow>) -> String {
    let rows = rows.into_iter();
    let rows: Vec<_> = rows
        .map(|row| (row.names.clone(), row.help.clone()))
        .collect();
    table(&rows, 3)
}

fn render_command(command: &Command, invocation: &Invocation) -> String {
    let about = command.get_long_about().or_else(|| command.get_about());
    let about = about.map(ToString::to_string).unwrap_or_default();
    let mut text = format!("Usage:  {}\n\n{about}\n", usage_line(command, invocation));
    let rows = options(command);
    for heading in headings(command) {
        let flags = flag_table(rows.iter().filter(|row| row.heading == heading));
        if !flags.is_empty() {
            let _ = write!(text, "\n{heading}:\n{flags}");
        }
    }
    if let Some(manual) = manual::of(command.get_name()) {
        text.push_str(&more_help(manual, invocation));
    }
    text
}

/// Returns the headings of a command's flags, in the order of their definitions. The flags without a heading come first.
#[must_use]
pub fn headings(command: &Command) -> Vec<&str> {
    let mut headings = vec![OPTIONS];
    for arg in command.get_arguments() {
        let heading = arg.get_help_heading().unwrap_or(OPTIONS);
        if !headings.contains(&heading) {
            headings.push(heading);
        }
    }
    headings
}

/// Returns the text below the flags: the forms of a source, if the command takes any, and examples.
fn more_help(manual: &Manual, invocation: &Invocation) -> String {
    let mut text = String::new();
    if manual.takes_sources {
        let rows = manual::SOURCES.iter().copied();
        let rows: Vec<_> = rows
            .map(|(form, help)| (form.to_owned(), help.to_owned()))
            .collect();
        let _ = write!(text, "\nSources (MANIFEST):\n{}", table(&rows, 4));
    }
    let examples = manual.examples.iter().filter(|example| example.is_in_help);
    for (place, example) in examples.enumerate() {
        let heading = if place == 0 { "\nExamples:\n" } else { "" };
        let _ = writeln!(text, "{heading}  {} {}", invocation.command, example.line);
    }
    text
}

/// The heading of flags that have no heading of their own.
pub const OPTIONS: &str = "Options";

/// One flag as help and reference show it.
#[derive(Clone, Debug)]
pub struct FlagRow {
    /// `-a, --amend` or `    --os string`, aligned as pflag aligns them.
    pub names: String,
    /// The help text.
    pub help: String,
    /// The heading that it is listed under.
    pub heading: String,
}

impl FlagRow {
    /// Tells whether this is the flag with this long name.
    fn is_long(&self, name: &str) -> bool {
        let long = format!("--{name}");
        self.names.split([' ', ',', '[']).any(|word| word == long)
    }

    /// Tells whether `word` names this flag. `-v` is excluded: it has other meanings in commands.
    pub(super) fn matches(&self, word: &str) -> bool {
        match word.strip_prefix("--") {
            Some(name) => self.is_long(name),
            None => word != "-v" && self.names.starts_with(&format!("{word},")),
        }
    }

    /// Returns the flag in the form for an example.
    pub(super) fn example(&self) -> String {
        let long = self.names.split_once("--").map_or("", |(_, long)| long);
        format!("--{}", long.replace("string", "DIR"))
    }
}

/// Returns the flags of a command that help shows, in alphabetical order.
#[must_use]
pub fn options(command: &Command) -> Vec<FlagRow> {
    let shown = |arg: &&Arg| !arg.is_hide_set() && arg.get_long().is_some();
    let mut arguments: Vec<&Arg> = command.get_arguments().filter(shown).collect();
    arguments.sort_by_key(|arg| arg.get_long());
    arguments.into_iter().map(flag_row).collect()
}

fn flag_row(arg: &Arg) -> FlagRow {
    let short = arg
        .get_short()
        .map_or("    ".to_owned(), |short| format!("-{short}, "));
    let long = arg.get_long().unwrap_or_default();
    let value = arg
        .get_value_names()
        .and_then(<[_]>::first)
        .filter(|_| !pflag::is_switch(arg));
    let is_optional = arg
        .get_num_args()
        .is_some_and(|range| range.min_values() == 0);
    let value = match value {
        Some(value) if is_optional => format!("[={value}]"),
        Some(value) => format!(" {value}"),
        None => String::new(),
    };
    let help = arg.get_help().map(ToString::to_string).unwrap_or_default();
    FlagRow {
        names: format!("{short}--{long}{value}"),
        help,
        heading: arg.get_help_heading().unwrap_or(OPTIONS).to_owned(),
    }
}

fn table(rows: &[(String, String)], gap: usize) -> String {
    let width = rows
        .iter()
        .map(|(left, _)| left.len())
        .max()
        .unwrap_or_default()
        + gap;
    rows.iter().fold(String::new(), |mut text, (left, right)| {
        let _ = writeln!(text, "  {left:width$}{right}");
        text
    })
}
