//! The notes of a run in the journal of written tags.

use std::sync::atomic::{AtomicBool, Ordering};

use manifest_core::{Digest, Reference, TagState};
use manifest_store::StoreError;
use manifest_store::journal::{Journal, JournalRecord, Noted, WriteState};

/// What a run notes of the write of one tag.
#[derive(Clone, Debug)]
pub(crate) struct TagNote {
    /// The list that is published, or the manifest that is given this tag.
    pub(crate) source: String,
    /// The tag.
    pub(crate) tag: Reference,
    /// Its state before. `None` if the registry did not state it.
    pub(crate) before: Option<TagState>,
    /// The digest that it points to since then.
    pub(crate) after: Digest,
    /// The result.
    pub(crate) state: WriteState,
}

/// A run of the program, as its notes name it.
#[derive(Debug)]
pub(crate) struct RunJournal {
    /// The identifier of the run.
    run: String,
    /// The name of the command. Its arguments are not noted: they may have secrets.
    command: String,
    /// Whether the run notes nothing more, because a note has failed.
    is_off: AtomicBool,
}

impl RunJournal {
    pub(crate) fn new(run: String, command: &str) -> Self {
        Self {
            run,
            command: command.to_owned(),
            is_off: AtomicBool::new(false),
        }
    }

    /// Returns the identifier of the run.
    pub(crate) fn run(&self) -> &str {
        &self.run
    }

    /// Notes writes of tags. Returns whether there is a journal. After a failure, nothing more is noted, so that
    /// it is reported once.
    ///
    /// # Errors
    /// Fails if there is a folder for the journal, and it cannot be written.
    pub(crate) fn note(
        &self,
        journal: &Journal,
        now: u64,
        notes: Vec<TagNote>,
    ) -> Result<Noted, StoreError> {
        if self.is_off.load(Ordering::Relaxed) {
            return Ok(Noted::Yes);
        }
        let record = |note: TagNote| JournalRecord {
            time: now,
            run: self.run.clone(),
            command: self.command.clone(),
            source: note.source,
            tag: note.tag,
            before: note.before,
            after: note.after,
            state: note.state,
        };
        let records: Vec<JournalRecord> = notes.into_iter().map(record).collect();
        let noted = journal.append(&records);
        if !matches!(noted, Ok(Noted::Yes)) {
            self.is_off.store(true, Ordering::Relaxed);
        }
        noted
    }
}
