//! Reads that cost as little as possible: a tag one HEAD, content by digest nothing if the cache has it. And tags that are looked at
//! before a push.

use std::sync::Arc;

use manifest_core::{Digest, Reference};
use manifest_registry::{Client, ClientConfig, Precondition, Publication, RegistryError};
use manifest_testkit::EmbeddedRegistry;
use manifest_testkit::image::{BuiltImage, Image, Index};

use crate::cache::MemoryCache;
use crate::{config, reference, run};

struct Stage {
    registry: EmbeddedRegistry,
    cache: Arc<MemoryCache>,
    image: BuiltImage,
}

impl Stage {
    fn new(image: Image) -> Self {
        let registry = EmbeddedRegistry::start();
        let image = image.build();
        registry.seed("app", "1", &image);
        Self {
            registry,
            cache: Arc::default(),
            image,
        }
    }

    /// Returns the client of a new run.
    fn client(&self) -> Client {
        Client::new(ClientConfig {
            cache: self.cache.clone(),
            ..config()
        })
        .unwrap()
    }

    fn tag(&self) -> Reference {
        reference(&self.registry.host(), "app:1")
    }

    fn digest(&self) -> Digest {
        self.image.digest.parse().unwrap()
    }

    fn lines(&self) -> Vec<String> {
        let lines = self.registry.log().sorted_lines();
        self.registry.log().clear();
        lines
    }
}

#[test]
fn a_tag_costs_one_head_and_a_digest_nothing() {
    let stage = Stage::new(Image::docker());
    let client = stage.client();
    let pin = |name: &Reference| run(client.pin(name));
    assert_eq!(pin(&stage.tag()).unwrap(), stage.digest());
    assert_eq!(stage.lines(), ["HEAD /v2/app/manifests/1 200"]);
    let pinned = stage.tag().pinned(stage.digest());
    assert_eq!(pin(&pinned).unwrap(), stage.digest());
    assert!(stage.lines().is_empty());
    let missing = reference(&stage.registry.host(), "app:none");
    let error = pin(&missing).unwrap_err();
    let is_missing =
        matches!(&error, RegistryError::NoSuchManifest { reference, .. } if **reference == missing);
    assert!(is_missing, "{error}");
}

#[test]
fn content_by_digest_is_read_once() {
    // A manifest that does not state its type can only be OCI's.
    for image in [
        Image::docker(),
        Image::oci(),
        Image::oci().without_media_type(),
    ] {
        let stage = Stage::new(image);
        let tag = stage.tag();
        let read = || {
            let client = stage.client();
            let manifest = run(client.pinned_manifest(tag.repository(), &stage.digest())).unwrap();
            (
                manifest.digest().clone(),
                manifest.media_type(),
                manifest.bytes().to_vec(),
            )
        };
        let first = read();
        assert_eq!(stage.lines().len(), 1);
        assert_eq!(read(), first);
        assert!(stage.lines().is_empty());
        // Damaged content is read again.
        for bytes in stage.cache.content.lock().unwrap().values_mut() {
            bytes.push(b'\n');
        }
        assert_eq!(read(), first);
        assert_eq!(stage.lines().len(), 1);
    }
}

#[test]
fn a_tag_that_was_looked_at_is_not_probed_again_by_the_push() {
    let stage = Stage::new(Image::oci());
    let index = Index::oci().image(&stage.image).build();
    let target = reference(&stage.registry.host(), "app:list");
    let client = stage
        .client()
        .for_publishing_lists([&target], [&stage.tag()]);
    run(async {
        client.probe_tags_early([target.clone()]);
        // There is no other target to probe for children.
        client.probe_child_early(
            reference(&stage.registry.host(), "other:1").repository(),
            &stage.digest(),
        );
        assert_eq!(client.early_digest(&target).await.unwrap(), None);
        assert_eq!(client.early_digest(&target).await.unwrap(), None);
        let publication = Publication {
            targets: std::slice::from_ref(&target),
            media_type: manifest_core::MediaType::OciIndex,
            bytes: &index.manifest,
            children: &[],
            push_foreign: false,
            precondition: Precondition::None,
            verify: None,
        };
        client.publish(&publication, |_| ()).await.unwrap();
        let digest: Digest = index.digest.parse().unwrap();
        assert_eq!(client.early_digest(&target).await.unwrap(), Some(digest));
    });
    let head = |status| format!("HEAD /v2/app/manifests/list {status}");
    let put = "PUT /v2/app/manifests/list 201".to_owned();
    assert_eq!(stage.lines(), [head(200), head(404), put]);
}
