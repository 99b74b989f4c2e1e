//! Colours of labels on standard error and of tables: on a terminal, or where a variable asks for them.

use super::{Shell, watched};
use crate::harness::Home;
use crate::harness::home::OURS;
use crate::harness::terminal::Terminal;

const PLAIN: &str = "hint: there are";
const COLOURED: &str = "\u{1b}[1;36mhint:\u{1b}[0m there are";

#[test]
fn scripts_see_plain_text_unless_they_ask_for_colours() {
    let home = Home::new();
    for (variables, expected) in [
        (&[][..], PLAIN),
        (&[("CLICOLOR_FORCE", "1")], COLOURED),
        (&[("CLICOLOR_FORCE", "0")], PLAIN),
        (&[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")], PLAIN),
        (&[("CLICOLOR_FORCE", "1"), ("TERM", "dumb")], PLAIN),
    ] {
        let mut command = home.command(OURS);
        command
            .args(["completion", "tcsh"])
            .envs(variables.iter().copied());
        home.run(&mut command).fails(1).prints("").says(expected);
    }
    // Warnings, too.
    home.write_config("{");
    let mut command = home.command(OURS);
    let line = ["inspect", "--timeout", "1ms", "127.0.0.1:1/app"];
    command.args(line).env("CLICOLOR_FORCE", "1");
    home.run(&mut command)
        .says("\u{1b}[1;33mwarning:\u{1b}[0m cannot load config file");
}

#[test]
fn a_terminal_shows_colours() {
    let home = Home::new();
    for (variable, expected) in [("", COLOURED), ("NO_COLOR=1 ", PLAIN)] {
        let line = format!("{variable}{OURS} completion tcsh");
        let Some(mut terminal) = Terminal::run(home.command("/usr/bin/script"), &line) else {
            return;
        };
        terminal.wait_for("unknown shell");
        terminal.wait_for(expected);
    }
}

#[test]
fn a_terminal_shows_the_headings_of_tables_in_bold() {
    let Some(registry) = watched::each().next() else {
        return;
    };
    let shell = Shell::new(&registry);
    shell.run("create @/app:all @/app:amd64").succeeds();
    let host = registry.host();
    for (words, heading) in [
        ("ls".to_owned(), "LIST"),
        (format!("check {host}/app"), "CHECK"),
        (format!("matrix {host}/app"), "TAG"),
    ] {
        let line = format!("{OURS} {words}");
        let mut command = shell.home.command("/usr/bin/script");
        command.env("COLUMNS", "100");
        let Some(mut terminal) = Terminal::run(command, &line) else {
            return;
        };
        terminal.wait_for(&format!("\u{1b}[1m{heading}"));
    }
}

/// Some pseudo-terminals have a width and no height.
#[test]
fn a_terminal_without_rows_has_a_width() {
    let Some(registry) = watched::each().next() else {
        return;
    };
    let shell = Shell::new(&registry);
    let tag = "wide".repeat(15);
    shell
        .run(&format!("create @/app:{tag} @/app:amd64"))
        .succeeds();
    let line = format!("stty rows 0 cols 50; NO_COLOR=1 {OURS} ls; echo END");
    let Some(mut terminal) = Terminal::run(shell.home.command("/usr/bin/script"), &line) else {
        return;
    };
    let shown = terminal.wait_for("END");
    assert!(shown.contains("LIST"), "{shown}");
    assert!(
        shown.lines().all(|line| line.chars().count() <= 50),
        "{shown}"
    );
}
