//! The JSON form of a sidecar.
//!
//! The serialised types are private to this file, and converted to and from those that the crate uses.

use std::collections::BTreeMap;

use manifest_core::{Digest, Platform, Reference, Source, draft::Origin};
use serde::{Deserialize, Serialize};

use super::error::SidecarError;
use super::settings_json::SettingsJson;
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

#[derive(Serialize, Deserialize)]
struct OriginJson {
    digest: Digest,
    resolved_at: u64,
    platform: PlatformJson,
    /// Added later. Older programs ignore it, and ask for `--insecure` again.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    insecure: bool,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    annotations: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    config: Option<PlatformJson>,
    #[serde(skip_serializing_if = "Option::is_none")]
    source: Option<SourceJson>,
}

/// The source that was named in place of the entry itself.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum SourceJson {
    Registry(String),
    Disk(String),
}

#[derive(Serialize, Deserialize)]
#[serde(default)]
#[derive(Default)]
struct PlatformJson {
    os: String,
    architecture: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    variant: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    os_version: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    os_features: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    features: Vec<String>,
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
                origin: entry.origin.map(Origin::try_from).transpose()?,
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
            settings: json.settings.try_into()?,
        })
    }
}

impl From<&Platform> for PlatformJson {
    fn from(platform: &Platform) -> Self {
        let Platform {
            architecture,
            os,
            os_version,
            os_features,
            variant,
            features,
            extra: _,
        } = platform.clone();
        Self {
            os,
            architecture,
            variant,
            os_version,
            os_features,
            features,
        }
    }
}

impl From<PlatformJson> for Platform {
    fn from(json: PlatformJson) -> Self {
        let PlatformJson {
            os,
            architecture,
            variant,
            os_version,
            os_features,
            features,
        } = json;
        Self {
            architecture,
            os,
            os_version,
            os_features,
            variant,
            features,
            ..Self::default()
        }
    }
}

impl From<&Origin> for OriginJson {
    fn from(origin: &Origin) -> Self {
        Self {
            digest: origin.digest.clone(),
            resolved_at: origin.resolved_at,
            platform: PlatformJson::from(&origin.platform),
            insecure: origin.insecure,
            annotations: origin.annotations.clone(),
            config: origin.config.as_ref().map(PlatformJson::from),
            source: origin.source.as_ref().map(|source| match source {
                Source::Registry(reference) => SourceJson::Registry(reference.to_string()),
                Source::Disk(location) => SourceJson::Disk(location.clone()),
            }),
        }
    }
}

impl TryFrom<OriginJson> for Origin {
    type Error = SidecarError;

    fn try_from(json: OriginJson) -> Result<Self, SidecarError> {
        let source = |json| match json {
            SourceJson::Registry(text) => Reference::parse_canonical(&text)
                .map(Source::Registry)
                .map_err(|_| SidecarError::Damaged),
            SourceJson::Disk(location) => Ok(Source::Disk(location)),
        };
        Ok(Self {
            digest: json.digest,
            resolved_at: json.resolved_at,
            platform: json.platform.into(),
            insecure: json.insecure,
            annotations: json.annotations,
            config: json.config.map(Platform::from),
            source: json.source.map(source).transpose()?,
        })
    }
}

#[cfg(test)]
mod tests;
