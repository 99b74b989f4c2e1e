//! A home folder for each test, and programs that run in it.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc;
use std::time::{Duration, SystemTime};

use tempfile::TempDir;

use super::docker;
use super::ran::Ran;

/// The program under test.
pub(crate) const OURS: &str = env!("CARGO_BIN_EXE_docker-manifest");

/// The time limit of a program, after which it is killed and its test fails.
const TIME_LIMIT: Duration = Duration::from_secs(90);

/// This program's own folder among the drafts.
const OWN_FOLDER: &str = ".docker-manifest";

/// A temporary home folder and its environment: `HOME`, `DOCKER_CONFIG`, a disabled cache, and nothing else.
#[derive(Debug)]
pub(crate) struct Home {
    folder: TempDir,
    variables: BTreeMap<OsString, OsString>,
}

/// One file in the drafts' folder. A list's folder without files counts as one file without name and content.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct DraftFile {
    /// The name of the list's folder.
    pub(crate) list: String,
    /// The name of the file.
    pub(crate) file: String,
    /// The content.
    pub(crate) bytes: Vec<u8>,
}

impl Home {
    /// Creates an empty home.
    pub(crate) fn new() -> Self {
        let folder = tempfile::Builder::new()
            .prefix("it-home-")
            .tempdir()
            .unwrap();
        let mut home = Self {
            folder,
            variables: BTreeMap::new(),
        };
        let config = home.path().join(".docker");
        home.set("HOME", home.path().to_owned());
        home.set("DOCKER_CONFIG", config);
        // Requests would depend on the commands before.
        home.set("DOCKER_MANIFEST_NO_CACHE", "1");
        home
    }

    /// Enables the cache, and returns its folder.
    pub(crate) fn enable_cache(&mut self) -> PathBuf {
        self.set("DOCKER_MANIFEST_NO_CACHE", "0");
        let cache = self.path().join("cache");
        self.set("XDG_CACHE_HOME", &cache);
        cache.join("docker-manifest")
    }

    /// Sets a variable for the programs that run here.
    pub(crate) fn set(&mut self, name: &str, value: impl Into<OsString>) {
        self.variables.insert(name.into(), value.into());
    }

    /// Returns the folder, which is also the working directory of programs.
    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Returns the folder of Docker's client configuration.
    pub(crate) fn config_folder(&self) -> PathBuf {
        self.path().join(".docker")
    }

    /// Writes `config.json`.
    pub(crate) fn write_config(&self, json: &str) {
        fs::create_dir_all(self.config_folder()).unwrap();
        fs::write(self.config_folder().join("config.json"), json).unwrap();
    }

    /// Writes a shell program of these lines to the home's `bin`, and puts that on PATH before the system's folders.
    #[cfg(unix)]
    pub(crate) fn write_program(&mut self, name: &str, lines: &str) {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = self.path().join("bin");
        fs::create_dir_all(&folder).unwrap();
        // A shell writes it: another test's program, started at that moment, may inherit a file that this process has open, and
        // an open file cannot be executed.
        let write = "printf '%s\\n' '#!/bin/sh' \"$1\" > \"$0\"";
        let script = folder.join(name);
        let written = Command::new("/bin/sh")
            .args(["-c", write])
            .arg(&script)
            .arg(lines)
            .status();
        assert!(written.unwrap().success());
        fs::set_permissions(script, fs::Permissions::from_mode(0o755)).unwrap();
        let path = std::env::join_paths([&folder, Path::new("/usr/bin"), Path::new("/bin")]);
        self.set("PATH", path.unwrap());
    }

    /// Runs the program under test.
    pub(crate) fn ours<A: AsRef<OsStr>>(&self, arguments: &[A]) -> Ran {
        self.run(self.command(OURS).args(arguments))
    }

    /// Runs `docker manifest …` with Docker's CLI.
    pub(crate) fn dockers<A: AsRef<OsStr>>(&self, arguments: &[A]) -> Ran {
        self.run(self.docker().arg("manifest").args(arguments))
    }

