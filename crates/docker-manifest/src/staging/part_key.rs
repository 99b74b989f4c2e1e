//! The names of parts, and their tags.

use manifest_core::reference::Repository;
use manifest_core::{Digest, DraftDocument, ListSettings, Reference, Source};

use crate::compose::source_of;

/// The beginning of the tag of each part.
const PREFIX: &str = "docker-manifest-draft-";

/// The number of hexadecimal digits of each hash in a tag. 160 bits are free of collisions, and two of them fit into the 128 characters
/// of a tag.
const HASH_CHARS: usize = 40;

/// The name of a part within its draft.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum PartKey {
    /// The entries of a source.
    Source(Source),
    /// One setting of the list.
    Setting(SettingKey),
}

/// The name of a setting.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum SettingKey {
    Type,
    Order,
    ArtifactType,
    Subject,
    /// The annotation with this key.
    Annotation(String),
}

impl PartKey {
    /// Returns the key of a part, or `None` if the document is not one part: the entries of one source, or one setting.
    pub(super) fn of(document: &DraftDocument) -> Option<Self> {
        let mut settings = setting_keys(&document.settings).into_iter();
        let mut sources = document.entries.iter().map(source_of);
        match (settings.next(), sources.next()) {
            (Some(setting), None) if settings.next().is_none() => Some(Self::Setting(setting)),
            (None, Some(source)) if sources.all(|other| other == source) => {
                Some(Self::Source(source))
            }
            _ => None,
        }
    }

    /// Returns the tag of this part of a list's draft.
    ///
    /// # Panics
    /// Never: the text follows the grammar of tags.
    pub(super) fn tag(&self, repository: &Repository, list: &Reference) -> Reference {
        let name = match self {
            Self::Source(Source::Registry(reference)) => format!("source\n{reference}"),
            Self::Source(Source::Disk(location)) => format!("location\n{location}"),
            Self::Setting(SettingKey::Type) => "setting\ntype".to_owned(),
            Self::Setting(SettingKey::Order) => "setting\norder".to_owned(),
            Self::Setting(SettingKey::ArtifactType) => "setting\nartifactType".to_owned(),
            Self::Setting(SettingKey::Subject) => "setting\nsubject".to_owned(),
            Self::Setting(SettingKey::Annotation(key)) => format!("annotation\n{key}"),
        };
        let tag = format!("{}{}", list_prefix(list), hash(&name));
        repository.tagged(&tag).expect("it follows the grammar")
    }
}

/// Returns the names of all settings that have not their defaults.
pub(super) fn setting_keys(settings: &ListSettings) -> Vec<SettingKey> {
    let ListSettings {
        list_type,
        format: _,
        order,
        annotations,
        artifact_type,
        subject,
        observed_tag: _,
    } = settings;
    let single = [
        (list_type.is_some(), SettingKey::Type),
        (*order != ListSettings::default().order, SettingKey::Order),
        (artifact_type.is_some(), SettingKey::ArtifactType),
        (subject.is_some(), SettingKey::Subject),
    ];
    let single = single.into_iter().filter(|(is_set, _)| *is_set);
    let annotations = annotations.keys().cloned().map(SettingKey::Annotation);
    single.map(|(_, key)| key).chain(annotations).collect()
}

/// Returns the beginning of the tags of a list's parts, which no other list has.
pub(super) fn list_prefix(list: &Reference) -> String {
    format!("{PREFIX}{}-", hash(&list.to_string()))
}

/// Returns the beginning of a tag that its list determines, or `None` if it is not the tag of a part.
pub(super) fn prefix_of(tag: &str) -> Option<&str> {
    let rest = tag.strip_prefix(PREFIX)?;
    let (list, part) = rest.split_once('-')?;
    let is_hash = |text: &str| {
        text.len() == HASH_CHARS && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
    };
    (is_hash(list) && is_hash(part)).then(|| &tag[..tag.len() - HASH_CHARS])
}

fn hash(text: &str) -> String {
    let digest = Digest::sha256(text.as_bytes());
    digest.hex()[..HASH_CHARS].to_owned()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn reference(text: &str) -> Reference {
        Reference::parse(text).unwrap()
    }

    #[test]
    fn each_part_has_a_tag_of_its_own() {
        let stage = reference("q.io/stage");
        let keys = [
            PartKey::Source(Source::Registry(reference("q.io/app:type"))),
            PartKey::Source(Source::Registry(reference("q.io/app-type:1"))),
            PartKey::Source(Source::Disk("q.io/app:type".into())),
            PartKey::Setting(SettingKey::Type),
            PartKey::Setting(SettingKey::Order),
            PartKey::Setting(SettingKey::ArtifactType),
            PartKey::Setting(SettingKey::Subject),
            PartKey::Setting(SettingKey::Annotation("type".into())),
            PartKey::Setting(SettingKey::Annotation("order".into())),
        ];
        let long = format!("q.io/{}:{}", "a".repeat(200), "t".repeat(128));
        let lists = [
            reference("q.io/app:1"),
            reference("q.io/app-1"),
            reference(&long),
        ];
        let mut tags = BTreeSet::new();
        for list in &lists {
            for key in &keys {
                let tag = key.tag(stage.repository(), list);
                let name = tag.tag().unwrap();
                assert!(name.len() <= 128, "{name}");
                assert_eq!(prefix_of(name), Some(list_prefix(list).as_str()));
                assert!(tags.insert(tag));
            }
        }
    }

    #[test]
    fn other_tags_are_no_parts() {
        let part = format!("{PREFIX}{0}-{0}", "a".repeat(HASH_CHARS));
        assert!(prefix_of(&part).is_some());
        for other in [
            "latest",
            PREFIX,
            &format!("{part}b"),
            &part.replace('a', "A"),
            &part[1..],
            &format!("x{part}"),
        ] {
            assert_eq!(prefix_of(other), None, "{other}");
        }
    }
}
