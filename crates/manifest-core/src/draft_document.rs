//! A draft as one JSON document: a whole one in the files of `export`, a part of one in a staging repository.
//!
//! A document is a function of the draft alone: the same draft gives the same bytes on every machine. It is plain ASCII, so that a
//! terminal can show it. Nothing in a document is believed when it is read: each manifest is checked against its digest, its size
//! and its media type, and TLS verification is never turned off by a document.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::entry::{Entry, Origin, PayloadError, ReadableManifest};
use crate::entry_json::{self, EntryError};
use crate::limits::{DRAFT_DOCUMENT_BYTES, LIST_ENTRIES};
use crate::manifest::{Manifest, ManifestError};
use crate::media_type::MediaType;
use crate::origin_json::OriginJson;
use crate::reference::{Reference, ReferenceError};
use crate::settings::ListSettings;
use crate::settings_json::SettingsJson;

/// The version of the format that this program writes, and the only one that it reads.
pub const VERSION: u64 = 1;

/// The value of `format` in each document.
const FORMAT: &str = "docker-manifest.draft";

/// The content of a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DraftDocument {
    /// The list of the draft.
    pub list: Reference,
    /// The settings of the list.
    pub settings: ListSettings,
    /// The entries, in the order of publication.
    pub entries: Vec<Entry>,
    /// The time of the change that wrote this part, in seconds since 1970 (UTC). Files of `export` have none.
    pub changed_at: Option<u64>,
}

