//! The programs that are compared, and how each of them makes and pushes a list.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use manifest_testkit::fetch::{self, FetchError, Tool};

use super::home::{Home, variable};
use super::measured::{Measured, measure};

/// One of the programs.
pub(super) struct Program {
    /// What it is called in tables and by `--only`.
    pub(super) name: &'static str,
    kind: Kind,
    tool: Tool,
}

enum Kind {
    /// `create` and `push`, as Docker has them.
    Manifest,
    /// `create --push`: no draft.
    AtOnce,
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

/// What making and pushing a list took; one that has no draft does all in `push`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Published {
    pub(super) create: Measured,
    pub(super) push: Measured,
}

impl Published {
    pub(super) fn both(&self) -> Measured {
        self.create.then(self.push)
    }
}

/// Returns our program, those that are on PATH, and those that Debian has.
pub(super) fn found(ours: PathBuf, target: &Path) -> Vec<Program> {
    let mut found = vec![new("ours", Kind::Manifest, ours)];
    if let Some(docker) = on_path("docker") {
        if answers(&docker, &["manifest", "--help"]) {
            found.push(new("docker manifest", Kind::Docker, docker.clone()));
        }
        if answers(&docker, &["buildx", "version"]) {
            found.push(new("docker buildx imagetools", Kind::Imagetools, docker));
        }
    }
    found.extend(crane());
    found.extend(buildah(target));
    found
}

/// Returns our program, which makes and pushes a list at once, and others that do the same with images of one repository.
pub(super) fn at_once(ours: PathBuf, target: &Path) -> Vec<Program> {
    let mut found = vec![ours_at_once(ours)];
    found.extend(crane());
    let manifest_tool = on_path("manifest-tool");
    found.extend(manifest_tool.map(|path| new("manifest-tool", Kind::ManifestTool, path)));
    found.extend(buildah(target));
    found
}

/// Returns our program, which makes and pushes a list at once.
pub(super) fn ours_at_once(ours: PathBuf) -> Program {
    new("ours", Kind::AtOnce, ours)
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

/// Returns a program that is on PATH, or else fetched; nothing, and says so, where there is none.
pub(super) fn tool(name: &str, fetch: impl FnOnce() -> Result<Tool, FetchError>) -> Option<Tool> {
    if let Some(path) = on_path(name) {
        return Some(installed(path));
    }
    let fetched = fetch();
    fetched
        .inspect_err(|error| eprintln!("bench: without {name}: {error}"))
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
        let none = Measured::default();
        Ok(match self.kind {
            Kind::Manifest => Published {
                create: run(&["create", list], images)?,
                push: run(&["push", list], &[])?,
            },
            Kind::AtOnce => Published {
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

fn answers(program: &Path, words: &[&str]) -> bool {
    let output = Command::new(program).args(words).output();
    output.is_ok_and(|output| output.status.success())
}
