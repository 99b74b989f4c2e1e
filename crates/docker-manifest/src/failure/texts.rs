//! Texts of failures that take more than a format string.

use manifest_core::TagState;
use manifest_registry::{RegistryError, redact};

use super::causes::with_causes;

pub(super) fn describe_tag_state(then: &TagState) -> String {
    match then {
        TagState::Absent => "it did not exist then".to_owned(),
        TagState::At(digest) => format!("it was {digest} then"),
    }
}

/// Names all missing sources. Only the first comes with the registry's answer: those of the others are the same.
pub(super) fn describe_missing(errors: &[RegistryError]) -> String {
    let mut errors = errors.iter();
    let first = errors.next().map(|error| with_causes(error, "\n"));
    let others = errors.map(|error| redact::printable(&error.to_string()));
    first
        .into_iter()
        .chain(others)
        .collect::<Vec<_>>()
        .join("\n")
}

pub(super) fn describe_partly_published(live: &[String], failed: &[RegistryError]) -> String {
    let mut lines: Vec<String> = failed.iter().map(ToString::to_string).collect();
    lines.push(if live.is_empty() {
        "no tag was written".to_owned()
    } else {
        format!("live: {}", live.join(", "))
    });
    lines.join("\n")
}
