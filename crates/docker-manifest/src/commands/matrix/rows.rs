//! The rows of a matrix, from the content of tags.

use std::collections::HashSet;

use manifest_core::limits::LIST_DEPTH;
use manifest_core::manifest::ImageManifest;
use manifest_core::{Content, Descriptor, Digest, Platform, Reference};
use manifest_registry::redact;

use super::limits::{PLATFORM_CHARS, PLATFORMS};
use super::model::{ImageCell, State, TagRow};
use super::read::{Contents, Found, is_relevant};
use crate::timestamp::Timestamp;

/// The name of a platform that neither list nor configuration states.
const UNKNOWN: &str = "unknown";

/// The rows, and the number of platforms that were left out.
pub(super) struct Rows {
    pub(super) rows: Vec<TagRow>,
    pub(super) platforms_left_out: usize,
}

/// Makes a row for each tag, with at most [`PLATFORMS`] platforms in all.
pub(super) fn rows(tags: &[Reference], contents: &Contents) -> Rows {
    let mut rows: Vec<TagRow> = tags
        .iter()
        .zip(&contents.tags)
        .map(|(tag, found)| row(tag.tag().unwrap_or_default(), found, contents))
        .collect();
    let mut platforms: HashSet<String> = HashSet::new();
    let mut left_out: HashSet<String> = HashSet::new();
    for row in &mut rows {
        row.images.retain(|image| {
            let is_shown = platforms.contains(&image.platform) || platforms.len() < PLATFORMS;
            let names = if is_shown {
                &mut platforms
            } else {
                &mut left_out
            };
            names.insert(image.platform.clone());
            is_shown
        });
    }
    Rows {
        rows,
        platforms_left_out: left_out.len(),
    }
}

fn row(tag: &str, found: &Found<Digest>, contents: &Contents) -> TagRow {
    let mut row = TagRow {
        tag: tag.to_owned(),
        digest: None,
        created: None,
        attestations: 0,
        problem: None,
        images: Vec::new(),
    };
    let digest = match found {
        Found::Valid(digest) => digest,
        Found::Missing => {
            row.problem = Some("the registry lists the tag, but does not have it".to_owned());
            return row;
        }
        Found::Damaged(reason) => {
            row.problem = Some(reason.clone());
            return row;
        }
    };
    row.digest = Some(digest.clone());
    match contents.manifests.get(digest) {
        Some(Found::Valid(Content::List(list))) => {
            let mut seen = HashSet::new();
            add_children(&list.manifests, contents, &mut row, &mut seen, 1);
        }
        Some(Found::Valid(Content::Image(image))) if image.is_image() => {
            row.images.push(cell(digest, None, image, contents));
        }
        Some(Found::Valid(Content::Image(image))) => {
            let kind = image.artifact_type.as_ref();
            let kind = kind.unwrap_or(&image.config.media_type);
            row.problem = Some(format!("not an image: {}", short(kind)));
        }
        Some(Found::Damaged(reason)) => row.problem = Some(reason.clone()),
        Some(Found::Missing) | None => {
            row.problem = Some("the registry does not have its manifest".to_owned());
        }
    }
    if row.problem.is_none() && row.images.is_empty() {
        row.problem = Some("the list has no images".to_owned());
    }
    row.created = row
        .images
        .iter()
        .filter_map(|image| image.created.clone())
        .max();
    row
}

/// Adds the images of a list, and of the lists in it, each list once.
fn add_children<'a>(
    children: &'a [Descriptor],
    contents: &'a Contents,
    row: &mut TagRow,
    seen: &mut HashSet<&'a Digest>,
    depth: usize,
) {
    row.attestations += children
        .iter()
        .filter(|child| child.is_attestation())
        .count();
    for child in children.iter().filter(|child| is_relevant(child)) {
        match contents.manifests.get(&child.digest) {
            Some(Found::Valid(Content::List(list))) => {
                if depth < LIST_DEPTH && seen.insert(&child.digest) {
                    add_children(&list.manifests, contents, row, seen, depth + 1);
                }
            }
            Some(Found::Valid(Content::Image(image))) => {
                row.images.push(cell(
                    &child.digest,
                    child.platform.as_ref(),
                    image,
                    contents,
                ));
            }
            Some(Found::Damaged(reason)) => {
                let mut cell = empty_cell(child, State::Damaged);
                cell.problem = Some(reason.clone());
                row.images.push(cell);
            }
            Some(Found::Missing) | None => row.images.push(empty_cell(child, State::Missing)),
        }
    }
}

/// Makes the cell of an image whose manifest is valid. The list's platform counts, as it does for engines.
fn cell(
    digest: &Digest,
    stated: Option<&Platform>,
    image: &ImageManifest,
    contents: &Contents,
) -> ImageCell {
    let (config, problem) = match contents.configs.get(&image.config.digest) {
        Some(Found::Valid(config)) => (Some(config), None),
        Some(Found::Missing) => (
            None,
            Some("the registry does not have its config".to_owned()),
        ),
        Some(Found::Damaged(reason)) => (None, Some(reason.clone())),
        // An artifact that the list calls an image.
        None => (None, None),
    };
    let platform = stated.or(config.map(|config| &config.platform));
    let sizes = image.layers.iter().map(|layer| layer.size);
    ImageCell {
        platform: name(platform),
        os_version: os_version(platform),
        digest: digest.clone(),
        state: if problem.is_some() {
            State::Damaged
        } else {
            State::Present
        },
        size: Some(sizes.fold(0, u64::saturating_add)),
        created: config
            .and_then(|config| config.created.as_deref())
            .and_then(Timestamp::parse),
        problem,
    }
}

fn empty_cell(child: &Descriptor, state: State) -> ImageCell {
    ImageCell {
        platform: name(child.platform.as_ref()),
        os_version: os_version(child.platform.as_ref()),
        digest: child.digest.clone(),
        state,
        size: None,
        created: None,
        problem: None,
    }
}

/// Returns the name that tells platforms apart as engines do: `linux/arm64/v8` is `linux/arm64`.
fn name(platform: Option<&Platform>) -> String {
    let Some(platform) = platform.filter(|platform| platform.is_stated()) else {
        return UNKNOWN.to_owned();
    };
    let (os, architecture, variant, ..) = platform.normalized();
    let parts = [os, architecture, variant];
    let parts: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    short(&parts.join("/"))
}

fn os_version(platform: Option<&Platform>) -> Option<String> {
    let version = platform.map(|platform| platform.os_version.as_str());
    version.filter(|version| !version.is_empty()).map(short)
}

fn short(text: &str) -> String {
    redact::printable(&text.chars().take(PLATFORM_CHARS).collect::<String>())
}
