//! Docker's own CLI.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

/// Returns a variable of the environment that the tests were started in, if it is not empty.
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

/// Tells whether tests can ask Docker's CLI. Where they cannot, says so past the capture of test output.
///
/// # Panics
///
/// Under `CI=true`: there, Docker's CLI has to be on the machine.
pub(crate) fn is_here(test: &str) -> bool {
    if find().is_some() {
        return true;
    }
    let message = format!("SKIPPED {test}: there is no `docker` on PATH to compare with");
    assert!(
        setting("CI").is_none_or(|value| value != "true"),
        "{message}"
    );
    // `eprintln!` would be swallowed with the output of a test that passes.
    let _ = writeln!(std::io::stderr(), "\n{message}\n");
    false
}
