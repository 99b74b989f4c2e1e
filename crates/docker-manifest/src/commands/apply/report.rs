//! The report of a run, as JSON and as text.

use std::path::Path;

use serde_json::{Value, json};

use super::list::Mode;
use super::result::{ListError, ListResult, ListState};
use crate::excerpt::{SHORT_DIGITS, short_digest};
use crate::failure::Failure;
use crate::plugin::VERSION;
use crate::publishing::TargetState;
use crate::result_files;
use crate::table::Table;
use crate::terminal::Terminal;
use crate::timestamp::Timestamp;

/// The version of the report's form. Fields may be added to it.
const SCHEMA_VERSION: u32 = 1;

/// The report of a run.
pub(super) struct Report<'a> {
    pub(super) run_id: &'a str,
    pub(super) mode: Mode,
    /// The beginning of the run, in seconds since 1970 (UTC).
    pub(super) started: u64,
    /// The end of the run, in seconds since 1970 (UTC).
    pub(super) finished: u64,
    /// The result of each list, in the order of the files.
    pub(super) results: &'a [ListResult],
}

/// The states, with their names in the summary and the order there.
const STATES: [(ListState, &str, &str); 6] = [
    (ListState::Written, "written", "written"),
    (ListState::WouldWrite, "wouldWrite", "would be written"),
    (ListState::Checked, "checked", "checked"),
    (ListState::Unchanged, "unchanged", "unchanged"),
    (ListState::Failed, "failed", "failed"),
    (ListState::NotStarted, "notStarted", "not started"),
];

impl Report<'_> {
    /// Writes the report to a file.
    ///
    /// # Errors
    /// Fails if it cannot be written.
    pub(super) fn write(&self, path: &Path) -> Result<(), Failure> {
        result_files::write(path, (self.json() + "\n").as_bytes())
    }

    /// Returns the report as JSON. `docs/schemas/apply-report.schema.json` describes it.
    pub(super) fn json(&self) -> String {
        let mut summary = json!({ "lists": self.results.len() });
        for (state, name, _) in STATES {
            summary[name] = ListResult::count(self.results, state).into();
        }
        let time = |seconds| Timestamp::of_seconds(seconds).map(String::from);
        let object = json!({
            "schemaVersion": SCHEMA_VERSION,
            "run": self.run_id,
            "version": VERSION,
            "mode": match self.mode {
                Mode::Apply => "apply",
                Mode::DryRun => "dryRun",
                Mode::Check => "check",
            },
            "startedAt": time(self.started),
            "finishedAt": time(self.finished),
            "summary": summary,
            "lists": self.results.iter().map(list).collect::<Vec<_>>(),
        });
        format!("{object:#}")
    }

    /// Returns a table of all targets that were written or would be, and of the lists that failed. It is empty if there are none.
    pub(super) fn table(&self, terminal: Terminal) -> String {
        let mut table = Table::new(&["TARGET", "STATE", "BEFORE", "DIGEST"]).with_least_widths(&[
            0,
            0,
            SHORT_DIGITS,
            SHORT_DIGITS,
        ]);
        let shown = self
            .results
            .iter()
            .filter(|result| !matches!(result.state, ListState::Unchanged | ListState::Checked));
        for result in shown {
            let digest = result.digest.as_ref().map(short_digest).unwrap_or_default();
            for target in &result.targets {
                let before = target.before.as_ref().map(short_digest).unwrap_or_default();
                table.row([&target.reference, target.state.as_str(), &before, &digest]);
            }
            if result.targets.is_empty() {
                let state = if result.error.is_some() {
                    TargetState::Failed.as_str()
                } else {
                    "not started"
                };
                table.row([&result.name, state, "", &digest]);
            }
        }
        match table.is_empty() {
            true => String::new(),
            false => table.render(terminal),
        }
    }

    /// Returns the number of lists in each state: `50 lists: 2 written, 48 unchanged`.
    pub(super) fn summary(&self) -> String {
        let counts = STATES.into_iter().filter_map(|(state, _, text)| {
            let count = ListResult::count(self.results, state);
            (count > 0).then(|| format!("{count} {text}"))
        });
        let counts: Vec<String> = counts.collect();
        let lists = match self.results.len() {
            1 => "1 list".to_owned(),
            lists => format!("{lists} lists"),
        };
        format!("{lists}: {}", counts.join(", "))
    }

    /// Returns a line for each list with a digest that did not fail: its name and digest.
    pub(super) fn digests(&self) -> String {
        let lines = self.results.iter().filter_map(|result| {
            let digest = result.digest.as_ref().filter(|_| result.error.is_none())?;
            Some(format!("{}@{digest}\n", result.name))
        });
        lines.collect()
    }
}

/// Returns a list as JSON. Fields without a value are left out.
fn list(result: &ListResult) -> Value {
    let mut object = json!({
        "list": result.name,
        "file": &*result.position.file,
        "state": result.state,
        "targets": result.targets,
    });
    let mark = result.position.mark;
    let more = [
        ("line", mark.map(|mark| json!(mark.line))),
        ("column", mark.map(|mark| json!(mark.column))),
        ("digest", result.digest.as_ref().map(|digest| json!(digest))),
        ("size", result.size.map(|size| json!(size))),
        ("manifests", result.manifests.map(|count| json!(count))),
        ("leftOut", not_empty(&result.left_out)),
        ("warnings", not_empty(&result.warnings)),
        ("error", result.error.as_ref().map(error)),
    ];
    for (name, value) in more {
        if let Some(value) = value {
            object[name] = value;
        }
    }
    object
}

fn not_empty(texts: &[String]) -> Option<Value> {
    (!texts.is_empty()).then(|| json!(texts))
}

fn error(error: &ListError) -> Value {
    json!({
        "message": error.message,
        "hints": error.hints,
        "exitCode": error.exit.code(),
    })
}
