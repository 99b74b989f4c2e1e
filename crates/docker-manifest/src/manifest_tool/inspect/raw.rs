//! The JSON of `inspect --raw`: manifests with names and digests, in the order of `manifest-tool`'s fields.

use std::collections::BTreeMap;

use manifest_core::go_json::{self, Object};
use manifest_core::manifest::ImageManifest;
use manifest_core::{Descriptor, Manifest};
use serde::Serialize;
use serde_json::value::RawValue;

use super::found::{Child, Config, Found, Shown};

/// The indentation of one level.
const INDENT: &str = "    ";

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ListJson<'a> {
    name: &'a str,
    digest: String,
    schema_version: u64,
    #[serde(skip_serializing_if = "String::is_empty")]
    media_type: String,
    /// `null` for a list without entries, as a Go slice has it.
    manifests: Option<Vec<EntryJson<'a>>>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    annotations: &'a BTreeMap<String, String>,
}

/// An entry of a list.
#[derive(Serialize)]
#[serde(untagged)]
enum EntryJson<'a> {
    /// The manifest of an image.
    Image(Box<ManifestJson<'a>>),
    /// A list in the list, as it is.
    List(&'a RawValue),
    /// The descriptor of an unknown kind of manifest, which is not read.
    Unknown(&'a Descriptor),
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ManifestJson<'a> {
    schema_version: u64,
    #[serde(skip_serializing_if = "String::is_empty")]
    media_type: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    artifact_type: Option<&'a str>,
    config: &'a Descriptor,
    layers: &'a [Descriptor],
    #[serde(skip_serializing_if = "Option::is_none")]
    subject: Option<&'a Descriptor>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    annotations: &'a BTreeMap<String, String>,
}

#[derive(Serialize)]
struct ImageJson<'a> {
    #[serde(flatten)]
    name: NameJson<'a>,
    #[serde(flatten)]
    manifest: ManifestJson<'a>,
}

#[derive(Serialize)]
struct NameJson<'a> {
    name: &'a str,
    digest: String,
    #[serde(skip_serializing_if = "str::is_empty")]
    os: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    architecture: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ImageWithConfigJson<'a> {
    schema_version: u64,
    #[serde(flatten)]
    name: NameJson<'a>,
    #[serde(skip_serializing_if = "String::is_empty")]
    media_type: String,
    /// The configuration as it is. `null` for an artifact that is not an image.
    config: Option<&'a RawValue>,
    layers: &'a [Descriptor],
    #[serde(skip_serializing_if = "Option::is_none")]
    subject: Option<&'a Descriptor>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    annotations: &'a BTreeMap<String, String>,
}

/// The version and the media type in the body of a manifest. A media type that is not stated is empty.
struct Header {
    schema_version: u64,
    media_type: String,
}

impl Header {
    fn of(manifest: &Manifest) -> Self {
        let object = Object::parse(manifest.bytes()).ok();
        let version = object
            .as_ref()
            .and_then(|object| object.get("schemaVersion").ok().flatten());
        let media_type = object.and_then(|object| object.text("mediaType").ok());
        Self {
            schema_version: version.unwrap_or_default(),
            media_type: media_type.unwrap_or_default(),
        }
    }
}

/// Renders a manifest that is called `name`. A list has the manifests of its images.
pub(super) fn render(name: &str, found: &Found) -> Vec<u8> {
    let manifest = found.manifest();
    match found.shown() {
        Shown::Image(image, config) => lay_out(&ImageJson {
            name: name_of(name, manifest, config),
            manifest: manifest_json(manifest, image),
        }),
        Shown::List(list, children) => {
            let Header {
                schema_version,
                media_type,
            } = Header::of(manifest);
            let manifests: Vec<EntryJson<'_>> = children.iter().map(entry_json).collect();
            lay_out(&ListJson {
                name,
                digest: manifest.digest().to_string(),
                schema_version,
                media_type,
                manifests: Some(manifests).filter(|manifests| !manifests.is_empty()),
                annotations: &list.annotations,
            })
        }
    }
}

/// Renders an image with its configuration in the place of the descriptor. A list is rendered as without.
pub(super) fn render_with_config(name: &str, found: &Found) -> Vec<u8> {
    let manifest = found.manifest();
    let Shown::Image(image, config) = found.shown() else {
        return render(name, found);
    };
    let Header {
        schema_version,
        media_type,
    } = Header::of(manifest);
    lay_out(&ImageWithConfigJson {
        schema_version,
        name: name_of(name, manifest, config),
        media_type,
        config: config.and_then(|config| serde_json::from_slice(&config.bytes).ok()),
        layers: &image.layers,
        subject: image.subject.as_deref(),
        annotations: &image.annotations,
    })
}

fn lay_out(value: &impl Serialize) -> Vec<u8> {
    go_json::indent(&go_json::encode(value), INDENT)
}

fn name_of<'a>(name: &'a str, manifest: &Manifest, config: Option<&'a Config>) -> NameJson<'a> {
    let platform = config.map(|config| &config.platform);
    NameJson {
        name,
        digest: manifest.digest().to_string(),
        os: platform.map_or("", |platform| &platform.os),
        architecture: platform.map_or("", |platform| &platform.architecture),
    }
}

fn entry_json(child: &Child) -> EntryJson<'_> {
    let Some(manifest) = &child.manifest else {
        return EntryJson::Unknown(&child.descriptor);
    };
    if let Some(image) = child.image() {
        return EntryJson::Image(manifest_json(manifest, image).into());
    }
    match serde_json::from_slice(manifest.bytes()) {
        Ok(list) => EntryJson::List(list),
        Err(_) => EntryJson::Unknown(&child.descriptor),
    }
}

fn manifest_json<'a>(manifest: &Manifest, image: &'a ImageManifest) -> ManifestJson<'a> {
    let Header {
        schema_version,
        media_type,
    } = Header::of(manifest);
    ManifestJson {
        schema_version,
        media_type,
        artifact_type: image.artifact_type.as_deref(),
        config: &image.config,
        layers: &image.layers,
        subject: image.subject.as_deref(),
        annotations: &image.annotations,
    }
}
