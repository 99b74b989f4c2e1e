//! The links that `install` makes and `uninstall` removes.

use std::io;
use std::path::{Path, PathBuf};

use crate::context::Context;
use crate::failure::{Failure, InstallError};
use crate::names::PROGRAM;
use crate::shim;

/// Returns the folder in which Docker's CLI looks for a user's plugins.
pub(super) fn plugin_folder(context: &Context<'_>) -> Result<PathBuf, Failure> {
    Ok(context.config_folder()?.join("cli-plugins"))
}

/// Returns the file name of a program on this system.
pub(super) fn file_name(name: &str) -> String {
    format!("{name}{}", std::env::consts::EXE_SUFFIX)
}

/// Returns the file that this process runs.
pub(super) fn own_program() -> Result<PathBuf, Failure> {
    let missing = || InstallError::Link {
        action: "find the file of",
        path: PROGRAM.into(),
        source: io::Error::from(io::ErrorKind::NotFound),
    };
    Ok(shim::own_program().ok_or_else(missing)?)
}

/// Tells whether `install` has made this path: a link to a program of this name, or a copy of this program.
pub(super) fn is_own_link(path: &Path) -> bool {
    let Ok(target) = std::fs::read_link(path) else {
        let own = shim::own_program().and_then(|own| std::fs::read(own).ok());
        return own.is_some() && own == std::fs::read(path).ok();
    };
    let ours = target.file_stem().is_some_and(|name| name == PROGRAM);
    ours || target.canonicalize().ok() == shim::own_program()
}
