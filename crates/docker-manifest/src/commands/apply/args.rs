//! The arguments and flags of `apply`.

use std::path::PathBuf;

use manifest_spec::ListSpec;

use crate::assembly::SpecOptions;
use crate::commands::spec_files::{SpecFileFlags, TemplateFlags};
use crate::context::Context;
use crate::failure::Failure;
use crate::flags::{HelpFlag, MirrorFlags, PublishFlags, RegistryFlags, RetryFlags};
use crate::values::{ReportFormat, Switch, TimeLimit};

/// Publish the lists that spec files describe
#[derive(Debug, clap::Args)]
#[command(override_usage = "apply [OPTIONS] [FILE|DIR|-]...")]
pub struct Args {
    #[command(flatten)]
    pub(crate) help: HelpFlag,
    /// Read the files and resolve all images, compare nothing and write nothing
    #[arg(long)]
    pub(super) check: Switch,
    /// Show which tags would be written, and write nothing
    #[arg(long)]
    pub(super) dry_run: Switch,
    /// Start no further list after one has failed
    #[arg(long)]
    pub(super) fail_fast: Switch,
    /// Print the result in this format: "table" or "json" (default "table")
    #[arg(long, value_name = "string")]
    pub(super) format: Option<ReportFormat>,
    /// Allow communication with an insecure registry
    #[arg(long)]
    pub(super) insecure: Switch,
    #[command(flatten)]
    pub(super) retry: RetryFlags,
    #[command(flatten)]
    pub(super) registry: RegistryFlags,
    #[command(flatten)]
    pub(super) mirrors: MirrorFlags,
    /// Print only the digest of each list, and warnings
    #[arg(short, long)]
    pub(super) quiet: Switch,
    /// Write a report to this file, in JSON
    #[arg(long, value_name = "file")]
    pub(super) report: Option<PathBuf>,
    #[command(flatten)]
    pub(super) files: SpecFileFlags,
    #[command(flatten)]
    pub(super) template: TemplateFlags,
    /// Read lists from the JSON of `docker buildx bake --print`
    #[arg(long, value_name = "file", help_heading = "Template options")]
    pub(super) from_bake: Option<PathBuf>,
    /// Name of the list that --template describes
    #[arg(long, value_name = "name", help_heading = "Template options")]
    pub(super) target: Option<String>,
    #[command(flatten)]
    pub(super) lists: ListFlags,
    #[arg(value_name = "FILE", hide = true)]
    pub(crate) more_files: Vec<PathBuf>,
}

/// The flags for all lists.
#[derive(Clone, Debug, Default, clap::Args)]
#[command(next_help_heading = "Push options")]
pub(super) struct ListFlags {
    /// Leave out images that do not exist, but keep the platforms of published lists
    #[arg(long)]
    pub(super) ignore_missing: Switch,
    /// Refuse images from other registries, which a push would copy
    #[arg(long)]
    pub(super) no_copy: Switch,
    /// Do not check the tags and the images of a list after the push
    #[arg(long)]
    pub(super) no_verify: Switch,
    /// Leave out images that do not exist, also if the published list has them
    #[arg(long)]
    pub(super) prune_missing: Switch,
    /// Also copy foreign (non-distributable) layers
    #[arg(long)]
    pub(super) push_foreign: Switch,
    /// Also copy referrers (signatures, attestations, SBOMs)
    #[arg(long)]
    pub(super) referrers: Switch,
    /// Treat warnings as errors
    #[arg(long)]
    pub(super) strict: Switch,
    /// Wait up to this long for images that do not exist yet, such as 10m
    #[arg(long, value_name = "duration")]
    pub(super) wait: Option<TimeLimit>,
}

impl Args {
    /// Returns the least number of arguments. It is one, unless flags describe the lists, in full or in part.
    pub(crate) fn min_arguments(&self) -> usize {
        let has_files = !self.files.files.is_empty();
        let has_template = self.template.is_given() || self.target.is_some();
        usize::from(!has_files && !has_template && self.from_bake.is_none())
    }

    /// Checks that the given flags do not contradict each other.
    pub(super) fn check_flags(&self) -> Result<(), Failure> {
        let has_files = !self.more_files.is_empty() || !self.files.files.is_empty();
        let is_template = self.template.template.is_some();
        let is_bake = self.from_bake.is_some();
        let has_target = self.target.is_some();
        let of_files = self.files.given().filter(|_| !has_files);
        let of_template = self.template.needs_template().filter(|_| is_bake);
        let clashes = [
            (
                self.check.is_on() && self.dry_run.is_on(),
                ("--check", "--dry-run"),
                "--check compares nothing with the registry",
            ),
            (
                self.quiet.is_on() && self.format.is_some(),
                ("--quiet", "--format"),
                "it prints digests only",
            ),
            (
                is_template && has_files,
                ("--template", "FILE"),
                "a file names its images itself",
            ),
            (
                is_bake && has_files,
                ("--from-bake", "FILE"),
                "run the command once for each",
            ),
            (
                is_bake && has_target,
                ("--from-bake", "--target"),
                "targets of bake name their lists",
            ),
            (
                of_template.is_some(),
                ("--from-bake", of_template.unwrap_or_default()),
                "targets of bake have their own",
            ),
            (
                of_files.is_some(),
                (of_files.unwrap_or_default(), "--template"),
                "only spec files have variables",
            ),
        ];
        match clashes.into_iter().find(|(is_given, ..)| *is_given) {
            Some((_, (first, second), reason)) => Err(Failure::ConflictingFlags {
                first,
                second,
                reason,
            }),
            None => self.check_template(is_template, is_bake),
        }
    }

    fn check_template(&self, is_template: bool, is_bake: bool) -> Result<(), Failure> {
        let target = self.target.is_some().then_some("--target");
        let stray = self.template.needs_template().or(target);
        let missing = match (is_template, is_bake, stray) {
            (false, true, _) => ("--template", "IMAGE-ARCHVARIANT"),
            (true, false, _) if self.target.is_none() => ("--target", "app:1.0"),
            (true, false, _) => return self.template.check_platforms("apply"),
            (false, false, Some(_)) => ("--template", "app:1.0-OS-ARCH"),
            _ => return Ok(()),
        };
        Err(Failure::MissingFlag {
            command: "apply",
            flag: missing.0,
            example: missing.1,
        })
    }

    /// Reads the lists.
    ///
    /// # Errors
    /// Fails if something in the files or flags is wrong.
    pub(super) fn load(&self, context: &Context<'_>) -> Result<Vec<ListSpec>, Failure> {
        match (&self.from_bake, &self.target) {
            (Some(path), _) => self.template.bake(context, path),
            (None, Some(target)) => Ok(vec![self.template.list(target)?]),
            (None, None) => self.files.load(context, &self.more_files),
        }
    }
}

impl ListFlags {
    /// Returns the choices for the assembly of all lists.
    pub(super) fn options(&self) -> SpecOptions {
        SpecOptions {
            ignores_missing: self.ignore_missing.is_on() || self.prune_missing.is_on(),
            refuses_copies: self.no_copy.is_on(),
            is_strict: self.strict.is_on(),
        }
    }

    /// Returns the flags for the push of each list. `apply` reports on its own.
    pub(super) fn publish_flags(&self) -> PublishFlags {
        PublishFlags {
            no_verify: self.no_verify,
            push_foreign: self.push_foreign,
            quiet: Switch::on(),
            referrers: self.referrers,
            strict: self.strict,
            ..PublishFlags::default()
        }
    }
}
