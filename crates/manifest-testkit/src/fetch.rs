//! Getting programs from Debian's packages without root: a real registry, and other tools that read published images.

mod packages;

use std::ffi::{OsStr, OsString};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::{Mutex, PoisonError};

use crate::environment::on_path;
use packages::{AB, BASH, BUILDAH, FISH, NGINX, Packed, REGISTRY, SKOPEO, WRK, Wanted, ZSH};

/// The package of the registry, and the program in it.
const PACKAGE: &str = "docker-registry";

/// The reason why a program could not be fetched.
#[derive(Debug, thiserror::Error)]
#[error("cannot fetch {}: {source}; {}", wanted.what, wanted.otherwise)]
pub struct FetchError {
    wanted: Wanted,
    source: FetchProblem,
}

/// The reason of a failed fetch.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FetchProblem {
    /// A program needed for fetching is missing.
    #[error("`{program}` does not start")]
    NoProgram {
        /// The program.
        program: String,
        /// The reason why it does not start.
        source: io::Error,
    },
    /// A command failed.
    #[error("`{command}` failed: {stderr}")]
    Command {
        /// The command line.
        command: String,
        /// The standard error of the command.
        stderr: String,
    },
    /// A file or folder could not be written.
    #[error("cannot {what} {}", path.display())]
    File {
        /// The operation.
        what: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// The reason of the failure.
        source: io::Error,
    },
    /// A command succeeded, but its result is missing.
    #[error("there is no {missing} in {}", path.display())]
    Missing {
        /// The missing result.
        missing: &'static str,
        /// The expected path.
        path: PathBuf,
    },
}

/// A program from Debian, and its libraries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tool {
    /// The program.
    pub program: PathBuf,
    /// The value of `LD_LIBRARY_PATH` for it.
    pub libraries: OsString,
}

/// Fetches Debian's skopeo to `TARGET/tools/skopeo`, as [`docker_registry`] does.
pub fn skopeo(target_dir: &Path) -> Result<Tool, FetchError> {
    tool(&SKOPEO, target_dir)
}

/// Fetches Debian's buildah to `TARGET/tools/buildah`, as [`docker_registry`] does.
pub fn buildah(target_dir: &Path) -> Result<Tool, FetchError> {
    tool(&BUILDAH, target_dir)
}

/// Fetches Debian's nginx to `TARGET/tools/nginx`, as [`docker_registry`] does.
pub fn nginx(target_dir: &Path) -> Result<Tool, FetchError> {
    tool(&NGINX, target_dir)
}

/// Fetches Debian's wrk to `TARGET/tools/wrk`, as [`docker_registry`] does.
pub fn wrk(target_dir: &Path) -> Result<Tool, FetchError> {
    tool(&WRK, target_dir)
}

/// Fetches Apache's `ab` of Debian to `TARGET/tools/apache2-utils`, as [`docker_registry`] does.
pub fn ab(target_dir: &Path) -> Result<Tool, FetchError> {
    tool(&AB, target_dir)
}

/// The packages of Chromium and of the program that drives it.
const CHROMIUM: &[&str] = &["chromium", "chromium-driver"];

/// Fetches Debian's Chromium to `TARGET/tools/chromium`, with all libraries that the system lacks, and returns the folder.
pub(crate) fn chromium(target_dir: &Path) -> Result<PathBuf, FetchError> {
    static FETCHING: Mutex<()> = Mutex::new(());
    let _guard = FETCHING.lock().unwrap_or_else(PoisonError::into_inner);
    let root = target_dir.join("tools/chromium");
    let fetched = fetch_with_libraries(CHROMIUM, &root).map_err(|source| FetchError {
        wanted: Wanted {
            what: "Chromium",
            otherwise: "install it (`apt-get install chromium chromium-driver`)",
        },
        source,
    });
    fetched.map(|()| root)
}

/// Fetches packages and everything that they depend on, except for installed packages.
fn fetch_with_libraries(packages: &[&str], root: &Path) -> Result<(), FetchProblem> {
    if root.is_dir() {
        return Ok(());
    }
    let (_work, path) = work_folder(root.parent().unwrap_or(root))?;
    let apt = Apt::new(&path)?;
    let mut install = vec![
        "install",
        "--download-only",
        "--yes",
        "--no-install-recommends",
    ];
    install.extend(packages);
    // The lists may be missing or stale: download anyway.
    if apt.run(&path, &install, false).is_err() {
        apt.run(&path, &["update"], true)?;
        apt.run(&path, &install, true)?;
    }
    let archives = path.join("cache/archives");
    let unpacked = path.join("unpacked");
    for entry in fs::read_dir(&archives).map_err(file("list", &archives))? {
        let package = entry.map_err(file("list", &archives))?.path();
        if package.extension() == Some(OsStr::new("deb")) {
            unpack(&package, &unpacked)?;
        }
    }
    match fs::rename(&unpacked, root) {
        // Another process was faster.
        Err(_) if root.is_dir() => Ok(()),
        result => result.map_err(file("create", root)),
    }
}

