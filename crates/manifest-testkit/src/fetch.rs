//! Getting a real registry without being root: Debian's `docker-registry` package, unpacked.

use std::ffi::OsStr;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::{Mutex, PoisonError};

/// How else to get a registry; ends every message.
const ELSE: &str = "install one (`apt-get install docker-registry`) or name one (`REGISTRY_BIN=/path/to/registry`)";

/// The package, and the program in it.
const PACKAGE: &str = "docker-registry";

/// Why no registry could be fetched.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FetchError {
    /// A program that is needed is not there.
    #[error("cannot fetch a registry: `{program}` does not start; {ELSE}")]
    NoProgram {
        /// The program.
        program: String,
        /// Why it does not start.
        source: io::Error,
    },
    /// A command failed.
    #[error("cannot fetch a registry: `{command}` failed: {stderr}; {ELSE}")]
    Command {
        /// The command line.
        command: String,
        /// What it wrote to stderr.
        stderr: String,
    },
    /// A file or folder could not be written.
    #[error("cannot fetch a registry: cannot {what} {}; {ELSE}", path.display())]
    File {
        /// What was to be done.
        what: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// Why it failed.
        source: io::Error,
    },
    /// A command said that it succeeded, but what it should have made is not there.
    #[error("cannot fetch a registry: there is no {missing} in {}; {ELSE}", path.display())]
    Missing {
        /// What is not there.
        missing: &'static str,
        /// Where it should be.
        path: PathBuf,
    },
}

/// Returns where [`docker_registry`] puts the program.
#[must_use]
pub fn destination(target_dir: &Path) -> PathBuf {
    target_dir.join("tools/registry").join(PACKAGE)
}

/// Fetches Debian's registry to `TARGET/tools/registry/docker-registry` unless it is there.
///
/// Needs apt, an archive that the system's sources name, and no rights: package lists and caches
/// are private. Several processes may do this at once; the program appears whole or not at all.
pub fn docker_registry(target_dir: &Path) -> Result<PathBuf, FetchError> {
    // The tests of one process, all in need of it at once, wait for one download.
    static FETCHING: Mutex<()> = Mutex::new(());
    let _guard = FETCHING.lock().unwrap_or_else(PoisonError::into_inner);
    let destination = destination(target_dir);
    if destination.is_file() {
        return Ok(destination);
    }
    let folder = destination.parent().unwrap_or(target_dir);
    fs::create_dir_all(folder).map_err(file("create", folder))?;
    // In the same file system as the destination, so that the last step is a rename.
    let work = tempfile::Builder::new()
        .prefix("fetch-")
        .tempdir_in(folder)
        .map_err(file("create a folder in", folder))?;
    // Absolute, because apt-get and ar run in another folder.
    let work_path = work
        .path()
        .canonicalize()
        .map_err(file("resolve", work.path()))?;
    let package = download(&work_path)?;
    let program = unpack(&package, &work_path.join("unpacked"))?;
    fs::rename(&program, &destination).map_err(file("create", &destination))?;
    Ok(destination)
}

/// Downloads the package: by the system's package lists, else by fresh private ones.
fn download(work: &Path) -> Result<PathBuf, FetchError> {
    let apt = Apt::new(work)?;
    // Lists that are missing or stale are no reason to give up yet.
    if apt.run(work, &["download", PACKAGE], false).is_err() {
        apt.run(work, &["update"], true)?;
        apt.run(work, &["download", PACKAGE], true)?;
    }
    let files = fs::read_dir(work).map_err(file("list", work))?;
    files
        .filter_map(|entry| Some(entry.ok()?.path()))
        .find(|path| path.extension() == Some(OsStr::new("deb")))
        .ok_or_else(|| FetchError::Missing {
            missing: "package",
            path: work.to_owned(),
        })
}

/// `apt-get` with its state in folders of its own.
struct Apt {
    cache: PathBuf,
    state: PathBuf,
}

impl Apt {
    fn new(work: &Path) -> Result<Self, FetchError> {
        let (cache, state) = (work.join("cache"), work.join("state"));
        for folder in [cache.join("archives/partial"), state.join("lists/partial")] {
            fs::create_dir_all(&folder).map_err(file("create", &folder))?;
        }
        Ok(Self { cache, state })
    }

