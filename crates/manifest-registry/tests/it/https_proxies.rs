//! HTTPS proxies: the CA certificates that verify them, and the client certificates that they must not receive.

use std::collections::BTreeMap;

use manifest_core::Reference;
use manifest_registry::redact::Secret;
use manifest_registry::{
    Certificates, Client, ClientConfig, HostCertificates, Identity, Insecure, Pem, Proxies,
    ProxySetting, RegistryError,
};
use manifest_testkit::image::Image;
use manifest_testkit::tls::Identity as Pair;
use manifest_testkit::{EmbeddedRegistry, ForwardProxy, TestCa, TlsFront};

use crate::{chain, config, reference, run};

/// A host that is reachable only through the proxy.
const HOST: &str = "registry.test";

/// A registry and a proxy in front of it, each with its own CA.
struct Stage {
    registry_ca: TestCa,
    proxy_ca: TestCa,
    registry: EmbeddedRegistry,
    proxy: ForwardProxy,
    target: Reference,
}

fn pem(bytes: String) -> Pem {
    Pem {
        name: "x.pem".into(),
        bytes: bytes.into(),
    }
}

impl Stage {
    fn new() -> Self {
        Self::of(HOST, HOST)
    }

    /// Starts a registry that references name `host`, with a certificate for `name`.
    fn of(host: &str, name: &str) -> Self {
        let (registry_ca, proxy_ca) = (TestCa::new(), TestCa::new());
        let builder = EmbeddedRegistry::builder().tls_identity(registry_ca.server_for(&[name]));
        let registry = builder.start();
        registry.seed("app", "1", &Image::oci().build());
        let proxy = ForwardProxy::with_login(&registry.host(), "me", "pr0xy-pa55");
        Self {
            registry_ca,
            proxy_ca,
            registry,
            proxy,
            target: reference(host, "app:1"),
        }
    }

    /// Starts a TLS front of the proxy with this certificate.
    fn front(&self, identity: &Pair) -> TlsFront {
        TlsFront::start(identity, &self.proxy.host())
    }

    /// Reads an image through a TLS front, with these certificates.
    fn read(
        &self,
        front: &TlsFront,
        hosts: &[(&str, HostCertificates)],
        all: bool,
    ) -> Result<(), RegistryError> {
        let hosts = hosts
            .iter()
            .map(|(host, own)| ((*host).to_owned(), own.clone()));
        let client = Client::new(ClientConfig {
            certificates: Certificates {
                roots: Vec::new(),
                hosts: hosts.collect::<BTreeMap<_, _>>(),
            },
            proxies: Proxies {
                https: Some(ProxySetting {
                    name: "HTTPS_PROXY".into(),
                    url: Secret::new(format!("https://me:pr0xy-pa55@{}", front.host())),
                }),
                ..Proxies::default()
            },
            insecure: Insecure {
                all,
                ..Insecure::default()
            },
            ..config()
        })
        .unwrap();
        run(client.image(&self.target)).map(|_| ())
    }

    fn assert_no_request_passed(&self) {
        assert_eq!(self.proxy.lines(), [""; 0]);
        assert!(self.registry.log().requests().is_empty());
    }
}

fn trusting(ca: &TestCa) -> HostCertificates {
    HostCertificates {
        roots: vec![pem(ca.ca_pem())],
        ..HostCertificates::default()
    }
}