/// The reason why bytes are not a draft document.
#[derive(Debug, thiserror::Error)]
pub enum DocumentError {
    /// They are not JSON, or a field has the wrong type.
    #[error("it is not a draft in JSON")]
    Json(#[from] serde_json::Error),
    /// They are another JSON document.
    #[error("it is not a draft: \"format\" is not {FORMAT:?}")]
    Format,
    /// A newer version of this program wrote them.
    #[error(
        "a newer version of docker-manifest wrote it (its format is {0}, this program supports up to {VERSION})"
    )]
    Version(u64),
    /// There are more than [`DRAFT_DOCUMENT_BYTES`] bytes.
    #[error("it has more than {DRAFT_DOCUMENT_BYTES} bytes")]
    TooLarge,
    /// There are more than [`LIST_ENTRIES`] entries.
    #[error("it has {0} entries, the limit is {LIST_ENTRIES}")]
    TooManyEntries(usize),
    /// The name of the list, or of a source, is not a full reference.
    #[error("it has a name that is not a full reference")]
    Reference(#[from] ReferenceError),
    /// An entry is damaged. Entries are counted from 1.
    #[error("its entry {number} is damaged")]
    Entry {
        /// The number of the entry.
        number: usize,
        /// The reason.
        source: EntryError,
    },
    /// Two entries have the same reference.
    #[error("it has {0} twice")]
    Duplicate(Box<Reference>),
    /// The manifest of an entry is absent, or has another digest.
    #[error("it has a wrong manifest")]
    Payload(#[from] PayloadError),
    /// The manifest of an entry has another size than its descriptor states.
    #[error("its manifest of {reference} has {found} bytes, and {stated} are stated")]
    Size {
        /// The entry.
        reference: Box<Reference>,
        /// The size in the descriptor.
        stated: u64,
        /// The size of the manifest.
        found: usize,
    },
    /// The manifest of an entry is malformed.
    #[error("its manifest of {reference} cannot be used")]
    Manifest {
        /// The entry.
        reference: Box<Reference>,
        /// The reason.
        source: ManifestError,
    },
}

/// The part of a document of any version.
#[derive(Deserialize)]
struct HeadJson {
    #[serde(default)]
    format: String,
    #[serde(default)]
    version: u64,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct DocumentJson {
    format: String,
    version: u64,
    list: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    changed_at: Option<u64>,
    #[serde(default, skip_serializing_if = "SettingsJson::is_empty")]
    settings: SettingsJson,
    #[serde(default)]
    entries: Vec<EntryJson>,
}

#[derive(Serialize, Deserialize)]
struct EntryJson {
    /// The entry as in a draft's file.
    entry: Box<RawValue>,
    /// The place in the order of the arguments of `create`, counted from 0.
    position: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    origin: Option<OriginJson>,
}

impl DraftDocument {
    /// Encodes the document, with a newline at the end.
    ///
    /// # Errors
    /// Returns an error if the manifest of an entry does not have its digest.
    ///
    /// # Panics
    /// Never: text, numbers and maps with text keys always serialise.
    pub fn encode(&self) -> Result<Vec<u8>, PayloadError> {
        let positions = ranks(&self.entries);
        let entry = |(entry, position): (&Entry, u64)| {
            let bytes = entry_json::encode(&with_own_payload(entry)?);
            let text = String::from_utf8(bytes).expect("JSON is UTF-8");
            Ok(EntryJson {
                entry: RawValue::from_string(text).expect("an encoded entry is JSON"),
                position,
                origin: entry.origin.as_ref().map(|origin| {
                    OriginJson::from(&Origin {
                        insecure: false,
                        ..origin.clone()
                    })
                }),
            })
        };
        let entries = self.entries.iter().zip(positions).map(entry);
        let document = DocumentJson {
            format: FORMAT.to_owned(),
            version: VERSION,
            list: self.list.to_string(),
            changed_at: self.changed_at,
            settings: SettingsJson::from(&self.settings),
            entries: entries.collect::<Result<_, PayloadError>>()?,
        };
        let mut text = serde_json::to_string_pretty(&document)
            .expect("text, numbers and maps with text keys always serialise");
        text.push('\n');
        Ok(ascii(&text).into_bytes())
    }

    /// Decodes a document, and checks all of it.
    ///
    /// # Errors
    /// Returns an error if any part of the document is not what this program would have written.
    pub fn decode(bytes: &[u8]) -> Result<Self, DocumentError> {
        if bytes.len() > DRAFT_DOCUMENT_BYTES {
            return Err(DocumentError::TooLarge);
        }
        let head: HeadJson = serde_json::from_slice(bytes)?;
        if head.format != FORMAT {
            return Err(DocumentError::Format);
        }
        if head.version != VERSION {
            return Err(DocumentError::Version(head.version));
        }
        let document: DocumentJson = serde_json::from_slice(bytes)?;
        if document.entries.len() > LIST_ENTRIES {
            return Err(DocumentError::TooManyEntries(document.entries.len()));
        }
        let mut seen = BTreeSet::new();
        let mut entries = Vec::with_capacity(document.entries.len());
        for (json, number) in document.entries.into_iter().zip(1..) {
            let entry = json.decode(number)?;
            if !seen.insert(entry.reference.clone()) {
                return Err(DocumentError::Duplicate(Box::new(entry.reference)));
            }
            entries.push(entry);
        }
        Ok(Self {
            list: Reference::parse_canonical(&document.list)?,
            settings: document.settings.try_into()?,
            entries,
            changed_at: document.changed_at,
        })
    }
}

impl EntryJson {
    fn decode(self, number: usize) -> Result<Entry, DocumentError> {
        let decoded = entry_json::decode(self.entry.get().as_bytes());
        let entry = decoded.map_err(|source| DocumentError::Entry { number, source })?;
        let reference = || Box::new(entry.reference.clone());
        let origin = self.origin.map(Origin::try_from).transpose()?;
        let origin = origin.map(|origin| Origin {
            insecure: false,
            ..origin
        });
        let is_unread = MediaType::recognise(&entry.descriptor.media_type).is_none()
            && entry.raw.is_none()
            && entry.shown.is_none();
        let payload = match is_unread {
            true => None,
            false => Some(entry.payload()?),
        };
        let Some(payload) = payload else {
            return Ok(Entry {
                origin,
                position: Some(self.position),
                ..entry
            });
        };
        if payload.len() as u64 != entry.descriptor.size {
            return Err(DocumentError::Size {
                reference: reference(),
                stated: entry.descriptor.size,
                found: payload.len(),
            });
        }
        let manifest = Manifest::parse(&entry.descriptor.media_type, payload.as_slice());
        manifest.map_err(|source| DocumentError::Manifest {
            reference: reference(),
            source,
        })?;
        Ok(Entry {
            shown: readable(&entry, &payload),
            raw: Some(payload),
            origin,
            position: Some(self.position),
            ..entry
        })
    }
}

/// Returns the place of each entry in the order of the arguments. Entries without a position come last.
fn ranks(entries: &[Entry]) -> Vec<u64> {
    let mut order: Vec<usize> = (0..entries.len()).collect();
    order.sort_by_key(|&index| entries[index].position.unwrap_or(u64::MAX));
    let mut ranks = vec![0; entries.len()];
    for (rank, index) in (0..).zip(order) {
        ranks[index] = rank;
    }
    ranks
}

/// Returns the entry with its manifest's bytes, and with a readable copy of these bytes. Files of Docker's CLI may have another copy.
fn with_own_payload(entry: &Entry) -> Result<Entry, PayloadError> {
    if entry.raw.is_none() && entry.shown.is_none() {
        return Ok(entry.clone());
    }
    let payload = entry.payload()?;
    Ok(Entry {
        shown: readable(entry, &payload),
        raw: Some(payload),
        ..entry.clone()
    })
}

fn readable(entry: &Entry, payload: &[u8]) -> Option<ReadableManifest> {
    let media_type = entry.media_type().filter(|found| !found.is_list())?;
    Some(ReadableManifest {
        oci: media_type.is_oci(),
        json: payload.to_vec(),
    })
}

/// Escapes all characters outside of ASCII. In JSON they occur only in strings.
fn ascii(json: &str) -> String {
    let mut escaped = String::with_capacity(json.len());
    for c in json.chars() {
        if c.is_ascii() && c != '\u{7f}' {
            escaped.push(c);
        } else {
            for unit in c.encode_utf16(&mut [0; 2]) {
                escaped.push_str(&format!("\\u{unit:04x}"));
            }
        }
    }
    escaped
}

#[cfg(test)]
mod tests;
