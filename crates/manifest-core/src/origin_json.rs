//! The JSON form of an entry's origin, in the sidecars of drafts and in draft documents.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::digest::Digest;
use crate::entry::{Origin, Source};
use crate::platform::Platform;
use crate::reference::{Reference, ReferenceError};

/// The origin of an entry.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct OriginJson {
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
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum SourceJson {
    Registry(String),
    Disk(String),
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
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
    type Error = ReferenceError;

    fn try_from(json: OriginJson) -> Result<Self, Self::Error> {
        let source = |json| match json {
            SourceJson::Registry(text) => Reference::parse_canonical(&text).map(Source::Registry),
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
