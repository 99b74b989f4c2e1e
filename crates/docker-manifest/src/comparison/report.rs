//! The report of a comparison, as a table for people and as JSON for programs.

use manifest_core::Digest;
use serde_json::{Value, json};

use super::changes::{Changes, EntryChange, EntryChangeKind, FieldChange};
use super::side::Side;
use crate::excerpt::{SHORT_DIGITS, excerpt, short_digest};
use crate::table::Table;
use crate::terminal::Terminal;

/// The most characters of a value in a table. A description in an annotation has some 100.
const VALUE_CHARS: usize = 120;

/// The most differences that a table shows. JSON has all.
const TABLE_ROWS: usize = 500;

/// The differences between two lists.
#[derive(Clone, Debug)]
pub(crate) struct Report {
    from: Side,
    to: Side,
    changes: Changes,
}

impl EntryChangeKind {
    /// Returns the name in reports.
    fn name(self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::Removed => "removed",
            Self::Moved => "moved",
            Self::Changed => "changed",
        }
    }
}

impl Report {
    /// Compares two lists.
    pub(crate) fn of(from: Side, to: Side) -> Self {
        let changes = Changes::between(from.content.as_ref(), to.content.as_ref());
        Self { from, to, changes }
    }

    /// Tells whether both lists are the same, to the byte.
    pub(crate) fn is_same(&self) -> bool {
        self.from.content.is_some() == self.to.content.is_some() && self.changes.is_empty()
    }

    /// Returns the differences as a table: a line for each.
    pub(crate) fn table(&self, terminal: Terminal) -> String {
        let mut rows: Vec<[String; 5]> = Vec::new();
        for change in &self.changes.list {
            rows.push(field_row("list", change));
        }
        for change in &self.changes.entries {
            if change.kind != EntryChangeKind::Changed {
                rows.push([
                    change.kind.name().to_owned(),
                    shown(&change.name),
                    "digest".to_owned(),
                    short(change.from.as_ref()),
                    short(change.to.as_ref()),
                ]);
            }
            rows.extend(
                change
                    .fields
                    .iter()
                    .map(|field| field_row(&change.name, field)),
            );
        }
        let table = Table::new(&["CHANGE", "ENTRY", "FIELD", "FROM", "TO"]);
        let mut table = table.with_least_widths(&[7, 0, 0, SHORT_DIGITS, SHORT_DIGITS]);
        for row in rows.iter().take(TABLE_ROWS) {
            table.row(row);
        }
        if rows.len() > TABLE_ROWS {
            let more = rows.len() - TABLE_ROWS;
            table.row(["", &format!("and {more} more; --format json has all")]);
        }
        match table.is_empty() {
            true => String::new(),
            false => table.render(terminal),
        }
    }

    /// Returns the report as one JSON object, as the schema in `docs/schemas` has it.
    pub(crate) fn json(&self) -> Value {
        json!({
            "same": self.is_same(),
            "from": side_json(&self.from),
            "to": side_json(&self.to),
            "list": self.changes.list.iter().map(field_json).collect::<Vec<_>>(),
            "entries": self.changes.entries.iter().map(entry_json).collect::<Vec<_>>(),
        })
    }
}

fn side_json(side: &Side) -> Value {
    let mut value = json!({
        "reference": side.name,
        "origin": side.origin.name(),
    });
    if let Some(content) = &side.content {
        value["digest"] = json!(content.digest.as_str());
        value["mediaType"] = json!(content.media_type.as_str());
    }
    value
}

fn entry_json(change: &EntryChange) -> Value {
    let mut value = json!({
        "change": change.kind.name(),
        "entry": change.name,
        "fields": change.fields.iter().map(field_json).collect::<Vec<_>>(),
    });
    for (name, digest) in [("from", &change.from), ("to", &change.to)] {
        if let Some(digest) = digest {
            value[name] = json!(digest.as_str());
        }
    }
    value
}

fn field_json(change: &FieldChange) -> Value {
    let mut value = json!({ "field": change.field });
    for (name, text) in [("from", &change.from), ("to", &change.to)] {
        if let Some(text) = text {
            value[name] = json!(text);
        }
    }
    value
}

fn field_row(entry: &str, change: &FieldChange) -> [String; 5] {
    let value = |value: &Option<String>| value.as_deref().map_or(String::new(), shown);
    [
        "changed".to_owned(),
        shown(entry),
        shown(&change.field),
        value(&change.from),
        value(&change.to),
    ]
}

/// Returns the start of a text from a registry.
fn shown(text: &str) -> String {
    excerpt(text, VALUE_CHARS)
}

fn short(digest: Option<&Digest>) -> String {
    digest.map(short_digest).unwrap_or_default()
}
