//! The records as a table and as JSON.

use manifest_core::{Digest, TagState};
use manifest_store::journal::{Journal, JournalRecord, WriteState};
use serde_json::{Value, json};

use crate::age::age;
use crate::excerpt::{SHORT_DIGITS, short_digest};
use crate::table::Table;
use crate::timestamp::Timestamp;

/// Lays the records out as a table.
pub(super) fn table(records: &[&JournalRecord], now: u64) -> Table {
    let headings = ["TAG", "BEFORE", "AFTER", "STATE", "COMMAND", "AGE", "RUN"];
    // Digests are not broken.
    let table = Table::new(&headings).with_least_widths(&[0, SHORT_DIGITS, SHORT_DIGITS]);
    let add = |mut table: Table, record: &&JournalRecord| {
        table.row([
            record.tag.to_string(),
            before(record),
            short_digest(&record.after),
            state(record).to_owned(),
            record.command.clone(),
            age(now.saturating_sub(record.time)),
            record.run.clone(),
        ]);
        table
    };
    records.iter().fold(table, add)
}

fn before(record: &JournalRecord) -> String {
    match &record.before {
        Some(TagState::At(digest)) => short_digest(digest),
        Some(TagState::Absent) => "none".to_owned(),
        None => "unknown".to_owned(),
    }
}

/// Returns the state of a write. The journal has no others: writes that were not made are left out.
fn state(record: &JournalRecord) -> &'static str {
    match record.state {
        WriteState::Written => "written",
        WriteState::Begun | WriteState::NotWritten => "unconfirmed",
    }
}

/// Returns the records as a JSON object. `matching` is their number without a limit.
pub(super) fn json(journal: &Journal, records: &[&JournalRecord], matching: usize) -> Value {
    json!({
        "journal": journal.path().to_string_lossy(),
        "matching": matching,
        "records": records.iter().map(|record| object(record)).collect::<Vec<_>>(),
    })
}

fn object(record: &JournalRecord) -> Value {
    let mut object = json!({
        // The journal has no time that cannot be stated.
        "time": Timestamp::of_seconds(record.time),
        "run": record.run,
        "command": record.command,
        "source": record.source,
        "tag": record.tag.to_string(),
        "after": record.after,
        "state": state(record),
    });
    if let Some(before) = &record.before {
        object["existed"] = before.digest().is_some().into();
        if let Some(before) = before.digest() {
            object["before"] = Digest::to_string(before).into();
        }
    }
    object
}
