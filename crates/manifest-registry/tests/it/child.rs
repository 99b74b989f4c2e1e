//! Child processes for tests that need their own environment.

use std::ffi::OsStr;
use std::path::Path;
use std::process::Command;

/// Runs one ignored test of this program in `folder`, with these variables set.
pub(crate) fn run_in(folder: &Path, test: &str, variables: &[(&str, &OsStr)]) {
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--ignored", "--exact", test])
        .envs(variables.iter().copied())
        .current_dir(folder)
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success(),
        "{text}{}",
        String::from_utf8_lossy(&output.stderr)
    );
    assert!(text.contains("1 passed"), "{test} did not run: {text}");
}
