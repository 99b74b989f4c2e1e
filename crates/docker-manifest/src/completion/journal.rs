//! Tags and runs in the journal.

use std::collections::BTreeSet;

use manifest_core::Reference;

use super::candidates::{Candidates, Directive};
use super::drafts::{Drafts, spell};

/// The most candidates: more than a person reads.
const CANDIDATES: usize = 200;

/// Returns the tags that were written, the newest first, without those that are `given` already.
pub(super) fn tags(drafts: &Drafts, typed: &str, given: &[String]) -> Candidates {
    let given = given.iter().filter_map(|name| Reference::parse(name).ok());
    let mut seen: BTreeSet<Reference> = given.collect();
    let mut candidates = Candidates::none(Directive::NO_FILES);
    let writes = drafts.writes().into_iter();
    let writes = writes.filter(|write| seen.insert(write.tag.clone()));
    for write in writes.take(CANDIDATES) {
        candidates.add(
            spell(&write.tag, typed),
            format!("written by {}", write.command),
        );
    }
    candidates
}

/// Returns the runs that wrote tags, the newest first.
pub(super) fn runs(drafts: &Drafts) -> Candidates {
    let mut seen = BTreeSet::new();
    let mut candidates = Candidates::none(Directive::NO_FILES);
    let writes = drafts.writes().into_iter();
    let writes = writes.filter(|write| seen.insert(write.run.clone()));
    for write in writes.take(CANDIDATES) {
        candidates.add(write.run, format!("{} {}", write.command, write.tag));
    }
    candidates
}
