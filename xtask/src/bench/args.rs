//! What is to be measured.

use std::path::PathBuf;

use super::content::Work;
use super::remote::Front;

/// Measure the program, and those that do the same, on a registry some way off
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Round-trip time in milliseconds; may be given several times
    #[arg(long, value_name = "MS")]
    pub(super) latency: Vec<u64>,
    /// Program to measure (ours, "docker manifest", crane, buildah, skopeo, raw, …); may be given several times
    #[arg(long, value_name = "PROGRAM")]
    pub(super) only: Vec<String>,
    /// Part to measure; may be given several times
    #[arg(long, value_name = "PART")]
    pub(super) part: Vec<Part>,
    /// What is in front of the registries (copies, cold, load); may be given several times
    #[arg(long, value_name = "FRONT")]
    pub(super) front: Vec<Front>,
    /// What is copied; may be given several times
    #[arg(long, value_name = "WORK")]
    pub(super) work: Vec<Work>,
    /// Run each program so many times from cold, and give the median
    #[arg(long, value_name = "COUNT", value_parser = clap::builder::RangedU64ValueParser::<usize>::new().range(1..))]
    pub(super) runs: Option<usize>,
    /// Measure this build of ours in place of a new one, to compare the two
    #[arg(long, value_name = "FILE")]
    pub(super) build: Option<PathBuf>,
    /// Measure little, in a minute: to see that all works
    #[arg(long)]
    pub(super) quick: bool,
}

/// What can be measured.
#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Part {
    /// All programs at each latency
    Programs,
    /// Ours with more and more images
    Images,
    /// Ours with indexes as BuildKit pushes them
    Indexes,
    /// Ours, skopeo and buildah from one registry to another, beside the bytes alone
    Copies,
    /// All programs with a few images of one repository, from cold
    Cold,
    /// Ours with 500 images, beside the same requests from a load generator
    Load,
}

impl Args {
    /// Returns whether a program is to be measured.
    pub(super) fn wants(&self, program: &str) -> bool {
        self.only.is_empty() || self.only.iter().any(|name| name == program)
    }
}

/// Returns what was asked for, or else what is measured unasked.
pub(super) fn chosen<T: Clone>(asked: &[T], unasked: Vec<T>) -> Vec<T> {
    if asked.is_empty() {
        unasked
    } else {
        asked.to_vec()
    }
}
