//! The rows about features that only a write shows.

use manifest_registry::{LeftBehind, Outcome, WriteCheck};

use super::row::{Check, Row, reason};

/// The consequence of a registry without the referrers API.
pub(super) const NO_REFERRERS: &str = "referrers are kept under tags instead";

/// The features that only a write shows.
const WRITTEN: [Check; 6] = [
    Check::OciIndex,
    Check::MixedIndex,
    Check::ArtifactType,
    Check::Mount,
    Check::SinglePost,
    Check::Range,
];

/// Returns the rows of a check without a repository.
pub(super) fn without_repository() -> Vec<Row> {
    let others = [Check::Pull, Check::Push, Check::TagsList, Check::Referrers];
    let skipped =
        |check| Row::skipped(check, "no repository is named").hint("name one: REGISTRY/REPOSITORY");
    let rows = others.into_iter().chain(WRITTEN).map(skipped);
    rows.collect()
}

/// Returns the rows of a check that writes nothing.
pub(super) fn without_writes() -> Vec<Row> {
    let unknown = |check| Row::unknown(check, "only a write shows it").hint("use --write");
    WRITTEN.into_iter().map(unknown).collect()
}

/// Returns the rows of a check that has written.
pub(super) fn of_writes(written: &WriteCheck) -> Vec<Row> {
    let push = match &written.push {
        Ok(()) => Row::ok(Check::Push, "allowed: a blob and a manifest were stored"),
        Err(error) => Row::failed(Check::Push, error),
    };
    // If the writes fail before that, the reads tell it.
    let referrers = match &written.referrers {
        Outcome::NotTried => None,
        outcome => Some(feature_row(Check::Referrers, outcome, NO_REFERRERS)),
    };
    let rows = vec![
        push,
        feature_row(Check::OciIndex, &written.oci_index, "not stored"),
        feature_row(Check::MixedIndex, &written.mixed_index, "not stored"),
        feature_row(Check::ArtifactType, &written.artifact_type, "not stored"),
        feature_row(Check::Mount, &written.mount, "layers are uploaded instead"),
        feature_row(
            Check::SinglePost,
            &written.single_post,
            "each blob takes one request more",
        ),
        feature_row(Check::Range, &written.range, "the whole blob is sent"),
        cleanup(written),
    ];
    rows.into_iter().chain(referrers).collect()
}

/// Returns the row about a feature. `without` tells the consequence if the registry lacks it.
fn feature_row(check: Check, outcome: &Outcome, without: &str) -> Row {
    match outcome {
        Outcome::Yes => Row::ok(check, "supported"),
        Outcome::No => Row::no(check, without),
        Outcome::Refused(error) => Row::no(check, reason(error)).hint_of(error),
        Outcome::Failed(error) => Row::unknown(check, reason(error)).hint_of(error),
        Outcome::NotTried => Row::skipped(check, "an earlier write failed"),
    }
}

fn cleanup(written: &WriteCheck) -> Row {
    let deleted = written.deleted;
    let Some(LeftBehind { error, .. }) = written.left_behind.first() else {
        return match deleted {
            0 => Row::ok(Check::Cleanup, "nothing was written"),
            _ => Row::ok(Check::Cleanup, format!("{deleted} of {deleted} deleted")),
        };
    };
    let names: Vec<&str> = written
        .left_behind
        .iter()
        .map(|left| left.name.as_str())
        .collect();
    let total = deleted + names.len();
    let detail = format!(
        "{deleted} of {total} deleted ({}); left behind: {}",
        reason(error),
        names.join(", ")
    );
    let has_manifest = written.left_behind.iter().any(|left| left.is_manifest);
    let hint = match has_manifest {
        true => "delete the manifests by the registry's own means; they have no tag",
        false => "the registry removes blobs that no manifest refers to when it collects garbage",
    };
    Row::warn(Check::Cleanup, detail).hint(hint)
}
