//! Joining two drafts of one list.

use manifest_core::{Draft, Entry, ListSettings, Source};
use manifest_store::in_storage_order;

use super::merge::source_of;

/// Returns `existing` with the entries and settings of `added`. Sources that both have are those of `added`; so are settings.
pub(crate) fn join(existing: &Draft, added: Draft) -> Draft {
    let by_position = |entries: &mut Vec<Entry>| {
        entries.sort_by_key(|entry| entry.position.unwrap_or(u64::MAX));
    };
    let sources: Vec<Source> = added.entries.iter().map(source_of).collect();
    let is_kept = |entry: &&Entry| {
        let is_same = |other: &Entry| other.reference == entry.reference;
        !sources.contains(&source_of(entry)) && !added.entries.iter().any(is_same)
    };
    let mut entries: Vec<Entry> = existing.entries.iter().filter(is_kept).cloned().collect();
    by_position(&mut entries);
    let mut new = added.entries;
    by_position(&mut new);
    entries.extend(new);
    let ListSettings {
        list_type,
        format: _,
        order,
        annotations,
        artifact_type,
        subject,
        observed_tag,
    } = added.settings;
    let mut settings = existing.settings.clone();
    settings.list_type = list_type.or(settings.list_type);
    if order != ListSettings::default().order {
        settings.order = order;
    }
    settings.annotations.extend(annotations);
    settings.artifact_type = artifact_type.or(settings.artifact_type);
    settings.subject = subject.or(settings.subject);
    settings.observed_tag = settings.observed_tag.or(observed_tag);
    Draft {
        list: existing.list.clone(),
        entries: in_storage_order(entries),
        settings,
    }
}