#[test]
fn proxy_and_host_are_verified_by_their_own_certificates() {
    let stage = Stage::new();
    let front = stage.front(&stage.proxy_ca.server());
    let (host, proxy) = (
        (HOST, trusting(&stage.registry_ca)),
        (front.host(), trusting(&stage.proxy_ca)),
    );
    let proxy = (proxy.0.as_str(), proxy.1);
    stage
        .read(&front, &[host.clone(), proxy.clone()], false)
        .unwrap();
    assert_eq!(stage.proxy.lines(), ["CONNECT registry.test:443 as me"]);
    let requests = stage.registry.log().requests();
    assert!(!requests.is_empty() && requests.iter().all(|request| request.http2));
    // The CA of the host does not verify the proxy.
    let other = Stage::new();
    let front = other.front(&other.registry_ca.server());
    let error = other
        .read(&front, &[(HOST, trusting(&other.registry_ca))], false)
        .unwrap_err();
    let text = chain(&error);
    assert!(
        text.contains("the proxy's certificate is not trusted (via proxy https://127"),
        "{text}"
    );
    assert!(!text.contains("pr0xy-pa55"), "{text}");
    let hint = error.hint().unwrap();
    assert!(
        hint.contains(&format!("host and port of https://{}", front.host())),
        "{hint}"
    );
    other.assert_no_request_passed();
}

#[test]
fn the_proxy_is_verified_even_if_the_host_is_insecure() {
    let stage = Stage::new();
    let front = stage.front(&stage.proxy_ca.server());
    let name = front.host();
    let error = stage.read(&front, &[], true).unwrap_err();
    assert!(
        error.to_string().contains("the proxy's certificate"),
        "{error}"
    );
    stage.assert_no_request_passed();
    let own = [(name.as_str(), trusting(&stage.proxy_ca))];
    stage.read(&front, &own, true).unwrap();
    assert_eq!(stage.proxy.lines(), ["CONNECT registry.test:443 as me"]);
    // A certificate is public: a server without its key is not the proxy.
    let copied = Pair {
        cert_pem: stage.proxy_ca.server().cert_pem,
        key_pem: stage.proxy_ca.server().key_pem,
    };
    let thief = stage.front(&copied);
    let name = thief.host();
    let own = [(name.as_str(), trusting(&stage.proxy_ca))];
    let requests = stage.registry.log().requests().len();
    assert!(stage.read(&thief, &own, true).is_err());
    assert_eq!(stage.proxy.lines().len(), 1);
    assert_eq!(stage.registry.log().requests().len(), requests);
}

/// The HTTP library does not send these requests.
#[test]
fn ipv6_addresses_are_verified_as_well() {
    let host = "[2001:db8::1]";
    let stage = Stage::of(host, "2001:db8::1");
    let front = stage.front(&stage.proxy_ca.server());
    let name = front.host();
    let proxy = (name.as_str(), trusting(&stage.proxy_ca));
    let own = (host, trusting(&stage.registry_ca));
    let error = stage
        .read(&front, std::slice::from_ref(&own), false)
        .unwrap_err();
    let text = error.to_string();
    assert!(
        text.contains("the proxy's certificate is not trusted (via proxy https://127"),
        "{text}"
    );
    stage.assert_no_request_passed();
    let error = stage
        .read(&front, std::slice::from_ref(&proxy), false)
        .unwrap_err();
    let text = error.to_string();
    assert!(text.contains("signed by an unknown authority"), "{text}");
    stage.read(&front, &[own, proxy], false).unwrap();
    assert_eq!(stage.proxy.lines(), ["CONNECT [2001:db8::1]:443 as me"; 2]);
    let requests = stage.registry.log().requests();
    assert!(!requests.is_empty() && requests.iter().all(|request| request.http2));
}

/// The HTTP library has one set of TLS settings for proxy and host, and does not say which of them receives a certificate.
#[test]
fn no_proxy_receives_the_client_certificate_of_the_host() {
    let stage = Stage::new();
    let front = stage.front(&stage.proxy_ca.server());
    let name = front.host();
    let pair = stage.registry_ca.client();
    let own = HostCertificates {
        identities: vec![Identity {
            certificate: pem(pair.cert_pem),
            key: pem(pair.key_pem),
        }],
        ..trusting(&stage.registry_ca)
    };
    let hosts = [(HOST, own), (name.as_str(), trusting(&stage.proxy_ca))];
    for all in [false, true] {
        let error = chain(&stage.read(&front, &hosts, all).unwrap_err());
        let reason = "it would receive the client certificate of the host";
        assert!(error.contains(reason), "{error}");
    }
    stage.assert_no_request_passed();
}
