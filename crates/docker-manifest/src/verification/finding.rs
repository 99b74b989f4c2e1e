//! The result of a check: its findings, and the number of things that it looked at.

use manifest_core::{Descriptor, Digest};
use manifest_registry::{RegistryError, redact};

use super::facts::{Answer, ListFacts};
use super::limits::QUOTED_CHARS;
use crate::excerpt::excerpt;

/// The weight of a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Severity {
    /// Some engine cannot run an image.
    Error,
    /// A registry or engine may behave in another way than the author expects.
    Warning,
    /// The check could not be made.
    Unknown,
}

impl Severity {
    /// Returns the name in reports.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Unknown => "unknown",
        }
    }
}

/// One finding.
#[derive(Clone, Debug)]
pub(crate) struct Finding {
    pub(super) severity: Severity,
    pub(super) subject: String,
    /// The digest of the subject, if it is one manifest or blob.
    pub(super) digest: Option<Digest>,
    pub(super) message: String,
    /// The error that makes this unknown.
    pub(super) error: Option<RegistryError>,
}

/// The result of one check.
#[derive(Clone, Debug)]
pub(crate) struct CheckResult {
    /// The name of the check in reports.
    pub(super) check: &'static str,
    /// The number of things that were checked.
    pub(super) count: usize,
    /// The name of one such thing, and of several.
    pub(super) nouns: (&'static str, &'static str),
    pub(super) findings: Vec<Finding>,
}

impl CheckResult {
    pub(super) fn new(check: &'static str, nouns: (&'static str, &'static str)) -> Self {
        Self {
            check,
            count: 0,
            nouns,
            findings: Vec::new(),
        }
    }

    /// Adds a finding about a manifest or blob.
    pub(super) fn find(
        &mut self,
        severity: Severity,
        subject: &Subject,
        message: impl Into<String>,
    ) {
        self.findings.push(Finding {
            severity,
            subject: subject.name.clone(),
            digest: subject.digest.clone(),
            message: message.into(),
            error: None,
        });
    }

    /// Adds the finding of an answer that is not the content.
    pub(super) fn find_failure<T>(&mut self, subject: &Subject, answer: &Answer<T>) {
        match answer {
            Answer::Present(_) => {}
            Answer::Absent => {
                self.find(Severity::Error, subject, "the repository does not have it");
            }
            Answer::Invalid(problem) => self.find(Severity::Error, subject, problem),
            Answer::OverLimit(limit) => {
                self.find(
                    Severity::Unknown,
                    subject,
                    format!("it was not read: {limit}"),
                );
            }
            Answer::Unclear(error) => self.findings.push(Finding {
                severity: Severity::Unknown,
                subject: subject.name.clone(),
                digest: subject.digest.clone(),
                message: error.to_string(),
                error: Some(error.clone()),
            }),
        }
    }
}

/// The thing that a finding is about.
#[derive(Clone, Debug)]
pub(super) struct Subject {
    name: String,
    digest: Option<Digest>,
}

impl Subject {
    /// Returns a subject that has no digest of its own.
    pub(super) fn named(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            digest: None,
        }
    }

    /// Returns the subject for a list.
    pub(super) fn list(list: ListFacts<'_>) -> Self {
        Self {
            name: "list".to_owned(),
            digest: Some(list.received.digest.clone()),
        }
    }

    /// Returns the subject for a manifest, by its descriptor: its platform, or its kind.
    pub(super) fn manifest(descriptor: &Descriptor) -> Self {
        let name = match &descriptor.platform {
            _ if descriptor.is_attestation() => "attestation".to_owned(),
            Some(platform) if platform.is_stated() => quoted(&platform.to_string()),
            _ => "manifest".to_owned(),
        };
        Self {
            name,
            digest: Some(descriptor.digest.clone()),
        }
    }

    /// Returns the subject for a blob of a manifest. `kind` is `config` or `layer`.
    pub(super) fn blob(of: Option<&Descriptor>, kind: &str, digest: &Digest) -> Self {
        let name = match of {
            Some(descriptor) => format!("{} {kind}", Self::manifest(descriptor).name),
            None => kind.to_owned(),
        };
        Self {
            name,
            digest: Some(digest.clone()),
        }
    }
}

/// Returns a text from the registry as a finding quotes it: escaped, and cut short.
pub(super) fn quoted(text: &str) -> String {
    excerpt(&redact::printable(text), QUOTED_CHARS)
}
