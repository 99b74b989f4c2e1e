//! Archives that `docker save` wrote before Docker 25: `manifest.json`, configurations and layers, and no manifest that a
//! registry would take. That is made here, as `docker push` would have it, but for the layers, which stay as they are.

use std::collections::BTreeMap;
use std::io::Read as _;
use std::sync::Arc;

use manifest_core::digest::{Algorithm, Hasher};
use manifest_core::limits::{CONFIG_BYTES, LIST_ENTRIES};
use manifest_core::media_type::DOCKER_MANIFEST;
use manifest_core::{Descriptor, Digest};
use serde::{Deserialize, Serialize};

use crate::error::LayoutError;
use crate::layout::REF_NAME;
use crate::limits::INDEX_BYTES;
use crate::location::LocationKind;
use crate::place::Place;

const CONFIG: &str = "application/vnd.docker.container.image.v1+json";
const LAYER: &str = "application/vnd.docker.image.rootfs.diff.tar";
const LAYER_GZIP: &str = "application/vnd.docker.image.rootfs.diff.tar.gzip";

/// Where a blob is that is not under its digest.
#[derive(Debug)]
pub(crate) enum Saved {
    /// It was made here.
    Bytes(Arc<[u8]>),
    /// A file of the archive.
    File(String),
}

/// One image of a `manifest.json`.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Image {
    config: String,
    repo_tags: Option<Vec<String>>,
    layers: Option<Vec<String>>,
}

#[derive(Deserialize)]
struct Config {
    rootfs: Option<RootFs>,
}

#[derive(Deserialize)]
struct RootFs {
    diff_ids: Option<Vec<Digest>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ManifestJson {
    schema_version: u8,
    media_type: &'static str,
    config: BlobJson,
    layers: Vec<BlobJson>,
}

#[derive(Clone, Serialize)]
#[serde(rename_all = "camelCase")]
struct BlobJson {
    media_type: &'static str,
    size: u64,
    digest: Digest,
}

/// Reads what such an archive has: its images by name, and where their blobs are. Each layer is read once.
pub(crate) fn read(
    place: &Place,
) -> Result<(Vec<Descriptor>, BTreeMap<Digest, Saved>), LayoutError> {
    let Some(bytes) = place.read("manifest.json", INDEX_BYTES)? else {
        return Err(LayoutError::NotOne {
            path: place.path().to_owned(),
            kind: LocationKind::DockerArchive.name(),
            reason: "it has neither index.json nor manifest.json".to_owned(),
        });
    };
    let damaged = |file: &str, reason: String| LayoutError::Damaged {
        path: place.path().to_owned(),
        file: file.to_owned(),
        reason,
    };
    let images: Vec<Image> = serde_json::from_slice(&bytes)
        .map_err(|error| damaged("manifest.json", error.to_string()))?;
    let mut found = Vec::new();
    let mut saved = BTreeMap::new();
    let mut layers: BTreeMap<String, BlobJson> = BTreeMap::new();
    for image in images {
        let config = place.read(&image.config, CONFIG_BYTES)?;
        let config = config
            .ok_or_else(|| damaged("manifest.json", format!("there is no {}", image.config)))?;
        let diff_ids: Config = serde_json::from_slice(&config)
            .map_err(|error| damaged(&image.config, error.to_string()))?;
        let diff_ids = diff_ids
            .rootfs
            .and_then(|rootfs| rootfs.diff_ids)
            .unwrap_or_default();
        let names = image.layers.unwrap_or_default();
        if names.len() > LIST_ENTRIES {
            return Err(damaged(
                "manifest.json",
                format!("it has {} layers", names.len()),
            ));
        }
        let mut own = Vec::new();
        for (place_in_image, name) in names.iter().enumerate() {
            let layer = match layers.get(name) {
                Some(layer) => layer.clone(),
                None => {
                    let layer = layer(place, name)?;
                    let layer = layer
                        .ok_or_else(|| damaged("manifest.json", format!("there is no {name}")))?;
                    layers.entry(name.clone()).or_insert(layer).clone()
                }
            };
            // The digest of a layer that is not compressed is known to the configuration.
            let expected = diff_ids
                .get(place_in_image)
                .filter(|_| layer.media_type == LAYER);
            if let Some(expected) = expected.filter(|expected| **expected != layer.digest) {
                return Err(damaged(
                    name,
                    format!("its content has {}, not {expected}", layer.digest),
                ));
            }
            saved.insert(layer.digest.clone(), Saved::File(name.clone()));
            own.push(layer);
        }
        let config_blob = BlobJson {
            media_type: CONFIG,
            size: config.len() as u64,
            digest: Digest::sha256(&config),
        };
        saved.insert(config_blob.digest.clone(), Saved::Bytes(config.into()));
        let manifest = ManifestJson {
            schema_version: 2,
            media_type: DOCKER_MANIFEST,
            config: config_blob,
            layers: own,
        };
        let manifest =
            manifest_core::go_json::indent(&manifest_core::go_json::encode(&manifest), "   ");
        let mut descriptor = Descriptor::new(
            DOCKER_MANIFEST,
            Digest::sha256(&manifest),
            manifest.len() as u64,
        );
        saved.insert(descriptor.digest.clone(), Saved::Bytes(manifest.into()));
        let names = image.repo_tags.unwrap_or_default();
        if names.is_empty() {
            found.push(descriptor.clone());
        }
        for name in names {
            descriptor.annotations.insert(REF_NAME.to_owned(), name);
            found.push(descriptor.clone());
        }
    }
    Ok((found, saved))
}

/// Reads a layer for its size and digest. Nothing where there is none.
fn layer(place: &Place, name: &str) -> Result<Option<BlobJson>, LayoutError> {
    let Some((mut reader, size)) = place.file(name)? else {
        return Ok(None);
    };
    let mut hasher = Hasher::new(Algorithm::Sha256);
    let mut buffer = vec![0; 64 * 1024];
    let mut start: Vec<u8> = Vec::new();
    loop {
        let count = reader
            .read(&mut buffer)
            .map_err(LayoutError::io("read", place.path()))?;
        if count == 0 {
            break;
        }
        let chunk = &buffer[..count];
        start.extend(chunk.iter().take(2_usize.saturating_sub(start.len())));
        hasher.update(chunk);
    }
    let is_gzip = start == [0x1f, 0x8b];
    Ok(Some(BlobJson {
        media_type: if is_gzip { LAYER_GZIP } else { LAYER },
        size,
        digest: hasher.finish(),
    }))
}
