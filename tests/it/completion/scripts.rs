//! The scripts that `completion` prints.

use std::io::Write as _;
use std::path::Path;

use super::World;
use crate::harness::home::OURS;
use crate::harness::{Home, docker};

#[test]
fn each_shell_has_a_script_that_asks_the_program() {
    let home = Home::new();
    for (shell, parts) in [
        (
            "bash",
            [
                "complete -F __docker_manifest_complete docker-manifest",
                "__complete",
            ],
        ),
        ("zsh", ["#compdef docker-manifest\n", "__complete"]),
        ("fish", ["complete -c docker-manifest -f", "__complete"]),
        (
            "powershell",
            [
                "Register-ArgumentCompleter -Native -CommandName 'docker-manifest'",
                "__complete",
            ],
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

#[test]
fn powershell_completes() {
    let world = World::new();
    let path = docker::setting("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path).find(|folder| folder.join("pwsh").is_file());
    let Some(folder) = found else {
        // Debian has no package of it, so this is no failure.
        let _ = writeln!(
            std::io::stderr(),
            "\nNOT RUN completion::scripts::powershell_completes: there is no `pwsh` on PATH\n"
        );
        return;
    };
    let bin = Path::new(OURS).parent().unwrap();
    let path = std::env::join_paths([bin, Path::new("/usr/bin"), Path::new("/bin")]).unwrap();
    for (line, expected) in [
        ("docker-manifest anno", "annotate"),
        ("docker-manifest push --moved=ref", "--moved=refresh"),
        ("docker-manifest push @/to", "@/tools:2"),
        // PowerShell replaces the part behind the comma.
        (
            "docker-manifest verify --require linux/amd64,linux/s3",
            "linux/s390x",
        ),
        (
            "docker-manifest verify --require=linux/amd64,linux/s3",
            "linux/s390x",
        ),
        // No files in place of candidates.
        ("docker-manifest push --format=../", ""),
    ] {
        let (line, expected) = (world.real(line), world.real(expected));
        let script = format!(
            "docker-manifest completion powershell | Out-String | Invoke-Expression\n\
             (TabExpansion2 -inputScript '{line}' -cursorColumn {}).CompletionMatches | ForEach-Object {{ $_.CompletionText }}",
            line.len()
        );
        let mut command = world.home.command(folder.join("pwsh"));
        command
            .env("PATH", &path)
            .args(["-NoProfile", "-NonInteractive", "-Command", &script]);
        let ran = world.home.run(&mut command);
        ran.succeeds();
        assert_eq!(ran.stdout.trim(), expected, "{ran}");
    }
}

/// Where there is no PowerShell, this finds a bracket that is missing.
#[test]
fn the_script_for_powershell_is_balanced() {
    let script = Home::new().ours(&["completion", "powershell"]).stdout;
    // Brackets in quotes are text.
    let lines = script
        .lines()
        .filter(|line| !line.trim_start().starts_with('#'));
    let code: String = lines
        .map(|line| line.replace("'[\\s#@$;,''{}()\"`|<>&]'", ""))
        .collect();
    for (open, close) in [('{', '}'), ('(', ')'), ('[', ']')] {
        let count = |wanted: char| code.chars().filter(|c| *c == wanted).count();
        assert_eq!(count(open), count(close), "{open} {close}");
    }
}
