//! Bounds on the content that `inspect` reads.

use std::time::Duration;

/// The most entries of a list whose own manifests are read. Real lists have up to some 40 with attestations.
pub(super) const DETAILED_ENTRIES: usize = 200;

/// The largest statement of an attestation that is read, in bytes. SBOMs of large images have some 10 MB.
pub(super) const STATEMENT_BYTES: usize = 64 * 1024 * 1024;

/// The most statements that are read, over all images of a list.
pub(super) const STATEMENTS: usize = 200;

/// The time limit for what the registry adds to a draft: whether it has something else, and the ages of images.
pub(super) const LIVE_TIMEOUT: Duration = Duration::from_secs(10);
