//! Uploads of blobs from this machine, and downloads to it.

use std::collections::BTreeMap;
use std::io::{Cursor, Read};
use std::sync::{Arc, Mutex};

use manifest_core::{Content, Descriptor, Digest, Manifest, MediaType};
use manifest_registry::{
    Child, Client, LocalBlobs, Precondition, Publication, Published, RegistryError,
    TransferEstimate, WatchedTags,
};
use manifest_testkit::EmbeddedRegistry;
use manifest_testkit::fault::{Fault, Response};
use manifest_testkit::image::{BuiltImage, Image, Pushable as _};

use crate::{client, reference, run};

/// Blobs in memory, and a count of opened blobs.
#[derive(Debug)]
struct Blobs {
    blobs: BTreeMap<String, Vec<u8>>,
    opened: Mutex<usize>,
}

impl LocalBlobs for Blobs {
    fn location(&self) -> String {
        "the shelf".to_owned()
    }

    fn open(&self, blob: &Descriptor) -> Result<Box<dyn Read + Send>, String> {
        *self.opened.lock().unwrap() += 1;
        let bytes = self.blobs.get(blob.digest.as_str());
        let bytes = bytes.ok_or_else(|| "it is not there".to_owned())?;
        Ok(Box::new(Cursor::new(bytes.clone())))
    }
}

/// Returns an image with a layer of several chunks.
fn image() -> BuiltImage {
    Image::oci().layer(&[7; 700_000]).layer(b"").build()
}

fn blobs(image: &BuiltImage) -> BTreeMap<String, Vec<u8>> {
    let blobs = image.blobs().into_iter();
    blobs
        .map(|bytes| (Digest::sha256(&bytes).to_string(), bytes))
        .collect()
}

fn push(
    client: &Client,
    target: &EmbeddedRegistry,
    image: &BuiltImage,
    blobs: BTreeMap<String, Vec<u8>>,
) -> (Result<Published, RegistryError>, usize) {
    let blobs = Arc::new(Blobs {
        blobs,
        opened: Mutex::default(),
    });
    let digest = Digest::sha256(&image.manifest);
    let to = reference(&target.host(), "app:1");
    let media_type = MediaType::OciManifest;
    // The source repository is the target. The local blobs must not count as present for that reason.
    let child = Child::new(to.repository(), &digest, media_type, &image.manifest).unwrap();
    let child = child.with_local_blobs(Arc::clone(&blobs) as Arc<dyn LocalBlobs>);
    let publication = Publication {
        targets: std::slice::from_ref(&to),
        media_type,
        bytes: &image.manifest,
        children: &[child],
        push_foreign: false,
        precondition: Precondition::None,
        verify: Some(&[]),
    };
    let result = run(client.publish(&publication, |_| {}));
    let opened = *blobs.opened.lock().unwrap();
    (result, opened)
}

#[test]
fn blobs_are_uploaded_and_never_mounted() {
    let target = EmbeddedRegistry::start();
    let image = image();
    let (published, opened) = push(&client(), &target, &image, blobs(&image));
    let published = published.unwrap();
    assert_eq!((published.mounted, published.uploaded, opened), (0, 3, 3));
    for (digest, bytes) in blobs(&image) {
        assert_eq!(target.blob("app", &digest), Some(bytes));
    }
    assert_eq!(target.manifest("app", "1").unwrap().1, image.manifest);
    let mounts = target.log().requests().into_iter();
    assert_eq!(
        mounts
            .filter(|request| request.path.contains("mount="))
            .count(),
        0
    );
    // A second push opens no blobs.
    let (published, opened) = push(&client(), &target, &image, BTreeMap::new());
    assert_eq!((published.unwrap().written, opened), (0, 0));
}

#[test]
fn later_repositories_of_a_registry_mount_from_the_first() {
    let image = image();
    let never = EmbeddedRegistry::builder().never_mount();
    for (target, mounted, uploaded) in [(EmbeddedRegistry::start(), 6, 3), (never.start(), 0, 9)] {
        let shelf = Arc::new(Blobs {
            blobs: blobs(&image),
            opened: Mutex::default(),
        });
        let names = ["b", "a", "c/d"].map(|name| [reference(&target.host(), name)]);
        let digest = Digest::sha256(&image.manifest);
        let from = names[0][0].repository();
        let child = Child::new(from, &digest, MediaType::OciManifest, &image.manifest).unwrap();
        let child = child.with_local_blobs(Arc::clone(&shelf) as Arc<dyn LocalBlobs>);
        let publications = names.each_ref().map(|targets| Publication {
            targets,
            media_type: MediaType::OciManifest,
            bytes: &image.manifest,
            children: std::slice::from_ref(&child),
            push_foreign: false,
            precondition: Precondition::None,
            verify: Some(&[]),
        });
        let client = client();
        let planned = run(client.dry_run(&publications, &[])).unwrap().blobs;
        let mounts = planned.iter().filter(|blob| blob.is_mount);
        assert_eq!((planned.len(), mounts.count()), (9, 6));
        let mut estimate = 0;
        let check = |seen: &TransferEstimate| {
            estimate = seen.local_blobs;
            Ok::<_, RegistryError>(())
        };
        let released = run(client.release(
            &publications,
            WatchedTags::default(),
            check,
            |_| Ok(()),
            |_| {},
        ));
        let released = released.unwrap();
        // The estimate is exact if the registry mounts.
        assert_eq!(estimate, 3);
        let sum = |of: fn(&Published) -> usize| released.published.iter().map(of).sum::<usize>();
        assert_eq!(
            (sum(|p| p.mounted), sum(|p| p.uploaded)),
            (mounted, uploaded)
        );
        assert_eq!(*shelf.opened.lock().unwrap(), uploaded);
        for repository in ["a", "b", "c/d"] {
            for (digest, bytes) in blobs(&image) {
                assert_eq!(target.blob(repository, &digest), Some(bytes));
            }
            assert_eq!(target.open_uploads(repository), 0);
        }
    }
}

