//! The comparison of two lists.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::hash::Hash;

use manifest_core::{Descriptor, Digest, MediaType, Platform};

use super::side::ListContent;

/// The annotation with which an attestation names its image. It follows from the image's digest.
const REFERENCE_DIGEST: &str = "vnd.docker.reference.digest";

/// The differences between two lists.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Changes {
    /// The differences of the lists themselves.
    pub(super) list: Vec<FieldChange>,
    /// The differences of their entries: in the order of the second list, then those that only the first has.
    pub(super) entries: Vec<EntryChange>,
}

/// A property with two values. `None` is for a property that is not set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct FieldChange {
    pub(super) field: String,
    pub(super) from: Option<String>,
    pub(super) to: Option<String>,
}

/// The kind of a difference between entries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum EntryChangeKind {
    /// Only the second list has the entry.
    Added,
    /// Only the first list has the entry.
    Removed,
    /// Both have an entry for the platform, with different digests.
    Moved,
    /// Both have the digest, with different properties.
    Changed,
}

/// A difference between entries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct EntryChange {
    pub(super) kind: EntryChangeKind,
    /// The entry as people call it: a platform, or a kind.
    pub(super) name: String,
    pub(super) from: Option<Digest>,
    pub(super) to: Option<Digest>,
    /// The properties that differ, besides the digest.
    pub(super) fields: Vec<FieldChange>,
}

impl Changes {
    /// Compares two lists. A list that does not exist has no entries.
    pub(super) fn between(from: Option<&ListContent>, to: Option<&ListContent>) -> Self {
        let entries =
            |side: Option<&'_ ListContent>| side.map_or(Vec::new(), |side| side.entries.clone());
        let (old, new) = (entries(from), entries(to));
        let pairs = Pairs::of(&old, &new);
        let mut changes = Self {
            list: Vec::new(),
            entries: entry_changes(&old, &new, &pairs),
        };
        if let (Some(from), Some(to)) = (from, to) {
            changes.list = list_changes(from, to);
            if pairs.is_reordered() {
                changes.list.push(FieldChange {
                    field: "order".to_owned(),
                    from: Some(names(&old).join(", ")),
                    to: Some(names(&new).join(", ")),
                });
            }
            if changes.is_empty() && from.bytes != to.bytes {
                // The content is the same, but not its serialisation.
                changes.list.extend(field(
                    "digest",
                    Some(from.digest.as_str()),
                    Some(to.digest.as_str()),
                ));
            }
        }
        changes
    }

    /// Tells whether there are no differences.
    pub(super) fn is_empty(&self) -> bool {
        self.list.is_empty() && self.entries.is_empty()
    }
}

/// The entries of two lists, paired.
struct Pairs {
    /// The index in the first list for each entry of the second.
    old_of_new: Vec<Option<usize>>,
    /// Whether each entry of the first list is paired.
    is_paired: Vec<bool>,
}

impl Pairs {
    /// Pairs entries by digest and role, then by digest, then by role.
    fn of(old: &[Descriptor], new: &[Descriptor]) -> Self {
        let mut pairs = Self {
            old_of_new: vec![None; new.len()],
            is_paired: vec![false; old.len()],
        };
        let (old_roles, new_roles) = (roles(old), roles(new));
        pairs.pair_by(
            &old.iter()
                .map(|entry| &entry.digest)
                .zip(&old_roles)
                .collect::<Vec<_>>(),
            &new.iter()
                .map(|entry| &entry.digest)
                .zip(&new_roles)
                .collect::<Vec<_>>(),
        );
        pairs.pair_by(
            &old.iter().map(|entry| &entry.digest).collect::<Vec<_>>(),
            &new.iter().map(|entry| &entry.digest).collect::<Vec<_>>(),
        );
        pairs.pair_by(&old_roles, &new_roles);
        pairs
    }

