//! The scripts that `completion` prints.

use crate::harness::Home;

#[test]
fn each_shell_has_a_script_that_asks_the_program() {
    let home = Home::new();
    for (shell, parts) in [
        ("bash", ["complete -F __docker_manifest_complete docker-manifest", "__complete"]),
        ("zsh", ["#compdef docker-manifest\n", "__complete"]),
        ("fish", ["complete -c docker-manifest -f", "__complete"]),
        (
            "powershell",
            ["Register-ArgumentCompleter -Native -CommandName 'docker-manifest'", "__complete"],
        ),
    ] {
        let script = home.ours(&["completion", shell]);
        script.succeeds().is_quiet();
        for part in parts {
            assert!(script.stdout.contains(part), "{part} in {script}");
        }
        // No command or flag is in a script, so that it does not go out of date.
        for name in ["annotate", "purge", "inspect"] {
            assert!(!script.stdout.contains(name), "{name} in {script}");
        }
    }
}

#[test]
fn an_unknown_shell_is_an_error() {
    let home = Home::new();
    home.ours(&["completion", "tcsh"])
        .fails(1)
        .prints("")
        .says("unknown shell \"tcsh\"")
        .says("hint: there are scripts for bash, zsh, fish and powershell");
    home.ours(&["completion"])
        .fails(1)
        .says("'docker-manifest completion' requires 1 argument");
}

/// The script runs where PowerShell is; elsewhere the text of it is all that can be checked.
#[test]
fn the_script_for_powershell_is_balanced() {
    let home = Home::new();
    let script = home.ours(&["completion", "powershell"]).stdout;
    let code: String = script
        .lines()
        .filter(|line| !line.trim_start().starts_with('#'))
        .filter(|line| !line.contains("-match '["))
        .collect();
    for (open, close) in [('{', '}'), ('(', ')'), ('[', ']')] {
        let count = |wanted: char| code.chars().filter(|c| *c == wanted).count();
        assert_eq!(count(open), count(close), "{open} {close}");
    }
}
