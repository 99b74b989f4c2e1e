//! Bounds on the journal.

use std::time::Duration;

/// The size of the journal above which its oldest records are dropped, in bytes: some 50,000 lines.
pub const JOURNAL_BYTES: u64 = 16 * 1024 * 1024;

/// The size that the journal is shortened to, in bytes: half, so that it is seldom rewritten.
pub const KEPT_BYTES: usize = 8 * 1024 * 1024;

/// The most records that are kept when the journal is shortened: a run of 10,000 lists with two tags each.
pub const KEPT_RECORDS: usize = 25_000;

/// The most bytes of a journal that are read, from its end: one append may exceed [`JOURNAL_BYTES`] before the journal is shortened.
pub const READ_BYTES: u64 = 2 * JOURNAL_BYTES;

/// The longest line of a journal that is read, in bytes. Real ones have some 300.
pub const RECORD_BYTES: usize = 8 * 1024;

/// The most characters of a record's text that is not a reference or a digest. Longer texts are cut: an image layout may have a long
/// path.
pub const TEXT_CHARS: usize = 500;

/// The longest wait for another process that writes to the journal. An append takes less than a millisecond, and shortening the
/// journal less than a second.
pub const JOURNAL_LOCK_WAIT: Duration = Duration::from_secs(5);
