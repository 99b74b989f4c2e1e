//! The process's environment: variables, and the folders that depend on the user.

use std::ffi::OsString;
use std::path::PathBuf;

use crate::names::PROGRAM;

/// The process's environment. Nothing else reads it.
#[derive(Clone, Debug, Default)]
pub struct Environment {
    variables: Vec<(OsString, OsString)>,
}

impl Environment {
    /// Reads the environment of this process.
    #[must_use]
    pub fn of_process() -> Self {
        Self {
            variables: std::env::vars_os().collect(),
        }
    }

    /// Returns an environment with these variables.
    #[cfg(test)]
    pub(crate) fn of(variables: &[(&str, &str)]) -> Self {
        let variables = variables.iter();
        Self {
            variables: variables
                .map(|(name, value)| (name.into(), value.into()))
                .collect(),
        }
    }

    /// Returns a variable, if it is set and not empty.
    #[must_use]
    pub fn var(&self, name: &str) -> Option<&OsString> {
        let found = self.variables.iter().find(|(key, _)| key == name);
        found
            .map(|(_, value)| value)
            .filter(|value| !value.is_empty())
    }

    /// Returns the user's home folder.
    #[must_use]
    pub fn home(&self) -> Option<PathBuf> {
        directories::BaseDirs::new().map(|folders| folders.home_dir().to_owned())
    }

    /// Returns this program's folder in the user's cache folder.
    #[must_use]
    pub fn cache_folder(&self) -> Option<PathBuf> {
        let folders = directories::ProjectDirs::from("", "", PROGRAM)?;
        Some(folders.cache_dir().to_owned())
    }

    /// Returns the folder of the user's settings for the containers tools (podman, skopeo, buildah).
    #[must_use]
    pub fn containers_folder(&self) -> Option<PathBuf> {
        let folder = match self.var("XDG_CONFIG_HOME") {
            Some(folder) => folder.into(),
            None => self.home()?.join(".config"),
        };
        Some(folder.join("containers"))
    }
}
