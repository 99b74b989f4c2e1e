//! The man pages, rendered from the command definitions and the manual: one for the program, and one for each command.

use std::fmt::Write as _;

use crate::cli::Cli;
use crate::cli::help::{FlagRow, global_options, headings, options, usage_line};
use crate::exit::Exit;
use crate::manual::{self, Manual};
use crate::names::{Invocation, PROGRAM};
use crate::plugin::VERSION;

/// The variables that the program's own page names, each with its meaning.
const VARIABLES: &[(&str, &str)] = &[
    (
        "DOCKER_CONFIG",
        "The folder of config.json and of the drafts; `--config` wins",
    ),
    (
        "DOCKER_AUTH_CONFIG",
        "Credentials, as JSON in the form of config.json",
    ),
    ("REGISTRY_AUTH_FILE", "A file with credentials in that form"),
    (
        "HTTPS_PROXY, HTTP_PROXY, ALL_PROXY, NO_PROXY",
        "Proxies, in upper or lower case",
    ),
    (
        "SSL_CERT_FILE, SSL_CERT_DIR",
        "CA certificates to trust in place of the system's",
    ),
    ("DOCKER_MANIFEST_NO_CACHE", "`1` disables the cache"),
    (
        "NO_COLOR, CLICOLOR_FORCE",
        "The first turns colours off, the second on where there is no terminal",
    ),
];

/// The files that the program's own page names, each with its meaning.
const FILES: &[(&str, &str)] = &[
    (
        "~/.docker/config.json",
        "Credentials, credential helpers, insecure registries and proxies",
    ),
    ("~/.docker/manifests/", "Drafts"),
    (
        "~/.docker/certs.d/, /etc/docker/certs.d/",
        "CA and client certificates of single registries",
    ),
    ("~/.cache/docker-manifest/", "The cache"),
];

/// Renders every page: its file name in `man/`, and its text.
///
/// # Panics
/// Panics if a command has no manual.
#[must_use]
pub fn pages() -> Vec<(String, String)> {
    let group = Cli::definition();
    let mut pages = vec![(format!("{PROGRAM}.1"), overview(&group))];
    for command in group.get_subcommands() {
        let name = command.get_name();
        let manual = manual::of(name).expect("each command has a manual");
        pages.push((format!("{PROGRAM}-{name}.1"), page(command, manual)));
    }
    pages
}

fn overview(group: &clap::Command) -> String {
    let invocation = Invocation::own();
    let mut text = head(PROGRAM, &about(group));
    synopsis(
        &mut text,
        &format!("{PROGRAM} [OPTIONS] COMMAND [ARGUMENTS]"),
    );
    section(&mut text, "DESCRIPTION");
    let long = group.get_long_about().map(ToString::to_string);
    paragraph(&mut text, &long.unwrap_or_default().replace('\n', " "));
    section(&mut text, "COMMANDS");
    for command in group.get_subcommands() {
        let name = format!("{PROGRAM}-{}", command.get_name());
        tagged(
            &mut text,
            &format!("{}(1)", bold(&name)),
            &prose(&about(command)),
        );
    }
    section(&mut text, "OPTIONS");
    for row in global_options(&invocation) {
        flag(&mut text, &row);
    }
    for (title, rows) in [("ENVIRONMENT", VARIABLES), ("FILES", FILES)] {
        section(&mut text, title);
        for (name, meaning) in rows {
            tagged(&mut text, &bold(name), &prose(meaning));
        }
    }
    exit_status(&mut text, |_| true);
    see_also(&mut text, &["docker(1)".to_owned()]);
    text
}

fn page(command: &clap::Command, manual: &Manual) -> String {
    let name = command.get_name();
    let mut text = head(&format!("{PROGRAM}-{name}"), &about(command));
    synopsis(&mut text, &usage_line(command, &Invocation::own()));
    description(&mut text, command, manual);
    for (title, rows) in [
        ("ARGUMENTS", manual.arguments),
        (
            "SOURCES",
            if manual.takes_sources {
                manual::SOURCES
            } else {
                &[]
            },
        ),
    ] {
        if !rows.is_empty() {
            section(&mut text, title);
        }
        for (argument, meaning) in rows {
            tagged(&mut text, &bold(argument), &prose(meaning));
        }
    }
    let rows = options(command);
    for heading in headings(command) {
        let mut rows = rows.iter().filter(|row| row.heading == heading).peekable();
        if rows.peek().is_some() {
            section(&mut text, &heading.to_uppercase());
        }
        rows.for_each(|row| flag(&mut text, row));
    }
    section(&mut text, "EXAMPLES");
    for example in manual.examples {
        let _ = writeln!(text, ".PP\n{}:\n.PP\n.RS 4\n.nf", prose(example.title));
        let _ = writeln!(
            text,
            "{}\n.fi\n.RE",
            plain(&format!("$ {PROGRAM} {}", example.line))
        );
    }
    exit_status(&mut text, |exit| {
        [Exit::Done, Exit::Failure, Exit::Usage].contains(&exit)
            || manual.exit_codes.contains(&exit)
    });
    see_also(&mut text, &[format!("{}(1)", bold(PROGRAM))]);
    text
}

/// The first sentence of a command's help.
fn about(command: &clap::Command) -> String {
    let about = command.get_about().map(ToString::to_string);
    about.unwrap_or_default()
}

