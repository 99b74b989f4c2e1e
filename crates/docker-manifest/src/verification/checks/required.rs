//! `required`: the list has an image for each platform of `--require`.

use manifest_core::Platform;

use crate::preflight::missing_platforms;
use crate::verification::facts::Facts;
use crate::verification::finding::{CheckResult, Severity, Subject};

pub(super) fn check(facts: &Facts, required: &[Platform]) -> CheckResult {
    let mut result = CheckResult::new("required", ("platform", "platforms"));
    result.count = required.len();
    let listed = facts.children().into_iter().map(|(_, child)| child);
    let own = own_platform(facts);
    for platform in missing_platforms(listed, required) {
        if own.is_none_or(|own| !own.satisfies(platform)) {
            let subject = Subject::named(platform.to_string());
            result.find(Severity::Error, &subject, "no image is for it");
        }
    }
    result
}

/// Returns the platform of a single image, which is not in a list.
fn own_platform(facts: &Facts) -> Option<&Platform> {
    let images = facts.images();
    let image = images.iter().find(|image| image.descriptor.is_none())?;
    facts.configs.get(&image.image.config.digest)?.present()
}
