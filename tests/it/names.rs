//! The program's names: a plugin of Docker's CLI, the `docker` shim, `install` and `uninstall`.

use std::ffi::OsString;
use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use manifest_testkit::EmbeddedRegistry;
use manifest_testkit::image::Image;

use crate::harness::{Home, docker, home::OURS};

/// A registry with one image, `app:a`.
fn registry() -> EmbeddedRegistry {
    let registry = EmbeddedRegistry::start();
    registry.seed(
        "app",
        "a",
        &Image::docker().platform("linux/arm64/v8").build(),
    );
    registry
}

/// Returns a home with the plugin and the shim in it. The shim's folder comes before `next` on PATH.
fn home_with_shim(next: &Path) -> (Home, PathBuf) {
    let mut home = Home::new();
    let folder = home.path().join("shim");
    let path = [
        folder.as_path(),
        next,
        Path::new("/usr/bin"),
        Path::new("/bin"),
    ];
    home.set("PATH", std::env::join_paths(path).unwrap());
    home.ours(&["install", "--shim", folder.to_str().unwrap()])
        .succeeds();
    let shim = folder.join("docker");
    (home, shim)
}

/// Returns a `docker` of a few lines of shell, in place of the real one.
fn stand_in(lines: &str) -> (Home, PathBuf) {
    let mut home = Home::new();
    home.write_program("docker", lines);
    let folder = home.path().join("bin");
    (home, folder)
}

fn words(line: &str) -> Vec<OsString> {
    line.split_whitespace().map(OsString::from).collect()
}

#[test]
fn the_version_has_the_form_of_dockers() {
    let home = Home::new();
    let commit = |line: &str| {
        let start = format!(
            "docker-manifest version {}, build ",
            env!("CARGO_PKG_VERSION")
        );
        let commit = line.trim_end().strip_prefix(&start);
        commit.unwrap_or_else(|| panic!("{line}")).to_owned()
    };
    let version = home.ours(&["--version"]);
    version.succeeds().is_quiet();
    let found = commit(&version.stdout);
    assert_eq!(home.ours(&["-v"]).stdout, version.stdout);
    // A build outside of a repository, or without git, does not know the commit.
    let is_hash = found.len() >= 7 && found.bytes().all(|byte| byte.is_ascii_hexdigit());
    assert!(is_hash || found == "unknown", "{found}");
    if let Some(docker) = docker::find() {
        let dockers = home.run(home.command(docker).arg("--version"));
        let (_, dockers) = dockers.stdout.split_once(" version ").unwrap();
        assert!(dockers.contains(", build "), "{dockers}");
    }
}

#[test]
fn docker_runs_the_plugin() {
    if !docker::is_here("names::docker_runs_the_plugin") {
        return;
    }
    let registry = registry();
    let (list, image) = (
        format!("{}/app:1", registry.host()),
        format!("{}/app:a", registry.host()),
    );
    let home = Home::new();
    let plugin = home.config_folder().join("cli-plugins/docker-manifestx");
    let installed = home.ours(&["install"]);
    installed.succeeds();
    assert_eq!(
        installed.stdout,
        format!("installed: {} -> {OURS}\n", plugin.display())
    );
    home.ours(&["install"])
        .succeeds()
        .prints(&format!("already there: {} -> {OURS}\n", plugin.display()));

    let docker = |line: &str| home.run(home.docker().args(words(line)));
    docker(&format!("manifestx create {list} {image}"))
        .succeeds()
        .prints(&format!("Created manifest list {list}\n"))
        .is_quiet();
    docker(&format!(
        "-D manifestx annotate {list} {image} --variant v9"
    ))
    .succeeds()
    .is_quiet();
    let shown = docker(&format!("manifestx inspect {list}"));
    shown.succeeds();
    assert!(shown.stdout.contains("\"variant\": \"v9\""), "{shown}");
    let pushed = docker(&format!("manifestx push -p {list}"));
    pushed.succeeds();
    assert_eq!(registry.digest("app", "1").unwrap() + "\n", pushed.stdout);
    docker(&format!("manifestx rm {list}"))
        .fails(1)
        .says("No such manifest");

    let help = docker("manifestx create --help");
    help.succeeds();
    assert!(
        help.stdout
            .starts_with("Usage:  docker manifestx create MANIFEST_LIST"),
        "{help}"
    );
    docker("manifestx create")
        .fails(1)
        .says("docker: 'docker manifestx create' requires at least 2");
    docker("manifestx push --bogus")
        .fails(125)
        .says("unknown flag: --bogus");
    let listed = docker("--help");
    listed.succeeds();
    assert!(listed.stdout.contains("manifestx*"), "{listed}");
    assert!(!listed.stdout.contains("Invalid Plugins"), "{listed}");
}

