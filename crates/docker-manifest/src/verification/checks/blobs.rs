//! `blobs`: the registry has each layer, with the size that the manifest states. Only with `--deep`.

use std::collections::HashSet;

use manifest_core::Descriptor;
use manifest_registry::BlobState;

use crate::verification::facts::{Answer, Facts};
use crate::verification::finding::{CheckResult, Severity, Subject};

pub(super) fn check(facts: &Facts) -> CheckResult {
    let mut result = CheckResult::new("blobs", ("blob", "blobs"));
    let mut seen = HashSet::new();
    for image in facts.images() {
        let config = &image.image.config;
        for blob in image.image.blobs() {
            let is_config = blob.digest == config.digest;
            if (is_config && image.is_runnable()) || !seen.insert((&blob.digest, blob.size)) {
                continue;
            }
            // Foreign layers were not asked for, nor anything without `--deep`.
            if let Some(answer) = facts.blobs.get(&blob.digest) {
                result.count += 1;
                let kind = if is_config { "config" } else { "layer" };
                let subject = Subject::blob(image.descriptor, kind, &blob.digest);
                check_size(&mut result, &subject, blob, answer);
            }
        }
    }
    result
}

/// Checks that a blob exists with the size of its descriptor.
pub(super) fn check_size(
    result: &mut CheckResult,
    subject: &Subject,
    blob: &Descriptor,
    answer: &Answer<BlobState>,
) {
    result.find_failure(subject, answer);
    if let Some(BlobState::Present { size: Some(size) }) = answer.present()
        && *size != blob.size
    {
        let stated = blob.size;
        let message = format!("the manifest says {stated} bytes, the registry has {size}");
        result.find(Severity::Error, subject, message);
    }
}
