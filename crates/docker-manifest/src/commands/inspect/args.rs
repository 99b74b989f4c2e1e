//! The arguments of `inspect`.

use super::flags::{EngineFlag, FormatFlag};
use crate::context::Context;
use crate::drafts::{DraftStore, RegistryAccess};
use crate::failure::Failure;
use crate::flags::{HelpFlag, MirrorFlags, RegistryFlags, RetryFlags, StageFlag};
use crate::values::Switch;
use crate::view::Origin;

/// Display an image manifest, or manifest list
#[derive(Debug, clap::Args)]
#[command(override_usage = "inspect [OPTIONS] [MANIFEST_LIST] MANIFEST")]
pub struct Args {
    #[command(flatten)]
    pub(crate) help: HelpFlag,
    /// Allow communication with an insecure registry
    #[arg(long)]
    pub(super) insecure: Switch,
    #[command(flatten)]
    pub(super) retry: RetryFlags,
    #[command(flatten)]
    pub(super) registry: RegistryFlags,
    #[command(flatten)]
    pub(super) mirrors: MirrorFlags,
    #[command(flatten)]
    pub(super) stage: StageFlag,
    /// Output additional info including layers and platform
    #[arg(short, long)]
    pub(super) verbose: Switch,
    /// Output form: table, json, raw, docker, or a Go template
    #[arg(long, value_name = "string", help_heading = "Output options")]
    pub(super) format: Option<FormatFlag>,
    /// Output the exact bytes of the manifest, as --format raw does
    #[arg(long, help_heading = "Output options")]
    pub(super) raw: Switch,
    /// Output the digest only
    #[arg(long, help_heading = "Output options")]
    pub(super) digest: Switch,
    /// Output the image that an engine on this platform would run
    #[arg(long, value_name = "os/arch", help_heading = "Output options")]
    pub(super) platform: Option<EngineFlag>,
    /// Show the age of every image, which may take another round trip
    #[arg(long, help_heading = "Output options")]
    pub(super) deep: Switch,
    /// Output the configuration of the image
    #[arg(long, help_heading = "Output options")]
    pub(super) config: Switch,
    /// Output the layers of the image
    #[arg(long, help_heading = "Output options")]
    pub(super) layers: Switch,
    /// Output the steps that built the image
    #[arg(long, help_heading = "Output options")]
    pub(super) history: Switch,
    /// Output the SBOM and provenance attestations
    #[arg(long, help_heading = "Output options")]
    pub(super) attestations: Switch,
    /// Show the draft only, and not what the registry has under its name
    #[arg(long, help_heading = "Output options")]
    pub(super) local: Switch,
    /// Show the registry's manifest, even if there is a draft
    #[arg(long, help_heading = "Output options")]
    pub(super) remote: Switch,
    #[arg(value_name = "[MANIFEST_LIST] MANIFEST", hide = true)]
    pub(crate) images: Vec<String>,
}

impl Args {
    /// Returns the drafts that are looked into before the registry.
    ///
    /// # Errors
    /// As [`DraftStore::open`].
    pub(super) fn drafts<'a>(&self, context: &'a Context<'a>) -> Result<DraftStore<'a>, Failure> {
        let registry = self.registry.with_mirrors(&self.mirrors);
        let access = RegistryAccess {
            insecure: self.insecure.is_on(),
            retry: &self.retry,
            registry: &registry,
        };
        DraftStore::open(context, &self.stage, access)
    }

    /// Returns the origin of a manifest that was found in those drafts.
    ///
    /// # Errors
    /// As [`DraftStore::open`].
    pub(super) fn draft_origin(&self, context: &Context<'_>) -> Result<Origin, Failure> {
        Ok(match self.drafts(context)?.local() {
            Some(_) => Origin::Draft,
            None => Origin::StagedDraft,
        })
    }
}
