//! The JSON of a list and of its entries in each format.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::descriptor::Descriptor;
use crate::digest::Digest;
use crate::entry::Entry;
use crate::extra_fields::ExtraFields;
use crate::go_json;
use crate::media_type::MediaType;
use crate::platform::Platform;
use crate::settings::ListFormat;

/// A list. All formats have these fields, in this order.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct List<'a> {
    pub(super) schema_version: u8,
    #[serde(serialize_with = "as_text")]
    pub(super) media_type: MediaType,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) artifact_type: Option<&'a str>,
    pub(super) manifests: Vec<Child<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) subject: Option<&'a Descriptor>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) annotations: Option<&'a BTreeMap<String, String>>,
}

impl List<'_> {
    /// Returns the bytes of the list, without a newline at the end.
    pub(super) fn to_bytes(&self, format: ListFormat) -> Vec<u8> {
        go_json::indent(&go_json::encode(self), format.indent())
    }
}

impl ListFormat {
    /// Returns the indentation of one level.
    fn indent(self) -> &'static str {
        match self {
            Self::Docker => "   ",
            Self::ManifestTool => "  ",
        }
    }
}

/// A descriptor in a list.
#[derive(Serialize)]
#[serde(untagged)]
pub(super) enum Child<'a> {
    /// In the order of the Go types of Docker's manifest list.
    Docker(Box<DockerDescriptor<'a>>),
    /// In the order of the Go types of the OCI specification.
    Oci(&'a Descriptor),
}

/// A descriptor with its size before its digest, as the Go type of Docker's manifest list has it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct DockerDescriptor<'a> {
    #[serde(skip_serializing_if = "str::is_empty")]
    media_type: &'a str,
    #[serde(skip_serializing_if = "is_zero")]
    size: u64,
    digest: &'a Digest,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    urls: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    annotations: Option<&'a BTreeMap<String, String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    platform: Option<Platform>,
    #[serde(skip_serializing_if = "Option::is_none")]
    artifact_type: Option<&'a str>,
    #[serde(flatten)]
    extra: Option<&'a ExtraFields>,
}

impl<'a> Child<'a> {
    /// Converts an entry.
    pub(super) fn of_entry(entry: &'a Entry, format: ListFormat, list: MediaType) -> Self {
        let descriptor = &entry.descriptor;
        let converted = match (format, list.is_oci()) {
            (ListFormat::ManifestTool, true) => return Self::Oci(descriptor),
            (ListFormat::ManifestTool, false) => DockerDescriptor::by_manifest_tool(descriptor),
            (ListFormat::Docker, _) => DockerDescriptor::by_docker(entry),
        };
        Self::Docker(converted.into())
    }

    /// Converts a descriptor of a published list, with all of its fields.
    pub(super) fn shown(descriptor: &'a Descriptor) -> Self {
        Self::Docker(DockerDescriptor::of(descriptor).into())
    }
}

impl<'a> DockerDescriptor<'a> {
    /// Converts an entry. Docker writes a platform even if the entry has none. The child of a list stays as it was there.
    fn by_docker(entry: &'a Entry) -> Self {
        let mut converted = Self::of(&entry.descriptor);
        if !entry.is_child() {
            converted.platform.get_or_insert_default();
        }
        converted
    }

    /// Converts an entry as `manifest-tool` does for a Docker manifest list: with a platform in any case, and without the fields that
    /// such a list does not define.
    fn by_manifest_tool(descriptor: &'a Descriptor) -> Self {
        let mut converted = Self {
            data: None,
            artifact_type: None,
            extra: None,
            ..Self::of(descriptor)
        };
        converted.platform.get_or_insert_default().extra = ExtraFields::default();
        converted
    }

    fn of(descriptor: &'a Descriptor) -> Self {
        Self {
            media_type: &descriptor.media_type,
            size: descriptor.size,
            digest: &descriptor.digest,
            urls: &descriptor.urls,
            annotations: some_map(&descriptor.annotations),
            data: descriptor.data.as_deref(),
            platform: descriptor.platform.clone(),
            artifact_type: descriptor.artifact_type.as_deref(),
            extra: Some(&descriptor.extra),
        }
    }
}

fn as_text<S: serde::Serializer>(media_type: &MediaType, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(media_type.as_str())
}

/// Returns the map if it is not empty.
pub(super) fn some_map(map: &BTreeMap<String, String>) -> Option<&BTreeMap<String, String>> {
    Some(map).filter(|map| !map.is_empty())
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
fn is_zero(size: &u64) -> bool {
    *size == 0
}
