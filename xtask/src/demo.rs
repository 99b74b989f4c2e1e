//! `cargo xtask demo`: starts a registry, pushes four images, and makes one list of them.

use std::path::Path;
use std::process::Command;

use manifest_testkit::EmbeddedRegistry;
use manifest_testkit::image::Image;
use tempfile::TempDir;

use crate::task::{TaskResult, cargo, run as run_command, target_folder};

/// Show the program at work on an embedded registry, or on yours
#[derive(Default, clap::Args)]
pub(crate) struct Args {
    /// Push the list to this registry (host, or host/folder), with your own credentials; the images are copied there
    #[arg(long, value_name = "HOST")]
    registry: Option<String>,
}

/// The tags and platforms of the images. The third was built on the wrong machine, so it states linux/amd64 until it is annotated.
const IMAGES: [(&str, &str); 4] = [
    ("amd64", "linux/amd64"),
    ("arm64", "linux/arm64/v8"),
    ("armv7", "linux/amd64"),
    ("s390x", "linux/s390x"),
];

/// Builds the program. Naming both packages gives it the features of this task's build, so that nothing is compiled twice.
const BUILD: [&str; 6] = [
    "build",
    "--quiet",
    "--package",
    "xtask",
    "--package",
    "docker-manifest",
];

pub(crate) fn run(args: &Args) -> TaskResult {
    run_command(&mut cargo(&BUILD))?;
    let home =
        TempDir::new().map_err(|error| format!("cannot make a folder for drafts: {error}"))?;
    let shell = Shell { home };
    println!(
        "# A registry on loopback, with four images for four platforms, each pushed by its own tag:"
    );
    let registry = EmbeddedRegistry::start();
    let repository = format!("{}/demo/app", registry.host());
    for (tag, platform) in IMAGES {
        registry.seed(
            "demo/app",
            tag,
            &Image::oci()
                .platform(platform)
                .seed(tag)
                .layers(2, 4096)
                .build(),
        );
        println!("#   {repository}:{tag}");
    }
    let list = match &args.registry {
        Some(host) => format!("{host}/docker-manifest-demo/app:1.0"),
        None => format!("{repository}:1.0"),
    };
    let image = |tag: &str| format!("{repository}:{tag}");
    let images: Vec<String> = IMAGES.iter().map(|(tag, _)| image(tag)).collect();
    let mut create = vec!["create", &list];
    create.extend(images.iter().map(String::as_str));
    shell.run(
        "One draft of all four. Nothing is written to a registry yet.",
        &create,
    )?;
    let armv7 = image("armv7");
    let annotate = [
        "annotate",
        "--arch",
        "arm",
        "--variant",
        "v7",
        &list,
        &armv7,
    ];
    shell.run(
        "The armv7 image was built on an amd64 machine and states that platform. Set the right one.",
        &annotate,
    )?;
    shell.run(
        "The draft has the exact content that will be published.",
        &["inspect", &list],
    )?;
    let digest = shell.run(
        "Publish it, and remove the draft.",
        &["push", "--purge", &list],
    )?;
    let published = shell.run("The registry has the list now.", &["inspect", &list])?;
    check(&digest, &published)
}

/// Checks the output of the demo, which `cargo xtask ci` runs as a test.
fn check(digest: &str, published: &str) -> TaskResult {
    let Some(digest) = digest
        .lines()
        .last()
        .filter(|line| line.starts_with("sha256:"))
    else {
        return Err(format!("push did not end with a digest: {digest:?}"));
    };
    let platforms = [
        r#""variant": "v7""#,
        r#""architecture": "arm64""#,
        r#""architecture": "s390x""#,
    ];
    match platforms.iter().find(|part| !published.contains(*part)) {
        Some(part) => Err(format!("the published list has no {part}")),
        None => {
            println!("# Done: {digest}");
            Ok(())
        }
    }
}

/// Runs the program as a user would, with a home of its own.
struct Shell {
    home: TempDir,
}

impl Shell {
    /// Prints a command line, runs it, prints its output, and returns its standard output.
    fn run(&self, description: &str, arguments: &[&str]) -> Result<String, String> {
        println!(
            "\n# {description}\n$ docker-manifest {}",
            arguments.join(" ")
        );
        let program = program(&target_folder()?);
        let mut command = Command::new(&program);
        command.args(arguments);
        // The user's own configuration has the credentials for their registry. Only the drafts belong to the demo.
        if let Some(config) = user_config() {
            let copy = self.home.path().join("config.json");
            std::fs::copy(&config, copy)
                .map_err(|error| format!("cannot copy {}: {error}", config.display()))?;
        }
        let output = command
            .env("DOCKER_CONFIG", self.home.path())
            .output()
            .map_err(|error| format!("cannot run {}: {error}", program.display()))?;
        let stdout = String::from_utf8_lossy(&output.stdout).into_owned();
        print!("{stdout}{}", String::from_utf8_lossy(&output.stderr));
        if output.status.success() {
            Ok(stdout)
        } else {
            Err(format!("docker-manifest: {}", output.status))
        }
    }
}

fn program(target: &Path) -> std::path::PathBuf {
    target
        .join("debug")
        .join(format!("docker-manifest{}", std::env::consts::EXE_SUFFIX))
}

/// Returns the user's own `config.json`, if there is one.
#[expect(
    clippy::disallowed_methods,
    reason = "a task runs in the user's environment"
)]
fn user_config() -> Option<std::path::PathBuf> {
    let folder = std::env::var_os("DOCKER_CONFIG").map(std::path::PathBuf::from);
    let home = std::env::var_os("HOME").map(|home| Path::new(&home).join(".docker"));
    folder
        .or(home)
        .map(|folder| folder.join("config.json"))
        .filter(|path| path.is_file())
}