#[test]
fn a_plugin_has_any_name_and_dockers_config() {
    if !docker::is_here("names::a_plugin_has_any_name_and_dockers_config") {
        return;
    }
    let registry = registry();
    let (list, image) = (
        format!("{}/app:1", registry.host()),
        format!("{}/app:a", registry.host()),
    );
    let home = Home::new();
    home.ours(&["install", "--name", "fat2"]).succeeds();
    let other = home.path().join("other");
    fs::create_dir_all(&other).unwrap();
    fs::rename(
        home.config_folder().join("cli-plugins"),
        other.join("cli-plugins"),
    )
    .unwrap();
    let docker = |line: &str| home.run(home.docker().arg("--config").arg(&other).args(words(line)));
    docker(&format!("fat2 create {list} {image}")).succeeds();
    assert!(
        other.join("manifests").is_dir(),
        "the draft is in the folder that --config names"
    );
    assert!(!home.manifests().exists());
    docker("fat2 --help").succeeds().is_quiet();
}

#[test]
fn other_plugin_names_are_refused() {
    let home = Home::new();
    for name in ["", "Manifest", "1x", "my-tool"] {
        home.ours(&["install", "--name", name])
            .fails(1)
            .says("cannot be the name of a Docker CLI plugin");
    }
    home.ours(&["install", "--name", "manifest"])
        .fails(1)
        .prints("")
        .says("docker manifest: Docker's CLI has this command built in")
        .says("hint: `docker-manifest install --shim FOLDER` makes `docker manifest` run this program");
    assert!(!home.config_folder().exists(), "nothing was made");
}

#[test]
fn the_shim_runs_docker_manifest_itself() {
    let registry = registry();
    let (list, image) = (
        format!("{}/app:1", registry.host()),
        format!("{}/app:a", registry.host()),
    );
    let (_real, folder) = stand_in("echo the real docker; exit 3");
    let (home, shim) = home_with_shim(&folder);
    let run = |line: &str| home.run(home.command(&shim).args(words(line)));
    run(&format!("manifest create {list} {image}"))
        .succeeds()
        .prints(&format!("Created manifest list {list}\n"));
    let other = home.path().join("other");
    run(&format!(
        "-D --config {} manifest create {list} {image}",
        other.display()
    ))
    .succeeds();
    assert!(other.join("manifests").is_dir());
    run("manifest push --bogus")
        .fails(125)
        .says("Run 'docker manifest push --help'");
    run("manifest bogus")
        .fails(1)
        .says("docker: unknown command: docker manifest bogus");
    run(&format!("manifest rm {list}")).succeeds().prints("");
}

#[test]
fn the_shim_hands_everything_else_over() {
    let (_real, folder) = stand_in("printf '%s|' \"$0\" \"$@\"; cat; echo to stderr >&2; exit 42");
    let (home, shim) = home_with_shim(&folder);
    for line in [
        "version",
        "--bogus manifest",
        "-H tcp://x ps -a",
        "run --rm manifest",
        "--help",
        "help manifest",
    ] {
        let mut command = home.command(&shim);
        let mut child = command
            .args(words(line))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        child
            .stdin
            .take()
            .unwrap()
            .write_all(b"from stdin")
            .unwrap();
        let output = child.wait_with_output().unwrap();
        let stdout = String::from_utf8(output.stdout).unwrap();
        let arguments: String = words(line)
            .iter()
            .map(|w| format!("{}|", w.display()))
            .collect();
        assert!(
            stdout.ends_with(&format!("docker|{arguments}from stdin")),
            "{line}: {stdout}"
        );
        assert_eq!(output.stderr, b"to stderr\n", "{line}");
        assert_eq!(output.status.code(), Some(42), "{line}");
    }
}

