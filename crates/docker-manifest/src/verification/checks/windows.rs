//! `windows`: a Windows host can tell which image of the list is for its build.

use std::collections::HashMap;

use manifest_core::{Descriptor, Platform};

use crate::verification::facts::Facts;
use crate::verification::finding::{CheckResult, Severity, Subject, quoted};

/// The number of parts of a version that make up a build: `10.0.20348` of `10.0.20348.2113`. Hosts compare no more than these.
const BUILD_PARTS: usize = 3;

pub(super) fn check(facts: &Facts) -> CheckResult {
    let mut result = CheckResult::new("windows", ("Windows image", "Windows images"));
    for list in facts.lists() {
        // The image that is first for an architecture and build.
        let mut seen: HashMap<(&str, &str, &str), (&Descriptor, &Platform)> = HashMap::new();
        let children = list.list.manifests.iter().filter(|child| child.is_image());
        for child in children {
            let Some(platform) = child
                .platform
                .as_ref()
                .filter(|platform| platform.os == "windows")
            else {
                continue;
            };
            result.count += 1;
            let build = build_of(&platform.os_version);
            let key = (
                platform.architecture.as_str(),
                platform.variant.as_str(),
                build,
            );
            let (first, other) = *seen.entry(key).or_insert((child, platform));
            let is_same = other.normalized() == platform.normalized();
            if first == child || (is_same && !build.is_empty()) {
                // Equal versions are for the check of duplicate platforms.
                continue;
            }
            let message = if build.is_empty() {
                format!(
                    "it has no os.version, like {}: hosts cannot tell which of them they can run",
                    first.digest
                )
            } else {
                format!(
                    "os.version {} and {} are one build: hosts take either",
                    quoted(&other.os_version),
                    quoted(&platform.os_version)
                )
            };
            result.find(Severity::Warning, &Subject::manifest(child), message);
        }
    }
    result
}

fn build_of(version: &str) -> &str {
    match version.match_indices('.').nth(BUILD_PARTS - 1) {
        Some((end, _)) => &version[..end],
        None => version,
    }
}
