//! bash, zsh and fish, from Debian if they are not installed. Keys are typed in a terminal, and the shell's own line is read.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use manifest_testkit::fetch::{self, Tool};

use super::World;
use crate::harness::home::OURS;
use crate::harness::terminal::{Terminal, not_run};
use crate::harness::{Ran, docker};

/// The prompt of the shells. Its parts stand apart in the files that set it, so that only the prompt itself matches.
const PROMPT: &str = "READY>";

/// The key that makes a shell print its line between `<` and `>`, and empty it.
const SHOW_LINE: &str = "\u{7}";

/// Lines with a Tab key in them, and the shell's line afterwards, for each shell. `@/` is the registry.
const LINES: &[(&str, &str)] = &[
    ("docker-manifest anno\t", "docker-manifest annotate "),
    (
        "docker-manifest comp\tzs\t",
        "docker-manifest completion zsh ",
    ),
    (
        "docker-manifest push --on-dup\tk\t",
        "docker-manifest push --on-duplicate keep ",
    ),
    (
        "docker-manifest push --moved=ref\t",
        "docker-manifest push --moved=refresh ",
    ),
    // The colon of the port and of the tag, where bash ends a word.
    (
        "docker-manifest push @/to\t",
        "docker-manifest push @/tools:2 ",
    ),
    (
        "docker-manifest remove @/app:1 @/app:am\t",
        "docker-manifest remove @/app:1 @/app:amd64 ",
    ),
    (
        "docker-manifest remove @/app:1 linux/arm\t",
        "docker-manifest remove @/app:1 linux/arm/v7 ",
    ),
    (
        "docker-manifest --debug tag @/to\t",
        "docker-manifest --debug tag @/tools:2 ",
    ),
    // As far as all candidates agree.
    ("docker-manifest un\tx\t", "docker-manifest uninstall x"),
    // Files, folders, and files behind a prefix.
    (
        "docker-manifest push --digestfile dig\t",
        "docker-manifest push --digestfile digest.txt ",
    ),
    (
        "docker-manifest push --digestfile=dig\t",
        "docker-manifest push --digestfile=digest.txt ",
    ),
    (
        "docker-manifest create --digests-dir di\t",
        "docker-manifest create --digests-dir dirs/",
    ),
    (
        "docker-manifest create x @dig\t",
        "docker-manifest create x @digest.txt ",
    ),
    (
        "docker-manifest create x oci-layout://di\t",
        "docker-manifest create x oci-layout://dirs/",
    ),
    // No candidate, and no file either.
    (
        "docker-manifest install dig\t",
        "docker-manifest install dig",
    ),
    // The rest of a line is kept, and nothing in it is run.
    (
        "docker-manifest push $(touch ran) @/to\t",
        "docker-manifest push $(touch ran) @/to",
    ),
];

/// Returns a shell. `None` if it is not available.
fn shell(name: &str) -> Option<Tool> {
    match fetch::shell(name) {
        Ok(tool) => Some(tool),
        Err(error) => {
            not_run(&format!("completion::shells in {name}"), &error.to_string());
            None
        }
    }
}

/// A world with the files of [`LINES`], and the program on PATH.
fn world() -> World {
    let mut world = World::new();
    let folder = world.home.path().to_owned();
    fs::write(folder.join("digest.txt"), "").unwrap();
    fs::create_dir_all(folder.join("dirs/one")).unwrap();
    let bin = Path::new(OURS).parent().unwrap();
    let path = [bin, Path::new("/usr/bin"), Path::new("/bin")];
    world.home.set("PATH", std::env::join_paths(path).unwrap());
    world
}

fn root(tool: &Tool) -> PathBuf {
    let below = |ancestor: &&Path| ancestor.join("usr/share").is_dir();
    let found = tool.program.ancestors().skip(1).find(below);
    found.map(Path::to_owned).unwrap_or_default()
}

/// Types each line, and compares the shell's line with the expected one.
fn type_lines(world: &World, tool: &Tool, name: &str, line: &str) {
    let mut command: Command = world.home.command("script");
    command.env("LD_LIBRARY_PATH", &tool.libraries);
    let Some(mut terminal) = Terminal::run(command, line) else {
        return;
    };
    let mut wrong = Vec::new();
    for (count, (typed, expected)) in (1..).zip(LINES) {
        // A key before the prompt would not reach the line. A prompt is also shown again below other output, so prompts are counted.
        terminal.wait_for(&format!("NEXT{count}."));
        terminal.wait_for(PROMPT);
        terminal.type_keys(&world.real(typed));
        terminal.type_keys(SHOW_LINE);
        terminal.wait_for("<docker");
        let shown = terminal.wait_for(">\r\n");
        let shown = format!("docker{}", shown.trim_end_matches(">\r\n"));
        if shown != world.real(expected) {
            wrong.push(format!("{typed:?}: {shown:?}, not {expected:?}"));
        }
        terminal.type_keys("\n");
    }
    // A list of candidates has the descriptions.
    terminal.wait_for(&format!("NEXT{}.", LINES.len() + 1));
    terminal.wait_for(PROMPT);
    terminal.type_keys(&world.real("docker-manifest remove @/app:1 linux/\t\t\t"));
    terminal.wait_for("/app:armv7");
    assert!(wrong.is_empty(), "{name}:\n{}", wrong.join("\n"));
    assert!(
        !world.home.path().join("ran").exists(),
        "a word of the line was run"
    );
    assert_eq!(world.registry.lines(), [""; 0], "no registry is asked");
}

