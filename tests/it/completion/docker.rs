//! Docker's CLI asks the plugin for candidates, and the shim completes `docker manifest`.

use std::fs;

use super::World;
use crate::harness::home::OURS;
use crate::harness::{Ran, docker};

impl World {
    /// Runs a command line with `@/` for the registry, and puts that back in the output.
    fn with(&self, program: &std::path::Path, line: &str) -> Ran {
        let words: Vec<String> = self.real(line).split(' ').map(str::to_owned).collect();
        let ran = self.home.run(self.home.command(program).args(words));
        let stdout = ran
            .stdout
            .replace(&format!("{}/", self.registry.host()), "@/");
        Ran { stdout, ..ran }
    }
}

#[test]
fn dockers_cli_asks_the_plugin() {
    let Some(docker) = docker::find().filter(|_| docker::is_here("completion::docker")) else {
        return;
    };
    let world = World::new();
    world.run("install").succeeds();
    for (line, expected) in [
        (
            "manifestx cre",
            "create\tCreate a local manifest list for annotating and pushing to a registry\n:4\n",
        ),
        (
            "manifestx push @/app:1",
            "@/app:1\tdraft of 2 entries\n:4\n",
        ),
        ("manifestx push --moved ", "warn\nerror\nrefresh\n:4\n"),
        ("manifestx push --moved=w", "warn\n:4\n"),
        (
            "-D manifestx remove @/app:1 linux/arm",
            "linux/arm/v7\t@/app:armv7\n:4\n",
        ),
        (
            "manifestx push --purg",
            "--purge\tRemove the local manifest list after push\n:4\n",
        ),
        // Docker's CLI has the global flags.
        ("manifestx --", "--help\tPrint usage\n:4\n"),
        // The name itself is Docker's to complete.
        (
            "manifestx",
            "manifestx\tManage Docker image manifests and manifest lists\n:4\n",
        ),
    ] {
        let ran = world.with(docker, &format!("__complete {line}"));
        ran.succeeds().prints(expected);
    }
    assert_eq!(world.registry.lines(), [""; 0], "no registry is asked");
}

#[test]
fn the_shim_completes_the_command_that_it_runs() {
    let mut world = World::new();
    world.home.write_program("docker", "echo real \"$@\"");
    let shims = world.home.path().join("shims");
    fs::create_dir_all(&shims).unwrap();
    let shim = shims.join("docker");
    std::os::unix::fs::symlink(OURS, &shim).unwrap();
    for (line, expected) in [
        (
            "__complete manifest pus",
            "push\tPush a manifest list to a repository\n:4\n",
        ),
        ("__completeNoDesc manifest pus", "push\n:4\n"),
        (
            "-D __complete manifest push @/app:1",
            "@/app:1\tdraft of 2 entries\n:4\n",
        ),
        (
            "__complete -D manifest push @/app:1",
            "@/app:1\tdraft of 2 entries\n:4\n",
        ),
        ("__complete manifest", "real __complete manifest\n"),
        ("__complete run --rm", "real __complete run --rm\n"),
    ] {
        world.with(&shim, line).succeeds().prints(expected);
    }
    // `--config` names the drafts.
    let other = world.home.path().join("other");
    fs::create_dir_all(&other).unwrap();
    let line = format!(
        "__complete --config {} manifest push @/app:1",
        other.display()
    );
    world.with(&shim, &line).succeeds().prints(":4\n");
}

#[test]
fn each_name_of_the_program_completes() {
    let world = World::new();
    for (name, line, expected) in [
        ("docker-manifest", "pus", "push\n:4\n"),
        // On a CLI without the builtin command, this is a plugin.
        ("docker-manifest", "manifest pus", "push\n:4\n"),
        ("docker-manifestx", "manifestx pus", "push\n:4\n"),
        ("docker-manifestx", "pus", "push\n:4\n"),
        ("docker-manifestx", "manifest pus", ":4\n"),
        ("anything", "pus", "push\n:4\n"),
    ] {
        let folder = world.home.path().join("names");
        fs::create_dir_all(&folder).unwrap();
        let program = folder.join(name);
        if !program.exists() {
            std::os::unix::fs::symlink(OURS, &program).unwrap();
        }
        let line = format!("__completeNoDesc {line}");
        world.with(&program, &line).succeeds().prints(expected);
    }
}
