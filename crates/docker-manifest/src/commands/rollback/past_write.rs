//! One write of a tag that is undone.

use std::collections::BTreeMap;

use manifest_core::{Digest, Reference, TagState};

use super::super::runs;
use crate::failure::{Failure, RollbackError};
use crate::publishing::Restoration;

/// One write of a tag, or several of one run as one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct PastWrite {
    /// The tag.
    pub(super) tag: Reference,
    /// Its state before. `None` if it is not known.
    pub(super) before: Option<TagState>,
    /// The digest that it points to since then.
    pub(super) after: Digest,
}

/// The writes that a command undoes.
#[derive(Debug)]
pub(super) struct PastWrites {
    /// The writes, one for each tag.
    pub(super) writes: Vec<PastWrite>,
    /// The name of the run, or of the file, for errors.
    pub(super) place: String,
}

impl PastWrites {
    /// Keeps the named tags, in the order given, or all if none is named.
    ///
    /// # Errors
    /// Fails if a tag is not among the writes.
    pub(super) fn choose(self, names: &[String]) -> Result<Self, Failure> {
        if names.is_empty() {
            return Ok(self);
        }
        let Self { writes, place } = self;
        let writes = writes.into_iter();
        let mut by_tag: BTreeMap<Reference, PastWrite> =
            writes.map(|write| (write.tag.clone(), write)).collect();
        let mut chosen: Vec<PastWrite> = Vec::new();
        for name in names {
            let tag = runs::parse_tag(name)?;
            match by_tag.remove(&tag) {
                Some(write) => chosen.push(write),
                None if chosen.iter().any(|write| write.tag == tag) => {}
                None => {
                    let (tag, place) = (tag.into(), place.clone());
                    return Err(RollbackError::NotWritten { tag, place }.into());
                }
            }
        }
        Ok(Self {
            writes: chosen,
            place,
        })
    }

    /// Returns the tags to put back. With `skip_new`, tags that did not exist before are left out.
    ///
    /// # Errors
    /// Fails if a tag did not exist before, or it is not known where it pointed.
    pub(super) fn restorations(self, skip_new: bool) -> Result<Vec<Restoration>, Failure> {
        let (mut restorations, mut new, mut unknown) = (Vec::new(), Vec::new(), Vec::new());
        for PastWrite { tag, before, after } in self.writes {
            match before {
                Some(TagState::At(to)) => restorations.push(Restoration {
                    tag,
                    live: after,
                    to,
                }),
                Some(TagState::Absent) => new.push(tag),
                None => unknown.push(tag),
            }
        }
        if !unknown.is_empty() {
            let (tags, place) = (unknown, self.place);
            return Err(RollbackError::UnknownBefore { tags, place }.into());
        }
        if !new.is_empty() && !skip_new {
            return Err(RollbackError::DidNotExist { tags: new }.into());
        }
        Ok(restorations)
    }
}
