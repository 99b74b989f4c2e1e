//! `configs`: the registry has the configuration of each image, with the digest and the size that the manifest states.

use std::collections::HashSet;

use manifest_core::limits::CONFIG_BYTES;

use crate::byte_size::byte_size;
use crate::verification::checks::blobs;
use crate::verification::facts::Facts;
use crate::verification::finding::{CheckResult, Severity, Subject};

pub(super) fn check(facts: &Facts) -> CheckResult {
    let mut result = CheckResult::new("configs", ("configuration", "configurations"));
    let mut seen = HashSet::new();
    for image in facts.images() {
        let config = &image.image.config;
        if !image.is_runnable() || !seen.insert(&config.digest) {
            continue;
        }
        result.count += 1;
        let subject = Subject::blob(image.descriptor, "config", &config.digest);
        if let Some(answer) = facts.configs.get(&config.digest) {
            result.find_failure(&subject, answer);
        }
        if let Some(answer) = facts.blobs.get(&config.digest) {
            blobs::check_size(&mut result, &subject, config, answer);
            if config.size > CONFIG_BYTES as u64 && answer.present().is_some() {
                let message = format!(
                    "it has {}, over the limit of {}: its platform was not compared",
                    byte_size(config.size),
                    byte_size(CONFIG_BYTES as u64)
                );
                result.find(Severity::Warning, &subject, message);
            }
        }
    }
    result
}
