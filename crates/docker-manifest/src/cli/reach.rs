//! The flags that say how registries are reached.

use std::path::PathBuf;

use manifest_core::{Draft, Reference};

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

impl Reach {
    /// Returns the same with what a draft remembers of its hosts.
    #[must_use]
    pub fn remembering(&self, draft: Option<&Draft>) -> Self {
        Self {
            insecure_hosts: draft.map(Draft::insecure_hosts).unwrap_or_default(),
            ..self.clone()
        }
    }

    /// Tells whether an image's host is one of those that a draft remembers as insecure.
    #[must_use]
    pub fn remembers(&self, image: &Reference) -> bool {
        self.insecure_hosts
            .iter()
            .any(|host| host == image.domain())
    }
}
