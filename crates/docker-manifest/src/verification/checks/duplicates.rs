//! `duplicates`: no two images of a list are for one platform, and no image is listed for two.

use std::collections::HashMap;

use manifest_core::Descriptor;
use manifest_core::duplicates::{Duplicate, duplicates};

use crate::verification::facts::Facts;
use crate::verification::finding::{CheckResult, Severity, Subject, quoted};

pub(super) fn check(facts: &Facts) -> CheckResult {
    let mut result = CheckResult::new("duplicates", ("image", "images"));
    for list in facts.lists() {
        let children = &list.list.manifests;
        let images: Vec<&Descriptor> = children.iter().filter(|child| child.is_image()).collect();
        result.count += images.len();
        for Duplicate { first, second } in duplicates(images.iter().copied()) {
            let (first, second) = (images[first], images[second]);
            let message = if first.digest == second.digest {
                "it is listed twice".to_owned()
            } else {
                format!(
                    "{} is for the same platform: most clients only see that",
                    first.digest
                )
            };
            result.find(Severity::Error, &Subject::manifest(second), message);
        }
        let mut by_digest: HashMap<&str, &Descriptor> = HashMap::new();
        for image in images {
            let other = *by_digest.entry(image.digest.as_str()).or_insert(image);
            if let (Some(one), Some(two)) = (&other.platform, &image.platform)
                && one.normalized() != two.normalized()
            {
                let message = format!("it is listed for {} too", quoted(&one.to_string()));
                result.find(Severity::Warning, &Subject::manifest(image), message);
            }
        }
    }
    result
}