    /// Pairs the entries with equal keys that have no pair yet, in their order.
    fn pair_by<K: Eq + Hash>(&mut self, old: &[K], new: &[K]) {
        let mut free: HashMap<&K, VecDeque<usize>> = HashMap::new();
        for (place, key) in old.iter().enumerate() {
            if !self.is_paired[place] {
                free.entry(key).or_default().push_back(place);
            }
        }
        for (place, key) in new.iter().enumerate() {
            if self.old_of_new[place].is_none()
                && let Some(found) = free.get_mut(key).and_then(VecDeque::pop_front)
            {
                self.old_of_new[place] = Some(found);
                self.is_paired[found] = true;
            }
        }
    }

    /// Tells whether the paired entries stand in another order.
    fn is_reordered(&self) -> bool {
        let places: Vec<usize> = self.old_of_new.iter().flatten().copied().collect();
        !places.is_sorted()
    }
}

/// The role of an entry in its list. Engines choose by it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Role {
    /// An image for a platform, in the form that engines compare.
    Image(String),
    /// An attestation of an image with that role.
    Attestation(String),
    /// Something else, by media type and artifact type.
    Other(String, Option<String>),
}

fn roles(list: &[Descriptor]) -> Vec<Role> {
    let platforms: HashMap<&str, String> = list
        .iter()
        .map(|entry| (entry.digest.as_str(), comparable_platform(entry)))
        .collect();
    let role = |entry: &Descriptor| {
        if entry.is_attestation() {
            let about = entry.attested_digest().unwrap_or_default();
            let platform = platforms.get(about).cloned();
            Role::Attestation(platform.unwrap_or_default())
        } else if entry.is_image() {
            Role::Image(comparable_platform(entry))
        } else {
            Role::Other(entry.media_type.clone(), entry.artifact_type.clone())
        }
    };
    list.iter().map(role).collect()
}

fn comparable_platform(entry: &Descriptor) -> String {
    let platform = entry.platform.as_ref();
    platform.map_or(String::new(), |platform| {
        format!("{:?}", platform.normalized())
    })
}

/// Returns the name of each entry for people.
fn names(list: &[Descriptor]) -> Vec<String> {
    let platform = |entry: &Descriptor| {
        let platform = entry.platform.as_ref();
        let stated = platform.filter(|platform| platform.is_stated());
        stated.map(Platform::to_string)
    };
    let platforms: HashMap<&str, Option<String>> = list
        .iter()
        .map(|entry| (entry.digest.as_str(), platform(entry)))
        .collect();
    let name = |entry: &Descriptor| {
        if entry.is_attestation() {
            let about = entry.attested_digest().unwrap_or_default();
            let image = platforms.get(about).and_then(Option::as_deref);
            let of = |platform| format!("attestation of {platform}");
            return image.map_or("attestation".to_owned(), of);
        }
        let kind = match MediaType::recognise(&entry.media_type) {
            Some(media_type) if media_type.is_list() => "list",
            _ => "manifest",
        };
        platform(entry).unwrap_or_else(|| kind.to_owned())
    };
    list.iter().map(name).collect()
}

fn entry_changes(old: &[Descriptor], new: &[Descriptor], pairs: &Pairs) -> Vec<EntryChange> {
    let (old_names, new_names) = (names(old), names(new));
    let changed = |(place, entry): (usize, &Descriptor)| {
        let before = pairs.old_of_new[place].map(|place| &old[place]);
        let fields = before.map_or(Vec::new(), |before| descriptor_changes(before, entry));
        let kind = match before {
            None => EntryChangeKind::Added,
            Some(before) if before.digest != entry.digest => EntryChangeKind::Moved,
            Some(_) if !fields.is_empty() => EntryChangeKind::Changed,
            Some(_) => return None,
        };
        Some(EntryChange {
            kind,
            name: new_names[place].clone(),
            from: before.map(|before| before.digest.clone()),
            to: Some(entry.digest.clone()),
            fields,
        })
    };
    let removed = (0..old.len()).filter(|&place| !pairs.is_paired[place]);
    let removed = removed.map(|place| EntryChange {
        kind: EntryChangeKind::Removed,
        name: old_names[place].clone(),
        from: Some(old[place].digest.clone()),
        to: None,
        fields: Vec::new(),
    });
    let changes = new.iter().enumerate().filter_map(changed);
    changes.chain(removed).collect()
}

