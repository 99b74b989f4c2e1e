//! Bounds on what is shown.

/// The number of records that are shown unless `--limit` is given: a few screens.
pub(super) const DEFAULT_RECORDS: usize = 100;
