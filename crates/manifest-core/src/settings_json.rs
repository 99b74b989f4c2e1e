//! The JSON form of a list's settings, in the sidecars of drafts and in draft documents.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::descriptor::Descriptor;
use crate::digest::Digest;
use crate::settings::{ListFormat, ListSettings, ListType, Order};

/// The settings of a list. Absent fields have their defaults.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct SettingsJson {
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
#[derive(Clone, Debug, Serialize, Deserialize)]
struct TagJson {
    #[serde(skip_serializing_if = "Option::is_none")]
    digest: Option<Digest>,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum TypeJson {
    Docker,
    Oci,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum OrderJson {
    Given,
    Platform,
}

impl SettingsJson {
    /// Tells whether all settings have their defaults.
    #[must_use]
    pub fn is_empty(&self) -> bool {
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
                digest: then.digest().cloned(),
            }),
        }
    }
}

impl TryFrom<SettingsJson> for ListSettings {
    type Error = serde_json::Error;

    fn try_from(json: SettingsJson) -> Result<Self, Self::Error> {
        let subject = json
            .subject
            .map(|subject| Descriptor::parse(subject.get().as_bytes()));
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
            observed_tag: json.tag_then.map(|TagJson { digest }| digest.into()),
        })
    }
}
