//! The home folder that a program starts with: cold, logged in, with an authority to trust.

use std::path::{Path, PathBuf};
use std::process::Command;

use manifest_testkit::TestCa;
use manifest_testkit::fetch::Tool;
use tempfile::TempDir;

use super::program::in_environment;

/// The user that every program is logged in as where it has to be.
pub(super) const LOGIN: (&str, &str) = ("bench", "secret");

/// `LOGIN` as `config.json` has it, in base64.
const AUTH: &str = "YmVuY2g6c2VjcmV0";

/// A folder that is `HOME` and `DOCKER_CONFIG`.
pub(super) struct Home {
    folder: TempDir,
}

impl Home {
    /// Makes a folder for a program that trusts `ca` and is logged in to `hosts`.
    pub(super) fn new(ca: &TestCa, hosts: &[String]) -> Result<Self, String> {
        let failed = |error| format!("cannot make a home folder: {error}");
        let folder = TempDir::new().map_err(failed)?;
        let home = Self { folder };
        let auths: Vec<String> = hosts
            .iter()
            .map(|host| format!(r#""{host}":{{"auth":"{AUTH}"}}"#))
            .collect();
        let config = format!(r#"{{"auths":{{{}}}}}"#, auths.join(","));
        std::fs::write(home.path().join("config.json"), config).map_err(failed)?;
        std::fs::write(home.authority(), ca.ca_pem()).map_err(failed)?;
        // Without it buildah and skopeo refuse to work.
        let containers = home.path().join(".config/containers");
        std::fs::create_dir_all(&containers).map_err(failed)?;
        let policy = r#"{"default":[{"type":"insecureAcceptAnything"}]}"#;
        std::fs::write(containers.join("policy.json"), policy).map_err(failed)?;
        Ok(home)
    }

    pub(super) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// The file with the certificate of the authority to trust.
    pub(super) fn authority(&self) -> PathBuf {
        self.path().join("ca.pem")
    }

    /// Makes a command that knows nothing but this folder.
    pub(super) fn command(&self, tool: &Tool) -> Command {
        in_environment(tool, self.path(), &self.authority())
    }

    /// A folder below this one, as an argument.
    pub(super) fn folder(&self, name: &str) -> String {
        self.path().join(name).to_string_lossy().into_owned()
    }
}
