//! Uploads that break off: they go on from where the registry is, or begin anew, and say so.

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

/// How much of the layer has arrived when the upload breaks off.
const ARRIVED: usize = 3456;

/// Notes what is said; and before the upload is tried again, puts into its session what is to have arrived.
#[derive(Debug)]
struct Witness {
    target: EmbeddedRegistry,
    /// The authority of its certificate, if it has one.
    ca: Option<TestCa>,
    arrived: Vec<u8>,
    said: Mutex<Vec<String>>,
    progress: Mutex<Vec<Progress>>,
}

impl Observer for Witness {
    fn retrying(&self, retry: &Retrying<'_>) {
        self.said.lock().unwrap().push(retry.to_string());
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
        self.said.lock().unwrap().push(resumed.to_string());
    }
}

/// Uploads an image whose layer is cut once when this has arrived. Returns what was said, and how long the requests were that
/// carried the layer.
fn upload(arrived: &[u8]) -> (Vec<String>, Vec<usize>) {
    upload_of(&LAYER, arrived, None)
}

/// As [`upload`], of this layer, to a registry with TLS if there is an authority.
fn upload_of(layer: &[u8], arrived: &[u8], ca: Option<TestCa>) -> (Vec<String>, Vec<usize>) {
    let target = match &ca {
        Some(ca) => EmbeddedRegistry::builder().tls(ca).start(),
        None => EmbeddedRegistry::start(),
    };
    let source = EmbeddedRegistry::start();
    let image: BuiltImage = Image::oci().layer(layer).build();
    let digest = Digest::sha256(&image.manifest);
    source.seed("app", "1", &image);
    let witness = Arc::new(Witness {
        target,
        ca,
        arrived: arrived.to_vec(),
        said: Mutex::default(),
        progress: Mutex::default(),
    });
    let target = &witness.target;
    // The configuration is there already, so that there is one upload.
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
            hosts: vec![],
        },
        observer: witness.clone(),
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
        verified: Some(&[]),
    };
    run(client.publish(&publication, |_| {})).unwrap();
    // However often it is sent: each byte counts once.
    let told = witness.progress.lock().unwrap();
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
    let said = std::mem::take(&mut *witness.said.lock().unwrap());
    let host = target.host();
    let said = said.into_iter().map(|line| line.replace(&host, "HOST"));
    (
        said.collect(),
        puts.iter().map(|request| request.body_len).collect(),
    )
}

#[test]
fn an_upload_goes_on_where_it_broke_off() {
    let layer = Digest::sha256(&LAYER);
    let (said, lengths) = upload(&LAYER[..ARRIVED]);
    assert_eq!(lengths, [LAYER.len(), LAYER.len() - ARRIVED]);
    assert_eq!(said.len(), 2, "{said:#?}");
    assert!(
        said[0].starts_with("retrying in ") && said[0].ends_with(": the connection was closed"),
        "{said:#?}"
    );
    assert_eq!(
        said[1],
        format!("the upload of blob {layer} to HOST/app continues after 3456 of 9000 bytes")
    );
}

#[test]
fn a_large_upload_goes_on_where_it_broke_off() {
    let large = vec![7; 100_000];
    for ca in [None, Some(TestCa::new())] {
        let (said, lengths) = upload_of(&large, &large[..ARRIVED], ca);
        assert_eq!(lengths, [large.len(), large.len() - ARRIVED]);
        assert_eq!(said.len(), 2, "{said:#?}");
        assert!(
            said[1].ends_with("continues after 3456 of 100000 bytes"),
            "{said:#?}"
        );
    }
}

#[test]
fn an_upload_of_which_nothing_arrived_begins_anew() {
    let layer = Digest::sha256(&LAYER);
    let (said, lengths) = upload(&[]);
    assert_eq!(lengths, [LAYER.len(), LAYER.len()]);
    assert_eq!(
        said[1..],
        [format!(
            "the upload of blob {layer} to HOST/app starts over"
        )]
    );
}

#[test]
fn an_upload_of_which_something_else_arrived_begins_anew() {
    let (said, lengths) = upload(&[8; ARRIVED]);
    let whole = LAYER.len();
    assert_eq!(lengths, [whole, whole - ARRIVED, whole]);
    assert_eq!(said.len(), 3, "{said:#?}");
    assert!(
        said[1].ends_with("continues after 3456 of 9000 bytes"),
        "{said:#?}"
    );
    assert!(said[2].ends_with("starts over"), "{said:#?}");
}

#[test]
fn an_upload_that_breaks_off_goes_on() {
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
