//! The settings of a list: its own properties, its media type, and its order.

use std::collections::BTreeMap;

use crate::descriptor::Descriptor;
use crate::digest::Digest;
use crate::entry::Entry;
use crate::media_type::MediaType;
use crate::platform::Platform;

/// The properties of a list beside its entries.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ListSettings {
    /// The media type to publish. `None` means that the entries decide.
    pub list_type: Option<ListType>,
    /// The order of the entries.
    pub order: Order,
    /// The layout of the list's JSON. Drafts on disk do not record it: only lists that are published at once have another than
    /// Docker's.
    pub format: ListFormat,
    /// Annotations on the list.
    pub annotations: BTreeMap<String, String>,
    /// The artifact type of the list.
    pub artifact_type: Option<String>,
    /// The manifest that the list refers to.
    pub subject: Option<Descriptor>,
    /// The state of the list's tag when the draft was created, or when it was last pushed from this draft. `None` if unknown.
    pub observed_tag: Option<TagState>,
}

/// The state of a tag.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TagState {
    /// The tag does not exist.
    Absent,
    /// The tag points to a manifest with this digest.
    At(Digest),
}

/// The two media types of a published list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ListType {
    /// A Docker manifest list.
    Docker,
    /// An OCI image index.
    Oci,
}

/// The layout of a published list's JSON, on which its digest depends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ListFormat {
    /// The layout of Docker's `manifest push`.
    #[default]
    Docker,
    /// The layout of `manifest-tool`. A Docker manifest list of this format holds any entry: OCI manifests, and annotations on entries.
    ManifestTool,
}

/// The order of a published list's entries.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    /// Docker's order: by the references of the entries, spelt as file names. The children of a list stay together, in its order.
    #[default]
    Name,
    /// The order of the arguments of `create`.
    Given,
    /// By platform, attestations after their image.
    Platform,
}

/// The draft has something that a Docker manifest list cannot hold.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a Docker manifest list cannot carry {what}")]
pub struct NeedsOciIndex {
    /// The property, and the entry that has it.
    pub what: String,
}

impl ListType {
    /// Returns the media type of such a list.
    #[must_use]
    pub fn media_type(self) -> MediaType {
        match self {
            Self::Docker => MediaType::DockerManifestList,
            Self::Oci => MediaType::OciIndex,
        }
    }
}

impl ListSettings {
    /// Chooses the media type by the content: an OCI child, or any property that only an OCI index has, makes an OCI index;
    /// otherwise it is a Docker list.
    ///
    /// # Errors
    /// Returns an error if the type is set to a Docker list, which cannot hold the content.
    pub fn type_for(&self, entries: &[Entry]) -> Result<ListType, NeedsOciIndex> {
        let what = self.needs_oci(entries);
        match (self.list_type, what) {
            (Some(ListType::Docker), Some(what)) => Err(NeedsOciIndex { what }),
            (Some(chosen), _) => Ok(chosen),
            (None, Some(_)) => Ok(ListType::Oci),
            (None, None) => Ok(ListType::Docker),
        }
    }

    /// Returns a property that only an OCI index can hold.
    fn needs_oci(&self, entries: &[Entry]) -> Option<String> {
        let of_list = [
            (!self.annotations.is_empty(), "annotations"),
            (self.artifact_type.is_some(), "an artifact type"),
            (self.subject.is_some(), "a subject"),
        ];
        if let Some((_, what)) = of_list.into_iter().find(|(is_there, _)| *is_there) {
            return Some(what.to_owned());
        }
        if self.format == ListFormat::ManifestTool {
            return None;
        }
        entries.iter().find_map(|entry| {
            let Descriptor {
                annotations,
                artifact_type,
                data,
                ..
            } = &entry.descriptor;
            let what = if entry.media_type().is_some_and(MediaType::is_oci) {
                "the OCI manifest"
            } else if !annotations.is_empty() {
                "annotations on"
            } else if artifact_type.is_some() {
                "an artifact type of"
            } else if data.is_some() {
                "embedded data of"
            } else {
                return None;
            };
            Some(format!("{what} {}", entry.reference))
        })
    }
}

