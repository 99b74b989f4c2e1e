//! A record of the journal.

use std::collections::HashSet;

use manifest_core::{Digest, Reference, TagState};

/// The result of a write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WriteState {
    /// The write was about to be made. If nothing else is noted, the process ended first, or the registry did not respond: the tag
    /// may have been written.
    Begun,
    /// The tag was written.
    Written,
    /// The tag was not written.
    NotWritten,
}

/// One write of a tag.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JournalRecord {
    /// The time, in seconds since 1970 (UTC).
    pub time: u64,
    /// The identifier of the process that wrote the tag.
    pub run: String,
    /// The name of its command.
    pub command: String,
    /// The list that was published, or the manifest that was given this tag.
    pub source: String,
    /// The tag.
    pub tag: Reference,
    /// The state of the tag before. `None` if the registry did not state it.
    pub before: Option<TagState>,
    /// The digest that the tag points to since then.
    pub after: Digest,
    /// The result.
    pub state: WriteState,
}

/// The records that later ones replace: a part of a hash of each, because a journal may have many.
#[derive(Default)]
pub(super) struct Replaced(HashSet<[u8; HASH_DIGITS]>);

/// The hexadecimal digits of a hash: 128 bits, so that no two records of a journal share them.
const HASH_DIGITS: usize = 32;

impl Replaced {
    /// Tells whether a record says something that counts, if all later records were passed before: the last of each write does, unless
    /// the tag was not written.
    pub(super) fn is_current(&mut self, record: &JournalRecord) -> bool {
        let JournalRecord {
            run, tag, after, ..
        } = record;
        // Neither a reference nor a digest has a space in it.
        let hash = Digest::sha256(format!("{tag} {after} {run}").as_bytes());
        let mut key = [0; HASH_DIGITS];
        for (byte, digit) in key.iter_mut().zip(hash.hex().bytes()) {
            *byte = digit;
        }
        self.0.insert(key) && record.state != WriteState::NotWritten
    }
}
