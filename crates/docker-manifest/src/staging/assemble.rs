//! A draft from its parts, and the parts of a draft.

use std::collections::BTreeMap;

use manifest_core::{Draft, DraftDocument, Entry, ListSettings, Reference, Source};
use manifest_store::{Change, in_storage_order};

use super::part_key::{PartKey, SettingKey, setting_keys};
use crate::compose::{self, source_of};
use crate::sources::Resolved;

/// The parts of a draft by their keys.
pub(super) type Parts = BTreeMap<PartKey, DraftDocument>;

/// Puts a draft together. The result does not depend on the order in which the parts were written: sources are sorted by name.
pub(super) fn draft(list: &Reference, parts: &Parts) -> Draft {
    let mut settings = ListSettings::default();
    let mut sources: Vec<Resolved> = Vec::new();
    for (key, document) in parts {
        match key {
            PartKey::Setting(_) => add_setting(&mut settings, &document.settings),
            PartKey::Source(source) => sources.push(Resolved {
                source: source.clone(),
                entries: in_given_order(&document.entries),
                annotations: Vec::new(),
                warnings: Vec::new(),
                is_list: document.entries.iter().any(Entry::is_child),
            }),
        }
    }
    Draft {
        list: list.clone(),
        entries: in_storage_order(compose::merge(&sources, None)),
        settings,
    }
}

/// Returns the parts of a draft.
pub(super) fn parts(draft: &Draft, changed_at: u64) -> Parts {
    let document = || DraftDocument {
        list: draft.list.clone(),
        settings: ListSettings::default(),
        entries: Vec::new(),
        changed_at: Some(changed_at),
    };
    let mut parts = Parts::new();
    for key in setting_keys(&draft.settings) {
        let part = parts
            .entry(PartKey::Setting(key.clone()))
            .or_insert_with(document);
        part.settings = one_setting(&draft.settings, key);
    }
    let mut entries: Vec<&Entry> = draft.entries.iter().collect();
    entries.sort_by_key(|entry| entry.position.unwrap_or(u64::MAX));
    for entry in entries {
        let part = parts
            .entry(PartKey::Source(source_of(entry)))
            .or_insert_with(document);
        let position = part.entries.len() as u64;
        part.entries.push(Entry {
            position: Some(position),
            ..entry.clone()
        });
    }
    parts
}

/// Returns the draft after a change of it.
pub(super) fn changed(existing: Option<&Draft>, list: &Reference, change: Change) -> Draft {
    let mut draft = match existing {
        Some(existing) => existing.clone(),
        None => Draft::new(list.clone(), Vec::new()),
    };
    match change.replaces_all {
        true => draft.entries.clear(),
        false => draft
            .entries
            .retain(|entry| !change.remove.contains(&entry.reference)),
    }
    let mut next = draft
        .entries
        .iter()
        .filter_map(|entry| entry.position)
        .max();
    for mut entry in change.put {
        let mut existing = draft.entries.iter_mut();
        match existing.find(|other| other.reference == entry.reference) {
            Some(other) => {
                entry.position = other.position;
                *other = entry;
            }
            None => {
                next = Some(next.map_or(0, |last| last + 1));
                entry.position = next;
                draft.entries.push(entry);
            }
        }
    }
    for entry in &mut draft.entries {
        let place = change
            .order
            .iter()
            .position(|name| *name == entry.reference);
        if let Some(place) = place {
            entry.position = Some(place as u64);
        }
    }
    if let Some(settings) = change.settings {
        draft.settings = settings;
    }
    draft
}

/// Returns the first source that is on this machine.
pub(super) fn local_source(parts: &Parts) -> Option<&str> {
    parts.keys().find_map(|key| match key {
        PartKey::Source(Source::Disk(location)) => Some(location.as_str()),
        _ => None,
    })
}

/// Tells whether two parts say the same, whenever they were written.
pub(super) fn is_same(one: &DraftDocument, other: &DraftDocument) -> bool {
    one.settings == other.settings && in_given_order(&one.entries) == in_given_order(&other.entries)
}

/// Returns entries in the order of their positions, and without them.
fn in_given_order(entries: &[Entry]) -> Vec<Entry> {
    let mut entries = entries.to_vec();
    entries.sort_by_key(|entry| entry.position);
    for entry in &mut entries {
        entry.position = None;
    }
    entries
}

fn one_setting(settings: &ListSettings, key: SettingKey) -> ListSettings {
    let mut one = ListSettings::default();
    match key {
        SettingKey::Type => one.list_type = settings.list_type,
        SettingKey::Order => one.order = settings.order,
        SettingKey::ArtifactType => one.artifact_type.clone_from(&settings.artifact_type),
        SettingKey::Subject => one.subject.clone_from(&settings.subject),
        SettingKey::Annotation(key) => {
            let value = settings.annotations.get(&key).cloned();
            one.annotations.extend(value.map(|value| (key, value)));
        }
    }
    one
}

fn add_setting(settings: &mut ListSettings, one: &ListSettings) {
    for key in setting_keys(one) {
        match key {
            SettingKey::Type => settings.list_type = one.list_type,
            SettingKey::Order => settings.order = one.order,
            SettingKey::ArtifactType => settings.artifact_type.clone_from(&one.artifact_type),
            SettingKey::Subject => settings.subject.clone_from(&one.subject),
            SettingKey::Annotation(key) => {
                let value = one.annotations.get(&key).cloned();
                settings.annotations.extend(value.map(|value| (key, value)));
            }
        }
    }
}

#[cfg(test)]
mod tests;