#[test]
fn signals_reach_the_real_docker() {
    let (_real, folder) = stand_in("trap 'echo got it; exit 7' TERM; echo ready; read -r line");
    let (home, shim) = home_with_shim(&folder);
    let mut child = home
        .command(&shim)
        .arg("run")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    stdout.read_line(&mut line).unwrap();
    assert_eq!(line, "ready\n");
    let process = rustix::process::Pid::from_child(&child);
    rustix::process::kill_process(process, rustix::process::Signal::TERM).unwrap();
    // The shell runs its trap after `read` ends.
    drop(child.stdin.take());
    let mut rest = String::new();
    stdout.read_to_string(&mut rest).unwrap();
    let status = child.wait().unwrap();
    assert_eq!(
        (rest.as_str(), status.code(), status.signal()),
        ("got it\n", Some(7), None)
    );
}

#[test]
fn the_shim_passes_the_real_docker_through() {
    let Some(real) = docker::find()
        .filter(|_| docker::is_here("names::the_shim_passes_the_real_docker_through"))
    else {
        return;
    };
    let (home, shim) = home_with_shim(real.parent().unwrap());
    for line in [
        "version",
        "--version",
        "--bogus",
        "-v",
        "manifestx --help",
        "no-such-command",
        "--help",
        "help",
    ] {
        let through = home.run(home.command(&shim).args(words(line)));
        let direct = home.run(home.command(real).args(words(line)));
        assert_eq!(
            (through.code, &through.stdout, &through.stderr),
            (direct.code, &direct.stdout, &direct.stderr),
            "{line}"
        );
    }
}

#[test]
fn without_a_real_docker_the_shim_says_so() {
    let (home, shim) = home_with_shim(Path::new("/nonexistent"));
    let only = shim.parent().unwrap();
    let run = |line: &str| home.run(home.command(&shim).args(words(line)).env("PATH", only));
    run("version")
        .fails(127)
        .prints("")
        .says("only this shim of docker-manifest")
        .says("docker-manifest uninstall");
    run("manifest --help").succeeds();
}

#[test]
fn shims_behind_shims_reach_the_real_docker() {
    let (_real, folder) = stand_in("echo real");
    let home = Home::new();
    let folders = ["one", "two"].map(|name| home.path().join(name));
    for folder in &folders {
        fs::create_dir_all(folder).unwrap();
        // Copies, like two versions of the program.
        fs::copy(OURS, folder.join("docker")).unwrap();
    }
    let path = [&folders[0], &folders[1], &folder, &PathBuf::from("/bin")];
    let path = std::env::join_paths(path).unwrap();
    let run = |program: &Path, path: &OsString| {
        home.run(home.command(program).arg("ps").env("PATH", path))
    };
    run(&folders[0].join("docker"), &path)
        .succeeds()
        .prints("real\n");
    run(&folders[1].join("docker"), &path)
        .succeeds()
        .prints("real\n");
    let only_shims = std::env::join_paths(&folders).unwrap();
    run(&folders[0].join("docker"), &only_shims).fails(127);
}

#[test]
fn install_replaces_no_other_program_and_uninstall_removes_only_its_own() {
    let (real, folder) = stand_in("echo real");
    let mut home = Home::new();
    home.set("PATH", std::env::join_paths([&folder]).unwrap());
    let before = fs::read(folder.join("docker")).unwrap();
    home.ours(&["install", "--shim", folder.to_str().unwrap()])
        .fails(1)
        .prints("")
        .says("exists, and is not a link to docker-manifest")
        .says("hint: leave it where it is, and name a folder of your own that is before ")
        .does_not_say("remove");
    assert!(
        !home.config_folder().join("cli-plugins").exists(),
        "all or nothing"
    );

    let shims = home.path().join("shims");
    home.ours(&["install", "--shim", shims.to_str().unwrap()])
        .succeeds()
        .says("`docker` is not the shim yet: put");
    let other = home.config_folder().join("cli-plugins/docker-other");
    fs::write(&other, "somebody else's").unwrap();
    home.ours(&["uninstall", "--shim", shims.to_str().unwrap()])
        .succeeds()
        .prints(&format!(
            "removed: {}\nremoved: {}\n",
            home.config_folder()
                .join("cli-plugins/docker-manifestx")
                .display(),
            shims.join("docker").display()
        ));
    home.ours(&["uninstall"])
        .succeeds()
        .prints("")
        .says("nothing to remove");
    assert!(other.exists());
    assert_eq!(fs::read(folder.join("docker")).unwrap(), before);
    assert_eq!(
        String::from_utf8(Command::new(folder.join("docker")).output().unwrap().stdout).unwrap(),
        "real\n"
    );
    drop(real);
}
