//! The result for each target, and the report of it.

use manifest_core::{Digest, MediaType, Reference, TagState};
use manifest_registry::{RegistryError, Released, TagResult};

use super::child_tags::{self, ChildTag};
use super::notes::Notes;
use super::publisher::Publisher;
use super::report::{TargetReport, WrittenReferences};
use super::target_state::TargetState;
use crate::failure::Failure;

/// Reports several targets as not written.
pub(super) fn report_none_written(targets: &[Reference], publisher: &Publisher<'_>) {
    if targets.len() > 1 {
        table(
            targets
                .iter()
                .map(|target| (target.to_string(), TargetState::NotWritten)),
            publisher,
        );
    }
}

fn table(rows: impl Iterator<Item = (String, TargetState)>, publisher: &Publisher<'_>) {
    let rows: Vec<(String, TargetState)> = rows.collect();
    let width = rows.iter().map(|(target, _)| target.len()).max();
    for (target, state) in &rows {
        let (width, state) = (width.unwrap_or_default(), state.as_str());
        publisher.status(&format!("{target:width$}  {state}"));
    }
}

/// The result for each target.
pub(super) struct Outcome {
    /// The tags of the list.
    tags: Vec<(Reference, TagResult)>,
    /// The tags of its images.
    child_tags: Vec<(Reference, TagResult)>,
    written: usize,
    digest: Option<Digest>,
}

/// Returns the state of a target.
fn state(result: &TagResult) -> TargetState {
    match result {
        Ok(tagged) if tagged.is_written => TargetState::Written,
        Ok(_) => TargetState::ThereAlready,
        Err(RegistryError::ChildrenMissing { .. }) => TargetState::Incomplete,
        Err(_) => TargetState::Failed,
    }
}

impl Outcome {
    pub(super) fn of(released: &Released) -> Self {
        let written = released.published.iter();
        Self {
            tags: released.tags.clone(),
            child_tags: Vec::new(),
            written: written.map(|published| published.written).sum(),
            digest: released.published.first().map(|first| first.digest.clone()),
        }
    }

    /// Tells whether nothing has failed so far.
    pub(super) fn is_success(&self) -> bool {
        self.all().all(|(_, result)| result.is_ok())
    }

    pub(super) fn add_child_tags(&mut self, child_tags: Vec<(Reference, TagResult)>) {
        let is_written = |result: &TagResult| matches!(result, Ok(tagged) if tagged.is_written);
        self.written += child_tags
            .iter()
            .filter(|(_, result)| is_written(result))
            .count();
        self.child_tags.extend(child_tags);
    }

    /// Returns the outcome in the form of reports.
    pub(super) fn written(&self, notes: &Notes<'_>, child_tags: &[ChildTag]) -> WrittenReferences {
        let row = |(target, result): &(Reference, TagResult)| TargetReport {
            reference: target.to_string(),
            state: state(result),
            before: match result {
                Ok(tagged) => tagged.before.as_ref().and_then(TagState::digest).cloned(),
                Err(_) => notes.before(target),
            },
            digest: child_tags::digest(child_tags, target),
        };
        let live = |(target, result): &(Reference, TagResult)| {
            (state(result) != TargetState::Failed).then(|| target.clone())
        };
        WrittenReferences {
            digest: self.digest.clone(),
            names: self.tags.iter().filter_map(live).collect(),
            targets: self.tags.iter().map(row).collect(),
            child_tags: self.child_tags.iter().map(row).collect(),
        }
    }

    fn all(&self) -> impl Iterator<Item = &(Reference, TagResult)> {
        self.tags.iter().chain(&self.child_tags)
    }

    /// Reports the outcome as text.
    ///
    /// # Errors
    /// Fails if not every target points to the published digest.
    pub(super) fn report(
        &self,
        media_type: MediaType,
        publisher: &Publisher<'_>,
    ) -> Result<(), Failure> {
        self.warn_of_unconfirmed(publisher);
        self.show_states(media_type, publisher);
        let failed = self.all().filter_map(|(_, result)| result.as_ref().err());
        let mut failed: Vec<RegistryError> = failed.cloned().collect();
        if failed.is_empty() {
            return Ok(());
        }
        if failed.len() == self.all().count() && failed.len() == 1 {
            return Err(failed.remove(0).into());
        }
        let live = self
            .all()
            .filter_map(|(target, result)| match state(result) {
                TargetState::Failed => None,
                TargetState::Incomplete => Some(format!("{target} (incomplete)")),
                _ => Some(target.to_string()),
            });
        let live = live.collect();
        Err(Failure::PartlyPublished { live, failed })
    }

    /// Warns of each target that could not be verified.
    fn warn_of_unconfirmed(&self, publisher: &Publisher<'_>) {
        for (target, result) in self.all() {
            if let Ok(tagged) = result
                && let Some(error) = &tagged.verification_error
            {
                let (done, looked_at) = match tagged.is_written {
                    true => ("was written", "it could not be read back"),
                    false => (
                        "is there already",
                        "what it leads to could not be looked at",
                    ),
                };
                publisher.warn(&format!("{target} {done}, and {looked_at}: {error}"));
            }
        }
    }

    /// Shows the state of each target. A single target is only shown if nothing had to be written.
    fn show_states(&self, media_type: MediaType, publisher: &Publisher<'_>) {
        let is_several = self.all().count() > 1 || !publisher.flags.tag.is_empty();
        if is_several {
            table(
                self.all()
                    .map(|(target, result)| (target.to_string(), state(result))),
                publisher,
            );
        } else if self.written == 0
            && self.is_success()
            && let Some((target, _)) = self.tags.first()
        {
            // Docker's lines before this one may list each image as pushed.
            let what = if media_type.is_list() {
                "and its images are"
            } else {
                "is"
            };
            publisher.status(&format!(
                "{target} {what} there already: nothing was written"
            ));
        }
    }
}
