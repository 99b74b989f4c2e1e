//! Composing the draft of resolved sources.

use std::collections::BTreeSet;

use manifest_core::{Draft, Entry, Reference, Source};
use manifest_store::in_storage_order;

use super::options::{AssemblyOptions, ListOptions};
use super::resolve::Resolution;
use crate::compose::{self, source_of};
use crate::failure::{Failure, ListFailure};
use crate::preflight::{self, DuplicatesReport};

/// Composes the draft from the entries of `base` and the newly resolved ones. Returns it with the results of its checks.
///
/// # Errors
/// Fails if the options forbid it.
pub(crate) fn compose_draft(
    list: &Reference,
    base: Option<&Draft>,
    resolution: &Resolution,
    options: &AssemblyOptions,
) -> Result<(Draft, DuplicatesReport), Failure> {
    let mut draft = Draft {
        list: list.clone(),
        entries: in_storage_order(compose::merge(&resolution.resolved, base)),
        settings: base.map(|draft| draft.settings.clone()).unwrap_or_default(),
    };
    if options.refuses_copies {
        check_no_copy(&draft.entries, list)?;
    }
    options.list.apply(&mut draft, resolution)?;
    draft.settings.type_for(&draft.entries)?;
    let resolved = || resolution.resolved.iter();
    let mut warnings: Vec<String> = resolved()
        .flat_map(|source| source.warnings.clone())
        .collect();
    // An annotated entry may be meant to differ; `push` checks it.
    let is_new = |entry: &Entry| resolved().any(|source| source.source == source_of(entry));
    let children = draft.entries.iter().filter(|entry| entry.is_child());
    let children = children.filter(|entry| is_new(entry));
    warnings.extend(children.filter_map(preflight::platform_mismatch));
    warnings.extend(preflight::orphaned_attestations(&draft.entries));
    let mut report = match options.on_duplicate {
        Some(wanted) => preflight::resolve_duplicates(&mut draft, wanted, is_new)?,
        None => DuplicatesReport::default(),
    };
    warnings.append(&mut report.warnings);
    report.warnings = preflight::refuse_if_strict(options.is_strict, warnings)?;
    Ok((draft, report))
}

/// Refuses to draft a list that has an image for several platforms: `push --moved refresh` would lose all but one of them.
///
/// # Errors
/// Fails if there is such an image.
pub(crate) fn refuse_repeated(draft: &Draft) -> Result<(), Failure> {
    let mut seen: BTreeSet<Source> = BTreeSet::new();
    for entry in draft.entries.iter().filter(|entry| entry.is_image()) {
        let source = source_of(entry);
        let is_image = entry
            .origin
            .as_ref()
            .is_some_and(|origin| origin.digest == entry.descriptor.digest);
        if is_image && !seen.insert(source.clone()) {
            return Err(ListFailure::RepeatedInDraft {
                list: draft.list.clone().into(),
                image: source.into(),
            }
            .into());
        }
    }
    Ok(())
}

/// Refuses entries that a push to `target` would have to copy from another registry.
fn check_no_copy(entries: &[Entry], target: &Reference) -> Result<(), Failure> {
    let is_elsewhere = |entry: &&Entry| {
        let is_on_disk = matches!(entry.source(), Some(Source::Disk(_)));
        !is_on_disk && entry.reference.domain() != target.domain()
    };
    match entries.iter().find(is_elsewhere) {
        None => Ok(()),
        Some(entry) => Err(Failure::OtherRegistry {
            image: entry.reference.clone().into(),
            list: target.clone().into(),
        }),
    }
}

impl ListOptions {
    /// Applies the options to a draft. Properties without an option stay as they are.
    fn apply(&self, draft: &mut Draft, resolution: &Resolution) -> Result<(), Failure> {
        let settings = &mut draft.settings;
        if let Some(list_type) = self.list_type {
            settings.list_type = list_type;
        }
        if let Some(order) = self.order {
            settings.order = order;
        }
        if let Some(artifact_type) = &self.artifact_type {
            settings.artifact_type = Some(artifact_type.clone()).filter(|text| !text.is_empty());
        }
        if let Some(subject) = &resolution.subject {
            settings.subject = Some(subject.clone());
        }
        if self.copies_annotations {
            settings.annotations.extend(compose::common_annotations(
                &resolution.resolved,
                &resolution.kept_annotations,
            ));
        }
        compose::annotate(draft, &self.annotations)
    }
}
