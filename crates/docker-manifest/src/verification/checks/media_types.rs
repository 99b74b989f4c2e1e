//! `media-types`: the list and the registry agree on the media type of each child, and the list does not mix Docker and OCI.

use manifest_core::MediaType;
use manifest_core::manifest::ImageManifest;

use crate::verification::facts::{Facts, ListFacts};
use crate::verification::finding::{CheckResult, Severity, Subject, quoted};

pub(super) fn check(facts: &Facts) -> CheckResult {
    let mut result = CheckResult::new("media-types", ("manifest", "manifests"));
    result.count = 1;
    for image in facts.images() {
        if image.descriptor.is_none() && !image.image.is_image() {
            let message = format!(
                "it is an artifact of type {}, not an image: no engine runs it",
                quoted(artifact_type(image.image))
            );
            result.find(Severity::Warning, &Subject::named("manifest"), message);
        }
    }
    for list in facts.lists() {
        for child in &list.list.manifests {
            result.count += 1;
            let stated = MediaType::recognise(&child.media_type);
            let subject = Subject::manifest(child);
            if stated.is_none() {
                let media_type = quoted(&child.media_type);
                let message = format!("engines skip the media type {media_type:?}");
                result.find(Severity::Warning, &subject, message);
            } else if let Some(received) = facts.received(child)
                && stated != Some(received.media_type)
            {
                let (stated, sent) = (quoted(&child.media_type), received.media_type);
                let message = format!("the list says {stated}, the registry sends {sent}");
                result.find(Severity::Error, &subject, message);
            }
        }
        if let Some(message) = mixed(list) {
            result.find(Severity::Warning, &Subject::list(list), message);
        }
    }
    result
}

fn artifact_type(image: &ImageManifest) -> &str {
    let stated = image
        .artifact_type
        .as_deref()
        .filter(|text| !text.is_empty());
    stated.unwrap_or(&image.config.media_type)
}

/// Describes a list that has children of the other family.
fn mixed(list: ListFacts<'_>) -> Option<String> {
    let is_oci = list.received.media_type.is_oci();
    let children = &list.list.manifests;
    let known = children
        .iter()
        .filter_map(|child| MediaType::recognise(&child.media_type));
    let others = known
        .filter(|media_type| media_type.is_oci() != is_oci)
        .count();
    let (kind, other) = match is_oci {
        true => ("an OCI image index", "Docker's"),
        false => ("a Docker manifest list", "OCI's"),
    };
    let total = children.len();
    (others > 0).then(|| {
        format!("it is {kind}, and {others} of its {total} manifests are {other}: some registries refuse a mixed list")
    })
}
