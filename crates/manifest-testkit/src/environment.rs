//! The process's environment, read in one place.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// Returns an environment variable, or `None` if it is empty.
#[expect(
    clippy::disallowed_methods,
    reason = "the harness has to be told where the registry binary is, and which tests to run"
)]
pub(crate) fn variable(name: &str) -> Option<OsString> {
    std::env::var_os(name).filter(|value| !value.is_empty())
}

/// Returns the workspace's target folder.
pub(crate) fn target_dir() -> PathBuf {
    let default = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target");
    variable("CARGO_TARGET_DIR").map_or_else(default, PathBuf::from)
}

/// Finds a program on PATH.
pub(crate) fn on_path(program: &str) -> Option<PathBuf> {
    let path = variable("PATH")?;
    std::env::split_paths(&path)
        .map(|folder| folder.join(program))
        .find(|file| file.is_file())
}
