//! The listing as a table and as JSON.

use manifest_store::{DraftSummary, SummaryResult};
use serde_json::{Map, Value, json};

use super::check::{CheckedSource, Checks, DraftCheck, SourceState};
use super::row::{self, DraftState};
use crate::age::age;
use crate::table::Table;

/// The text of a cell without a value.
const NONE: &str = "-";

/// Lays the listing out as a table. With `checks` it has two more columns.
pub(super) fn table(drafts: &[SummaryResult], checks: Option<&Checks>, now: u64) -> Table {
    let columns = ["LIST", "ENTRIES", "PLATFORMS", "AGE", "STATE"];
    let mut table = match checks {
        None => Table::new(&columns),
        Some(_) => Table::new(&[&columns[..], &["TAG", "MOVED"]].concat()),
    };
    for draft in drafts {
        let mut cells = match draft {
            Ok(draft) => cells(draft, now).to_vec(),
            Err(error) => {
                let [entries, platforms, age] = [NONE; 3].map(str::to_owned);
                let name = row::folder_name(error.path());
                let state = DraftState::Damaged.as_str().to_owned();
                vec![name, entries, platforms, age, state]
            }
        };
        if let Some(checks) = checks {
            let check = draft
                .as_ref()
                .ok()
                .and_then(|draft| check_of(draft, checks));
            cells.extend(check_cells(check));
        }
        table.row(cells);
    }
    table
}

fn cells(draft: &DraftSummary, now: u64) -> [String; 5] {
    let platforms = row::platforms(draft).join(", ");
    [
        row::name(draft),
        draft.entries.len().to_string(),
        if platforms.is_empty() {
            NONE.to_owned()
        } else {
            platforms
        },
        age(now.saturating_sub(row::changed_at(draft))),
        DraftState::of(draft).as_str().to_owned(),
    ]
}

fn check_of<'a>(draft: &DraftSummary, checks: &'a Checks) -> Option<&'a DraftCheck> {
    checks.drafts.get(draft.list.as_ref()?)
}

fn check_cells(check: Option<&DraftCheck>) -> [String; 2] {
    let tag = check.and_then(|check| check.tag.as_ref());
    let tag = tag.map_or(NONE, |(state, _)| state.as_str());
    let sources = check.map(|check| check.sources.as_slice());
    let moved = sources.unwrap_or_default().iter().filter_map(moved);
    let moved: Vec<String> = moved.collect();
    let moved = match moved.as_slice() {
        [] => NONE.to_owned(),
        moved => moved.join(", "),
    };
    [tag.to_owned(), moved]
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
pub(super) fn json(drafts: &[SummaryResult], checks: Option<&Checks>) -> Value {
    let object = |draft: &SummaryResult| match draft {
        Ok(draft) => draft_object(draft, checks),
        Err(error) => json!({
            "list": null,
            "folder": error.path().to_string_lossy(),
            "state": DraftState::Damaged.as_str(),
            "errors": [error.to_string()],
        }),
    };
    drafts.iter().map(object).collect()
}

fn draft_object(draft: &DraftSummary, checks: Option<&Checks>) -> Value {
    let mut object = row::identity(draft);
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
