//! Docker's own CLI.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

/// Returns an environment variable of the test process, or `None` if it is empty.
#[expect(
    clippy::disallowed_methods,
    reason = "the tests have to be told where Docker's CLI is, and how they are to run"
)]
pub(crate) fn setting(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// Returns Docker's CLI, the first `docker` on PATH.
pub(crate) fn find() -> Option<&'static Path> {
    static DOCKER: OnceLock<Option<PathBuf>> = OnceLock::new();
    let search = || {
        let path = setting("PATH")?;
        let mut candidates = std::env::split_paths(&path).map(|folder| folder.join("docker"));
        candidates.find(|file| file.is_file())
    };
    DOCKER.get_or_init(search).as_deref()
}

/// Tells whether Docker's CLI is available. If not, prints that outside of the captured test output.
///
/// # Panics
///
/// Panics under `CI=true` if it is not: CI machines must have Docker's CLI.
pub(crate) fn is_here(test: &str) -> bool {
    if find().is_some() {
        return true;
    }
    let message = format!("SKIPPED {test}: there is no `docker` on PATH to compare with");
    assert!(
        setting("CI").is_none_or(|value| value != "true"),
        "{message}"
    );
    // `eprintln!` would be captured with the output of a passing test.
    let _ = writeln!(std::io::stderr(), "\n{message}\n");
    false
}
