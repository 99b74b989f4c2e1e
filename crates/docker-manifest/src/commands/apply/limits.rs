//! Bounds.

use std::time::Duration;

/// The number of lists that are worked on at once. Most wait for a response to HEAD, and have read no manifests.
pub(super) const LISTS_AT_ONCE: usize = 256;

/// The number of lists that are worked on at once if they wait for images: those that wait must not hold up the others.
pub(super) const WAITING_LISTS_AT_ONCE: usize = 4096;

/// The least time between two lines about images that are missing: with many lists, something changes all the time.
pub(super) const WAIT_LINE_PAUSE: Duration = Duration::from_secs(10);

/// The least time between the first line and the second one.
pub(super) const WAIT_SECOND_LINE_PAUSE: Duration = Duration::from_millis(500);

/// The number of lists whose manifests are in memory at once: some hundred kilobytes each.
pub(super) const LISTS_IN_MEMORY: usize = 32;

/// The number of lists whose names are read ahead, to find those that a token can cover together.
pub(super) const LISTS_PER_BATCH: usize = 64;
