//! Concurrent work, bounded.

use manifest_registry::{concurrent, limits};

use crate::failure::Failure;

/// The number of images that a command works on concurrently. The registry client bounds the requests to one registry.
pub(crate) const PARALLEL_IMAGES: usize = limits::PARALLEL_WORK;

/// Runs work for all images concurrently, to its end, and returns the results in their order, or the first failure in that order.
pub(crate) async fn try_join_all<T>(
    work: impl IntoIterator<Item = impl Future<Output = Result<T, Failure>>>,
) -> Result<Vec<T>, Failure> {
    concurrent(PARALLEL_IMAGES, work)
        .await
        .into_iter()
        .collect()
}
