//! One draft of a listing: its name, platforms and state.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::UNIX_EPOCH;

use manifest_registry::redact;
use manifest_store::{DraftSummary, StoreError};
use serde_json::{Value, json};

use crate::failure::Failure;
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
    pub(super) fn of(draft: &DraftSummary) -> Self {
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

/// Returns the name of a draft for people: its list, or its folder if the list is not known.
pub(in crate::commands) fn name(draft: &DraftSummary) -> String {
    match &draft.list {
        Some(list) => list.to_string(),
        None => folder_name(&draft.folder),
    }
}

/// Returns the name of a folder that stands for no list. Control characters in it are escaped.
pub(super) fn folder_name(folder: &Path) -> String {
    let name = folder.file_name().unwrap_or_default().to_string_lossy();
    format!("folder {}", redact::printable(&name))
}

/// Returns the fields of a draft in JSON by which it is known.
pub(in crate::commands) fn identity(draft: &DraftSummary) -> Value {
    json!({
        "list": draft.list.as_ref().map(ToString::to_string),
        "folder": draft.folder.to_string_lossy(),
        "changedAt": changed_at(draft),
    })
}

/// Returns the time of the last change, in seconds since 1970.
pub(super) fn changed_at(draft: &DraftSummary) -> u64 {
    let since = draft.changed_at.duration_since(UNIX_EPOCH);
    since.map_or(0, |since| since.as_secs())
}

/// Returns the platforms of the images, each once, in the order of publication. Attestations have none.
pub(super) fn platforms(draft: &DraftSummary) -> Vec<String> {
    let mut seen = BTreeSet::new();
    let entries = draft.entries.iter().flatten();
    let images = entries.filter(|entry| entry.descriptor.attested_digest().is_none());
    let platforms = images.filter(|entry| entry.has_platform());
    let platforms = platforms.filter_map(|entry| entry.descriptor.platform.as_ref());
    let names = platforms.map(ToString::to_string);
    names.filter(|name| seen.insert(name.clone())).collect()
}

/// Reports the first damaged file of a draft on standard error, and the number of the others.
pub(in crate::commands) fn report_damage(draft: DraftSummary, output: &Output) {
    let mut errors = draft.entries.into_iter().filter_map(Result::err);
    if let Some(first) = errors.next() {
        Failure::Store(first).report(output);
    }
    match errors.count() {
        0 => {}
        1 => output.status("1 more file of that draft is damaged"),
        others => output.status(&format!("{others} more files of that draft are damaged")),
    }
}

/// Reports each draft that cannot be read.
pub(super) fn report_unreadable(drafts: Vec<Result<DraftSummary, StoreError>>, output: &Output) {
    for draft in drafts {
        match draft {
            Ok(draft) => report_damage(draft, output),
            Err(error) => Failure::Store(error).report(output),
        }
    }
}