    /// Returns Docker's CLI, ready to run here.
    ///
    /// # Panics
    ///
    /// Panics if there is none: check [`docker::is_here`] first.
    pub(crate) fn docker(&self) -> Command {
        self.command(docker::find().expect("there is no docker on PATH"))
    }

    /// Returns a program, ready to run here: with this home's environment only, and empty standard input.
    pub(crate) fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new(program);
        command
            .env_clear()
            .envs(&self.variables)
            .current_dir(self.path())
            .stdin(Stdio::null());
        command
    }

    /// Runs a program to its end.
    pub(crate) fn run(&self, command: &mut Command) -> Ran {
        let words = std::iter::once(command.get_program()).chain(command.get_args());
        let words: Vec<_> = words.map(|word| word.to_string_lossy()).collect();
        let line = words.join(" ");
        let child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn();
        let child = child.unwrap_or_else(|error| panic!("cannot run {line}: {error}"));
        let Output {
            status,
            stdout,
            stderr,
        } = wait(child, &line);
        Ran::new(line, status, stdout, stderr)
    }

    /// Returns all draft files, sorted, without this program's own folder.
    pub(crate) fn drafts(&self) -> Vec<DraftFile> {
        let mut files = Vec::new();
        for (list, path) in entries(&self.manifests()) {
            if list == OWN_FOLDER {
                continue;
            }
            let inside = entries(&path);
            if inside.is_empty() {
                files.push(DraftFile {
                    list: list.clone(),
                    file: String::new(),
                    bytes: Vec::new(),
                });
            }
            let file = |(file, path): (String, PathBuf)| DraftFile {
                list: list.clone(),
                file,
                bytes: fs::read(path).unwrap(),
            };
            files.extend(inside.into_iter().map(file));
        }
        files.sort();
        files
    }

    /// Returns the path of an entry in a draft by Docker's rule for names.
    pub(crate) fn draft_path(&self, list: &str, image: &str) -> PathBuf {
        let name = |reference: &str| reference.replace(':', "-").replace('/', "_");
        self.manifests().join(name(list)).join(name(image))
    }

    /// Sets the time of the last change of all drafts back to 2001.
    pub(crate) fn age_drafts(&self) {
        let then = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000);
        let mut paths = vec![self.manifests()];
        while let Some(path) = paths.pop() {
            if path.is_dir() {
                paths.extend(entries(&path).into_iter().map(|(_, path)| path));
            }
            let file = fs::File::open(&path).unwrap();
            file.set_modified(then).unwrap();
        }
    }

    /// Returns the folder of all drafts.
    pub(crate) fn manifests(&self) -> PathBuf {
        self.config_folder().join("manifests")
    }
}

/// Lists a folder. A missing folder is empty.
fn entries(folder: &Path) -> Vec<(String, PathBuf)> {
    let Ok(entries) = fs::read_dir(folder) else {
        return Vec::new();
    };
    let entries = entries.map(|entry| entry.unwrap());
    entries
        .map(|entry| (entry.file_name().into_string().unwrap(), entry.path()))
        .collect()
}

/// Waits for a program, and kills it at its time limit.
fn wait(child: Child, line: &str) -> Output {
    let (done, wait) = mpsc::channel::<()>();
    let process = rustix::process::Pid::from_child(&child);
    let watch = std::thread::spawn(move || {
        let over = wait.recv_timeout(TIME_LIMIT) == Err(mpsc::RecvTimeoutError::Timeout);
        if over {
            let _ = rustix::process::kill_process(process, rustix::process::Signal::KILL);
        }
        over
    });
    let output = child.wait_with_output().unwrap();
    drop(done);
    assert!(
        !watch.join().unwrap(),
        "killed after {} s: {line}",
        TIME_LIMIT.as_secs()
    );
    output
}
