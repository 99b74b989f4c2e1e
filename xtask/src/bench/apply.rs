//! `apply` of many lists: the first run, a run without changes, and a run with a few.
//!
//! | module | holds |
//! | --- | --- |
//! | [`lists`] | the lists: their images, and the spec files that describe them |
//! | [`rate`] | the rate of the requests, compared with those of load generators |
//! | [`distance`] | the time on a registry with latency, TLS and tokens |

use std::path::PathBuf;

use super::args::Args;
use super::program::installed;
use crate::task::TaskResult;

mod distance;
mod lists;
mod rate;

/// Measures `apply`: at a distance if a latency or a front is given, else without.
pub(super) fn run(args: &Args, ours: PathBuf) -> TaskResult {
    let ours = installed(ours);
    if args.latency.is_empty() && args.front.is_empty() {
        rate::run(args, &ours)?;
    }
    distance::run(args, &ours)
}
