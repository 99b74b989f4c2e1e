//! The flag for drafts in a registry.

/// The flag of each command that works on drafts.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct StageFlag {
    /// Keep drafts in this repository, not on this machine, so that several machines work on them (default $DOCKER_MANIFEST_STAGE)
    #[arg(long, value_name = "repository")]
    pub(crate) stage: Option<String>,
}
