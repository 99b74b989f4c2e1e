//! Bodies of blobs use the same settings as all other requests: proxy, login, client certificate, mirrors, locations.

use std::sync::Arc;
use std::time::Duration;

use manifest_registry::{
    Certificates, Client, ClientConfig, Credentials, HostCertificates, Mirror, MirrorRule, Mirrors,
    Pem, Proxies, ProxySetting, PullFromMirror, Secret,
};
use manifest_testkit::fault::{Fault, Response};
use manifest_testkit::tls::Identity;
use manifest_testkit::{EmbeddedRegistry, ForwardProxy, TestCa, TokenServer};

use crate::bodies::{LARGE, RetryLog, client_with, copy, image, tls};
use crate::publish::Job;
use crate::{config, reference, run};

/// Returns a client that reaches every host but `direct` through a proxy, and the record of its retries.
fn behind(proxy: &ForwardProxy, direct: &EmbeddedRegistry) -> (Client, Arc<RetryLog>) {
    let proxies = Proxies {
        https: Some(ProxySetting {
            name: "HTTPS_PROXY".to_owned(),
            url: Secret::new(proxy.host()),
        }),
        no_proxy: direct.host(),
        ..Proxies::default()
    };
    client_with(ClientConfig {
        proxies,
        ..config()
    })
}

/// Returns a client with a login for one registry.
fn logged_in(registry: &EmbeddedRegistry) -> Client {
    let login = serde_json::json!({ "username": "me", "password": "pw" });
    let logins = serde_json::json!({ "auths": { registry.host(): login } }).to_string();
    let credentials = Credentials::from_config_json(logins.as_bytes()).unwrap();
    client_with(ClientConfig {
        credentials,
        ..config()
    })
    .0
}

#[test]
fn bodies_use_the_proxy() {
    let ca = TestCa::new();
    let (source, target) = (tls(&ca), tls(&ca));
    let image = image(4, LARGE);
    source.seed("source", "1", &image);
    let proxy = ForwardProxy::start(&target.host());
    let (client, _) = behind(&proxy, &source);
    let job = Job::new(&source.host(), &[("source", &image)]);
    run(job.publish(&client, &reference("registry.test", "app:1"))).unwrap();
    let connections = target.log().connections();
    assert!((3..=5).contains(&connections), "{connections}");
    assert_eq!(proxy.lines().len(), connections);
    assert_eq!(
        target.log().count(|r| r.is("PUT", "/blobs/") && !r.http2),
        4
    );
}

#[test]
fn a_proxy_with_a_connection_limit_gets_few_connections() {
    let ca = TestCa::new();
    let latency = Duration::from_millis(30);
    let target = EmbeddedRegistry::builder()
        .tls(&ca)
        .latency(latency)
        .start();
    let source = tls(&ca);
    let image = image(30, LARGE);
    source.seed("source", "1", &image);
    let proxy = ForwardProxy::limited(&target.host(), 4);
    let (client, notes) = behind(&proxy, &source);
    let job = Job::new(&source.host(), &[("source", &image)]);
    let published = run(job.publish(&client, &reference("registry.test", "app:1"))).unwrap();
    assert_eq!(published.uploaded, 31);
    // One connection for requests, three for bodies, and the refused connections.
    assert!(
        (5..30).contains(&proxy.lines().len()),
        "{}",
        proxy.lines().len()
    );
    let retries = notes.retries.lock().unwrap();
    assert!(retries.is_empty(), "{retries:#?}");
}

#[test]
fn bodies_carry_the_login() {
    let ca = TestCa::new();
    let tokens = TokenServer::builder().user("me", "pw").tls(&ca).start();
    let target = EmbeddedRegistry::builder()
        .tls(&ca)
        .token_auth(&tokens)
        .start();
    let source = tls(&ca);
    let image = image(4, LARGE);
    source.seed("source", "1", &image);
    let client = logged_in(&target);
    copy(&client, &source, &target, &image);
    let log = target.log();
    assert_eq!(log.count(|r| r.status == 401), 1, "{:#?}", log.lines());
    assert_eq!(log.count(|r| r.is("PUT", "/blobs/") && !r.http2), 4);
    let leaked = |r: &manifest_testkit::log::Request| r.header("authorization").is_some();
    assert_eq!(source.log().count(leaked), 0);
}

