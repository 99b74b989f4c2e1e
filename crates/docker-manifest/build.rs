//! Finds the commit that the program is built from, for `--version`.

use std::path::{Path, PathBuf};
use std::process::Command;

/// The variable that names the commit where there is no repository, as in a source archive.
const VARIABLE: &str = "DOCKER_MANIFEST_COMMIT";

#[expect(
    clippy::disallowed_methods,
    reason = "a build script gets its settings from the environment"
)]
fn main() {
    println!("cargo::rerun-if-env-changed={VARIABLE}");
    println!("cargo::rerun-if-changed=build.rs");
    let given = std::env::var(VARIABLE).ok();
    let given = given.filter(|commit| is_commit(commit));
    let commit = given.or_else(commit_of_repository);
    let commit = commit.as_deref().unwrap_or("unknown");
    println!("cargo::rustc-env={VARIABLE}={commit}");
}

/// The path of this package in its repository.
const PACKAGE: &str = "crates/docker-manifest/";

/// Returns the abbreviated commit of the repository that this package is in. A package that only lies below another repository, as
/// an unpacked archive may, has none.
fn commit_of_repository() -> Option<String> {
    git(&["rev-parse", "--show-prefix"]).filter(|path| path == PACKAGE)?;
    // A new commit or another branch changes one of these files. The build does not depend on others.
    for file in ["HEAD", "logs/HEAD"] {
        let path = PathBuf::from(git(&["rev-parse", "--git-path", file])?);
        if Path::new(&path).exists() {
            println!("cargo::rerun-if-changed={}", path.display());
        }
    }
    git(&["rev-parse", "--short", "HEAD"]).filter(|commit| is_commit(commit))
}

fn git(arguments: &[&str]) -> Option<String> {
    let output = Command::new("git").args(arguments).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| text.trim().to_owned())
}

fn is_commit(text: &str) -> bool {
    (7..=40).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}
