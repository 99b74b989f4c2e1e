//! The arguments of `rollback`.

use std::path::PathBuf;

use manifest_core::Digest;

use crate::failure::Failure;
use crate::flags::{HelpFlag, RegistryFlags, RetryFlags};
use crate::values::{Format, Switch};

/// Point tags to the digests that they pointed to before
#[derive(Debug, clap::Args)]
#[command(override_usage = "rollback [OPTIONS] [TAG...]")]
pub struct Args {
    #[command(flatten)]
    pub(crate) help: HelpFlag,
    /// Print the planned writes, and write nothing
    #[arg(long)]
    pub(super) dry_run: Switch,
    /// Write the tag only if it points to this digest (default: the one that was written last)
    #[arg(long, value_name = "digest")]
    pub(super) expect_digest: Option<Digest>,
    /// Print the result in this format: "json"
    #[arg(long, value_name = "string")]
    pub(super) format: Option<Format>,
    /// Undo the publication that wrote this report: from `apply`, `push --format json` or `push --metadata-file`; "-" reads standard input
    #[arg(long, value_name = "file")]
    pub(super) from: Option<PathBuf>,
    /// Allow communication with an insecure registry
    #[arg(long)]
    pub(super) insecure: Switch,
    #[command(flatten)]
    pub(super) retry: RetryFlags,
    #[command(flatten)]
    pub(super) registry: RegistryFlags,
    /// Print only the tags and warnings
    #[arg(short, long)]
    pub(super) quiet: Switch,
    /// Undo the run with this ID, or this start of an ID
    #[arg(long, value_name = "id")]
    pub(super) run: Option<String>,
    /// Leave tags alone that did not exist before
    #[arg(long)]
    pub(super) skip_new: Switch,
    /// Point the tag to this digest
    #[arg(long, value_name = "digest")]
    pub(super) to: Option<Digest>,
    #[arg(value_name = "TAG", hide = true)]
    pub(crate) tags: Vec<String>,
}

impl Args {
    /// Returns the least number of tags: a run or a report names them.
    pub(crate) fn min_tags(&self) -> usize {
        usize::from(self.run.is_none() && self.from.is_none())
    }

    /// Returns the largest number of tags, if there is one. A digest is that of one tag.
    pub(crate) fn max_tags(&self) -> Option<usize> {
        (self.to.is_some() || self.expect_digest.is_some()).then_some(1)
    }

    pub(super) fn check(&self) -> Result<(), Failure> {
        const TELLS_DIGESTS: &str = "it tells the digests of each tag";
        let (run, from) = (self.run.is_some(), self.from.is_some());
        let (to, expects) = (self.to.is_some(), self.expect_digest.is_some());
        let clashes = [
            (run && from, "--run", "--from", "name one of them"),
            (run && to, "--run", "--to", TELLS_DIGESTS),
            (run && expects, "--run", "--expect-digest", TELLS_DIGESTS),
            (from && to, "--from", "--to", TELLS_DIGESTS),
            (from && expects, "--from", "--expect-digest", TELLS_DIGESTS),
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
}
