//! The listing as a table and as JSON.

use serde_json::{Map, Value, json};

use super::check::{CheckedSource, Checks, DraftCheck, SourceState};
use super::row::{self, DraftState};
use crate::age::age;
use crate::drafts::{ListedDraft, ListedResult};
use crate::table::Table;

/// The text of a cell without a value.
const NONE: &str = "-";

/// Lays the listing out as a table.
pub(super) fn table(drafts: &[ListedResult], now: u64) -> Table {
    let mut table = Table::new(&["LIST", "ENTRIES", "PLATFORMS", "AGE", "STATE"]);
    for draft in drafts {
        let [name, age, state] = common_cells(draft, now);
        let (entries, platforms) = match draft {
            Ok(draft) => (draft.entries.len().to_string(), row::platforms(draft)),
            Err(_) => (NONE.to_owned(), Vec::new()),
        };
        table.row([name, entries, or_none(platforms.join(", ")), age, state]);
    }
    table
}

/// Lays the listing out with the state of its tags. Each source that has moved is on a line of its own.
pub(super) fn checked_table(drafts: &[ListedResult], checks: &Checks, now: u64) -> Table {
    let mut table = Table::new(&["LIST", "AGE", "STATE", "TAG", "MOVED"]);
    for draft in drafts {
        let [name, age, state] = common_cells(draft, now);
        let check = draft.as_ref().ok();
        let check = check.and_then(|draft| check_of(draft, checks));
        let tag = check.and_then(|check| check.tag.as_ref());
        let tag = tag.map_or(NONE, |(state, _)| state.as_str()).to_owned();
        let sources = check.map(|check| check.sources.as_slice());
        let mut moved = sources.unwrap_or_default().iter().filter_map(moved);
        let first = or_none(moved.next().unwrap_or_default());
        table.row([name, age, state, tag, first]);
        for source in moved {
            table.row(["", "", "", "", &source]);
        }
    }
    table
}

/// Returns name, age and state of a draft.
fn common_cells(draft: &ListedResult, now: u64) -> [String; 3] {
    match draft {
        Ok(draft) => [
            draft.name(),
            draft
                .changed_at
                .map_or_else(|| NONE.to_owned(), |time| age(now.saturating_sub(time))),
            DraftState::of(draft).as_str().to_owned(),
        ],
        Err(unreadable) => [
            unreadable.name(),
            NONE.to_owned(),
            DraftState::Damaged.as_str().to_owned(),
        ],
    }
}

fn or_none(text: String) -> String {
    if text.is_empty() {
        NONE.to_owned()
    } else {
        text
    }
}

fn check_of<'a>(draft: &ListedDraft, checks: &'a Checks) -> Option<&'a DraftCheck> {
    checks.drafts.get(draft.list.as_ref()?)
}

fn moved(source: &CheckedSource) -> Option<String> {
    let CheckedSource { source, state, .. } = source;
    match state {
        SourceState::Current => None,
        SourceState::Moved => Some(source.to_string()),
        SourceState::Gone | SourceState::Unknown => Some(format!("{source} ({})", state.as_str())),
    }
}

/// Returns the listing as a JSON array.
pub(super) fn json(drafts: &[ListedResult], checks: Option<&Checks>) -> Value {
    let object = |draft: &ListedResult| match draft {
        Ok(draft) => draft_object(draft, checks),
        Err(unreadable) => json!({
            "list": null,
            "folder": unreadable.folder.to_string_lossy(),
            "state": DraftState::Damaged.as_str(),
            "errors": [unreadable.failure.to_string()],
        }),
    };
    drafts.iter().map(object).collect()
}

fn draft_object(draft: &ListedDraft, checks: Option<&Checks>) -> Value {
    let mut object = row::identity(draft.list.as_ref(), &draft.place, draft.changed_at);
    object["entries"] = draft.entries.len().into();
    object["platforms"] = row::platforms(draft).into();
    object["state"] = DraftState::of(draft).as_str().into();
    let errors = draft
        .entries
        .iter()
        .filter_map(|entry| entry.as_ref().err());
    let errors: Vec<String> = errors.map(ToString::to_string).collect();
    if !errors.is_empty() {
        object["errors"] = errors.into();
    }
    if let Some(check) = checks.and_then(|checks| check_of(draft, checks)) {
        object["check"] = check_object(check);
    }
    object
}

fn check_object(check: &DraftCheck) -> Value {
    let source = |source: &CheckedSource| {
        json!({
            "source": source.source.to_string(),
            "then": source.then,
            "now": source.now,
            "state": source.state.as_str(),
        })
    };
    let sources: Value = check.sources.iter().map(source).collect();
    let mut object = Map::from_iter([("sources".to_owned(), sources)]);
    if let Some((state, now)) = &check.tag {
        let tag = json!({"state": state.as_str(), "now": now});
        object.insert("tag".to_owned(), tag);
    }
    object.into()
}

#[cfg(test)]
mod tests;
