//! The checks, one file each: pure functions over the registry's answers.

mod attestations;
mod blobs;
mod configs;
mod duplicates;
mod manifests;
mod media_types;
mod platforms;
mod required;
mod windows;

use manifest_core::Platform;

use super::facts::Facts;
use super::finding::CheckResult;

/// Makes all checks, in the order of reports.
pub(super) fn all(facts: &Facts, required: &[Platform]) -> Vec<CheckResult> {
    vec![
        manifests::check(facts),
        media_types::check(facts),
        platforms::check(facts),
        duplicates::check(facts),
        windows::check(facts),
        attestations::check(facts),
        configs::check(facts),
        blobs::check(facts),
        required::check(facts, required),
    ]
}
