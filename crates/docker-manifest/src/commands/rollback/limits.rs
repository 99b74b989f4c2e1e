//! Bounds on a rollback.

/// The most tags that are put back at once: the tags of 10,000 lists, or of fewer with several tags each.
pub(super) const TAGS: usize = 10_000;

/// The most bytes of a report that are read: the report of 10,000 lists with some tags each has a tenth.
pub(super) const REPORT_BYTES: u64 = 64 * 1024 * 1024;
