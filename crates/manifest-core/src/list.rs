//! The manifest list or image index of a draft, in the serialisation of Docker or of `manifest-tool`.
//!
//! | module | holds |
//! | --- | --- |
//! | `json` | the JSON of a list and of its entries in each format |

mod json;
#[cfg(test)]
mod tests;

use crate::digest::Digest;
use crate::draft::Draft;
use crate::manifest::ImageList;
use crate::media_type::MediaType;
use crate::settings::{ListFormat, NeedsOciIndex};

use json::{Child, List, some_map};

/// A list that is ready to be pushed: its bytes, their digest and media type.
#[derive(Clone, Debug)]
pub struct PublishedList {
    /// The media type to push it as.
    pub media_type: MediaType,
    /// The digest of the bytes.
    pub digest: Digest,
    /// The bytes, without a newline at the end.
    pub bytes: Vec<u8>,
}

impl PublishedList {
    /// Builds the list that a draft is published as, in the format of its settings. Where the program that the format is named after
    /// could publish the draft, the bytes are the same as that program's.
    ///
    /// # Errors
    /// Returns an error if the list's type is set to one that cannot hold the draft's content.
    pub fn from_draft(draft: &Draft) -> Result<Self, NeedsOciIndex> {
        let settings = &draft.settings;
        let media_type = settings.type_for(&draft.entries)?.media_type();
        let entries = settings.order.sorted(&draft.entries).into_iter();
        let bytes = List {
            schema_version: 2,
            media_type,
            artifact_type: settings.artifact_type.as_deref(),
            manifests: entries
                .map(|entry| Child::of_entry(entry, settings.format, media_type))
                .collect(),
            subject: settings.subject.as_ref(),
            annotations: some_map(&settings.annotations),
        }
        .to_bytes(settings.format);
        Ok(Self {
            media_type,
            digest: Digest::sha256(&bytes),
            bytes,
        })
    }
}

/// Renders a list as Docker's `inspect` does, with the fields that Docker omits: annotations, urls, data, artifact types and
/// subject. An entry without a platform has none here, where Docker shows an empty one.
#[must_use]
pub fn render_for_inspect(media_type: MediaType, list: &ImageList) -> Vec<u8> {
    List {
        schema_version: 2,
        media_type,
        artifact_type: list.artifact_type.as_deref(),
        manifests: list.manifests.iter().map(Child::shown).collect(),
        subject: list.subject.as_ref(),
        annotations: some_map(&list.annotations),
    }
    .to_bytes(ListFormat::Docker)
}
