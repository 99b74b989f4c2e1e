//! One draft of a listing: its name, platforms and state.

use std::collections::BTreeSet;

use manifest_core::Reference;
use serde_json::{Value, json};

use crate::drafts::{ListedDraft, ListedResult};
use crate::failure::{DraftPlace, Failure};
use crate::output::Output;

/// The state of a draft on disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum DraftState {
    /// It can be pushed.
    Ready,
    /// It has no entries.
    Empty,
    /// An image has no platform.
    Incomplete,
    /// An entry, the folder, or the sidecar cannot be read.
    Damaged,
}

impl DraftState {
    pub(super) fn of(draft: &ListedDraft) -> Self {
        if draft.is_damaged() {
            return Self::Damaged;
        }
        if draft.entries.is_empty() {
            return Self::Empty;
        }
        // A child of a list needs none: `push` takes its descriptor as it is.
        let mut entries = draft.entries.iter().flatten();
        match entries.all(|entry| entry.source().is_some() || entry.has_platform()) {
            true => Self::Ready,
            false => Self::Incomplete,
        }
    }

    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Ready => "ready",
            Self::Empty => "empty",
            Self::Incomplete => "incomplete",
            Self::Damaged => "damaged",
        }
    }
}

/// Returns the fields of a draft in JSON by which it is known. `changed_at` is in seconds since 1970 (UTC).
pub(in crate::commands) fn identity(
    list: Option<&Reference>,
    place: &DraftPlace,
    changed_at: Option<u64>,
) -> Value {
    let mut object = json!({
        "list": list.map(ToString::to_string),
    });
    if let Some(changed_at) = changed_at {
        object["changedAt"] = changed_at.into();
    }
    match place {
        DraftPlace::Folder(folder) => object["folder"] = folder.to_string_lossy().into(),
        DraftPlace::Repository(repository) => object["stage"] = repository.to_string().into(),
    }
    object
}

/// Returns the platforms of the images, each once, in the order of publication. Attestations have none.
pub(super) fn platforms(draft: &ListedDraft) -> Vec<String> {
    let mut seen = BTreeSet::new();
    let entries = draft.entries.iter().flatten();
    let images = entries.filter(|entry| entry.descriptor.attested_digest().is_none());
    let platforms = images.filter(|entry| entry.has_platform());
    let platforms = platforms.filter_map(|entry| entry.descriptor.platform.as_ref());
    let names = platforms.map(ToString::to_string);
    names.filter(|name| seen.insert(name.clone())).collect()
}

/// Reports the first damaged entry of a draft on standard error, and the number of the others.
pub(in crate::commands) fn report_damage(
    mut failures: impl Iterator<Item = Failure>,
    kind: &str,
    output: &Output,
) {
    if let Some(first) = failures.next() {
        first.report(output);
    }
    match failures.count() {
        0 => {}
        1 => output.status(&format!("1 more {kind} of that draft is damaged")),
        others => output.status(&format!("{others} more {kind}s of that draft are damaged")),
    }
}

/// Reports each draft that cannot be read.
pub(super) fn report_unreadable(drafts: Vec<ListedResult>, output: &Output) {
    for draft in drafts {
        match draft {
            Ok(draft) => {
                let kind = match draft.place {
                    DraftPlace::Folder(_) => "file",
                    DraftPlace::Repository(_) => "part",
                };
                let failures = draft.entries.into_iter().filter_map(Result::err);
                report_damage(failures, kind, output);
            }
            Err(unreadable) => unreadable.failure.report(output),
        }
    }
}