/// Returns another program that reads images, `skopeo` or `buildah`: the one on PATH, or else Debian's.
///
/// # Panics
///
/// Panics for other names.
pub fn peer(name: &str) -> Result<Tool, FetchError> {
    if let Some(program) = on_path(name) {
        return Ok(Tool {
            program,
            libraries: OsString::new(),
        });
    }
    match name {
        "skopeo" => skopeo(&crate::environment::target_dir()),
        "buildah" => buildah(&crate::environment::target_dir()),
        _ => panic!("{name} is not fetched"),
    }
}

/// Returns a shell, `bash`, `zsh` or `fish`: the one on PATH, or else Debian's.
///
/// # Panics
///
/// Panics for other names.
pub fn shell(name: &str) -> Result<Tool, FetchError> {
    if let Some(program) = on_path(name) {
        return Ok(Tool {
            program,
            libraries: OsString::new(),
        });
    }
    let packed = [&BASH, &ZSH, &FISH]
        .into_iter()
        .find(|packed| packed.name == name)
        .unwrap_or_else(|| panic!("{name} is not fetched"));
    tool(packed, &crate::environment::target_dir())
}

fn tool(packed: &Packed, target_dir: &Path) -> Result<Tool, FetchError> {
    static FETCHING: Mutex<()> = Mutex::new(());
    let _guard = FETCHING.lock().unwrap_or_else(PoisonError::into_inner);
    let root = target_dir.join("tools").join(packed.name);
    let fetched = fetch_tool(packed, &root).map_err(|source| FetchError {
        wanted: packed.wanted,
        source,
    });
    fetched.map(|()| Tool {
        program: root.join(packed.program),
        libraries: libraries(&root),
    })
}

fn fetch_tool(packed: &Packed, root: &Path) -> Result<(), FetchProblem> {
    if root.join(packed.program).is_file() {
        return Ok(());
    }
    let folder = root.parent().unwrap_or(root);
    let (_work, path) = work_folder(folder)?;
    let unpacked = path.join("unpacked");
    for package in std::iter::once(&packed.name).chain(packed.libraries) {
        unpack(&download(&path.join(package), package)?, &unpacked)?;
    }
    if !unpacked.join(packed.program).is_file() {
        return Err(FetchProblem::Missing {
            missing: packed.program,
            path: unpacked,
        });
    }
    match fs::rename(&unpacked, root) {
        // Another process was faster.
        Err(_) if root.is_dir() => Ok(()),
        result => result.map_err(file("create", root)),
    }
}

/// Returns the folders with libraries below `root`, in the form of `LD_LIBRARY_PATH`.
pub(crate) fn libraries(root: &Path) -> OsString {
    let lists = ["usr/lib", "lib"].map(|folder| fs::read_dir(root.join(folder)));
    let entries = lists.into_iter().flatten().flatten().flatten();
    let folders = entries
        .map(|entry| entry.path())
        .filter(|path| path.is_dir());
    // This fails only if a path has a colon, which no list of paths supports.
    std::env::join_paths(folders).unwrap_or_default()
}

/// Returns the path of the program of [`docker_registry`].
#[must_use]
pub fn docker_registry_path(target_dir: &Path) -> PathBuf {
    target_dir.join("tools/registry").join(PACKAGE)
}

/// Fetches Debian's registry to `TARGET/tools/registry/docker-registry`, unless it is there.
///
/// This needs apt and a package archive in the system's sources, but no root: package lists and caches are private. Several
/// processes may do this at once. The program appears complete or not at all.
pub fn docker_registry(target_dir: &Path) -> Result<PathBuf, FetchError> {
    // The tests of one process wait for one download.
    static FETCHING: Mutex<()> = Mutex::new(());
    let _guard = FETCHING.lock().unwrap_or_else(PoisonError::into_inner);
    let destination = docker_registry_path(target_dir);
    let fetched = fetch_registry(&destination).map_err(|source| FetchError {
        wanted: REGISTRY,
        source,
    });
    fetched.map(|()| destination)
}

fn fetch_registry(destination: &Path) -> Result<(), FetchProblem> {
    if destination.is_file() {
        return Ok(());
    }
    let folder = destination.parent().unwrap_or(destination);
    let (_work, path) = work_folder(folder)?;
    let package = download(&path, PACKAGE)?;
    let unpacked = path.join("unpacked");
    unpack(&package, &unpacked)?;
    let program = unpacked.join("usr/bin").join(PACKAGE);
    if !program.is_file() {
        return Err(FetchProblem::Missing {
            missing: "usr/bin/docker-registry",
            path: unpacked,
        });
    }
    fs::rename(&program, destination).map_err(file("create", destination))
}

/// Creates a working folder, and returns its absolute path: apt-get and ar run in another folder.
fn work_folder(folder: &Path) -> Result<(tempfile::TempDir, PathBuf), FetchProblem> {
    fs::create_dir_all(folder).map_err(file("create", folder))?;
    // On the same file system as the destination, so that the last step is a rename.
    let work = tempfile::Builder::new()
        .prefix("fetch-")
        .tempdir_in(folder)
        .map_err(file("create a folder in", folder))?;
    let path = work
        .path()
        .canonicalize()
        .map_err(file("resolve", work.path()))?;
    Ok((work, path))
}

