//! Interrupted uploads: they resume at the offset of the registry, or restart, and report that.

use std::sync::{Arc, Mutex};

use manifest_core::{Digest, MediaType};
use manifest_registry::{
    Child, Client, ClientConfig, Insecure, Observer, Precondition, Progress, Publication, Resuming,
    Retrying,
};
use manifest_testkit::fault::{Fault, Response};
use manifest_testkit::image::{BuiltImage, Image};
use manifest_testkit::{Client as Plain, EmbeddedRegistry, TestCa};

use crate::publish::Job;
use crate::{client, config, reference, run};

const LAYER: [u8; 9000] = [7; 9000];

/// The number of bytes of the layer that have arrived when the upload is interrupted.
const ARRIVED: usize = 3456;

/// Records the reports. Before the upload is retried, uploads the bytes that count as arrived into its session.
#[derive(Debug)]
struct UploadObserver {
    target: EmbeddedRegistry,
    /// The CA of the certificate of the target, if it has one.
    ca: Option<TestCa>,
    arrived: Vec<u8>,
    reports: Mutex<Vec<String>>,
    progress: Mutex<Vec<Progress>>,
}

impl Observer for UploadObserver {
    fn retrying(&self, retry: &Retrying<'_>) {
        self.reports.lock().unwrap().push(retry.to_string());
        if !self.arrived.is_empty() {
            let mut requests = self.target.log().requests().into_iter();
            let cut = requests.rfind(|request| request.is("PUT", "/blobs/uploads/"));
            let path = cut.expect("an upload was cut").path;
            let mut plain = Plain::new(&self.target.host());
            if let Some(ca) = &self.ca {
                plain = plain.tls(ca.client_config());
            }
            let headers = [("content-type", "application/octet-stream")];
            let answer = plain.send("PATCH", &path, &headers, &self.arrived);
            assert_eq!(answer.unwrap().status, 202);
        }
    }

    fn progress(&self, progress: &Progress) {
        self.progress.lock().unwrap().push(*progress);
    }

    fn resuming(&self, resumed: &Resuming<'_>) {
        self.reports.lock().unwrap().push(resumed.to_string());
    }
}

/// Uploads an image, and interrupts the upload of its layer once after `arrived`. Returns the reports, and the body lengths
/// of the requests with the layer.
fn upload(arrived: &[u8]) -> (Vec<String>, Vec<usize>) {
    upload_of(&LAYER, arrived, None)
}

/// Uploads an image with this layer as [`upload`] does, to a registry with TLS if there is a CA.
fn upload_of(layer: &[u8], arrived: &[u8], ca: Option<TestCa>) -> (Vec<String>, Vec<usize>) {
    let target = match &ca {
        Some(ca) => EmbeddedRegistry::builder().tls(ca).start(),
        None => EmbeddedRegistry::start(),
    };
    let source = EmbeddedRegistry::start();
    let image: BuiltImage = Image::oci().layer(layer).build();
    let digest = Digest::sha256(&image.manifest);
    source.seed("app", "1", &image);
    let observer = Arc::new(UploadObserver {
        target,
        ca,
        arrived: arrived.to_vec(),
        reports: Mutex::default(),
        progress: Mutex::default(),
    });
    let target = &observer.target;
    // The target has the configuration already, so there is only one upload.
    let config_bytes = source.blob("app", &image.blob_digests()[0]).unwrap();
    target.put_blob("app", &config_bytes);
    target.fault(
        Fault::on("PUT", "/blobs/uploads/")
            .times(1)
            .respond(Response::ResetBeforeHeaders),
    );
    let client = Client::new(ClientConfig {
        insecure: Insecure {
            all: true,
            ..Insecure::default()
        },
        observer: observer.clone(),
        ..config()
    })
    .unwrap();
    let from = reference(&source.host(), "app:1");
    let to = reference(&target.host(), "app:1")
        .repository()
        .at(digest.clone());
    let media_type = MediaType::OciManifest;
    let child = Child::new(from.repository(), &digest, media_type, &image.manifest).unwrap();
    let publication = Publication {
        targets: std::slice::from_ref(&to),
        media_type,
        bytes: &image.manifest,
        children: &[child],
        push_foreign: false,
        precondition: Precondition::None,
        verify: Some(&[]),
    };
    run(client.publish(&publication, |_| {})).unwrap();
    // Each byte counts once, however often it is sent.
    let told = observer.progress.lock().unwrap();
    let bytes = told.iter().map(|progress| progress.bytes_done);
    assert!(bytes.clone().is_sorted(), "{told:#?}");
    let end = told.last().unwrap();
    let all = (layer.len() + config_bytes.len()) as u64;
    assert_eq!((end.bytes, end.bytes_done), (all, all));
    let digest = Digest::sha256(layer).to_string();
    assert_eq!(target.blob("app", &digest).as_deref(), Some(layer));
    let puts = target.log().requests().into_iter();
    let puts = puts.filter(|request| request.is("PUT", "/blobs/uploads/"));
    let puts: Vec<_> = puts.collect();
    let is_large = layer.len() as u64 > manifest_registry::limits::SMALL_BLOB;
    assert!(puts.iter().all(|put| !(is_large && put.http2)));
    let reports = std::mem::take(&mut *observer.reports.lock().unwrap());
    let host = target.host();
    let reports = reports.into_iter().map(|line| line.replace(&host, "HOST"));
    (
        reports.collect(),
        puts.iter().map(|request| request.body_len).collect(),
    )
}

