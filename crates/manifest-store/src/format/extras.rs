//! What is noted beside a draft: the list's reference, the order of the arguments, where the entries came from.
//!
//! The types that are serialised are private to this file, and converted to and from those that the crate uses.

use std::collections::BTreeMap;

use manifest_core::{Digest, ListSettings, Platform, Reference, Source, draft::Origin};
use serde::{Deserialize, Serialize};

use super::settings::SettingsJson;

/// The version of the form that this program writes, and the only one that it reads.
pub(crate) const VERSION: u64 = 1;

/// What is noted beside one folder. While a draft changes it has two states, so that a change and its notes
/// count together or not at all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Extras {
    /// What holds while the folder is as it was.
    pub(crate) current: Option<State>,
    /// What holds as soon as the change is in place.
    pub(crate) next: Option<State>,
    /// The name in `staging/` of the folder that is to take this one's place, where that takes two renames.
    pub(crate) swap: Option<String>,
}

/// A draft's folder as this program left it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct State {
    /// The list whose draft the folder is.
    pub(crate) list: Reference,
    /// Which folder it is.
    pub(crate) folder: Option<FolderId>,
    /// The entries by file name.
    pub(crate) files: BTreeMap<String, Note>,
    /// What the list has beside its entries.
    pub(crate) settings: ListSettings,
}

/// What tells one folder from another that has its name later.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FolderId {
    /// The inode number. It may be used again when the folder is gone.
    pub(crate) inode: u64,
    /// When the folder was made, in nanoseconds since 1970, where the file system notes that.
    pub(crate) born: Option<u64>,
}

impl FolderId {
    /// Tells whether both are the same folder, and whether that is certain: an inode number alone proves little,
    /// for the next folder may get the number of one that was removed.
    pub(crate) fn compare(self, other: Self) -> (bool, bool) {
        let births = self.born.zip(other.born);
        let same = self.inode == other.inode && births.is_none_or(|(one, other)| one == other);
        (same, same && births.is_some())
    }
}

/// What is noted of one entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Note {
    /// The entry's reference.
    pub(crate) reference: Reference,
    /// The hash (SHA-256) of the file.
    pub(crate) content: Digest,
    /// The manifest's digest: a file with another content and this digest was only annotated.
    pub(crate) digest: Digest,
    /// The entry's place in the order in which the entries were given.
    pub(crate) position: u64,
    /// Where the entry came from.
    pub(crate) origin: Option<Origin>,
}

/// Why bytes are not extras that can be used.
#[derive(Debug)]
pub(crate) enum ExtrasError {
    /// A newer program wrote them.
    Version(u64),
    /// They are damaged, so that they count as absent.
    Damaged,
}

impl Extras {
    pub(crate) fn encode(&self) -> Vec<u8> {
        let file = ExtrasJson {
            version: VERSION,
            current: self.current.as_ref().map(StateJson::from),
            next: self.next.as_ref().map(StateJson::from),
            swap: self.swap.clone(),
        };
        let mut bytes =
            serde_json::to_vec_pretty(&file).expect("text, numbers and lists always serialise");
        bytes.push(b'\n');
        bytes
    }

    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, ExtrasError> {
        let damaged = |_| ExtrasError::Damaged;
        let VersionJson { version } = serde_json::from_slice(bytes).map_err(damaged)?;
        if version != VERSION {
            return Err(ExtrasError::Version(version));
        }
        let file: ExtrasJson = serde_json::from_slice(bytes).map_err(damaged)?;
        let state = |json: Option<StateJson>| json.map(State::try_from).transpose();
        Ok(Self {
            current: state(file.current)?,
            next: state(file.next)?,
            swap: file.swap,
        })
    }
}

/// All that is read of a file before its version is known.
#[derive(Deserialize)]
struct VersionJson {
    version: u64,
}