#[test]
fn an_interrupted_upload_opens_the_blob_again() {
    let target = EmbeddedRegistry::start();
    let image = Image::oci().layer(&[7; 700_000]).build();
    target.put_blob("app", &image.config);
    target.fault(
        Fault::on("PUT", "/blobs/uploads/")
            .times(1)
            .respond(Response::ResetBeforeHeaders),
    );
    let (published, opened) = push(&client(), &target, &image, blobs(&image));
    assert_eq!((published.unwrap().uploaded, opened), (1, 2));
    let digest = &image.layers[0].digest;
    assert_eq!(
        target.blob("app", digest).as_ref(),
        Some(&image.layers[0].bytes)
    );
}

#[test]
fn changed_local_blobs_are_not_published() {
    let image = image();
    let layer = image.layers[0].digest.clone();
    let whole = &image.layers[0].bytes;
    let mut other = whole.clone();
    other[0] ^= 1;
    for (bytes, part) in [
        (None, "it is not there"),
        (Some(other), "verification failed"),
        (Some(whole[1..].to_vec()), "the content has 699999 bytes"),
        (
            Some([whole, &b"x"[..]].concat()),
            "its descriptor says 700000",
        ),
    ] {
        let target = EmbeddedRegistry::start();
        let mut blobs = blobs(&image);
        blobs.remove(&layer);
        blobs.extend(bytes.map(|bytes| (layer.clone(), bytes)));
        let error = push(&client(), &target, &image, blobs).0.unwrap_err();
        let text = error.to_string();
        assert!(matches!(error, RegistryError::LocalBlob { .. }), "{text}");
        assert!(
            text.starts_with(&format!("{layer} cannot be read from the shelf")),
            "{text}"
        );
        assert!(text.contains(part), "{text}");
        assert!(error.hint().unwrap().contains("the shelf"));
        assert!(target.blob("app", &layer).is_none());
        assert!(target.manifest("app", "1").is_none());
    }
}

#[test]
fn an_interrupted_download_restarts() {
    let source = EmbeddedRegistry::start();
    let image = image();
    source.seed("app", "1", &image);
    let manifest = Manifest::parse(&image.media_type, image.manifest.as_slice()).unwrap();
    let Content::Image(content) = manifest.content() else {
        panic!("an image")
    };
    let cut = Fault::on("GET", "/blobs/").times(1);
    let cut = source.fault(cut.respond(Response::ShortBody));
    let from = reference(&source.host(), "app:1");
    let (mut got, mut begun) = (Vec::new(), 0);
    let sink = |offset: u64, bytes: &[u8]| {
        if offset == 0 {
            begun += 1;
            got.clear();
        }
        assert_eq!(offset, got.len() as u64);
        got.extend_from_slice(bytes);
        Ok::<_, RegistryError>(())
    };
    run(client().download(from.repository(), &content.layers[0], sink)).unwrap();
    assert_eq!((cut.hits(), begun), (1, 2));
    assert_eq!(got, image.layers[0].bytes);
}

#[test]
fn a_small_local_blob_uses_a_single_post_unless_the_registry_refuses_it() {
    // Only the configuration is uploaded.
    let image = Image::oci().foreign_layer().build();
    let target = EmbeddedRegistry::start();
    push(&client(), &target, &image, blobs(&image)).0.unwrap();
    let log = target.log();
    assert_eq!(
        log.count(|r| r.is("POST", "/blobs/uploads/")),
        1,
        "{:#?}",
        log.lines()
    );
    assert_eq!(log.count(|r| r.is("PUT", "/blobs/uploads/")), 0);
    for status in [400, 404, 405, 411, 413, 500, 501, 503] {
        let target = EmbeddedRegistry::start();
        let error_response = Fault::on("POST", "/blobs/uploads/").times(1);
        target.fault(error_response.respond(Response::status(status)));
        let (pushed, opened) = push(&client(), &target, &image, blobs(&image));
        assert_eq!((pushed.unwrap().uploaded, opened), (1, 1), "{status}");
        let log = target.log();
        assert_eq!(log.count(|r| r.is("POST", "/blobs/uploads/")), 2);
        assert_eq!(log.count(|r| r.is("PUT", "/blobs/uploads/")), 1);
    }
}

#[test]
fn local_blobs_are_uploaded_to_a_real_registry() {
    // This registry opens a session, and the blob is uploaded in it.
    let registry = manifest_testkit::RealRegistry::start();
    let image = Image::oci().layers(3, 100).build();
    let to = reference(&registry.host(), "app:1");
    let local = Arc::new(Blobs {
        blobs: blobs(&image),
        opened: Mutex::default(),
    });
    let digest = Digest::sha256(&image.manifest);
    let media_type = MediaType::OciManifest;
    let child = Child::new(to.repository(), &digest, media_type, &image.manifest).unwrap();
    let publication = Publication {
        targets: std::slice::from_ref(&to),
        media_type,
        bytes: &image.manifest,
        children: &[child.with_local_blobs(local)],
        push_foreign: false,
        precondition: Precondition::None,
        verify: Some(&[]),
    };
    let published = run(client().publish(&publication, |_| {})).unwrap();
    assert_eq!(published.uploaded, 4);
    let seeder = manifest_testkit::Client::new(&registry.host());
    for digest in image.blob_digests() {
        let found = seeder.get(&format!("/v2/app/blobs/{digest}")).unwrap();
        assert_eq!(found.status, 200);
    }
}