/// Returns the entries in the minority format if a list mixes Docker and OCI manifests, which some registries refuse. Returns
/// nothing if all have one format.
#[must_use]
pub fn minority_format_entries(entries: &[Entry]) -> Vec<&Entry> {
    let images = entries.iter().filter(|entry| entry.media_type().is_some());
    let (oci, docker): (Vec<&Entry>, Vec<&Entry>) =
        images.partition(|entry| entry.media_type().is_some_and(MediaType::is_oci));
    let odd = if oci.len() < docker.len() {
        &oci
    } else {
        &docker
    };
    let both = !oci.is_empty() && !docker.is_empty();
    odd.iter().filter(|_| both).copied().collect()
}

impl Order {
    /// Returns the entries in this order. `entries` is in Docker's order.
    #[must_use]
    pub fn sorted(self, entries: &[Entry]) -> Vec<&Entry> {
        let mut sorted: Vec<&Entry> = entries.iter().collect();
        match self {
            Self::Name => {}
            Self::Given => sorted.sort_by_key(|entry| entry.position.unwrap_or(u64::MAX)),
            Self::Platform => {
                let place = |entry: &Entry| {
                    let subject = entry.descriptor.attested_digest().and_then(|about| {
                        let is_it = |other: &&Entry| other.descriptor.digest.as_str() == about;
                        entries.iter().find(is_it)
                    });
                    let image = subject.unwrap_or(entry);
                    let platform = image.descriptor.platform.clone().unwrap_or_default();
                    let Platform {
                        os,
                        architecture,
                        variant,
                        os_version,
                        ..
                    } = platform;
                    let key = (os, architecture, variant, os_version);
                    (key, image.descriptor.digest.to_string(), subject.is_some())
                };
                sorted.sort_by_cached_key(|entry| place(entry));
            }
        }
        sorted
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::draft::Draft;
    use crate::entry::Origin;
    use crate::list::PublishedList;
    use crate::media_type::{DOCKER_MANIFEST, OCI_MANIFEST};
    use crate::reference::Reference;

    fn entry(media_type: &str, hex: char, platform: &str) -> Entry {
        let digest: crate::Digest = format!("sha256:{}", hex.to_string().repeat(64))
            .parse()
            .unwrap();
        let mut descriptor = Descriptor::new(media_type, digest, 7);
        let named = crate::NamedPlatform::parse_any(platform).unwrap();
        descriptor.platform = Some(named.platform);
        Entry {
            reference: Reference::parse(&format!("localhost:5000/app:{hex}")).unwrap(),
            descriptor,
            raw: None,
            shown: None,
            origin: None,
            position: None,
        }
    }

    fn draft(types: &[&str]) -> Draft {
        let entries = types
            .iter()
            .zip('a'..)
            .map(|(t, hex)| entry(t, hex, "linux/amd64"));
        Draft::new(
            Reference::parse("localhost:5000/list").unwrap(),
            entries.collect(),
        )
    }

    #[test]
    fn one_oci_child_makes_an_index() {
        use MediaType::{DockerManifestList, OciIndex};
        for (types, expected, odd) in [
            (
                &[DOCKER_MANIFEST, DOCKER_MANIFEST][..],
                DockerManifestList,
                &[][..],
            ),
            (
                &[DOCKER_MANIFEST, OCI_MANIFEST, DOCKER_MANIFEST],
                OciIndex,
                &["b"],
            ),
            (
                &[OCI_MANIFEST, DOCKER_MANIFEST, OCI_MANIFEST],
                OciIndex,
                &["b"],
            ),
            (&[OCI_MANIFEST], OciIndex, &[]),
            (&[], DockerManifestList, &[]),
        ] {
            let draft = draft(types);
            let list = PublishedList::from_draft(&draft).unwrap();
            assert_eq!(list.media_type, expected);
            let found: Vec<_> = minority_format_entries(&draft.entries)
                .iter()
                .filter_map(|entry| entry.reference.tag())
                .collect();
            assert_eq!(found, odd);
        }
    }

    #[test]
    fn properties_of_an_index_make_an_index_or_an_error() {
        let text = || Some("t/t".to_owned());
        let map = || BTreeMap::from([("k".to_owned(), "v".to_owned())]);
        type Change = fn(&mut Draft);
        let changes: [(Change, &str); 6] = [
            (
                |draft| {
                    draft
                        .settings
                        .annotations
                        .extend([("k".into(), "v".into())]);
                },
                "annotations",
            ),
            (
                |draft| draft.settings.artifact_type = Some("t/t".into()),
                "an artifact type",
            ),
            (
                |draft| draft.settings.subject = Some(draft.entries[0].descriptor.clone()),
                "a subject",
            ),
            (
                |draft| draft.entries[0].descriptor.media_type = OCI_MANIFEST.into(),
                "the OCI manifest localhost:5000/app:a",
            ),
            (
                |draft| draft.entries[0].descriptor.data = Some("e30=".into()),
                "embedded data of localhost:5000/app:a",
            ),
            (
                |draft| {
                    draft.entries[0]
                        .descriptor
                        .annotations
                        .extend([("k".into(), "v".into())]);
                },
                "annotations on localhost:5000/app:a",
            ),
        ];
        for (change, what) in changes {
            let mut draft = draft(&[DOCKER_MANIFEST]);
            change(&mut draft);
            let list = PublishedList::from_draft(&draft).unwrap();
            assert_eq!(list.media_type, MediaType::OciIndex, "{what}");
            draft.settings.list_type = Some(ListType::Docker);
            let error = PublishedList::from_draft(&draft).unwrap_err().to_string();
            assert_eq!(error, format!("a Docker manifest list cannot carry {what}"));
        }
        let mut draft = draft(&[DOCKER_MANIFEST]);
        draft.settings = ListSettings {
            list_type: Some(ListType::Oci),
            annotations: map(),
            artifact_type: text(),
            subject: Some(Descriptor::new(
                "m",
                draft.entries[0].descriptor.digest.clone(),
                1,
            )),
            ..ListSettings::default()
        };
        let bytes = String::from_utf8(PublishedList::from_draft(&draft).unwrap().bytes).unwrap();
        let places = [
            "schemaVersion",
            "mediaType",
            "artifactType",
            "manifests",
            "subject",
            "\"k\": \"v\"",
        ]
        .map(|key| bytes.find(key).unwrap());
        assert!(places.is_sorted(), "{bytes}");
    }

    #[test]
    fn orders() {
        let mut entries = vec![
            entry(OCI_MANIFEST, 'a', "unknown/unknown"),
            entry(OCI_MANIFEST, 'b', "linux/arm64"),
            entry(OCI_MANIFEST, 'c', "linux/amd64"),
        ];
        let image = entries[2].descriptor.digest.to_string();
        let annotations = &mut entries[0].descriptor.annotations;
        annotations.insert("vnd.docker.reference.digest".into(), image);
        for (entry, position) in entries.iter_mut().zip([7, 0, 3]) {
            entry.position = Some(position);
        }
        for (order, expected) in [
            (Order::Name, "abc"),
            (Order::Given, "bca"),
            (Order::Platform, "cab"),
        ] {
            let sorted = order.sorted(&entries);
            let tags: String = sorted
                .iter()
                .filter_map(|entry| entry.reference.tag())
                .collect();
            assert_eq!(tags, expected, "{order:?}");
        }
    }

    #[test]
    fn a_child_of_an_index_keeps_its_descriptor() {
        let json = format!(
            r#"{{"mediaType":"{OCI_MANIFEST}","digest":"sha256:{}","size":3,"annotations":{{"k":"v"}},"data":"e30=","artifactType":"t/t","x":[1.0]}}"#,
            "d".repeat(64)
        );
        let mut child = entry(OCI_MANIFEST, 'd', "linux/amd64");
        child.descriptor = Descriptor::parse(json.as_bytes()).unwrap();
        child.origin = Some(Origin {
            digest: child.descriptor.digest.clone(),
            resolved_at: 0,
            platform: Platform::default(),
            annotations: BTreeMap::new(),
            config: None,
            insecure: false,
            source: Some(crate::Source::Registry(child.reference.clone())),
        });
        let draft = Draft::new(Reference::parse("l").unwrap(), vec![child.clone()]);
        let bytes = PublishedList::from_draft(&draft).unwrap().bytes;
        let list = crate::Manifest::parse(crate::media_type::OCI_INDEX, bytes).unwrap();
        let crate::Content::List(list) = list.content() else {
            panic!("a list")
        };
        assert_eq!(list.manifests, [child.descriptor]);
    }
}
