//! Progress: the counts only grow, and are complete at the end, for uploads, mounts and present blobs.

use std::sync::{Arc, Mutex};

use manifest_core::{Digest, MediaType, Reference};
use manifest_registry::{
    Child, Client, ClientConfig, Observer, Precondition, Progress, Publication, RegistryError,
    Retrying, WatchedTags,
};
use manifest_testkit::EmbeddedRegistry;
use manifest_testkit::fault::{Fault, Response};
use manifest_testkit::image::{BuiltImage, Image, Index};

use crate::{config, reference, run};

#[derive(Debug, Default)]
struct Counts(Mutex<Vec<Progress>>);

impl Observer for Counts {
    fn retrying(&self, _: &Retrying<'_>) {}

    fn progress(&self, progress: &Progress) {
        self.0.lock().unwrap().push(*progress);
    }
}

/// Returns an image with three blobs: a configuration, and layers of 300 000 and 5 bytes.
fn image() -> BuiltImage {
    Image::oci().layer(&[7; 300_000]).layer(b"small").build()
}

/// Returns the total size of the blobs of [`image`] in bytes.
fn all_bytes() -> u64 {
    let image = image();
    (image.config.len() + 300_000 + 5) as u64
}

/// Publishes the image in `source` to these targets. Returns all reports of the progress.
fn reports_of(source: &Reference, targets: &[Reference]) -> Vec<Progress> {
    let image = image();
    let digest = Digest::sha256(&image.manifest);
    let list = Index::oci().image(&image).build().manifest;
    let child = Child::new(
        source.repository(),
        &digest,
        MediaType::OciManifest,
        &image.manifest,
    );
    let children = [child.unwrap()];
    let publications: Vec<Publication<'_>> = targets
        .iter()
        .map(|target| Publication {
            targets: std::slice::from_ref(target),
            media_type: MediaType::OciIndex,
            bytes: &list,
            children: &children,
            push_foreign: false,
            precondition: Precondition::None,
            verify: Some(&[]),
        })
        .collect();
    let counts = Arc::new(Counts::default());
    let client = Client::new(ClientConfig {
        observer: counts.clone(),
        ..config()
    })
    .unwrap();
    let nothing = |_: &manifest_registry::TransferEstimate| Ok::<_, RegistryError>(());
    let released = run(client.release(
        &publications,
        WatchedTags::default(),
        nothing,
        |_| Ok(()),
        |_| (),
    ))
    .unwrap();
    assert!(released.tags.iter().all(|(_, result)| result.is_ok()));
    let reports = std::mem::take(&mut *counts.0.lock().unwrap());
    for (old, new) in reports.iter().zip(reports.iter().skip(1)) {
        let grows = old.blobs <= new.blobs
            && old.blobs_done <= new.blobs_done
            && old.bytes <= new.bytes
            && old.bytes_done <= new.bytes_done;
        assert!(grows && old != new, "{old:?} {new:?}");
        assert!(new.blobs_done <= new.blobs && new.bytes_done <= new.bytes);
    }
    reports
}

fn check(reports: &[Progress], blobs: usize, bytes: u64) {
    let end = Progress {
        blobs,
        blobs_done: blobs,
        bytes,
        bytes_done: bytes,
    };
    assert_eq!(reports.last(), Some(&end), "{reports:#?}");
    assert!(end.is_complete());
    let early = &reports[..reports.len() - 1];
    assert!(early.iter().all(|progress| !progress.is_complete()));
}

fn seeded() -> EmbeddedRegistry {
    let registry = EmbeddedRegistry::start();
    registry.seed("source", "1", &image());
    registry
}

#[test]
fn copies_are_counted_as_they_arrive() {
    let (source, target) = (seeded(), EmbeddedRegistry::start());
    let from = reference(&source.host(), "source:1");
    let name = reference(&target.host(), "app:1");
    let counts = reports_of(&from, std::slice::from_ref(&name));
    let first = Progress {
        blobs: 3,
        bytes: all_bytes(),
        ..Progress::default()
    };
    assert_eq!(counts[0], first);
    // The large layer arrives in several chunks.
    let pieces = counts.iter().map(|progress| progress.bytes_done);
    assert!(pieces.clone().max() == Some(all_bytes()) && counts.len() > 8);
    check(&counts, 3, all_bytes());
    // Present content causes no progress.
    assert_eq!(reports_of(&from, &[name]), []);
}

#[test]
fn several_targets_count_together() {
    let (source, target) = (seeded(), EmbeddedRegistry::start());
    let from = reference(&source.host(), "source:1");
    // Within a registry, the second repository mounts the blobs of the first.
    let names = ["one:1", "two:1"].map(|name| reference(&target.host(), name));
    check(&reports_of(&from, &names), 6, all_bytes());
    let other = EmbeddedRegistry::start();
    let names = [&target, &other].map(|registry| reference(&registry.host(), "three:1"));
    check(&reports_of(&from, &names), 6, 2 * all_bytes());
    // One target mounts all blobs, and the other copies them.
    let third = EmbeddedRegistry::start();
    let names = [
        reference(&source.host(), "near:1"),
        reference(&third.host(), "far:1"),
    ];
    check(&reports_of(&from, &names), 6, all_bytes());
}

#[test]
fn mounts_are_blobs_without_bytes() {
    let registry = seeded();
    let from = reference(&registry.host(), "source:1");
    let counts = reports_of(&from, &[reference(&registry.host(), "app:1")]);
    assert_eq!(counts.len(), 1 + 3);
    check(&counts, 3, 0);
}

#[test]
fn a_refused_mount_adds_bytes() {
    let registry = EmbeddedRegistry::builder().never_mount().start();
    registry.seed("source", "1", &image());
    let from = reference(&registry.host(), "source:1");
    let counts = reports_of(&from, &[reference(&registry.host(), "app:1")]);
    assert_eq!(counts[0].bytes, 0);
    check(&counts, 3, all_bytes());
}

#[test]
fn a_false_mount_adds_a_blob() {
    let registry = seeded();
    let mounted = Response::status(201).header("location", "/v2/app/blobs/x");
    registry.fault(
        Fault::on("POST", "/v2/app/blobs/uploads/")
            .times(3)
            .respond(mounted),
    );
    let from = reference(&registry.host(), "source:1");
    let counts = reports_of(&from, &[reference(&registry.host(), "app:1")]);
    let last = counts.last().unwrap();
    assert_eq!((last.blobs, last.blobs_done), (6, 6));
    assert_eq!((last.bytes, last.bytes_done), (all_bytes(), all_bytes()));
}

#[test]
fn bytes_sent_twice_count_once() {
    for answer in [Response::ResetBeforeHeaders, Response::status(503)] {
        let (source, target) = (seeded(), EmbeddedRegistry::start());
        target.fault(Fault::on("PUT", "/blobs/uploads/").times(2).respond(answer));
        let from = reference(&source.host(), "source:1");
        let counts = reports_of(&from, &[reference(&target.host(), "app:1")]);
        check(&counts, 3, all_bytes());
        let puts = target.log().count(|r| r.is("PUT", "/blobs/uploads/"));
        assert_eq!(puts, 3 + 2);
    }
}

#[test]
fn a_present_blob_is_done() {
    let (source, target) = (seeded(), EmbeddedRegistry::start());
    target.put_blob("app", &[7; 300_000]);
    let from = reference(&source.host(), "source:1");
    let counts = reports_of(&from, &[reference(&target.host(), "app:1")]);
    check(&counts, 3, all_bytes());
}
