//! The reasons why `install` and `uninstall` fail.

use std::io;
use std::path::PathBuf;

use crate::names::MANIFEST_TOOL;

/// The links to this program could not be made or removed.
#[derive(Debug, thiserror::Error)]
pub enum InstallError {
    /// A name is not valid for a plugin.
    #[error("{0:?} cannot be the name of a Docker CLI plugin")]
    PluginName(String),
    /// Docker's CLI has a builtin command of this name, and runs no plugin of it.
    #[error(
        "docker {name}: Docker's CLI has this command built in, and never runs a plugin of that name"
    )]
    BuiltinName {
        /// The name.
        name: &'static str,
    },
    /// Another file is in the place of the plugin's link.
    #[error("{} exists, and is not a link to docker-manifest", .0.display())]
    PluginPathOccupied(PathBuf),
    /// Another `docker` is in the place of the shim.
    #[error("{} exists, and is not a link to docker-manifest", .0.display())]
    ShimPathOccupied(PathBuf),
    /// Another program is in the place of a link with its name.
    #[error("{} exists, and is not a link to docker-manifest", .0.display())]
    ToolPathOccupied(PathBuf),
    /// `install` or `uninstall` could not make or remove a link.
    #[error("cannot {action} {}", path.display())]
    Link {
        /// The action.
        action: &'static str,
        /// Its path.
        path: PathBuf,
        /// The reason.
        source: io::Error,
    },
}

impl InstallError {
    /// Returns the remedy.
    pub(super) fn hint(&self) -> Option<String> {
        Some(match self {
            Self::PluginName(_) => "use lower-case letters and digits, a letter first".to_owned(),
            Self::BuiltinName { .. } => {
                "`docker-manifest install --shim FOLDER` makes `docker manifest` run this program: FOLDER has to be before the real docker on PATH"
                    .to_owned()
            }
            Self::PluginPathOccupied(path) => format!(
                "choose another name with `--name`, or remove {} yourself",
                path.display()
            ),
            Self::ShimPathOccupied(path) => format!(
                "leave it where it is, and name a folder of your own that is before {} on PATH: `docker-manifest install --shim FOLDER`",
                path.parent().unwrap_or(path).display()
            ),
            Self::ToolPathOccupied(path) => format!(
                "remove it yourself, or name a folder of your own that is before {} on PATH: `docker-manifest install --as {MANIFEST_TOOL} --in FOLDER`",
                path.parent().unwrap_or(path).display()
            ),
            Self::Link { .. } => return None,
        })
    }
}
