//! The initial home folder of a program: no cache, a login, and a CA certificate to trust.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use manifest_testkit::TestCa;
use manifest_testkit::fetch::Tool;
use tempfile::TempDir;

use super::tokens::AUTH;

/// A folder for `HOME` and `DOCKER_CONFIG`.
pub(super) struct Home {
    folder: TempDir,
    environment: Vec<(&'static str, String)>,
}

impl Home {
    /// Creates a folder for a program that trusts `ca` and is logged in to `hosts`.
    pub(super) fn new(ca: &TestCa, hosts: &[String]) -> Result<Self, String> {
        let failed = |error| format!("cannot make a home folder: {error}");
        let folder = TempDir::new().map_err(failed)?;
        let home = Self {
            folder,
            environment: Vec::new(),
        };
        let auths: Vec<String> = hosts
            .iter()
            .map(|host| format!(r#""{host}":{{"auth":"{AUTH}"}}"#))
            .collect();
        let config = format!(r#"{{"auths":{{{}}}}}"#, auths.join(","));
        std::fs::write(home.path().join("config.json"), config).map_err(failed)?;
        std::fs::write(home.ca_file(), ca.ca_pem()).map_err(failed)?;
        // Buildah and skopeo refuse to work without a policy.
        let containers = home.path().join(".config/containers");
        std::fs::create_dir_all(&containers).map_err(failed)?;
        let policy = r#"{"default":[{"type":"insecureAcceptAnything"}]}"#;
        std::fs::write(containers.join("policy.json"), policy).map_err(failed)?;
        Ok(home)
    }

    /// Sets an environment variable for the programs.
    pub(super) fn set(&mut self, name: &'static str, value: String) {
        self.environment.push((name, value));
    }

    pub(super) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Returns the path of the CA certificate to trust.
    pub(super) fn ca_file(&self) -> PathBuf {
        self.path().join("ca.pem")
    }

    /// Creates a command with a clean environment: this folder, the user's PATH, and the variables that were set.
    pub(super) fn command(&self, tool: &Tool) -> Command {
        let mut command = isolated_command(tool, self.path(), &self.ca_file());
        let variables = self.environment.iter().map(|(name, value)| (name, value));
        command.envs(variables);
        command
    }

    /// Creates a `buildah manifest` command that stores images in this folder.
    pub(super) fn buildah_manifest(&self, tool: &Tool, words: &[&str]) -> Command {
        let mut command = self.command(tool);
        command.args(["--storage-driver", "vfs"]);
        command.arg("--root").arg(self.path().join("storage"));
        command.arg("--runroot").arg(self.path().join("state"));
        command.arg("manifest").args(words);
        command
    }
}

/// Creates a command with a clean environment: a home folder, a CA certificate to trust, and the user's PATH.
fn isolated_command(tool: &Tool, home: &Path, ca_file: &Path) -> Command {
    let mut command = Command::new(&tool.program);
    command
        .env_clear()
        .env("LD_LIBRARY_PATH", &tool.libraries)
        .env("PATH", variable("PATH"))
        .env("HOME", home)
        .env("XDG_CACHE_HOME", home.join("cache"))
        .env("XDG_RUNTIME_DIR", home)
        .env("DOCKER_CONFIG", home)
        .env("REGISTRY_AUTH_FILE", home.join("config.json"))
        .env("SSL_CERT_FILE", ca_file);
    command
}

/// Returns an environment variable of this task.
#[expect(
    clippy::disallowed_methods,
    reason = "the programs to compare with are on the user's PATH"
)]
pub(super) fn variable(name: &str) -> OsString {
    std::env::var_os(name).unwrap_or_default()
}