#[test]
fn an_interrupted_upload_resumes() {
    let layer = Digest::sha256(&LAYER);
    let (reports, lengths) = upload(&LAYER[..ARRIVED]);
    assert_eq!(lengths, [LAYER.len(), LAYER.len() - ARRIVED]);
    assert_eq!(reports.len(), 2, "{reports:#?}");
    assert!(
        reports[0].starts_with("retrying in ")
            && reports[0].ends_with(": the connection was closed"),
        "{reports:#?}"
    );
    assert_eq!(
        reports[1],
        format!("the upload of blob {layer} to HOST/app continues after 3456 of 9000 bytes")
    );
}

#[test]
fn a_large_interrupted_upload_resumes() {
    let large = vec![7; 100_000];
    for ca in [None, Some(TestCa::new())] {
        let (reports, lengths) = upload_of(&large, &large[..ARRIVED], ca);
        assert_eq!(lengths, [large.len(), large.len() - ARRIVED]);
        assert_eq!(reports.len(), 2, "{reports:#?}");
        assert!(
            reports[1].ends_with("continues after 3456 of 100000 bytes"),
            "{reports:#?}"
        );
    }
}

#[test]
fn an_upload_restarts_if_nothing_arrived() {
    let layer = Digest::sha256(&LAYER);
    let (reports, lengths) = upload(&[]);
    assert_eq!(lengths, [LAYER.len(), LAYER.len()]);
    assert_eq!(
        reports[1..],
        [format!(
            "the upload of blob {layer} to HOST/app starts over"
        )]
    );
}

#[test]
fn an_upload_restarts_if_other_bytes_arrived() {
    let (reports, lengths) = upload(&[8; ARRIVED]);
    let whole = LAYER.len();
    assert_eq!(lengths, [whole, whole - ARRIVED, whole]);
    assert_eq!(reports.len(), 3, "{reports:#?}");
    assert!(
        reports[1].ends_with("continues after 3456 of 9000 bytes"),
        "{reports:#?}"
    );
    assert!(reports[2].ends_with("starts over"), "{reports:#?}");
}

#[test]
fn an_interrupted_upload_succeeds_with_or_without_resumption() {
    for resumable in [true, false] {
        let source = EmbeddedRegistry::start();
        let target = EmbeddedRegistry::start();
        let image = Image::oci().layer(&[5; 400_000]).build();
        source.seed("app", "1", &image);
        target.fault(
            Fault::on("PUT", "/blobs/uploads/")
                .times(1)
                .respond(Response::status(502)),
        );
        if !resumable {
            target.fault(Fault::on("GET", "/blobs/uploads/").respond(Response::status(404)));
        }
        let job = Job::new(&source.host(), &[("app", &image)]);
        let published = run(job.publish(&client(), &reference(&target.host(), "app:1"))).unwrap();
        assert_eq!(published.uploaded, 2);
        for digest in image.blob_digests() {
            assert!(target.blob("app", &digest).is_some());
        }
    }
}