/// Downloads a package, with the system's package lists, else with fresh private ones.
fn download(work: &Path, package: &str) -> Result<PathBuf, FetchProblem> {
    let apt = Apt::new(work)?;
    // The lists may be missing or stale: download anyway.
    if apt.run(work, &["download", package], false).is_err() {
        apt.run(work, &["update"], true)?;
        apt.run(work, &["download", package], true)?;
    }
    let files = fs::read_dir(work).map_err(file("list", work))?;
    files
        .filter_map(|entry| Some(entry.ok()?.path()))
        .find(|path| path.extension() == Some(OsStr::new("deb")))
        .ok_or_else(|| FetchProblem::Missing {
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
    fn new(work: &Path) -> Result<Self, FetchProblem> {
        let (cache, state) = (work.join("cache"), work.join("state"));
        for folder in [cache.join("archives/partial"), state.join("lists/partial")] {
            fs::create_dir_all(&folder).map_err(file("create", &folder))?;
        }
        Ok(Self { cache, state })
    }

    fn run(
        &self,
        work: &Path,
        arguments: &[&str],
        private_lists: bool,
    ) -> Result<(), FetchProblem> {
        let mut command = Command::new("apt-get");
        let mut option = |name: &str, value: &Path| {
            command.arg("-o").arg(format!("{name}={}", value.display()));
        };
        option("Dir::Cache", &self.cache);
        option("Debug::NoLocking", Path::new("1"));
        // As root, apt would switch to a user who cannot write here, and warn.
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

/// Unpacks a package.
fn unpack(package: &Path, to: &Path) -> Result<(), FetchProblem> {
    fs::create_dir_all(to).map_err(file("create", to))?;
    let mut dpkg = Command::new("dpkg-deb");
    dpkg.arg("-x").arg(package).arg(to);
    match run(dpkg) {
        Err(FetchProblem::NoProgram { .. }) => unpack_by_hand(package, to),
        result => result.map(drop),
    }
}

/// Unpacks a package without dpkg: an `ar` archive with a `tar` archive in it.
fn unpack_by_hand(package: &Path, to: &Path) -> Result<(), FetchProblem> {
    let mut ar = Command::new("ar");
    ar.arg("x").arg(package).current_dir(to);
    run(ar)?;
    let data = ["data.tar.xz", "data.tar.zst", "data.tar.gz", "data.tar"]
        .into_iter()
        .map(|name| to.join(name))
        .find(|path| path.is_file())
        .ok_or_else(|| FetchProblem::Missing {
            missing: "data.tar",
            path: to.to_owned(),
        })?;
    let mut tar = Command::new("tar");
    tar.arg("-xf").arg(data).arg("-C").arg(to);
    run(tar).map(drop)
}

fn run(mut command: Command) -> Result<Output, FetchProblem> {
    let program = command.get_program().to_string_lossy().into_owned();
    let output = command
        .env("LC_ALL", "C")
        .stdin(std::process::Stdio::null())
        .output()
        .map_err(|source| FetchProblem::NoProgram {
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
    Err(FetchProblem::Command { command, stderr })
}

fn file(what: &'static str, path: &Path) -> impl FnOnce(io::Error) -> FetchProblem + use<> {
    let path = path.to_owned();
    move |source| FetchProblem::File { what, path, source }
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::{FetchError, REGISTRY, docker_registry, docker_registry_path, run, skopeo};

    #[test]
    fn existing_programs_are_not_fetched_again() {
        let target = tempfile::tempdir().unwrap();
        let program = docker_registry_path(target.path());
        std::fs::create_dir_all(program.parent().unwrap()).unwrap();
        std::fs::write(&program, "a registry").unwrap();
        assert_eq!(docker_registry(target.path()).unwrap(), program);
        assert_eq!(std::fs::read(&program).unwrap(), b"a registry");
    }

    #[test]
    fn tools_come_with_their_libraries() {
        let target = tempfile::tempdir().unwrap();
        let root = target.path().join("tools/skopeo");
        for folder in ["usr/bin", "usr/lib/some-linux-gnu", "lib/some-linux-gnu"] {
            std::fs::create_dir_all(root.join(folder)).unwrap();
        }
        std::fs::write(root.join("usr/bin/skopeo"), "skopeo").unwrap();
        let tool = skopeo(target.path()).unwrap();
        assert_eq!(tool.program, root.join("usr/bin/skopeo"));
        let folders: Vec<_> = std::env::split_paths(&tool.libraries).collect();
        let expected = ["usr/lib/some-linux-gnu", "lib/some-linux-gnu"].map(|path| root.join(path));
        assert_eq!(folders, expected);
    }

    #[test]
    fn errors_have_the_command_its_output_and_a_remedy() {
        let mut command = Command::new("sh");
        command.args(["-c", "echo no such package >&2; exit 100"]);
        let text = FetchError {
            wanted: REGISTRY,
            source: run(command).unwrap_err(),
        }
        .to_string();
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
