//! `attestations`: each attestation belongs to an image in the same list, and engines cannot take it for one.

use std::collections::HashMap;

use manifest_core::Descriptor;

use crate::verification::facts::Facts;
use crate::verification::finding::{CheckResult, Severity, Subject, quoted};

pub(super) fn check(facts: &Facts) -> CheckResult {
    let mut result = CheckResult::new("attestations", ("attestation", "attestations"));
    for list in facts.lists() {
        let children = &list.list.manifests;
        let by_digest: HashMap<&str, &Descriptor> = children
            .iter()
            .map(|child| (child.digest.as_str(), child))
            .collect();
        for child in children.iter().filter(|child| child.is_attestation()) {
            result.count += 1;
            let subject = Subject::manifest(child);
            if let Some(problem) = unpaired(child, &by_digest) {
                result.find(Severity::Warning, &subject, problem);
            }
            let platform = child.platform.as_ref();
            if let Some(platform) = platform.filter(|platform| platform.is_stated())
                && (platform.os != "unknown" || platform.architecture != "unknown")
            {
                let platform = quoted(&platform.to_string());
                let message = format!("the list says {platform}: engines may take it for an image");
                result.find(Severity::Error, &subject, message);
            }
        }
    }
    result
}

/// Describes an attestation without an image in its list.
fn unpaired(attestation: &Descriptor, list: &HashMap<&str, &Descriptor>) -> Option<String> {
    let Some(about) = attestation.attested_digest() else {
        return Some("it does not say which image it belongs to".to_owned());
    };
    match list.get(about) {
        None => Some(format!(
            "it belongs to {}, which is not in the list",
            quoted(about)
        )),
        Some(child) if child.is_attestation() => Some(format!(
            "it belongs to {}, which is an attestation",
            quoted(about)
        )),
        Some(_) => None,
    }
}
