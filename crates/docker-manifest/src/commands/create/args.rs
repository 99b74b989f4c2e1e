//! The arguments and flags of `create`.

use std::path::PathBuf;

use crate::flags::{HelpFlag, MirrorFlags, PublishFlags, RegistryFlags, RetryFlags};
use crate::values::{
    AnnotationFlag, AnyPlatformList, Attestations, OrderChoice, Switch, TimeLimit, TypeChoice,
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
    /// Push the list at once, without a draft
    #[arg(long, help_heading = "Push options")]
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
    /// Action for the attestations of an index: "keep" or "drop" (default "keep")
    #[arg(long, value_name = "string")]
    pub(super) attestations: Option<Attestations>,
    /// Add images by digest from the file names in this folder and its subfolders, up to 3 levels deep
    #[arg(long, value_name = "dir", action = clap::ArgAction::Append)]
    pub(super) digests_dir: Vec<PathBuf>,
    /// Add the images that a BuildKit metadata file names
    #[arg(long, value_name = "file", action = clap::ArgAction::Append)]
    pub(super) from_metadata: Vec<PathBuf>,
    /// Accept an unknown --platform
    #[arg(long)]
    pub(super) force: Switch,
    /// Leave out images that do not exist
    #[arg(long)]
    pub(super) ignore_missing: Switch,
    /// Add the tags that match this pattern, such as "1.0-*" or "example.com/app:1.0-*"
    #[arg(long = "match", value_name = "pattern", action = clap::ArgAction::Append)]
    pub(super) patterns: Vec<String>,
    /// Refuse patterns that match more tags than this; 0 for no limit (default 50)
    #[arg(long, value_name = "uint")]
    pub(super) max: Option<usize>,
    /// Refuse images from other registries, which a push would copy
    #[arg(long)]
    pub(super) no_copy: Switch,
    /// Add an index as one entry, instead of its images
    #[arg(long)]
    pub(super) no_flatten: Switch,
    /// Add only images for these platforms
    #[arg(long, value_name = "list", action = clap::ArgAction::Append)]
    pub(super) platform: Vec<AnyPlatformList>,
    /// Wait up to this long for images that do not exist yet, such as 10m
    #[arg(long, value_name = "duration")]
    pub(super) wait: Option<TimeLimit>,
}

/// The flags for the list.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "List options")]
pub(super) struct ListFlags {
    /// Add an annotation: "k=v" or "index:k=v" to the list, "entry:k=v" to all entries, "entry[linux/arm64]:k=v" to some
    #[arg(long, value_name = "annotation", action = clap::ArgAction::Append)]
    pub(super) annotation: Vec<AnnotationFlag>,
    /// Copy the annotations and OCI labels that all images share to the list
    #[arg(long)]
    pub(super) annotation_from_source: Switch,
    /// Set the artifact type of the list
    #[arg(long, value_name = "string")]
    pub(super) artifact_type: Option<String>,
    /// Order of the entries: "name" (as Docker), "given" or "platform" (default "name")
    #[arg(long, value_name = "string")]
    pub(super) order: Option<OrderChoice>,
    /// Replace an existing draft
    #[arg(long)]
    pub(super) replace: Switch,
    /// Set the subject of the list to this image
    #[arg(long, value_name = "image")]
    pub(super) subject: Option<String>,
    /// Format of the list: "auto" (from its images), "docker" or "oci" (default "auto")
    #[arg(long = "type", value_name = "string")]
    pub(super) list_type: Option<TypeChoice>,
}

impl Args {
    /// Returns the least number of arguments. It is one, the list, if flags name the images.
    pub(crate) fn min_arguments(&self) -> usize {
        let SourceFlags {
            digests_dir,
            from_metadata,
            patterns,
            ..
        } = &self.sources;
        if digests_dir.is_empty() && from_metadata.is_empty() && patterns.is_empty() {
            2
        } else {
            1
        }
    }
}
