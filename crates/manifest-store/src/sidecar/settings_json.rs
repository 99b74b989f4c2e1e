//! The JSON form of a list's settings in a sidecar.

use std::collections::BTreeMap;

use manifest_core::{Descriptor, Digest, ListFormat, ListSettings, ListType, Order, TagState};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::error::SidecarError;

#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct SettingsJson {
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    list_type: Option<TypeJson>,
    #[serde(skip_serializing_if = "Option::is_none")]
    order: Option<OrderJson>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    annotations: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    artifact_type: Option<String>,
    /// The descriptor, verbatim as in the list.
    #[serde(skip_serializing_if = "Option::is_none")]
    subject: Option<Box<RawValue>>,
    /// Added later. Older programs ignore it, and `push` does not warn then.
    #[serde(skip_serializing_if = "Option::is_none")]
    tag_then: Option<TagJson>,
}

/// The state of a tag. Without a digest the tag did not exist.
#[derive(Serialize, Deserialize)]
struct TagJson {
    #[serde(skip_serializing_if = "Option::is_none")]
    digest: Option<Digest>,
}

#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum TypeJson {
    Docker,
    Oci,
}

#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum OrderJson {
    Given,
    Platform,
}

impl SettingsJson {
    pub(super) fn is_empty(&self) -> bool {
        self.list_type.is_none()
            && self.order.is_none()
            && self.annotations.is_empty()
            && self.artifact_type.is_none()
            && self.subject.is_none()
            && self.tag_then.is_none()
    }
}

impl From<&ListSettings> for SettingsJson {
    fn from(settings: &ListSettings) -> Self {
        Self {
            list_type: settings.list_type.map(|list_type| match list_type {
                ListType::Docker => TypeJson::Docker,
                ListType::Oci => TypeJson::Oci,
            }),
            order: match settings.order {
                Order::Name => None,
                Order::Given => Some(OrderJson::Given),
                Order::Platform => Some(OrderJson::Platform),
            },
            annotations: settings.annotations.clone(),
            artifact_type: settings.artifact_type.clone(),
            subject: settings
                .subject
                .as_ref()
                .and_then(|subject| serde_json::value::to_raw_value(subject).ok()),
            tag_then: settings.observed_tag.as_ref().map(|then| TagJson {
                digest: match then {
                    TagState::Absent => None,
                    TagState::At(digest) => Some(digest.clone()),
                },
            }),
        }
    }
}

impl TryFrom<SettingsJson> for ListSettings {
    type Error = SidecarError;

    fn try_from(json: SettingsJson) -> Result<Self, SidecarError> {
        let subject = json.subject.map(|subject| {
            Descriptor::parse(subject.get().as_bytes()).map_err(|_| SidecarError::Damaged)
        });
        Ok(Self {
            list_type: json.list_type.map(|list_type| match list_type {
                TypeJson::Docker => ListType::Docker,
                TypeJson::Oci => ListType::Oci,
            }),
            order: match json.order {
                None => Order::Name,
                Some(OrderJson::Given) => Order::Given,
                Some(OrderJson::Platform) => Order::Platform,
            },
            format: ListFormat::default(),
            annotations: json.annotations,
            artifact_type: json.artifact_type,
            subject: subject.transpose()?,
            observed_tag: json.tag_then.map(|TagJson { digest }| match digest {
                Some(digest) => TagState::At(digest),
                None => TagState::Absent,
            }),
        })
    }
}
