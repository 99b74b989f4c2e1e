//! The arguments and flags of `create`.

use std::path::PathBuf;

use crate::commands::spec_files::{SpecFileFlags, TemplateFlags};
use crate::failure::Failure;
use crate::flags::{HelpFlag, MirrorFlags, PublishFlags, RegistryFlags, RetryFlags, StageFlag};
use crate::values::{
    AnnotationFlag, AnyPlatformList, Attestations, Count, OrderChoice, Switch, TimeLimit,
    TypeChoice,
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
    pub(super) stage: StageFlag,
    #[command(flatten)]
    pub(super) sources: SourceFlags,
    #[command(flatten)]
    pub(super) list: ListFlags,
    /// Push the list at once, without a draft
    #[arg(long, help_heading = "Push options")]
    pub(super) push: Switch,
    #[command(flatten)]
    pub(super) publish: PublishFlags,
    #[command(flatten)]
    pub(super) files: SpecFileFlags,
    #[command(flatten)]
    pub(super) template: TemplateFlags,
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
    pub(super) max: Option<Count>,
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
    /// Returns the least number of arguments. It is one, the list, if flags name the images, and none if files name the list, too.
    pub(crate) fn min_arguments(&self) -> usize {
        let SourceFlags {
            digests_dir,
            from_metadata,
            patterns,
            ..
        } = &self.sources;
        let has_template = self.template.is_given();
        let is_named = !digests_dir.is_empty() || !from_metadata.is_empty() || !patterns.is_empty();
        if self.files.given().is_some() {
            0
        } else if !is_named && !has_template {
            2
        } else {
            1
        }
    }

    /// Checks the flags for spec files and templates of a command line without `--file`.
    pub(super) fn check_without_files(&self) -> Result<(), Failure> {
        if self.files.given().is_some() {
            return Err(Failure::MissingFlag {
                command: "create",
                flag: "--file",
                example: "lists.yaml",
            });
        }
        let is_template = self.template.template.is_some();
        match self.template.needs_template() {
            Some(flag) if !is_template => Err(Failure::MissingFlag {
                command: "create",
                flag: "--template",
                example: match flag {
                    "--tags" => "app:1.0-OS-ARCH --tags latest",
                    _ => "app:1.0-OS-ARCH --platforms linux/amd64",
                },
            }),
            _ if !self.template.tags.is_empty() && !self.push.is_on() => {
                Err(Failure::NeedsPush { flag: "--tags" })
            }
            _ if is_template => self.template.check_platforms("create"),
            _ => Ok(()),
        }
    }

    /// Checks the flags of a command line with `--file`: a file describes its lists itself.
    pub(super) fn check_with_files(&self) -> Result<(), Failure> {
        const IN_FILE: &str = "a spec file describes its lists itself";
        if !self.images.is_empty() {
            return Err(conflict(
                "--file",
                "MANIFEST_LIST",
                "a spec file describes its lists itself; write -f before each of several files",
            ));
        }
        if self.push.is_on() {
            return Err(conflict(
                "--file",
                "--push",
                "`apply` publishes the lists of spec files",
            ));
        }
        if let Some(flag) = self.publish.needs_push() {
            return Err(Failure::NeedsPush { flag });
        }
        let (sources, list) = (&self.sources, &self.list);
        let of_template = self.template.needs_template();
        let given = [
            (self.amend.is_on(), "--amend"),
            (!list.annotation.is_empty(), "--annotation"),
            (
                list.annotation_from_source.is_on(),
                "--annotation-from-source",
            ),
            (list.artifact_type.is_some(), "--artifact-type"),
            (sources.attestations.is_some(), "--attestations"),
            (!sources.digests_dir.is_empty(), "--digests-dir"),
            (!sources.from_metadata.is_empty(), "--from-metadata"),
            (!sources.patterns.is_empty(), "--match"),
            (sources.max.is_some(), "--max"),
            (sources.no_flatten.is_on(), "--no-flatten"),
            (self.publish.on_duplicate.is_some(), "--on-duplicate"),
            (list.order.is_some(), "--order"),
            (!sources.platform.is_empty(), "--platform"),
            (!self.publish.require.is_empty(), "--require"),
            (list.subject.is_some(), "--subject"),
            (self.template.template.is_some(), "--template"),
            (of_template.is_some(), of_template.unwrap_or_default()),
            (list.list_type.is_some(), "--type"),
        ];
        match given.into_iter().find(|(is_given, _)| *is_given) {
            Some((_, second)) => Err(conflict("--file", second, IN_FILE)),
            None => Ok(()),
        }
    }
}

fn conflict(first: &'static str, second: &'static str, reason: &'static str) -> Failure {
    Failure::ConflictingFlags {
        first,
        second,
        reason,
    }
}

impl Args {
    /// Tells whether the new draft depends on more of the existing draft than the entries of the named sources. If not, several machines
    /// can add to one draft without reading the entries of each other.
    pub(super) fn needs_whole_draft(&self) -> bool {
        let ListFlags {
            annotation,
            annotation_from_source,
            artifact_type,
            order,
            replace,
            subject,
            list_type,
        } = &self.list;
        let changes_list = artifact_type.is_some()
            || order.is_some()
            || subject.is_some()
            || list_type.is_some()
            || !annotation.is_empty()
            || annotation_from_source.is_on();
        let checks_all = self.publish.on_duplicate.is_some() || !self.publish.require.is_empty();
        let has_template = self.template.template.is_some();
        !self.amend.is_on() || replace.is_on() || changes_list || checks_all || has_template
    }
}
