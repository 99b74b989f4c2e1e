//! The matrix: which tag of a repository supports which platform. Every output format shows this one value, and JSON is its
//! serialized form.

use std::cmp::Reverse;
use std::collections::{HashMap, HashSet};

use manifest_core::Digest;
use manifest_core::reference::Repository;
use serde::{Serialize, Serializer};

use super::version_order::TagName;
use crate::timestamp::Timestamp;

/// The platforms that come first among those of equally many tags: most machines are of these.
const FIRST_PLATFORMS: &[&str] = &["linux/amd64", "linux/arm64"];

/// The tags of a repository and their platforms.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Matrix {
    /// The repository.
    #[serde(serialize_with = "as_text")]
    pub(super) repository: Repository,
    /// The number of tags that match, shown or not.
    pub(super) matching_tags: usize,
    /// The platforms, those of most tags first.
    pub(super) platforms: Vec<PlatformSummary>,
    /// The tags, newest first.
    pub(super) tags: Vec<TagRow>,
    /// The changes since a tag (`--since`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) since: Option<Changes>,
}

/// A platform, and the tags that support it.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PlatformSummary {
    /// The name.
    pub(super) platform: String,
    /// The number of shown tags that support it.
    pub(super) tags: usize,
    /// The oldest shown tag that supports it.
    pub(super) since: Option<FirstTag>,
}

/// The oldest tag that supports a platform.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct FirstTag {
    /// The tag.
    pub(super) tag: String,
    /// The time when its image for the platform was created.
    pub(super) created: Option<Timestamp>,
}

/// A tag, and its images.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct TagRow {
    /// The tag.
    pub(super) tag: String,
    /// The digest that it points to. `None` if the tag is gone.
    pub(super) digest: Option<Digest>,
    /// The time when the newest of its images was created.
    pub(super) created: Option<Timestamp>,
    /// The number of attestations.
    pub(super) attestations: usize,
    /// The reason why it has no images.
    pub(super) problem: Option<String>,
    /// The images, in the order of the list.
    pub(super) images: Vec<ImageCell>,
}

/// An image of a tag.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ImageCell {
    /// The name of its platform, without the version of the operating system.
    pub(super) platform: String,
    /// The version of the operating system, if stated.
    pub(super) os_version: Option<String>,
    /// The digest of its manifest.
    pub(super) digest: Digest,
    /// Whether the registry has it.
    pub(super) state: State,
    /// The compressed size of its layers, in bytes.
    pub(super) size: Option<u64>,
    /// The time when it was created.
    pub(super) created: Option<Timestamp>,
    /// The problem with its content.
    pub(super) problem: Option<String>,
}

/// The state of an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum State {
    /// The registry has its manifest and its configuration.
    Present,
    /// The registry does not have its manifest, though the list names it.
    Missing,
    /// The registry has content for it that is not valid.
    Damaged,
}

/// The changes since a tag.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Changes {
    /// The tag.
    pub(super) tag: String,
    /// The tags that differ from the one before, newest first.
    pub(super) changes: Vec<Change>,
}

/// The difference between a tag and the one before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Change {
    /// The tag.
    pub(super) tag: String,
    /// The tag before.
    pub(super) previous: String,
    /// The platforms that only the tag supports.
    pub(super) added: Vec<String>,
    /// The platforms that only the tag before supports.
    pub(super) removed: Vec<String>,
}

fn as_text<S: Serializer>(repository: &Repository, to: S) -> Result<S::Ok, S::Error> {
    to.collect_str(repository)
}

impl Matrix {
    /// Puts the tags together, which are sorted, newest first.
    pub(super) fn new(repository: Repository, matching_tags: usize, tags: Vec<TagRow>) -> Self {
        Self {
            repository,
            matching_tags,
            platforms: summaries(&tags),
            tags,
            since: None,
        }
    }

