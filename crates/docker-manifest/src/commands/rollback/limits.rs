//! Bounds on a rollback.

/// The most tags that are put back at once: as many as the journal keeps when it is shortened, so that a large run can be undone at once.
pub(super) const TAGS: usize = manifest_store::limits::KEPT_RECORDS;

/// The most bytes of a report that are read: the report of 10,000 lists with some tags each has a tenth.
pub(super) const REPORT_BYTES: u64 = 64 * 1024 * 1024;
