//! The flags for publishing.

use std::path::PathBuf;

use manifest_core::Digest;
use manifest_registry::Precondition;

use crate::failure::Failure;
use crate::output::Output;
use crate::values::{Format, OnDuplicate, PlatformList, Switch};

/// The flags for publishing a list and for the report of it.
#[derive(Clone, Debug, Default, clap::Args)]
#[command(next_help_heading = "Push options")]
pub struct PublishFlags {
    /// Allow an empty list
    #[arg(long)]
    pub(crate) allow_empty: Switch,
    /// Push by digest, without a tag
    #[arg(long)]
    pub(crate) by_digest: Switch,
    /// Also tag each image of the list, for example '{tag}-{arch}{variant}'
    #[arg(long, value_name = "template")]
    pub(crate) child_tags: Option<String>,
    /// Write the digest to this file
    #[arg(long, value_name = "file")]
    pub(crate) digestfile: Option<PathBuf>,
    /// Print the planned writes, and write nothing
    #[arg(long)]
    pub(crate) dry_run: Switch,
    /// Push only if the tag points to this digest
    #[arg(long, value_name = "digest")]
    pub(crate) expect_digest: Option<Digest>,
    /// Print the result in this format: "json"
    #[arg(long, value_name = "string")]
    pub(crate) format: Option<Format>,
    /// Set the outputs "digest", "image" and "images" of a GitHub Actions step ($GITHUB_OUTPUT)
    #[arg(long)]
    pub(crate) github_output: Switch,
    /// Push only if the tag does not exist
    #[arg(long)]
    pub(crate) if_not_exists: Switch,
    /// Write the result to this file, in the format of BuildKit's metadata files
    #[arg(long, value_name = "file")]
    pub(crate) metadata_file: Option<PathBuf>,
    /// Do not check the tag and the images of the list after the push
    #[arg(long)]
    pub(crate) no_verify: Switch,
    /// Action if two images are for one platform: "error", "warn", "replace" or "keep" (default "error"; "warn" for `push` with Docker's flags only)
    #[arg(long, value_name = "string")]
    pub(crate) on_duplicate: Option<OnDuplicate>,
    /// Also copy foreign (non-distributable) layers
    #[arg(long)]
    pub(crate) push_foreign: Switch,
    /// Print only the digest and warnings
    #[arg(short, long)]
    pub(crate) quiet: Switch,
    /// Also copy referrers (signatures, attestations, SBOMs)
    #[arg(long)]
    pub(crate) referrers: Switch,
    /// Fail unless the list has an image for each of these platforms
    #[arg(long, value_name = "list", action = clap::ArgAction::Append)]
    pub(crate) require: Vec<PlatformList>,
    /// Treat warnings as errors
    #[arg(long)]
    pub(crate) strict: Switch,
    /// Also push under this name
    #[arg(short, long, value_name = "name", action = clap::ArgAction::Append)]
    pub(crate) tag: Vec<String>,
    /// Write to an OCI image layout on disk instead of a registry: "oci-layout://DIR[:TAG]"
    #[arg(long, value_name = "layout")]
    pub(crate) to: Option<String>,
}

impl PublishFlags {
    /// Returns the condition under which a tag is written.
    pub(crate) fn precondition(&self) -> Precondition<'_> {
        match &self.expect_digest {
            Some(digest) => Precondition::Digest(digest),
            None if self.if_not_exists.is_on() => Precondition::Absent,
            None => Precondition::None,
        }
    }

    /// Checks that the given flags do not contradict each other.
    pub(crate) fn check(&self) -> Result<(), Failure> {
        const NO_TAG: &str = "no tag is written";
        let (by_digest, not_there) = (self.by_digest.is_on(), self.if_not_exists.is_on());
        let expects = self.expect_digest.is_some();
        let clashes = [
            (
                by_digest && self.tag.iter().any(|name| has_tag(name)),
                "--by-digest",
                "--tag",
                "no tag is written; name only the repository to push by digest",
            ),
            (
                by_digest && self.child_tags.is_some(),
                "--by-digest",
                "--child-tags",
                NO_TAG,
            ),
            (
                by_digest && not_there,
                "--by-digest",
                "--if-not-exists",
                NO_TAG,
            ),
            (
                by_digest && expects,
                "--by-digest",
                "--expect-digest",
                NO_TAG,
            ),
            (
                not_there && expects,
                "--if-not-exists",
                "--expect-digest",
                "a tag that does not exist has no digest",
            ),
        ];
        match clashes.into_iter().find(|(is_given, ..)| *is_given) {
            Some((_, first, second, reason)) => Err(Failure::ConflictingFlags {
                first,
                second,
                reason,
            }),
            None => Ok(()),
        }
    }

    /// Reports progress that needs no action, unless `--quiet` is given.
    pub(crate) fn status(&self, line: &str, output: &Output) {
        if !self.quiet.is_on() {
            output.status(line);
        }
    }

    /// Tells whether a flag requests a push that Docker's command cannot do. Then no script relies on Docker's leniency.
    pub(crate) fn is_new_form(&self) -> bool {
        !self.tag.is_empty()
            || self.to.is_some()
            || self.by_digest.is_on()
            || self.child_tags.is_some()
    }

    /// Returns a given flag that has no effect without a push.
    pub(crate) fn needs_push(&self) -> Option<&'static str> {
        let given = [
            (self.allow_empty.is_on(), "--allow-empty"),
            (self.by_digest.is_on(), "--by-digest"),
            (self.child_tags.is_some(), "--child-tags"),
            (self.digestfile.is_some(), "--digestfile"),
            (self.dry_run.is_on(), "--dry-run"),
            (self.expect_digest.is_some(), "--expect-digest"),
            (self.format.is_some(), "--format"),
            (self.github_output.is_on(), "--github-output"),
            (self.if_not_exists.is_on(), "--if-not-exists"),
            (self.metadata_file.is_some(), "--metadata-file"),
            (self.no_verify.is_on(), "--no-verify"),
            (self.push_foreign.is_on(), "--push-foreign"),
            (self.quiet.is_on(), "--quiet"),
            (self.referrers.is_on(), "--referrers"),
            (!self.tag.is_empty(), "--tag"),
            (self.to.is_some(), "--to"),
        ];
        given
            .into_iter()
            .find_map(|(is_given, flag)| is_given.then_some(flag))
    }

    /// Returns a given flag that has no effect if no registry is written to.
    pub(crate) fn needs_registry(&self) -> Option<&'static str> {
        let given = [
            (self.by_digest.is_on(), "--by-digest"),
            (self.child_tags.is_some(), "--child-tags"),
            (self.expect_digest.is_some(), "--expect-digest"),
            (self.if_not_exists.is_on(), "--if-not-exists"),
            (self.no_verify.is_on(), "--no-verify"),
            (!self.tag.is_empty(), "--tag"),
        ];
        given
            .into_iter()
            .find_map(|(is_given, flag)| is_given.then_some(flag))
    }
}

/// Tells whether a name has an explicit tag. A parsed reference always has one.
pub(crate) fn has_tag(name: &str) -> bool {
    let name = name.split('@').next().unwrap_or_default();
    let last = name.rsplit('/').next().unwrap_or_default();
    last.contains(':')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_that_are_stated() {
        let digest = format!("sha256:{}", "a".repeat(64));
        for name in ["app:1", "q.io:5000/app:1", &format!("app:1@{digest}")] {
            assert!(has_tag(name), "{name}");
        }
        for name in ["app", "q.io:5000/app", &format!("q.io/app@{digest}")] {
            assert!(!has_tag(name), "{name}");
        }
    }
}
