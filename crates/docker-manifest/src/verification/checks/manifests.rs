//! `manifests`: the registry has each child of the list, with the digest and the size that the list states.

use crate::verification::facts::Facts;
use crate::verification::finding::{CheckResult, Severity, Subject};

pub(super) fn check(facts: &Facts) -> CheckResult {
    let mut result = CheckResult::new("manifests", ("manifest", "manifests"));
    // The list itself was read.
    result.count = 1;
    for list in facts.lists() {
        if list.list.manifests.is_empty() {
            result.find(Severity::Error, &Subject::list(list), "the list is empty");
        }
    }
    for (_, child) in facts.children() {
        result.count += 1;
        let subject = Subject::manifest(child);
        if let Some(answer) = facts.others.get(&child.digest) {
            result.find_failure(&subject, answer);
        }
        let Some(answer) = facts.manifests.get(&child.digest) else {
            continue;
        };
        result.find_failure(&subject, answer);
        if let Some(received) = answer.present()
            && received.size != child.size
        {
            let (stated, size) = (child.size, received.size);
            let message = format!("the list says {stated} bytes, the registry has {size}");
            result.find(Severity::Error, &subject, message);
        }
    }
    result
}