#[test]
fn bash_completes() {
    let Some(tool) = shell("bash") else {
        return;
    };
    let world = world();
    let settings = "PS1='REA''DY>'\n\
        PROMPT_COMMAND='printf \"NEXT%d.\\n\" $((++count))'\n\
        bind 'set enable-bracketed-paste off'\n\
        bind 'set bell-style none'\n\
        bind 'set page-completions off'\n\
        source <(docker-manifest completion bash)\n\
        show() { printf '<%s>\\n' \"$READLINE_LINE\"; READLINE_LINE=; READLINE_POINT=0; }\n\
        bind -x '\"\\C-g\": show'\n";
    fs::write(world.home.path().join("bashrc"), settings).unwrap();
    let line = format!("{} --noprofile --rcfile bashrc -i", tool.program.display());
    type_lines(&world, &tool, "bash", &line);
}

#[test]
fn zsh_completes() {
    let Some(tool) = shell("zsh") else {
        return;
    };
    let world = world();
    // The zsh of a package that is only unpacked looks for its functions and modules in the system's folders.
    let root = root(&tool);
    let settings = format!(
        "for folder in {root}/usr/share/zsh/functions {root}/usr/share/zsh/functions/**/*(/N); do fpath+=($folder); done\n\
         for folder in {root}/usr/lib/*/zsh/*(/N); do module_path+=($folder); done\n\
         autoload -Uz compinit && compinit -u -D\n\
         source <(docker-manifest completion zsh)\n\
         unsetopt beep zle_bracketed_paste prompt_cr prompt_sp 2>/dev/null\n\
         unset zle_bracketed_paste\n\
         show() {{ zle -I; print -r -- \"<$BUFFER>\"; BUFFER= }}\n\
         zle -N show && bindkey '^G' show\n\
         precmd() {{ printf 'NEXT%d.\\n' $((++count)) }}\n\
         PS1='REA''DY>'\n",
        root = root.display()
    );
    fs::write(world.home.path().join(".zshrc"), settings).unwrap();
    type_lines(
        &world,
        &tool,
        "zsh",
        &format!("{} -d -i", tool.program.display()),
    );
}

/// Lists the candidates for the end of a line, which fish does without a terminal.
fn in_fish(world: &World, tool: &Tool, script: &str, typed: &str) -> Ran {
    let line =
        "set -p fish_function_path $FUNCTIONS; source $SCRIPT; complete --do-complete \"$LINE\"";
    let mut command = world.home.command(&tool.program);
    command
        .env("LD_LIBRARY_PATH", &tool.libraries)
        .env("FUNCTIONS", root(tool).join("usr/share/fish/functions"))
        .env("SCRIPT", script)
        .env("LINE", typed)
        .args(["--no-config", "-c", line]);
    let ran = world.home.run(&mut command);
    ran.succeeds();
    ran
}

/// Docker's own script asks Docker's CLI, and that asks the plugin.
#[test]
fn dockers_script_completes_the_plugin() {
    let Some(docker) = docker::find().filter(|_| docker::is_here("completion::shells")) else {
        return;
    };
    let Some(tool) = shell("fish") else {
        return;
    };
    let mut world = world();
    world.run("install").succeeds();
    let script = world
        .home
        .run(world.home.command(docker).args(["completion", "fish"]));
    fs::write(world.home.path().join("docker.fish"), script.stdout).unwrap();
    let path = [
        docker.parent().unwrap(),
        Path::new("/usr/bin"),
        Path::new("/bin"),
    ];
    world.home.set("PATH", std::env::join_paths(path).unwrap());
    for (typed, expected) in [
        (
            "docker manifestx anno",
            "annotate\tAdd additional information to a local image manifest\n",
        ),
        (
            "docker manifestx push @/to",
            "@/tools:2\tdraft of 1 entry\n",
        ),
        ("docker manifestx push --moved=ref", "--moved=refresh\n"),
        (
            "docker manifestx remove @/app:1 linux/arm",
            "linux/arm/v7\t@/app:armv7\n",
        ),
    ] {
        let ran = in_fish(&world, &tool, "docker.fish", &world.real(typed));
        ran.prints(&world.real(expected));
    }
}

#[test]
fn fish_completes() {
    let Some(tool) = shell("fish") else {
        return;
    };
    let world = world();
    let script = world.home.ours(&["completion", "fish"]).stdout;
    fs::write(world.home.path().join("completion.fish"), script).unwrap();
    let mut wrong = Vec::new();
    let lines = LINES
        .iter()
        .filter(|(typed, _)| typed.matches('\t').count() == 1);
    for (typed, expected) in lines {
        let typed = typed.trim_end_matches('\t');
        let typed = world.real(typed);
        let ran = in_fish(&world, &tool, "completion.fish", &typed);
        let (kept, _) = typed.rsplit_once(' ').unwrap();
        let words = ran
            .stdout
            .lines()
            .map(|line| line.split('\t').next().unwrap_or_default());
        let lines: Vec<String> = words.map(|word| format!("{kept} {word}")).collect();
        let expected = world.real(expected);
        let is_right = match lines.as_slice() {
            [] => expected == typed,
            [line] => line == expected.trim_end(),
            _ => false,
        };
        if !is_right {
            wrong.push(format!("{typed:?}: {ran}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(
        !world.home.path().join("ran").exists(),
        "a word of the line was run"
    );
}