    fn run(&self, work: &Path, arguments: &[&str], private_lists: bool) -> Result<(), FetchError> {
        let mut command = Command::new("apt-get");
        let mut option = |name: &str, value: &Path| {
            command.arg("-o").arg(format!("{name}={}", value.display()));
        };
        option("Dir::Cache", &self.cache);
        option("Debug::NoLocking", Path::new("1"));
        // As root, apt would drop to a user who cannot write here, and say so.
        option("APT::Sandbox::User", Path::new("root"));
        if private_lists {
            option("Dir::State", &self.state);
            option("Dir::State::lists", &self.state.join("lists"));
            option("Dir::State::status", Path::new("/var/lib/dpkg/status"));
        }
        command.arg("-q").args(arguments).current_dir(work);
        run(command).map(drop)
    }
}

/// Unpacks the package and returns the program in it.
fn unpack(package: &Path, to: &Path) -> Result<PathBuf, FetchError> {
    fs::create_dir_all(to).map_err(file("create", to))?;
    let mut dpkg = Command::new("dpkg-deb");
    dpkg.arg("-x").arg(package).arg(to);
    match run(dpkg) {
        Ok(_) => {}
        Err(FetchError::NoProgram { .. }) => unpack_by_hand(package, to)?,
        Err(error) => return Err(error),
    }
    let program = to.join("usr/bin").join(PACKAGE);
    if program.is_file() {
        return Ok(program);
    }
    Err(FetchError::Missing {
        missing: "usr/bin/docker-registry",
        path: to.to_owned(),
    })
}

/// Unpacks a package where there is no dpkg: an `ar` archive with a `tar` archive in it.
fn unpack_by_hand(package: &Path, to: &Path) -> Result<(), FetchError> {
    let mut ar = Command::new("ar");
    ar.arg("x").arg(package).current_dir(to);
    run(ar)?;
    let data = ["data.tar.xz", "data.tar.zst", "data.tar.gz", "data.tar"]
        .into_iter()
        .map(|name| to.join(name))
        .find(|path| path.is_file())
        .ok_or_else(|| FetchError::Missing {
            missing: "data.tar",
            path: to.to_owned(),
        })?;
    let mut tar = Command::new("tar");
    tar.arg("-xf").arg(data).arg("-C").arg(to);
    run(tar).map(drop)
}

fn run(mut command: Command) -> Result<Output, FetchError> {
    let program = command.get_program().to_string_lossy().into_owned();
    let output = command
        .env("LC_ALL", "C")
        .stdin(std::process::Stdio::null())
        .output()
        .map_err(|source| FetchError::NoProgram {
            program: program.clone(),
            source,
        })?;
    if output.status.success() {
        return Ok(output);
    }
    let arguments = command
        .get_args()
        .map(|argument| format!(" {}", argument.to_string_lossy()));
    let command = std::iter::once(program).chain(arguments).collect();
    let stderr = String::from_utf8_lossy(&output.stderr).trim().to_owned();
    Err(FetchError::Command { command, stderr })
}

fn file(what: &'static str, path: &Path) -> impl FnOnce(io::Error) -> FetchError + use<> {
    let path = path.to_owned();
    move |source| FetchError::File { what, path, source }
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::{destination, docker_registry, run};

    #[test]
    fn what_is_there_is_not_fetched_again() {
        let target = tempfile::tempdir().unwrap();
        let program = destination(target.path());
        std::fs::create_dir_all(program.parent().unwrap()).unwrap();
        std::fs::write(&program, "a registry").unwrap();
        assert_eq!(docker_registry(target.path()).unwrap(), program);
        assert_eq!(std::fs::read(&program).unwrap(), b"a registry");
    }

    #[test]
    fn errors_name_the_command_what_it_said_and_the_way_out() {
        let mut command = Command::new("sh");
        command.args(["-c", "echo no such package >&2; exit 100"]);
        let text = run(command).unwrap_err().to_string();
        for part in [
            "`sh -c",
            "no such package",
            "apt-get install",
            "REGISTRY_BIN=",
        ] {
            assert!(text.contains(part), "{text}");
        }
        let text = run(Command::new("no-such-program"))
            .unwrap_err()
            .to_string();
        assert!(text.contains("`no-such-program` does not start"), "{text}");
    }
}
