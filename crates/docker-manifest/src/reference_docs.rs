//! The reference pages of the documentation, rendered from the command definitions.

use std::fmt::Write as _;

use crate::cli::{Cli, help};
use crate::exit::Exit;
use crate::names::Invocation;

/// Renders every page: its file name in `docs/reference/`, and its text.
#[must_use]
pub fn pages() -> Vec<(String, String)> {
    let group = Cli::definition();
    let invocation = Invocation::under_docker("manifest");
    let mut pages = vec![("README.md".to_owned(), overview(&group))];
    for command in group.get_subcommands() {
        let name = command.get_name();
        let help = help::render(&group, Some(name), &invocation);
        let text = format!("# {name}\n\n```text\n{help}```\n");
        pages.push((format!("{name}.md"), text));
    }
    pages.push(("exit-codes.md".to_owned(), exit_codes()));
    pages
}

fn overview(group: &clap::Command) -> String {
    let mut text = "# Reference\n\nRendered from the program's own definitions by `cargo xtask docs`. The commands \
        are shown as `docker manifest ...`;\nby the program's own name they are `docker-manifest ...`, as a plugin \
        `docker manifestx ...`.\n\n| command | |\n| --- | --- |\n"
        .to_owned();
    for command in group.get_subcommands() {
        let name = command.get_name();
        let about = command
            .get_about()
            .map(ToString::to_string)
            .unwrap_or_default();
        let _ = writeln!(text, "| [{name}]({name}.md) | {about} |");
    }
    text.push_str("\n[Exit codes](exit-codes.md)\n");
    text
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
