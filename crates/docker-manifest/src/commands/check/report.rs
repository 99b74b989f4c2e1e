//! The report: a table, or JSON; and the failure if a push cannot work.

use serde_json::{Value, json};

use super::row::{Row, Verdict};
use super::target::CheckTarget;
use crate::context::Context;
use crate::failure::Failure;
use crate::table::Table;
use crate::terminal::Terminal;
use crate::values::TableFormat;

/// The result of all checks.
pub(super) struct Report<'a> {
    pub(super) target: &'a CheckTarget,
    pub(super) writes: bool,
    /// A row for each check, in order.
    pub(super) rows: Vec<Row>,
}

impl Report<'_> {
    pub(super) fn print(&self, context: &Context<'_>, format: TableFormat) -> Result<(), Failure> {
        match format {
            TableFormat::Table => {
                let terminal = Terminal::of(context.environment());
                context.output.text(&self.table(terminal))?;
            }
            TableFormat::Json => context.output.result(format!("{:#}", self.json()))?,
        }
        Ok(())
    }

    fn table(&self, terminal: Terminal) -> String {
        let mut table = Table::new(&["CHECK", "RESULT", "DETAIL", "HINT"]);
        for row in &self.rows {
            let hint = row.hint.as_deref().unwrap_or_default();
            table.row([row.check.label(), row.verdict.word(), &row.detail, hint]);
        }
        table.render(terminal)
    }

    fn json(&self) -> Value {
        let row = |row: &Row| {
            json!({
                "check": row.check.id(),
                "result": row.verdict,
                "detail": row.detail,
                "hint": row.hint,
            })
        };
        let reference = self.target.reference.as_ref();
        json!({
            "registry": self.target.domain,
            "repository": reference.map(|reference| reference.path()),
            "write": self.writes,
            "ready": self.failed().next().is_none(),
            "checks": self.rows.iter().map(row).collect::<Vec<_>>(),
        })
    }

    /// Returns the rows without which a push cannot work.
    fn failed(&self) -> impl Iterator<Item = &Row> {
        let is_failed = |row: &&Row| row.verdict == Verdict::No && row.exit.is_some();
        self.rows.iter().filter(is_failed)
    }

    /// Fails if a push cannot work, with the exit code of the first reason.
    pub(super) fn verdict(&self) -> Result<(), Failure> {
        let Some(exit) = self.failed().find_map(|row| row.exit) else {
            return Ok(());
        };
        Err(Failure::NotReady {
            target: self.target.name(),
            failed: self.failed().map(|row| row.check.label()).collect(),
            exit,
        })
    }
}
