//! Annotations of the list and of its images.

use std::collections::BTreeMap;

use manifest_core::Draft;

use crate::failure::Failure;
use crate::sources::Resolved;
use crate::values::{AnnotationFlag, AnnotationTarget};

/// Adds annotations to a draft's list and to its images.
///
/// # Errors
/// Fails if one is for images that the draft does not have.
pub(crate) fn annotate<'a>(
    draft: &mut Draft,
    annotations: impl IntoIterator<Item = &'a AnnotationFlag>,
) -> Result<(), Failure> {
    for AnnotationFlag { on, key, value } in annotations {
        let pair = (key.clone(), value.clone());
        match on {
            AnnotationTarget::Index | AnnotationTarget::Unsaid => {
                draft.settings.annotations.extend([pair]);
            }
            AnnotationTarget::Entry(wanted) => {
                let mut is_unused = true;
                for entry in draft.entries.iter_mut().filter(|entry| entry.is_image()) {
                    let platform = entry.descriptor.platform.clone().unwrap_or_default();
                    if wanted
                        .as_ref()
                        .is_none_or(|wanted| platform.satisfies(wanted))
                    {
                        entry.descriptor.annotations.extend([pair.clone()]);
                        is_unused = false;
                    }
                }
                if is_unused {
                    let missing = wanted.as_ref().map(ToString::to_string);
                    return Err(Failure::PlatformMissing {
                        list: draft.list.clone().into(),
                        missing: missing.unwrap_or_else(|| format!("entry:{key}")),
                    });
                }
            }
        }
    }
    Ok(())
}

/// Returns the annotations that all images have with the same value, those that stay in the draft (`kept`) included.
pub(crate) fn common_annotations(
    resolved: &[Resolved],
    kept: &[BTreeMap<String, String>],
) -> BTreeMap<String, String> {
    let resolved = resolved.iter().flat_map(|source| &source.annotations);
    let mut all = resolved.chain(kept);
    let mut common = all.next().cloned().unwrap_or_default();
    for annotations in all {
        common.retain(|key, value| annotations.get(key) == Some(value));
    }
    common
}
