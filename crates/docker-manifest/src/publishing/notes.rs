//! The notes of written tags in the journal: before the writes and after them, so that a run that is killed in between leaves a note.

use std::cell::RefCell;
use std::collections::BTreeMap;

use manifest_core::{Digest, Reference, TagState};
use manifest_registry::{RegistryError, TagResult, TagWrite};
use manifest_store::journal::WriteState;

use crate::context::Context;
use crate::journal::TagNote;

/// The notes of one publication.
pub(super) struct Notes<'a> {
    context: &'a Context<'a>,
    /// The list that is published, or the manifest that gets other names. `None` if each tag has a source of its own: its manifest, by
    /// digest.
    source: Option<&'a str>,
    /// The writes that were noted as begun.
    begun: RefCell<BTreeMap<Reference, TagWrite>>,
}

impl<'a> Notes<'a> {
    pub(super) fn new(context: &'a Context<'a>, source: Option<&'a str>) -> Self {
        Self {
            context,
            source,
            begun: RefCell::default(),
        }
    }

    /// Notes that these tags are written next.
    pub(super) fn begin(&self, writes: &[TagWrite]) {
        let note = |write: &TagWrite| TagNote {
            source: self.source_of(&write.target, &write.digest),
            tag: write.target.clone(),
            before: write.before.clone(),
            after: write.digest.clone(),
            state: WriteState::Begun,
        };
        let notes = writes.iter().map(note).collect();
        self.context.note_tags(notes);
        let writes = writes.iter();
        let writes = writes.map(|write| (write.target.clone(), write.clone()));
        self.begun.borrow_mut().extend(writes);
    }

    /// Notes the results. `digest_of` returns the digest that a tag was to point to. A write that may have been made stays begun, and a
    /// tag that needed no write is not noted.
    pub(super) fn finish<'r>(
        &self,
        results: impl IntoIterator<Item = &'r (Reference, TagResult)>,
        digest_of: impl Fn(&Reference) -> Option<Digest>,
    ) {
        let begun = self.begun.borrow();
        let note = |(target, result): &(Reference, TagResult)| {
            let write = begun.get(target);
            let state = state(result, write.is_some())?;
            let before = match result {
                Ok(tagged) => tagged.before.clone(),
                Err(_) => write.and_then(|write| write.before.clone()),
            };
            let after = write.map(|write| write.digest.clone());
            let after = after.or_else(|| digest_of(target))?;
            Some(TagNote {
                source: self.source_of(target, &after),
                // A reference without a tag names the digest, and is no tag that was written.
                tag: target.tag().map(|_| target.clone())?,
                before,
                after,
                state,
            })
        };
        let notes = results.into_iter().filter_map(note).collect();
        self.context.note_tags(notes);
    }

    fn source_of(&self, target: &Reference, digest: &Digest) -> String {
        match self.source {
            Some(source) => source.to_owned(),
            None => target.repository().at(digest.clone()).to_string(),
        }
    }

    /// Returns the digest that a tag pointed to before its write was begun, if that is known.
    pub(super) fn before(&self, target: &Reference) -> Option<Digest> {
        let begun = self.begun.borrow();
        let before = begun.get(target)?.before.as_ref();
        before.and_then(TagState::digest).cloned()
    }
}

/// Returns the state to note. `None` if there is nothing to note.
fn state(result: &TagResult, is_begun: bool) -> Option<WriteState> {
    match result {
        Ok(tagged) if tagged.is_written => Some(WriteState::Written),
        // The tag was written and read back, and something that the list refers to is missing.
        Err(RegistryError::ChildrenMissing { .. }) if is_begun => Some(WriteState::Written),
        Ok(_) if is_begun => Some(WriteState::NotWritten),
        Err(error) if is_begun && error.is_refused_write() => Some(WriteState::NotWritten),
        _ => None,
    }
}
