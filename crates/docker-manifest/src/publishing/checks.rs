//! The checks of a push against the current content of the registries.

use std::collections::BTreeMap;

use manifest_core::{Digest, Reference};
use manifest_registry::ObservedTag;

use super::job::{JobSource, PublishJob};
use super::publisher::Publisher;
use super::{child_tags, moved_sources, moved_target};
use crate::failure::Failure;
use crate::values::OnMoved;

/// The checks of one push. Each may warn, and may refuse the push.
pub(super) struct Checks<'a> {
    publisher: &'a Publisher<'a>,
    job: &'a PublishJob<'a>,
    /// The source tags that may have moved, with the digests that they pointed to when the list was drafted.
    drafted_tags: BTreeMap<Reference, Digest>,
}

impl<'a> Checks<'a> {
    pub(super) fn new(publisher: &'a Publisher<'_>, job: &'a PublishJob<'_>) -> Self {
        Self {
            publisher,
            job,
            drafted_tags: job.drafted_tags(),
        }
    }

    /// Returns the tags that have to be probed for [`Checks::observed_tags`].
    pub(super) fn watched_tags(&self) -> Vec<Reference> {
        let mut watched: Vec<Reference> = self.drafted_tags.keys().cloned().collect();
        if self.publisher.flags.if_not_exists.is_on() {
            watched.extend(self.job.child_tags.iter().map(|tag| tag.target.clone()));
        }
        watched
    }

    /// Tells whether [`Checks::observed_tags`] may refuse the push. If so, the tags have to be probed before anything is written. A
    /// warning may come later: waiting for it would cost a round trip.
    pub(super) fn may_forbid_the_push(&self) -> bool {
        self.on_moved() == OnMoved::Error || self.publisher.flags.if_not_exists.is_on()
    }

    /// Checks the sources on this machine.
    pub(super) fn local_sources(&self) -> Result<(), Failure> {
        match (self.job.source, self.job.on_moved) {
            (JobSource::Draft(draft, layouts), Some(on_moved)) => {
                let output = self.publisher.context.output;
                moved_sources::check_layouts(draft, layouts, on_moved, output)
            }
            _ => Ok(()),
        }
    }

    /// Checks the tags that were probed: sources must not have moved, tags of single images must not exist.
    pub(super) fn observed_tags(&self, observed: &[ObservedTag]) -> Result<(), Failure> {
        let output = self.publisher.context.output;
        moved_sources::check_tags(&self.drafted_tags, observed, self.on_moved(), output)?;
        child_tags::check_absent(&self.job.child_tags, observed)
    }

    /// Checks the tag that the draft is pushed to.
    pub(super) fn target(&self, tags: &[ObservedTag]) -> Result<(), Failure> {
        moved_target::check(self.job, tags, self.publisher)
    }

    fn on_moved(&self) -> OnMoved {
        self.job.on_moved.unwrap_or_default()
    }
}
