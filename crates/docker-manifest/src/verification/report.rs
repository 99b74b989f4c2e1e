//! The report of a verification, as a table for people and as JSON for programs.

use manifest_core::{Digest, MediaType, Platform};
use manifest_registry::RegistryError;
use serde_json::{Value, json};

use super::checks;
use super::facts::Facts;
use super::finding::{CheckResult, Finding, Severity};
use super::limits::TABLE_FINDINGS;
use crate::excerpt::{SHORT_DIGITS, short_digest};
use crate::failure::{CheckFailure, Failure};
use crate::table::Table;
use crate::terminal::Terminal;

/// The results of all checks.
#[derive(Clone, Debug)]
pub(crate) struct Report {
    name: String,
    digest: Digest,
    media_type: MediaType,
    results: Vec<CheckResult>,
}

impl Report {
    /// Makes all checks. `required` are the platforms that the list must have.
    pub(crate) fn of(facts: &Facts, required: &[Platform]) -> Self {
        Self {
            name: facts.name.clone(),
            digest: facts.root.digest.clone(),
            media_type: facts.root.media_type,
            results: checks::all(facts, required),
        }
    }

    /// Returns the report as a table: a line for each finding, and for each check without one.
    pub(crate) fn table(&self, terminal: Terminal) -> String {
        let table = Table::new(&["CHECK", "SUBJECT", "FINDING", "SEVERITY"]);
        let mut table = table.with_least_widths(&[12, SHORT_DIGITS, 7, 8]);
        let mut left = TABLE_FINDINGS;
        for result in &self.results {
            if result.findings.is_empty() && result.count > 0 {
                table.row([result.check, &counted(result.count, result.nouns), "", "ok"]);
            }
            for finding in result.findings.iter().take(left) {
                let digest = finding.digest.as_ref().map(short_digest);
                let subject = [Some(finding.subject.clone()), digest];
                let subject = subject.into_iter().flatten().collect::<Vec<_>>().join(" ");
                let severity = finding.severity.name();
                let message = with_short_digests(&finding.message);
                table.row([result.check, &subject, &message, severity]);
            }
            let hidden = result.findings.len().saturating_sub(left);
            left = left.saturating_sub(result.findings.len());
            if hidden > 0 {
                let more = format!("and {hidden} more; --format json has all");
                table.row([result.check, "", &more, ""]);
            }
        }
        table.render(terminal)
    }

    /// Returns the report as one JSON object, as the schema in `docs/schemas` has it.
    pub(crate) fn json(&self) -> Value {
        let checks = self.results.iter().map(|result| {
            json!({
                "check": result.check,
                "count": result.count,
                "result": worst(&result.findings),
            })
        });
        let findings = self.results.iter().flat_map(|result| {
            result.findings.iter().map(|finding| {
                let mut value = json!({
                    "check": result.check,
                    "severity": finding.severity.name(),
                    "subject": finding.subject,
                    "message": finding.message,
                });
                if let Some(digest) = &finding.digest {
                    value["digest"] = json!(digest.as_str());
                }
                value
            })
        });
        json!({
            "reference": self.name,
            "digest": self.digest.as_str(),
            "mediaType": self.media_type.as_str(),
            "result": worst(self.findings()),
            "checks": checks.collect::<Vec<_>>(),
            "findings": findings.collect::<Vec<_>>(),
        })
    }

    /// Returns the failure of the command: errors, with `is_strict` warnings too, else the reason why something is unknown.
    pub(crate) fn failure(&self, is_strict: bool) -> Option<Failure> {
        let errors = self.count(Severity::Error);
        let warnings = self.count(Severity::Warning);
        if errors > 0 || (is_strict && warnings > 0) {
            let numbers = [
                (errors, ("error", "errors")),
                (warnings, ("warning", "warnings")),
            ];
            let numbers = numbers.into_iter().filter(|(count, _)| *count > 0);
            let numbers: Vec<String> = numbers
                .map(|(count, nouns)| counted(count, nouns))
                .collect();
            let failure = CheckFailure::VerificationFailed {
                name: self.name.clone(),
                findings: numbers.join(", "),
            };
            return Some(failure.into());
        }
        let unknown = self
            .findings()
            .find(|finding| finding.severity == Severity::Unknown)?;
        let error: Option<RegistryError> = unknown.error.clone();
        Some(error.map_or_else(
            || {
                Failure::Check(CheckFailure::NotVerified {
                    name: self.name.clone(),
                    reason: format!("{}: {}", unknown.subject, unknown.message),
                })
            },
            Failure::Registry,
        ))
    }

    fn findings(&self) -> impl Iterator<Item = &Finding> {
        self.results.iter().flat_map(|result| &result.findings)
    }

    fn count(&self, severity: Severity) -> usize {
        let is_it = |finding: &&Finding| finding.severity == severity;
        self.findings().filter(is_it).count()
    }
}

/// Cuts the digests in a message, which would fill a line each.
fn with_short_digests(message: &str) -> String {
    let words = message.split(' ').map(|word| match word.parse::<Digest>() {
        Ok(digest) => short_digest(&digest),
        Err(_) => word.to_owned(),
    });
    words.collect::<Vec<_>>().join(" ")
}

/// Returns the result of several findings: an error outweighs what is unknown, and that a warning.
fn worst<'a>(findings: impl IntoIterator<Item = &'a Finding>) -> &'static str {
    let severities: Vec<Severity> = findings
        .into_iter()
        .map(|finding| finding.severity)
        .collect();
    let order = [Severity::Error, Severity::Unknown, Severity::Warning];
    let worst = order
        .into_iter()
        .find(|severity| severities.contains(severity));
    worst.map_or("ok", Severity::name)
}

fn counted(count: usize, (one, several): (&str, &str)) -> String {
    format!("{count} {}", if count == 1 { one } else { several })
}
