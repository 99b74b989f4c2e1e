//! Help in the layout of `manifest-tool`'s.

use super::definitions::Definition;
use super::flag_parser::{Flag, Kind};
use crate::names::MANIFEST_TOOL;

/// Renders the help of a command, or of the program itself.
pub(super) fn render(command: &Definition) -> String {
    let Definition { words, about, .. } = command;
    let name = [MANIFEST_TOOL, words].join(" ");
    let name = name.trim_end();
    let mut text = format!(
        "NAME:\n   {name} - {about}\n\nUSAGE:\n   {}\n",
        usage(name, command)
    );
    if !command.commands.is_empty() {
        let rows = command.commands.iter();
        let mut rows: Vec<_> = rows
            .map(|command| (command.name().to_owned(), command.about))
            .collect();
        rows.push(("help, h".to_owned(), "show the help of a command"));
        text.push_str(&section("COMMANDS", &rows));
    }
    let rows: Vec<_> = command.flags.iter().map(flag_row).collect();
    let heading = match words.is_empty() {
        true => "GLOBAL OPTIONS",
        false => "OPTIONS",
    };
    text.push_str(&section(heading, &rows));
    text
}

fn usage(name: &str, command: &Definition) -> String {
    let flags = match command.words.is_empty() {
        true => "[global options]",
        false => "[options]",
    };
    let words = [name, flags, command.arguments].join(" ");
    words.trim_end().to_owned()
}

fn section(heading: &str, rows: &[(String, &str)]) -> String {
    let width = rows.iter().map(|(left, _)| left.len()).max();
    let width = width.unwrap_or_default();
    let lines = rows.iter();
    let lines: String = lines
        .map(|(left, right)| format!("   {left:width$}  {right}\n"))
        .collect();
    format!("\n{heading}:\n{lines}")
}

fn flag_row(flag: &Flag) -> (String, &str) {
    let mut names = format!("--{}", flag.name);
    if let Some(short) = flag.short {
        names.push_str(&format!(", -{short}"));
    }
    match flag.kind {
        Kind::Switch => {}
        Kind::Text => names.push_str(" value"),
        Kind::List => names.push_str(" value [ --... value ]"),
    }
    (
        names.replace("--... value", &format!("--{} value", flag.name)),
        flag.help,
    )
}
