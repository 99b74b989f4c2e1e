//! The report: a table, or JSON; and the failure if a push cannot work.

use manifest_core::Reference;
use serde::Serialize;

use super::row::{Row, Verdict};
use super::target::CheckTarget;
use crate::context::Context;
use crate::failure::{CheckFailure, Failure};
use crate::table::Table;
use crate::terminal::Terminal;
use crate::values::ReportFormat;

/// The result of all checks.
pub(super) struct Report<'a> {
    pub(super) target: &'a CheckTarget,
    pub(super) writes: bool,
    /// A row for each check, in order.
    pub(super) rows: Vec<Row>,
}

/// The report in JSON.
#[derive(Serialize)]
struct ReportJson<'a> {
    registry: &'a str,
    /// `null` if only a registry is named.
    repository: Option<&'a str>,
    write: bool,
    /// Whether a push can work, as far as the checks show.
    ready: bool,
    checks: Vec<RowJson<'a>>,
}

#[derive(Serialize)]
struct RowJson<'a> {
    check: &'static str,
    result: Verdict,
    detail: &'a str,
    hint: Option<&'a str>,
}

impl<'a> RowJson<'a> {
    fn of(row: &'a Row) -> Self {
        Self {
            check: row.check.id(),
            result: row.verdict,
            detail: &row.detail,
            hint: row.hint.as_deref(),
        }
    }
}

impl Report<'_> {
    pub(super) fn print(&self, context: &Context<'_>, format: ReportFormat) -> Result<(), Failure> {
        match format {
            ReportFormat::Table => {
                let terminal = Terminal::of(context.environment());
                context.output.styled(&self.table(terminal))?;
            }
            ReportFormat::Json => {
                let json = serde_json::to_string_pretty(&self.json());
                context.output.result(json.map_err(std::io::Error::from)?)?;
            }
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

    fn json(&self) -> ReportJson<'_> {
        let reference = self.target.reference.as_ref();
        ReportJson {
            registry: &self.target.domain,
            repository: reference.map(Reference::path),
            write: self.writes,
            ready: self.failed().next().is_none(),
            checks: self.rows.iter().map(RowJson::of).collect(),
        }
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
        let failure = CheckFailure::NotReady {
            target: self.target.name(),
            failed: self.failed().map(|row| row.check.label()).collect(),
            exit,
        };
        Err(failure.into())
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use manifest_registry::{Connection, LoginScheme, ServerCertificate, TlsConnection, Trust};

    use super::super::row::{Check, complete};
    use super::super::{access, connection, features};
    use super::*;
    use crate::exit::Exit;

    /// Returns the rows of a check without `--write`, with a failure and a warning.
    fn rows(target: &CheckTarget) -> Vec<Row> {
        let connection = Connection {
            url: "https://registry.example.com/".to_owned(),
            address: Some(([192, 0, 2, 7], 443).into()),
            elapsed: Duration::from_millis(23),
            http_version: "HTTP/2",
            tls: Some(TlsConnection {
                version: Some("TLSv1.3"),
                certificate: Some(ServerCertificate {
                    issuer: "C=DE, O=\u{4f8b} GmbH, CN=Root".to_owned(),
                    expires_on: "2027-01-31".to_owned(),
                    expires_at: 0,
                    trust: Trust::File("/etc/ssl/corp.pem".to_owned()),
                }),
            }),
            insecure: None,
            proxy: None,
            login: LoginScheme::Open,
            problem: None,
        };
        let mut rows = connection::rows(&connection, 0);
        rows.push(access::push_by_token(target, &Ok(Some(false))));
        rows.push(Row::unknown(Check::TagsList, "a \u{1b}[2J"));
        rows.extend(features::without_writes());
        complete(rows)
    }

    #[test]
    fn tables() {
        let target = CheckTarget::parse("registry.example.com/app").unwrap();
        let report = Report {
            target: &target,
            writes: false,
            rows: rows(&target),
        };
        for (columns, expected) in [
            (60, snapbox::file!["snapshots/60.txt"].raw()),
            (100, snapbox::file!["snapshots/100.txt"].raw()),
            (200, snapbox::file!["snapshots/200.txt"].raw()),
        ] {
            let terminal = Terminal {
                columns: Some(columns),
                has_colours: false,
            };
            snapbox::assert_data_eq!(report.table(terminal), expected);
        }
    }

    #[test]
    fn json_has_stable_names() {
        let target = CheckTarget::parse("registry.example.com/app").unwrap();
        let report = Report {
            target: &target,
            writes: false,
            rows: rows(&target),
        };
        let json = serde_json::to_string_pretty(&report.json()).unwrap();
        snapbox::assert_data_eq!(
            json + "\n",
            snapbox::file!["snapshots/report.json": Text].raw()
        );
        let names: Vec<&str> = report.rows.iter().map(|row| row.check.id()).collect();
        let page = include_str!("../../../../../docs/guide/check.md");
        for (name, row) in names.iter().zip(&report.rows) {
            let start = format!("| {} | `{name}` |", row.check.label());
            assert!(page.contains(&start), "the guide has no row {start}");
        }
    }

    #[test]
    fn first_failure_is_the_exit_code() {
        let target = CheckTarget::parse("registry.example.com").unwrap();
        let verdict = |rows| {
            let report = Report {
                target: &target,
                writes: false,
                rows,
            };
            report.verdict().map_err(|failure| failure.exit())
        };
        let no = |check, exit| Row::no(check, "").exit(exit);
        let login = no(Check::Login, Exit::Unauthorized);
        let pull = no(Check::Pull, Exit::Unavailable);
        let mount = Row::no(Check::Mount, "");
        assert_eq!(verdict(vec![mount.clone()]), Ok(()));
        assert_eq!(verdict(vec![mount, login, pull]), Err(Exit::Unauthorized));
    }
}