    /// Returns all images that are not present, with their tags.
    pub(super) fn problems(&self) -> impl Iterator<Item = (&TagRow, &ImageCell)> {
        self.tags.iter().flat_map(|row| {
            let images = row.images.iter();
            images
                .filter(|image| image.state != State::Present)
                .map(move |image| (row, image))
        })
    }

    /// Describes the matrix in a sentence.
    pub(super) fn summary(&self) -> String {
        let count = |number: usize, one: &str, many: &str| match number {
            1 => format!("1 {one}"),
            _ => format!("{number} {many}"),
        };
        let (tags, platforms) = (self.tags.len(), self.platforms.len());
        let mut text = count(tags, "tag", "tags");
        if self.matching_tags > tags {
            text = format!("{tags} of {} tags", self.matching_tags);
        }
        text = format!("{text}, {}", count(platforms, "platform", "platforms"));
        for (state, word) in [(State::Missing, "missing"), (State::Damaged, "damaged")] {
            let found = self.problems().filter(|(_, image)| image.state == state);
            match found.count() {
                0 => {}
                found => text = format!("{text}, {} {word}", count(found, "image", "images")),
            }
        }
        match &self.since {
            None => text,
            // The limit leaves nothing to compare the tag with.
            Some(_) if tags == 1 && self.matching_tags > 1 => text,
            Some(since) if since.changes.is_empty() => {
                format!("{text}; no platform came or went since {}", since.tag)
            }
            Some(since) => {
                let platforms = |list: fn(&Change) -> &[String]| {
                    since
                        .changes
                        .iter()
                        .flat_map(list)
                        .collect::<HashSet<_>>()
                        .len()
                };
                let came = count(platforms(|change| &change.added), "platform", "platforms");
                let went = platforms(|change| &change.removed);
                format!("{text}; since {}, {came} came and {went} went", since.tag)
            }
        }
    }
}

impl TagRow {
    /// Returns the images for a platform.
    pub(super) fn images_for<'a>(
        &'a self,
        platform: &'a str,
    ) -> impl Iterator<Item = &'a ImageCell> {
        let images = self.images.iter();
        images.filter(move |image| image.platform == platform)
    }

    /// Tells whether the registry has an image for a platform, and all of it that was read is valid.
    pub(super) fn supports(&self, platform: &str) -> bool {
        self.images_for(platform)
            .any(|image| image.state == State::Present)
    }
}

impl Change {
    /// Tells whether the tags differ.
    pub(super) fn is_one(&self) -> bool {
        !self.added.is_empty() || !self.removed.is_empty()
    }
}

/// Returns the platforms of all tags, those of most tags first.
fn summaries(tags: &[TagRow]) -> Vec<PlatformSummary> {
    let mut summaries: Vec<PlatformSummary> = Vec::new();
    let mut places: HashMap<&str, usize> = HashMap::new();
    for image in tags.iter().flat_map(|row| &row.images) {
        places.entry(&image.platform).or_insert_with(|| {
            summaries.push(summary(&image.platform, tags));
            summaries.len()
        });
    }
    let place = |name: &str| FIRST_PLATFORMS.iter().position(|first| *first == name);
    let key = |one: &PlatformSummary| {
        let place = place(&one.platform).unwrap_or(FIRST_PLATFORMS.len());
        (Reverse(one.tags), place, one.platform.clone())
    };
    summaries.sort_by_cached_key(key);
    summaries
}

fn summary(platform: &str, tags: &[TagRow]) -> PlatformSummary {
    let having: Vec<&TagRow> = tags.iter().filter(|row| row.supports(platform)).collect();
    // Names that are no versions have no age.
    let is_version = |row: &&&TagRow| matches!(TagName::parse(&row.tag), TagName::Version(_));
    let oldest = having.iter().rfind(is_version).or(having.last());
    let first = oldest.map(|row| FirstTag {
        tag: row.tag.clone(),
        created: row
            .images_for(platform)
            .filter_map(|image| image.created.clone())
            .min(),
    });
    PlatformSummary {
        platform: platform.to_owned(),
        tags: having.len(),
        since: first,
    }
}
