//! The content that a check writes. It has random bytes in it, so that no image shares any of it, and deleting it harms
//! none.

use bytes::Bytes;
use manifest_core::{Descriptor, Digest, MediaType};
use serde_json::{Value, json};

/// The artifact type of the artifact that a check writes.
const ARTIFACT_TYPE: &str = "application/vnd.docker-manifest.check.v1";

/// The description in each manifest, for people who find one that could not be deleted.
const DESCRIPTION: &str = "docker-manifest check wrote this: it can be deleted";

/// A blob in memory.
#[derive(Clone, Debug)]
pub(super) struct CheckBlob {
    pub(super) descriptor: Descriptor,
    pub(super) bytes: Bytes,
}

impl CheckBlob {
    fn new(media_type: &str, bytes: Vec<u8>) -> Self {
        let digest = Digest::sha256(&bytes);
        Self {
            descriptor: Descriptor::new(media_type, digest, bytes.len() as u64),
            bytes: bytes.into(),
        }
    }
}

/// A manifest in memory.
#[derive(Clone, Debug)]
pub(super) struct CheckManifest {
    pub(super) media_type: MediaType,
    pub(super) digest: Digest,
    pub(super) bytes: Bytes,
}

impl CheckManifest {
    fn new(media_type: MediaType, json: &Value) -> Self {
        let bytes = json.to_string().into_bytes();
        Self {
            media_type,
            digest: Digest::sha256(&bytes),
            bytes: bytes.into(),
        }
    }

    fn entry(&self, architecture: &str) -> Value {
        json!({
            "mediaType": self.media_type.as_str(),
            "digest": self.digest.as_str(),
            "size": self.bytes.len(),
            "platform": { "architecture": architecture, "os": "linux" },
        })
    }
}

/// All content of one check.
pub(super) struct CheckContent {
    pub(super) config: CheckBlob,
    pub(super) layer: CheckBlob,
    pub(super) oci_image: CheckManifest,
    pub(super) docker_image: CheckManifest,
    pub(super) artifact: CheckManifest,
    /// An index with the OCI image.
    pub(super) oci_index: CheckManifest,
    /// An index with both images.
    pub(super) mixed_index: CheckManifest,
}

impl CheckContent {
    /// Makes an image of one empty layer, in both formats, an artifact, and two indexes. `nonce` has to be random.
    pub(super) fn new(nonce: u128) -> Self {
        // Two blocks of zeros end a tar archive. Readers ignore the block behind them.
        let mut archive = vec![0; 1024];
        archive.extend(format!("{nonce:0512x}").into_bytes());
        let layer = CheckBlob::new("application/vnd.oci.image.layer.v1.tar", archive);
        let config = json!({
            "architecture": "amd64",
            "os": "linux",
            "config": { "Labels": { "org.opencontainers.image.description": DESCRIPTION } },
            "rootfs": { "type": "layers", "diff_ids": [layer.descriptor.digest.as_str()] },
        });
        let config = CheckBlob::new(
            "application/vnd.oci.image.config.v1+json",
            config.to_string().into_bytes(),
        );
        let oci = json!({
            "schemaVersion": 2,
            "mediaType": MediaType::OciManifest.as_str(),
            "config": blob_json(&config, "application/vnd.oci.image.config.v1+json"),
            "layers": [blob_json(&layer, "application/vnd.oci.image.layer.v1.tar")],
            "annotations": { "org.opencontainers.image.description": DESCRIPTION },
        });
        let docker = json!({
            "schemaVersion": 2,
            "mediaType": MediaType::DockerManifest.as_str(),
            "config": blob_json(&config, "application/vnd.docker.container.image.v1+json"),
            "layers": [blob_json(&layer, "application/vnd.docker.image.rootfs.diff.tar")],
        });
        let mut artifact = oci.clone();
        artifact["artifactType"] = ARTIFACT_TYPE.into();
        let oci_image = CheckManifest::new(MediaType::OciManifest, &oci);
        let docker_image = CheckManifest::new(MediaType::DockerManifest, &docker);
        let index = |entries: Vec<Value>| {
            let json = json!({
                "schemaVersion": 2,
                "mediaType": MediaType::OciIndex.as_str(),
                "manifests": entries,
                "annotations": { "org.opencontainers.image.description": DESCRIPTION },
            });
            CheckManifest::new(MediaType::OciIndex, &json)
        };
        Self {
            oci_index: index(vec![oci_image.entry("amd64")]),
            mixed_index: index(vec![oci_image.entry("amd64"), docker_image.entry("arm64")]),
            artifact: CheckManifest::new(MediaType::OciManifest, &artifact),
            config,
            layer,
            oci_image,
            docker_image,
        }
    }
}

fn blob_json(blob: &CheckBlob, media_type: &str) -> Value {
    json!({
        "mediaType": media_type,
        "digest": blob.descriptor.digest.as_str(),
        "size": blob.descriptor.size,
    })
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn no_two_checks_share_content() {
        let digests = |nonce| {
            let content = CheckContent::new(nonce);
            let blobs =
                [&content.config, &content.layer].map(|blob| blob.descriptor.digest.clone());
            let manifests = [
                &content.oci_image,
                &content.docker_image,
                &content.artifact,
                &content.oci_index,
                &content.mixed_index,
            ];
            let manifests = manifests.map(|manifest| manifest.digest.clone());
            blobs.into_iter().chain(manifests).collect::<Vec<_>>()
        };
        let all: HashSet<Digest> = [1, 2].into_iter().flat_map(digests).collect();
        assert_eq!(all.len(), 14);
        assert_eq!(digests(1), digests(1));
    }

    #[test]
    fn layer_is_an_empty_tar_archive() {
        let layer = CheckContent::new(u128::MAX).layer;
        assert_eq!(layer.bytes.len() % 512, 0);
        assert!(layer.bytes[..1024].iter().all(|byte| *byte == 0));
    }
}