#[test]
fn bodies_follow_the_upload_location() {
    // The upload location is on another host, which gets no login.
    let ca = TestCa::new();
    let (source, storage) = (tls(&ca), tls(&ca));
    let tokens = TokenServer::builder().user("me", "pw").tls(&ca).start();
    let target = EmbeddedRegistry::builder()
        .tls(&ca)
        .token_auth(&tokens)
        .start();
    let image = image(1, LARGE);
    source.seed("source", "1", &image);
    // The registry has the blobs already, and denies it once, so that the client uploads to the storage.
    target.put_blob("app", &image.config);
    target.put_blob("app", &image.layers[0].bytes);
    let missing = Fault::on("HEAD", &image.layers[0].digest).times(1);
    target.fault(missing.respond(Response::status(404)));
    let plain = manifest_testkit::Client::new(&storage.host()).tls(ca.client_config());
    let session = plain
        .send("POST", "/v2/app/blobs/uploads/", &[], &[])
        .unwrap();
    let session = session.header("location").unwrap().to_owned();
    let opened = Response::status(202).header("location", &session);
    target.fault(Fault::on("POST", "/blobs/uploads/").respond(opened));
    let client = logged_in(&target);
    copy(&client, &source, &target, &image);
    assert!(storage.blob("app", &image.layers[0].digest).is_some());
    let requests = storage.log().requests();
    let put = requests.iter().find(|r| r.method == "PUT").unwrap();
    assert!(
        !put.http2 && put.header("authorization").is_none(),
        "{put:?}"
    );
}

#[test]
fn bodies_use_the_client_certificate() {
    let (ca, clients) = (TestCa::new(), TestCa::new());
    let source = tls(&ca);
    let target = EmbeddedRegistry::builder().tls(&ca).client_ca(&clients);
    let target = target.start();
    let image = image(4, LARGE);
    source.seed("source", "1", &image);
    let Identity { cert_pem, key_pem } = clients.client();
    let pem = |name: &str, text: String| Pem {
        name: name.to_owned(),
        bytes: text.into(),
    };
    let own = HostCertificates {
        folders: vec!["certs.d".into()],
        identities: vec![manifest_registry::Identity {
            certificate: pem("client.cert", cert_pem),
            key: pem("client.key", key_pem),
        }],
        ..HostCertificates::default()
    };
    let certificates = Certificates {
        roots: vec![pem("ca.pem", ca.ca_pem())],
        hosts: [(target.host(), own)].into(),
    };
    let client = Client::new(ClientConfig {
        certificates,
        ..config()
    });
    copy(&client.unwrap(), &source, &target, &image);
    assert_eq!(
        target.log().count(|r| r.is("PUT", "/blobs/") && !r.http2),
        4
    );
}

#[test]
fn bodies_come_from_mirrors() {
    let ca = TestCa::new();
    let (source, mirror, target) = (tls(&ca), tls(&ca), tls(&ca));
    let image = image(4, LARGE);
    for registry in [&source, &mirror] {
        registry.seed("source", "1", &image);
    }
    let rule = MirrorRule {
        prefix: source.host(),
        mirrors: vec![Mirror::new(&mirror.host(), PullFromMirror::All).unwrap()],
    };
    let mirrors = Mirrors {
        rule_sets: vec![vec![rule]],
    };
    let (client, _) = client_with(ClientConfig {
        mirrors,
        ..config()
    });
    copy(&client, &source, &target, &image);
    assert_eq!(
        mirror.log().count(|r| r.is("GET", "/blobs/") && !r.http2),
        4
    );
    assert_eq!(source.log().count(|r| r.is("GET", "/blobs/")), 0);
}
