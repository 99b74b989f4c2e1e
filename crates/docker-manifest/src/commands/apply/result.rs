//! The result of a list.

use manifest_core::{Digest, Reference};
use manifest_registry::RegistryError;
use manifest_spec::Position;
use serde::Serialize;

use crate::exit::Exit;
use crate::failure::Failure;
use crate::publishing::{Published, TargetReport, TargetState};

/// The state of a list at the end of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum ListState {
    /// A tag was written.
    Written,
    /// All tags pointed to it already.
    Unchanged,
    /// A run without `--dry-run` would write a tag.
    WouldWrite,
    /// Its images were resolved, and nothing else was done.
    Checked,
    /// It could not be published, or not to all of its targets.
    Failed,
    /// It was not published, because another list had failed or a signal arrived.
    NotStarted,
}

/// The result of a list.
#[derive(Clone, Debug)]
pub(super) struct ListResult {
    /// The place of its description.
    pub(super) position: Position,
    /// Its name.
    pub(super) name: String,
    /// Its state.
    pub(super) state: ListState,
    /// Its digest, if it is known.
    pub(super) digest: Option<Digest>,
    /// Its size in bytes, if it was assembled.
    pub(super) size: Option<usize>,
    /// The number of images and attestations in it, if it was assembled.
    pub(super) manifests: Option<usize>,
    /// The state of each target.
    pub(super) targets: Vec<TargetReport>,
    /// The images that do not exist and were left out.
    pub(super) left_out: Vec<String>,
    /// The warnings about it.
    pub(super) warnings: Vec<String>,
    /// The error, if it failed.
    pub(super) error: Option<ListError>,
}

/// The error of a list.
#[derive(Clone, Debug)]
pub(super) struct ListError {
    /// The text.
    pub(super) message: String,
    /// The remedies.
    pub(super) hints: Vec<String>,
    /// The exit code.
    pub(super) exit: Exit,
}

impl From<&Failure> for ListError {
    fn from(failure: &Failure) -> Self {
        Self {
            message: failure.text(),
            hints: failure.hints(),
            exit: failure.exit(),
        }
    }
}

impl ListResult {
    /// Returns the result of a list that was not published.
    pub(super) fn new(position: Position, name: String) -> Self {
        Self {
            position,
            name,
            state: ListState::NotStarted,
            digest: None,
            size: None,
            manifests: None,
            targets: Vec::new(),
            left_out: Vec::new(),
            warnings: Vec::new(),
            error: None,
        }
    }

    /// Records the digests that the targets point to, and compares them with the digest of the list.
    pub(super) fn compare(&mut self, digest: &Digest, targets: Vec<(Reference, Option<Digest>)>) {
        self.digest = Some(digest.clone());
        let row = |(target, before): (Reference, Option<Digest>)| TargetReport {
            reference: target.to_string(),
            state: match before.as_ref() == Some(digest) {
                true => TargetState::ThereAlready,
                false => TargetState::WouldWrite,
            },
            before,
            digest: None,
        };
        self.targets = targets.into_iter().map(row).collect();
        let is_unchanged = self
            .targets
            .iter()
            .all(|row| row.state == TargetState::ThereAlready);
        self.state = match is_unchanged {
            true => ListState::Unchanged,
            false => ListState::WouldWrite,
        };
    }

    /// Records a publication.
    pub(super) fn publish(&mut self, published: Published) {
        let is_written = published
            .targets
            .iter()
            .any(|row| row.state == TargetState::Written);
        self.state = match is_written {
            true => ListState::Written,
            false => ListState::Unchanged,
        };
        self.digest = Some(published.digest);
        self.size = Some(published.size);
        self.targets = published.targets;
    }

    /// Records a failure. `names` are the targets of the list.
    pub(super) fn fail<'a>(
        &mut self,
        failure: &Failure,
        names: impl IntoIterator<Item = &'a Reference>,
    ) {
        self.state = ListState::Failed;
        self.error = Some(ListError::from(failure));
        if self.targets.is_empty() {
            let row = |name: &Reference| TargetReport {
                reference: name.to_string(),
                state: TargetState::NotWritten,
                before: None,
                digest: None,
            };
            self.targets = names.into_iter().map(row).collect();
        }
        for target in self
            .targets
            .iter_mut()
            .filter(|row| row.state == TargetState::WouldWrite)
        {
            target.state = state_after(failure, &target.reference);
        }
    }

    /// Returns the exit code of a run with these results: that of the first failed list, but one that tells more than 1 counts first.
    pub(super) fn exit(results: &[Self]) -> Exit {
        let mut exits = results
            .iter()
            .filter_map(|result| Some(result.error.as_ref()?.exit));
        let first = exits.next().unwrap_or(Exit::Done);
        match first {
            Exit::Failure => exits.find(|exit| *exit != Exit::Failure).unwrap_or(first),
            _ => first,
        }
    }

    /// Counts the results in a state.
    pub(super) fn count(results: &[Self], state: ListState) -> usize {
        results
            .iter()
            .filter(|result| result.state == state)
            .count()
    }
}

/// Returns the state of a target after a failure.
fn state_after(failure: &Failure, target: &str) -> TargetState {
    let is_incomplete = |error: &RegistryError| matches!(error, RegistryError::ChildrenMissing { reference, .. } if reference.to_string() == target);
    match failure {
        Failure::PartlyPublished { failed, .. } if failed.iter().any(is_incomplete) => {
            TargetState::Incomplete
        }
        Failure::PartlyPublished { live, .. } if live.iter().any(|name| name == target) => {
            TargetState::Written
        }
        Failure::Registry(error) if is_incomplete(error) => TargetState::Incomplete,
        _ => TargetState::NotWritten,
    }
}
