//! The flags that say how registries are reached.

use std::path::PathBuf;

/// The flags of each command that talks to a registry.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct Reach {
    /// Believe the certificate authorities in this file, too
    #[arg(long = "ca-file", value_name = "file", action = clap::ArgAction::Append)]
    pub(crate) ca_files: Vec<PathBuf>,
    /// Hosts for which this command needs no `--insecure`.
    #[arg(skip)]
    pub(crate) insecure_hosts: Vec<String>,
}
