//! The command line: the measurements to make.

use std::path::PathBuf;

use super::content::Work;
use super::remote::Front;

/// Measure the program and its alternatives on a registry with latency
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
    /// Reverse proxy in front of the registries (copies, cold, load, apply); may be given several times
    #[arg(long, value_name = "FRONT")]
    pub(super) front: Vec<Front>,
    /// Layers to copy; may be given several times
    #[arg(long, value_name = "WORK")]
    pub(super) work: Vec<Work>,
    /// Number of runs of each program, each with a cold start; the result is the median
    #[arg(long, value_name = "COUNT", value_parser = clap::builder::RangedU64ValueParser::<usize>::new().range(1..))]
    pub(super) runs: Option<usize>,
    /// Measure this build of our program in place of a new one, to compare the two
    #[arg(long, value_name = "FILE")]
    pub(super) build: Option<PathBuf>,
    /// Measure little, in a minute, to check that everything works
    #[arg(long)]
    pub(super) quick: bool,
}

/// A part of the benchmark.
#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Part {
    /// All programs at each latency
    Programs,
    /// Our program with growing numbers of images
    Images,
    /// Our program with indexes as BuildKit pushes them
    Indexes,
    /// Our program, skopeo and buildah from one registry to another, compared with uploads of the blobs alone
    Copies,
    /// All programs with a few images of one repository, with a cold start
    Cold,
    /// Our program with 500 images, compared with the same requests from a load generator
    Load,
    /// A listing of 1000 drafts, compared with `ls -lR` of their folder
    Drafts,
    /// 1000 lists of 8 platforms from spec files, compared with load generators, and at a distance
    Apply,
}

impl Args {
    /// Returns whether a program is to be measured.
    pub(super) fn wants(&self, program: &str) -> bool {
        self.only.is_empty() || self.only.iter().any(|name| name == program)
    }
}

/// Returns the values of a flag, or the default without any.
pub(super) fn or_default<T: Clone>(given: &[T], default: Vec<T>) -> Vec<T> {
    if given.is_empty() {
        default
    } else {
        given.to_vec()
    }
}