/// The title line without a date, so that the page depends on the program alone, and the name.
fn head(name: &str, about: &str) -> String {
    let title = plain(&name.to_uppercase());
    let mut text = format!(
        ".\\\" `cargo xtask docs` renders this page from the program.\n\
         .TH \"{title}\" 1 \"\" \"{PROGRAM} {VERSION}\" \"User Commands\"\n"
    )
    .replace(PROGRAM, &plain(PROGRAM));
    section(&mut text, "NAME");
    let _ = writeln!(text, "{} \\- {}", plain(name), plain(about));
    text
}

fn section(text: &mut String, title: &str) {
    let _ = writeln!(text, ".SH {}", plain(title));
}

fn synopsis(text: &mut String, usage: &str) {
    section(text, "SYNOPSIS");
    // The words in lower case are typed as they are.
    let words =
        usage.split(' ').map(
            |word| match word.contains(|c: char| c.is_ascii_uppercase()) {
                true => plain(word),
                false => bold(word),
            },
        );
    let _ = writeln!(text, "{}", words.collect::<Vec<_>>().join(" "));
}

fn description(text: &mut String, command: &clap::Command, manual: &Manual) {
    let long = command.get_long_about().map(ToString::to_string);
    // The first paragraph is in the name line.
    let long = long.as_deref().and_then(|long| long.split_once("\n\n"));
    let long = long.map(|(_, rest)| rest.trim().replace('\n', " "));
    let paragraphs: Vec<&str> = long
        .as_deref()
        .into_iter()
        .chain(manual.description.iter().copied())
        .collect();
    if !paragraphs.is_empty() {
        section(text, "DESCRIPTION");
    }
    for words in paragraphs {
        paragraph(text, words);
    }
}

fn paragraph(text: &mut String, words: &str) {
    let _ = writeln!(text, ".PP\n{}", prose(words));
}

fn tagged(text: &mut String, tag: &str, words: &str) {
    let _ = writeln!(text, ".TP\n{tag}\n{words}");
}

fn flag(text: &mut String, row: &FlagRow) {
    let names = row.names.trim();
    let long = names.find("--").unwrap_or_default();
    let end = names[long..].find([' ', '[']).map(|place| long + place);
    let (names, value) = names.split_at(end.unwrap_or(names.len()));
    let names: Vec<String> = names.split(", ").map(bold).collect();
    let value = match value.trim() {
        "" => String::new(),
        value if value.starts_with('[') => format!("\\fI{}\\fR", plain(value)),
        value => format!(" \\fI{}\\fR", plain(value)),
    };
    tagged(
        text,
        &format!("{}{value}", names.join(", ")),
        &prose(&row.help),
    );
}

fn exit_status(text: &mut String, is_shown: impl Fn(Exit) -> bool) {
    section(text, "EXIT STATUS");
    for (exit, meaning) in Exit::TABLE.iter().filter(|(exit, _)| is_shown(*exit)) {
        tagged(text, &bold(&exit.code().to_string()), &prose(meaning));
    }
}

fn see_also(text: &mut String, pages: &[String]) {
    section(text, "SEE ALSO");
    let _ = writeln!(text, "{}", pages.join(", "));
}

/// Renders prose: words between backticks are bold.
fn prose(words: &str) -> String {
    let parts = words.split('`').enumerate();
    let parts = parts.map(|(place, part)| match place % 2 {
        0 => escape(part),
        _ => bold(part),
    });
    protect(parts.collect())
}

fn bold(words: &str) -> String {
    format!("\\fB{}\\fR", escape(words))
}

fn plain(words: &str) -> String {
    protect(escape(words))
}

/// Escapes the characters that roff reads as commands or prints as others.
fn escape(words: &str) -> String {
    let mut text = String::with_capacity(words.len());
    for c in words.chars() {
        match c {
            '\\' => text.push_str("\\e"),
            '-' => text.push_str("\\-"),
            '\'' => text.push_str("\\(aq"),
            '"' => text.push_str("\\(dq"),
            '~' => text.push_str("\\(ti"),
            '^' => text.push_str("\\(ha"),
            '`' => text.push_str("\\(ga"),
            c => text.push(c),
        }
    }
    text
}

/// A line that starts with a dot would be a command.
fn protect(line: String) -> String {
    if line.starts_with('.') {
        format!("\\&{line}")
    } else {
        line
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_no_command_of_roff() {
        for (words, expected) in [
            (".SH x", "\\&.SH x"),
            ("'x'", "\\(aqx\\(aq"),
            ("a\\b `--c`", "a\\eb \\fB\\-\\-c\\fR"),
        ] {
            assert_eq!(prose(words), expected);
        }
    }

    #[test]
    fn each_command_has_a_page_with_all_its_flags() {
        let pages = pages();
        for command in Cli::definition().get_subcommands() {
            let name = format!("{PROGRAM}-{}.1", command.get_name());
            let (_, text) = pages.iter().find(|(page, _)| *page == name).expect(&name);
            for row in options(command) {
                let long = row.names[row.names.find("--").unwrap()..]
                    .split([' ', '['])
                    .next();
                let flag = bold(long.unwrap());
                assert!(text.contains(&flag), "{flag} in {name}");
            }
            for title in ["NAME", "SYNOPSIS", "EXAMPLES", "EXIT STATUS", "SEE ALSO"] {
                assert!(
                    text.contains(&format!(".SH {title}\n")),
                    "{title} in {name}"
                );
            }
        }
    }
}