#[derive(Serialize, Deserialize)]
struct ExtrasJson {
    version: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    current: Option<StateJson>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<StateJson>,
    #[serde(skip_serializing_if = "Option::is_none")]
    swap: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct StateJson {
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
    /// Was added later: programs that do not know it leave it aside, and ask for `--insecure` again.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    insecure: bool,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    annotations: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    config: Option<PlatformJson>,
    #[serde(skip_serializing_if = "Option::is_none")]
    source: Option<SourceJson>,
}

/// What was named in place of the entry itself.
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

impl From<&State> for StateJson {
    fn from(state: &State) -> Self {
        let entry = |(file, note): (&String, &Note)| EntryJson {
            file: file.clone(),
            reference: note.reference.to_string(),
            content: note.content.clone(),
            digest: note.digest.clone(),
            position: note.position,
            origin: note.origin.as_ref().map(OriginJson::from),
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

impl TryFrom<StateJson> for State {
    type Error = ExtrasError;

    fn try_from(json: StateJson) -> Result<Self, ExtrasError> {
        let reference =
            |text: &str| Reference::parse_canonical(text).map_err(|_| ExtrasError::Damaged);
        let note = |entry: EntryJson| {
            let note = Note {
                reference: reference(&entry.reference)?,
                content: entry.content,
                digest: entry.digest,
                position: entry.position,
                origin: entry.origin.map(Origin::try_from).transpose()?,
            };
            Ok((entry.file, note))
        };
        Ok(Self {
            list: reference(&json.list)?,
            folder: json
                .folder
                .map(|FolderJson { inode, born }| FolderId { inode, born }),
            files: json
                .entries
                .into_iter()
                .map(note)
                .collect::<Result<_, ExtrasError>>()?,
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
    type Error = ExtrasError;

    fn try_from(json: OriginJson) -> Result<Self, ExtrasError> {
        let source = |json| match json {
            SourceJson::Registry(text) => Reference::parse_canonical(&text)
                .map(Source::Registry)
                .map_err(|_| ExtrasError::Damaged),
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
mod tests {
    use manifest_core::TagState;

    use super::*;

    const HASH: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

    /// A file as version 1 of this program wrote it. It has to be read for ever: add fixtures, change none.
    fn version_1() -> String {
        format!(
            r#"{{
  "version": 1,
  "current": {{
    "list": "q.io/app:1",
    "folder": {{
      "inode": 7,
      "born": 1700000000000000001
    }},
    "entries": [
      {{
        "file": "q.io_app-arm",
        "reference": "q.io/app:arm",
        "content": "sha256:{HASH}",
        "digest": "sha256:{HASH}",
        "position": 3,
        "origin": {{
          "digest": "sha256:{HASH}",
          "resolved_at": 1700000000,
          "platform": {{
            "os": "linux",
            "architecture": "arm",
            "variant": "v7"
          }}
        }}
      }}
    ]
  }},
  "next": {{
    "list": "q.io/app:1",
    "entries": []
  }},
  "swap": "12-ab"
}}
"#
        )
    }

    #[test]
    fn version_1_is_read_and_written() {
        let extras = Extras::decode(version_1().as_bytes()).unwrap();
        let current = extras.current.as_ref().unwrap();
        assert_eq!(current.list.to_string(), "q.io/app:1");
        assert_eq!(
            current.folder,
            Some(FolderId {
                inode: 7,
                born: Some(1_700_000_000_000_000_001)
            })
        );
        let note = &current.files["q.io_app-arm"];
        assert_eq!(
            (note.position, note.reference.to_string().as_str()),
            (3, "q.io/app:arm")
        );
        let origin = note.origin.as_ref().unwrap();
        assert_eq!(origin.resolved_at, 1_700_000_000);
        assert_eq!(origin.platform.to_string(), "linux/arm/v7");
        assert!(extras.next.as_ref().unwrap().files.is_empty());
        assert_eq!(extras.swap.as_deref(), Some("12-ab"));
        assert_eq!(String::from_utf8(extras.encode()).unwrap(), version_1());
    }

    #[test]
    fn what_came_later_to_version_1_is_read_and_written() {
        let more = format!(
            r#""platform": {{
            "os": "linux",
            "architecture": "arm",
            "variant": "v7",
            "features": [
              "neon"
            ]
          }},
          "annotations": {{
            "k": "v"
          }},
          "config": {{
            "os": "linux",
            "architecture": "arm64"
          }},
          "source": {{
            "registry": "q.io/app:all"
          }}
        }}
      }}
    ],
    "settings": {{
      "type": "oci",
      "order": "given",
      "annotations": {{
        "a": "b"
      }},
      "artifact_type": "t/t",
      "subject": {{"mediaType":"m","digest":"sha256:{HASH}","size":1}}
    }}
  }}"#
        );
        let fixture = version_1();
        let from = fixture.find("\"platform\"").unwrap();
        let to = fixture.find("  \"next\"").unwrap();
        let text = format!("{}{more},\n{}", &fixture[..from], &fixture[to..]);
        let extras = Extras::decode(text.as_bytes()).unwrap();
        let current = extras.current.as_ref().unwrap();
        assert_eq!(current.settings.annotations["a"], "b");
        let origin = current.files["q.io_app-arm"].origin.as_ref().unwrap();
        assert_eq!(origin.config_platform().to_string(), "linux/arm64");
        let source = origin.source.as_ref().unwrap().to_string();
        assert_eq!(source, "q.io/app:all");
        assert_eq!(String::from_utf8(extras.encode()).unwrap(), text);
    }

    #[test]
    fn what_was_added_later_is_read_and_written() {
        let later = version_1().replace(
            "\"variant\": \"v7\"\n          }",
            "\"variant\": \"v7\"\n          },\n          \"insecure\": true",
        );
        let extras = Extras::decode(later.as_bytes()).unwrap();
        let note = &extras.current.as_ref().unwrap().files["q.io_app-arm"];
        assert!(note.origin.as_ref().unwrap().insecure);
        assert_eq!(String::from_utf8(extras.encode()).unwrap(), later);
        for (then, state) in [
            ("{}".to_owned(), TagState::Absent),
            (
                format!("{{\n        \"digest\": \"sha256:{HASH}\"\n      }}"),
                TagState::At(format!("sha256:{HASH}").parse().unwrap()),
            ),
        ] {
            let settings =
                format!("    ],\n    \"settings\": {{\n      \"observed_tag\": {then}\n    }}");
            let later = version_1().replacen("    ]", &settings, 1);
            let extras = Extras::decode(later.as_bytes()).unwrap();
            let found = &extras.current.as_ref().unwrap().settings.observed_tag;
            assert_eq!(found, &Some(state));
            assert_eq!(String::from_utf8(extras.encode()).unwrap(), later);
        }
        // What this program does not know yet is no damage.
        let unknown = later.replace("\"insecure\"", "\"unheard-of\"");
        let extras = Extras::decode(unknown.as_bytes()).unwrap();
        let note = &extras.current.as_ref().unwrap().files["q.io_app-arm"];
        assert!(!note.origin.as_ref().unwrap().insecure);
    }

    #[test]
    fn other_versions_are_refused_whatever_else_they_hold() {
        for (json, version) in [
            (r#"{"version":2}"#, 2),
            (r#"{"current":[],"version":0}"#, 0),
        ] {
            let error = Extras::decode(json.as_bytes()).unwrap_err();
            assert!(
                matches!(error, ExtrasError::Version(found) if found == version),
                "{json}"
            );
        }
    }

    #[test]
    fn damage_is_told_apart() {
        let no_digest = version_1().replace(HASH, "12");
        let no_reference = version_1().replace("q.io/app:1", "App");
        for json in [
            "",
            "{",
            "[]",
            "{}",
            r#"{"version":"1"}"#,
            r#"{"version":1,"current":1}"#,
            &no_digest,
            &no_reference,
        ] {
            assert!(
                matches!(Extras::decode(json.as_bytes()), Err(ExtrasError::Damaged)),
                "{json}"
            );
        }
    }
}
