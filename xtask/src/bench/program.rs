//! The programs to compare, and making and pushing a list with each of them.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use manifest_testkit::fetch::{self, FetchError, Tool};

use super::home::{Home, variable};
use super::measurement::{Measurement, measure};

/// A program to measure.
pub(super) struct Program {
    /// The name in tables and for `--only`.
    pub(super) name: &'static str,
    kind: Kind,
    tool: Tool,
}

enum Kind {
    /// `create` and `push`, as in Docker.
    CreateThenPush,
    /// `create --push`: no draft.
    CreateAndPush,
    /// `create` and `push`, as a command of Docker's CLI.
    Docker,
    /// `docker buildx imagetools create`: no draft.
    Imagetools,
    /// `crane index append`: no draft.
    Crane,
    /// `manifest-tool push from-args`: no draft. The images are tags of one repository, named by architecture.
    ManifestTool,
    /// `buildah manifest`, with images stored in the home folder.
    Buildah,
}

/// The measurements of making and pushing a list. Without a draft, all of it counts as `push`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Published {
    pub(super) create: Measurement,
    pub(super) push: Measurement,
}

impl Published {
    pub(super) fn both(&self) -> Measurement {
        self.create.then(self.push)
    }
}

/// Returns our program, the alternatives on PATH, and those that Debian has.
pub(super) fn available(ours: PathBuf, target: &Path) -> Vec<Program> {
    let mut found = vec![new("ours", Kind::CreateThenPush, ours)];
    if let Some(docker) = on_path("docker") {
        if succeeds(&docker, &["manifest", "--help"]) {
            found.push(new("docker manifest", Kind::Docker, docker.clone()));
        }
        if succeeds(&docker, &["buildx", "version"]) {
            found.push(new("docker buildx imagetools", Kind::Imagetools, docker));
        }
    }
    found.extend(crane());
    found.extend(buildah(target));
    found
}

/// Returns our program with `create --push`, and the alternatives that make a list of images of one repository.
pub(super) fn for_one_repository(ours: PathBuf, target: &Path) -> Vec<Program> {
    let mut found = vec![ours_create_and_push(ours)];
    found.extend(crane());
    let manifest_tool = on_path("manifest-tool");
    found.extend(manifest_tool.map(|path| new("manifest-tool", Kind::ManifestTool, path)));
    found.extend(buildah(target));
    found
}

/// Returns our program with `create --push`.
pub(super) fn ours_create_and_push(ours: PathBuf) -> Program {
    new("ours", Kind::CreateAndPush, ours)
}

fn crane() -> Option<Program> {
    on_path("crane").map(|path| new("crane", Kind::Crane, path))
}

fn buildah(target: &Path) -> Option<Program> {
    tool("buildah", || fetch::buildah(target)).map(|tool| Program {
        name: "buildah",
        kind: Kind::Buildah,
        tool,
    })
}

fn new(name: &'static str, kind: Kind, path: PathBuf) -> Program {
    Program {
        name,
        kind,
        tool: installed(path),
    }
}

/// Finds a program on PATH, or else fetches it. If both fail, prints the reason and returns `None`.
pub(super) fn tool(name: &str, fetch: impl FnOnce() -> Result<Tool, FetchError>) -> Option<Tool> {
    if let Some(path) = on_path(name) {
        return Some(installed(path));
    }
    let fetched = fetch();
    fetched
        .inspect_err(|error| eprintln!("bench: skipping {name}: {error}"))
        .ok()
}

pub(super) fn installed(program: PathBuf) -> Tool {
    Tool {
        program,
        libraries: OsString::new(),
    }
}

impl Program {
    /// Makes a list of images and pushes it.
    pub(super) fn publish(
        &self,
        home: &Home,
        images: &[String],
        list: &str,
    ) -> Result<Published, String> {
        let run = |words: &[&str], images: &[String]| {
            let mut command = home.command(&self.tool);
            command.args(words).args(images);
            measure(command)
        };
        let none = Measurement::default();
        Ok(match self.kind {
            Kind::CreateThenPush => Published {
                create: run(&["create", list], images)?,
                push: run(&["push", list], &[])?,
            },
            Kind::CreateAndPush => Published {
                create: none,
                push: run(&["create", "--push", list], images)?,
            },
            Kind::Docker => Published {
                create: run(&["manifest", "create", list], images)?,
                push: run(&["manifest", "push", list], &[])?,
            },
            Kind::Imagetools => Published {
                create: none,
                push: run(&["buildx", "imagetools", "create", "--tag", list], images)?,
            },
            Kind::Crane => {
                let appended: Vec<String> = images
                    .iter()
                    .flat_map(|image| ["-m".to_owned(), image.clone()])
                    .collect();
                Published {
                    create: none,
                    push: run(&["index", "append", "-t", list], &appended)?,
                }
            }
            Kind::Buildah => {
                let run = |words: &[&str]| measure(home.buildah_manifest(&self.tool, words));
                let mut create = run(&["create", "list"])?;
                for image in images {
                    create = create.then(run(&["add", "list", &format!("docker://{image}")])?);
                }
                let target = format!("docker://{list}");
                Published {
                    create,
                    push: run(&["push", "--all", "list", &target])?,
                }
            }
            Kind::ManifestTool => {
                let tags = images.iter().filter_map(|image| image.rsplit_once(':'));
                let platforms: Vec<String> = tags.map(|(_, tag)| format!("linux/{tag}")).collect();
                let name = list.rsplit_once(':').map_or(list, |(name, _)| name);
                let folder = home.path().to_string_lossy();
                let words = ["--docker-cfg", &folder, "push", "from-args"];
                let arguments = [
                    format!("--platforms={}", platforms.join(",")),
                    format!("--template={name}:ARCH"),
                    format!("--target={list}"),
                ];
                Published {
                    create: none,
                    push: run(&words, &arguments)?,
                }
            }
        })
    }
}

/// Finds a program on PATH.
fn on_path(name: &str) -> Option<PathBuf> {
    let path = variable("PATH");
    let mut candidates = std::env::split_paths(&path).map(|folder| folder.join(name));
    candidates.find(|file| file.is_file())
}

/// Returns whether a program succeeds with these arguments.
fn succeeds(program: &Path, words: &[&str]) -> bool {
    let output = Command::new(program).args(words).output();
    output.is_ok_and(|output| output.status.success())
}
