//! The journal: the tags that this program wrote, so that they can be put back.
//!
//! | file | holds |
//! | --- | --- |
//! | `file` | [`Journal`]: appending, shortening and reading |
//! | `record` | [`JournalRecord`], and how records of one write are merged |
//! | `json` | the JSON form of a record |
//!
//! Records are lines that are only appended, each with one write under a lock, so that those of several processes do not mix. A write
//! that was cut off leaves at most one line that cannot be read, and the next append starts a new line. Readers take no lock.
//!
//! A tag is noted twice: before it is written ([`WriteState::Begun`]) and after that. So a process that is killed in between leaves a
//! record of a write that may have been made, and no write without a record.

mod file;
mod json;
mod record;

#[cfg(any(test, feature = "fuzzing"))]
pub(crate) use json::{Line, decode, encode};

pub use file::{Journal, JournalContent, Noted};
pub use record::{JournalRecord, WriteState};