/// Compares two descriptors. The digest is compared elsewhere, and the size follows from it.
fn descriptor_changes(old: &Descriptor, new: &Descriptor) -> Vec<FieldChange> {
    let mut changes = Vec::new();
    changes.extend(field(
        "mediaType",
        Some(&old.media_type),
        Some(&new.media_type),
    ));
    let has_moved = old.digest != new.digest;
    if !has_moved {
        let (old, new) = (old.size.to_string(), new.size.to_string());
        changes.extend(field("size", Some(&old), Some(&new)));
    }
    let (from, to) = (platform_text(old), platform_text(new));
    changes.extend(field("platform", from.as_deref(), to.as_deref()));
    let is_own = |key: &str| !(has_moved && key == REFERENCE_DIGEST);
    changes.extend(annotation_changes(
        &old.annotations,
        &new.annotations,
        is_own,
    ));
    let (from, to) = (old.artifact_type.as_deref(), new.artifact_type.as_deref());
    changes.extend(field("artifactType", from, to));
    let urls = |entry: &Descriptor| (!entry.urls.is_empty()).then(|| entry.urls.join(", "));
    changes.extend(field("urls", urls(old).as_deref(), urls(new).as_deref()));
    if !has_moved {
        changes.extend(field("data", old.data.as_deref(), new.data.as_deref()));
    }
    let extra = |entry: &Descriptor| {
        let is_empty = entry.extra.is_empty();
        (!is_empty).then(|| serde_json::to_string(&entry.extra).unwrap_or_default())
    };
    changes.extend(field(
        "other fields",
        extra(old).as_deref(),
        extra(new).as_deref(),
    ));
    changes
}

/// Returns all fields of a platform as text. An empty platform counts as none.
fn platform_text(entry: &Descriptor) -> Option<String> {
    let platform = entry.platform.as_ref()?;
    if *platform == Platform::default() {
        return None;
    }
    let mut text = platform.to_string();
    for features in [&platform.os_features, &platform.features] {
        if !features.is_empty() {
            text.push_str(&format!(" ({})", features.join(", ")));
        }
    }
    Some(text)
}

fn list_changes(from: &ListContent, to: &ListContent) -> Vec<FieldChange> {
    let mut changes = Vec::new();
    let (old, new) = (from.media_type.as_str(), to.media_type.as_str());
    changes.extend(field("mediaType", Some(old), Some(new)));
    let (old, new) = (from.artifact_type.as_deref(), to.artifact_type.as_deref());
    changes.extend(field("artifactType", old, new));
    let (old, new) = (from.subject.as_ref(), to.subject.as_ref());
    changes.extend(field(
        "subject",
        old.map(Digest::as_str),
        new.map(Digest::as_str),
    ));
    changes.extend(annotation_changes(
        &from.annotations,
        &to.annotations,
        |_| true,
    ));
    changes
}

fn annotation_changes(
    old: &BTreeMap<String, String>,
    new: &BTreeMap<String, String>,
    is_compared: impl Fn(&str) -> bool,
) -> Vec<FieldChange> {
    let keys: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    let keys = keys.into_iter().filter(|key| is_compared(key));
    let change = |key: &String| {
        let (old, new) = (old.get(key), new.get(key));
        let name = format!("annotations.{key}");
        field(&name, old.map(String::as_str), new.map(String::as_str))
    };
    keys.filter_map(change).collect()
}

fn field(name: &str, from: Option<&str>, to: Option<&str>) -> Option<FieldChange> {
    (from != to).then(|| FieldChange {
        field: name.to_owned(),
        from: from.map(str::to_owned),
        to: to.map(str::to_owned),
    })
}
