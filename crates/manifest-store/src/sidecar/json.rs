//! The JSON form of a sidecar.
//!
//! The serialised types are private to this file, and converted to and from those that the crate uses.

use manifest_core::draft::Origin;
use manifest_core::origin_json::OriginJson;
use manifest_core::settings_json::SettingsJson;
use manifest_core::{Digest, Reference};
use serde::{Deserialize, Serialize};

use super::error::SidecarError;
use super::state::{DraftState, EntryRecord, Sidecar};
use crate::folder_id::FolderId;

/// The version of the format that this program writes, and the only one that it reads.
pub(crate) const VERSION: u64 = 1;

impl Sidecar {
    pub(crate) fn encode(&self) -> Vec<u8> {
        let file = SidecarJson {
            version: VERSION,
            current: self.current.as_ref().map(DraftStateJson::from),
            next: self.next.as_ref().map(DraftStateJson::from),
            swap: self.swap.clone(),
        };
        let mut bytes =
            serde_json::to_vec_pretty(&file).expect("text, numbers and lists always serialise");
        bytes.push(b'\n');
        bytes
    }

    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, SidecarError> {
        let file = match serde_json::from_slice::<SidecarJson>(bytes) {
            Ok(file) if file.version == VERSION => file,
            _ => return Err(Self::decode_error(bytes)),
        };
        let state = |json: Option<DraftStateJson>| json.map(DraftState::try_from).transpose();
        Ok(Self {
            current: state(file.current)?,
            next: state(file.next)?,
            swap: file.swap,
        })
    }

    /// Returns the reason why a file is not one of this version: another version, whose other fields may be different.
    fn decode_error(bytes: &[u8]) -> SidecarError {
        match serde_json::from_slice(bytes) {
            Ok(VersionJson { version }) if version != VERSION => SidecarError::Version(version),
            _ => SidecarError::Damaged,
        }
    }
}

/// The part of a file of any version.
#[derive(Deserialize)]
struct VersionJson {
    version: u64,
}

#[derive(Serialize, Deserialize)]
struct SidecarJson {
    version: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    current: Option<DraftStateJson>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<DraftStateJson>,
    #[serde(skip_serializing_if = "Option::is_none")]
    swap: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct DraftStateJson {
    list: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    folder: Option<FolderJson>,
    entries: Vec<EntryJson>,
    #[serde(default, skip_serializing_if = "SettingsJson::is_empty")]
    settings: SettingsJson,
}

#[derive(Serialize, Deserialize)]
struct FolderJson {
    inode: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    born: Option<u64>,
}

#[derive(Serialize, Deserialize)]
struct EntryJson {
    file: String,
    reference: String,
    content: Digest,
    digest: Digest,
    position: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    origin: Option<OriginJson>,
}

impl From<&DraftState> for DraftStateJson {
    fn from(state: &DraftState) -> Self {
        let entry = |(file, record): (&String, &EntryRecord)| EntryJson {
            file: file.clone(),
            reference: record.reference.to_string(),
            content: record.content.clone(),
            digest: record.digest.clone(),
            position: record.position,
            origin: record.origin.as_ref().map(OriginJson::from),
        };
        Self {
            list: state.list.to_string(),
            folder: state
                .folder
                .map(|FolderId { inode, born }| FolderJson { inode, born }),
            entries: state.files.iter().map(entry).collect(),
            settings: SettingsJson::from(&state.settings),
        }
    }
}

impl TryFrom<DraftStateJson> for DraftState {
    type Error = SidecarError;

    fn try_from(json: DraftStateJson) -> Result<Self, SidecarError> {
        let reference =
            |text: &str| Reference::parse_canonical(text).map_err(|_| SidecarError::Damaged);
        let record = |entry: EntryJson| {
            let record = EntryRecord {
                reference: reference(&entry.reference)?,
                content: entry.content,
                digest: entry.digest,
                position: entry.position,
                origin: entry
                    .origin
                    .map(Origin::try_from)
                    .transpose()
                    .map_err(|_| SidecarError::Damaged)?,
            };
            Ok((entry.file, record))
        };
        Ok(Self {
            list: reference(&json.list)?,
            folder: json
                .folder
                .map(|FolderJson { inode, born }| FolderId { inode, born }),
            files: json
                .entries
                .into_iter()
                .map(record)
                .collect::<Result<_, SidecarError>>()?,
            settings: json
                .settings
                .try_into()
                .map_err(|_| SidecarError::Damaged)?,
        })
    }
}

#[cfg(test)]
mod tests;
