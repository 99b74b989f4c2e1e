//! The proxy in front of both registries: its log, delays and faults.

use std::time::{Duration, Instant};

use manifest_testkit::fault::{Fault, Response};
use manifest_testkit::image::Image;
use manifest_testkit::suite::registries;
use manifest_testkit::{Client, LoggingProxy, TestCa, seed};

#[test]
fn requests_are_counted_and_locations_lead_back() {
    let image = Image::docker().layer(b"x").build();
    for registry in registries() {
        let proxy = LoggingProxy::start(&registry.host());
        seed::push(&proxy.host(), "app", "1", &image);
        assert_eq!(registry.manifest("app", "1").unwrap().1, image.manifest);
        let log = proxy.log();
        assert_eq!(log.count(|r| r.method == "POST"), 2);
        assert_eq!(
            log.count(|r| r.is("PUT", "/blobs/uploads/") && r.status == 201),
            2
        );
        assert_eq!(log.lines().last().unwrap(), "PUT /v2/app/manifests/1 201");
        let put = log.requests().pop().unwrap();
        assert_eq!(put.body_len, image.size());
        assert_eq!(put.header("content-type"), Some(image.media_type.as_str()));
        assert_eq!(put.header("host"), Some(proxy.host().as_str()));
        assert_eq!(log.connections(), 5);
        log.clear();
        assert_eq!((log.connections(), log.lines().len()), (0, 0));
        let response = Client::new(&proxy.host())
            .head("/v2/app/manifests/1")
            .unwrap();
        assert_eq!(
            response.header("content-length"),
            Some(image.size().to_string().as_str())
        );
    }
}

#[test]
fn a_round_trip_takes_its_time() {
    for registry in registries() {
        let delay = Duration::from_millis(30);
        let proxy = LoggingProxy::builder(&registry.host()).delay(delay).start();
        let start = Instant::now();
        assert_eq!(Client::new(&proxy.host()).get("/v2/").unwrap().status, 200);
        assert!(start.elapsed() >= 2 * delay, "TCP handshake and request");
    }
}

#[test]
fn the_proxy_has_faults_and_speaks_tls() {
    let ca = TestCa::new();
    for registry in registries() {
        let proxy = LoggingProxy::builder(&registry.host()).tls(&ca).start();
        let fault = proxy.fault(Fault::on_any("/v2/").nth(2).respond(Response::status(429)));
        let client = Client::new(&proxy.host()).tls(ca.client_config());
        let mut statuses = Vec::new();
        for _ in 0..3 {
            statuses.push(client.get("/v2/").unwrap().status);
        }
        assert_eq!((statuses, fault.hits()), (vec![200, 429, 200], 1));
        let opened = client.post("/v2/app/blobs/uploads/", "", &[]).unwrap();
        let location = opened.header("location").unwrap();
        assert!(location.starts_with(&proxy.url()), "{location}");
    }
}

#[test]
fn a_missing_upstream_is_a_bad_gateway() {
    let proxy = {
        let registry = manifest_testkit::EmbeddedRegistry::start();
        LoggingProxy::start(&registry.host())
    };
    assert_eq!(Client::new(&proxy.host()).get("/v2/").unwrap().status, 502);
}
