//! Archives of `docker save` before Docker 25: `manifest.json`, configurations and layers, without a manifest that registries
//! accept. The manifest is made here, as `docker push` would write it, except that the layers stay as they are.

use std::collections::BTreeMap;
use std::io::Read as _;
use std::sync::Arc;

use manifest_core::digest::{Algorithm, Hasher};
use manifest_core::limits::{CONFIG_BYTES, LIST_ENTRIES};
use manifest_core::media_type::DOCKER_MANIFEST;
use manifest_core::{Descriptor, Digest, go_json};
use serde::{Deserialize, Serialize};

use crate::error::LayoutError;
use crate::files::LayoutFiles;
use crate::image_names::REF_NAME;
use crate::limits::INDEX_BYTES;
use crate::location::LocationKind;

const CONFIG: &str = "application/vnd.docker.container.image.v1+json";
const LAYER: &str = "application/vnd.docker.image.rootfs.diff.tar";
const LAYER_GZIP: &str = "application/vnd.docker.image.rootfs.diff.tar.gzip";

/// Where to read a blob that is not stored under its digest.
#[derive(Debug)]
pub(crate) enum BlobSource {
    /// The content itself, made while the archive was opened.
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

/// Reads the images of an archive by name, and the sources of their blobs. Each layer is read once.
pub(crate) fn read(
    files: &LayoutFiles,
) -> Result<(Vec<Descriptor>, BTreeMap<Digest, BlobSource>), LayoutError> {
    let Some(bytes) = files.read("manifest.json", INDEX_BYTES)? else {
        return Err(LayoutError::NotOne {
            path: files.path().to_owned(),
            kind: LocationKind::DockerArchive.name(),
            reason: "it has neither index.json nor manifest.json".to_owned(),
        });
    };
    let images: Vec<Image> = serde_json::from_slice(&bytes)
        .map_err(|error| damaged(files, "manifest.json", error.to_string()))?;
    let mut converter = Converter {
        files,
        layers: BTreeMap::new(),
        blobs: BTreeMap::new(),
    };
    let mut found = Vec::new();
    for image in images {
        let mut descriptor = converter.convert(&image)?;
        let names = image.repo_tags.unwrap_or_default();
        if names.is_empty() {
            found.push(descriptor.clone());
        }
        for name in names {
            descriptor.annotations.insert(REF_NAME.to_owned(), name);
            found.push(descriptor.clone());
        }
    }
    Ok((found, converter.blobs))
}

fn damaged(files: &LayoutFiles, file: &str, reason: String) -> LayoutError {
    LayoutError::Damaged {
        path: files.path().to_owned(),
        file: file.to_owned(),
        reason,
    }
}

/// Converts the images of an archive to manifests for a registry.
struct Converter<'a> {
    files: &'a LayoutFiles,
    /// The layers read so far, by file name: images share them.
    layers: BTreeMap<String, BlobJson>,
    blobs: BTreeMap<Digest, BlobSource>,
}

impl Converter<'_> {
    /// Builds the manifest of one image, and returns its descriptor.
    fn convert(&mut self, image: &Image) -> Result<Descriptor, LayoutError> {
        let config = self.files.read(&image.config, CONFIG_BYTES)?;
        let config = config.ok_or_else(|| self.no_file(&image.config))?;
        let layers = self.layers_of(image, &config)?;
        let config_blob = BlobJson {
            media_type: CONFIG,
            size: config.len() as u64,
            digest: Digest::sha256(&config),
        };
        let config_digest = config_blob.digest.clone();
        self.blobs
            .insert(config_digest, BlobSource::Bytes(config.into()));
        let manifest = go_json::encode(&ManifestJson {
            schema_version: 2,
            media_type: DOCKER_MANIFEST,
            config: config_blob,
            layers,
        });
        let manifest = go_json::indent(&manifest, "   ");
        let digest = Digest::sha256(&manifest);
        let descriptor = Descriptor::new(DOCKER_MANIFEST, digest.clone(), manifest.len() as u64);
        self.blobs
            .insert(digest, BlobSource::Bytes(manifest.into()));
        Ok(descriptor)
    }

    /// Returns the layers of an image, checked against the digests in its configuration.
    fn layers_of(&mut self, image: &Image, config: &[u8]) -> Result<Vec<BlobJson>, LayoutError> {
        let config: Config = serde_json::from_slice(config)
            .map_err(|error| damaged(self.files, &image.config, error.to_string()))?;
        let diff_ids = config.rootfs.and_then(|rootfs| rootfs.diff_ids);
        let diff_ids = diff_ids.unwrap_or_default();
        let names = image.layers.as_deref().unwrap_or_default();
        if names.len() > LIST_ENTRIES {
            let reason = format!("it has {} layers, the limit is {LIST_ENTRIES}", names.len());
            return Err(damaged(self.files, "manifest.json", reason));
        }
        let mut layers = Vec::new();
        for (index, name) in names.iter().enumerate() {
            let layer = self.layer(name)?;
            // The configuration has the digests of the uncompressed layers only.
            let expected = diff_ids.get(index).filter(|_| layer.media_type == LAYER);
            if let Some(expected) = expected.filter(|expected| **expected != layer.digest) {
                let reason = format!(
                    "its content has the digest {}, not {expected}",
                    layer.digest
                );
                return Err(damaged(self.files, name, reason));
            }
            let source = BlobSource::File(name.clone());
            self.blobs.insert(layer.digest.clone(), source);
            layers.push(layer);
        }
        Ok(layers)
    }

    fn layer(&mut self, name: &str) -> Result<BlobJson, LayoutError> {
        if let Some(layer) = self.layers.get(name) {
            return Ok(layer.clone());
        }
        let layer = read_layer(self.files, name)?.ok_or_else(|| self.no_file(name))?;
        self.layers.insert(name.to_owned(), layer.clone());
        Ok(layer)
    }

    fn no_file(&self, name: &str) -> LayoutError {
        damaged(self.files, "manifest.json", format!("there is no {name}"))
    }
}

/// Reads a layer for its size and digest. Returns `None` if there is no such file.
fn read_layer(files: &LayoutFiles, name: &str) -> Result<Option<BlobJson>, LayoutError> {
    let Some((mut reader, size)) = files.file(name)? else {
        return Ok(None);
    };
    let mut hasher = Hasher::new(Algorithm::Sha256);
    let mut buffer = vec![0; 64 * 1024];
    let mut start: Vec<u8> = Vec::new();
    loop {
        let count = reader
            .read(&mut buffer)
            .map_err(LayoutError::io("read", files.path()))?;
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
