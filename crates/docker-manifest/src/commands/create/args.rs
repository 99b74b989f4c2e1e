//! The arguments and flags of `create`.

use std::path::PathBuf;

use crate::flags::{HelpFlag, MirrorFlags, PublishFlags, RegistryFlags, RetryFlags};
use crate::values::{
    AnnotationFlag, AnyPlatformList, Attestations, OrderChoice, Switch, TypeChoice,
};

/// Create a local manifest list for annotating and pushing to a registry
#[derive(Debug, clap::Args)]
#[command(override_usage = "create MANIFEST_LIST MANIFEST [MANIFEST...]")]
pub struct Args {
    #[command(flatten)]
    pub(crate) help: HelpFlag,
    /// Amend an existing manifest list
    #[arg(short, long)]
    pub(super) amend: Switch,
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
    pub(super) sources: SourceFlags,
    #[command(flatten)]
    pub(super) list: ListFlags,
    /// Push at once, and keep no draft
    #[arg(long, help_heading = "Pushing")]
    pub(super) push: Switch,
    #[command(flatten)]
    pub(super) publish: PublishFlags,
    #[arg(value_name = "MANIFEST_LIST MANIFEST", hide = true)]
    pub(crate) images: Vec<String>,
}

/// The flags for sources.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Source options")]
pub(super) struct SourceFlags {
    /// What to do with attestations in an index: "keep" or "drop" (default "keep")
    #[arg(long, value_name = "string")]
    pub(super) attestations: Option<Attestations>,
    /// Add images by digest, one file name each, as CI artifacts hold them (folders in it, up to 3 levels, too)
    #[arg(long, value_name = "dir", action = clap::ArgAction::Append)]
    pub(super) digests_dir: Vec<PathBuf>,
    /// Add what a metadata file of BuildKit says was pushed
    #[arg(long, value_name = "file", action = clap::ArgAction::Append)]
    pub(super) from_metadata: Vec<PathBuf>,
    /// Take a --platform that does not exist
    #[arg(long)]
    pub(super) force: Switch,
    /// Leave out images that do not exist
    #[arg(long)]
    pub(super) ignore_missing: Switch,
    /// Refuse images of other registries, which a push would copy
    #[arg(long)]
    pub(super) no_copy: Switch,
    /// Put an index into the list as it is, instead of its images
    #[arg(long)]
    pub(super) no_flatten: Switch,
    /// Take only what is for these platforms
    #[arg(long, value_name = "list", action = clap::ArgAction::Append)]
    pub(super) platform: Vec<AnyPlatformList>,
}

/// The flags for the list.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "List options")]
pub(super) struct ListFlags {
    /// Annotate the list ("k=v", "index:k=v"), its images ("entry:k=v") or some ("entry[linux/arm64]:k=v")
    #[arg(long, value_name = "annotation", action = clap::ArgAction::Append)]
    pub(super) annotation: Vec<AnnotationFlag>,
    /// Annotate the list with what all images say of themselves
    #[arg(long)]
    pub(super) annotation_from_source: Switch,
    /// Set the artifact type of the list
    #[arg(long, value_name = "string")]
    pub(super) artifact_type: Option<String>,
    /// Order of the images: "name" (as Docker), "given" or "platform" (default "name")
    #[arg(long, value_name = "string")]
    pub(super) order: Option<OrderChoice>,
    /// Start over where the list is there already
    #[arg(long)]
    pub(super) replace: Switch,
    /// Refer to this image as the subject of the list
    #[arg(long, value_name = "image")]
    pub(super) subject: Option<String>,
    /// Form of the list: "auto" (by its images), "docker" or "oci" (default "auto")
    #[arg(long = "type", value_name = "string")]
    pub(super) list_type: Option<TypeChoice>,
}

impl Args {
    /// Returns the least number of arguments: one, the list, where flags name the images.
    pub(crate) fn min_arguments(&self) -> usize {
        let SourceFlags {
            digests_dir,
            from_metadata,
            ..
        } = &self.sources;
        if digests_dir.is_empty() && from_metadata.is_empty() {
            2
        } else {
            1
        }
    }
}
