//! Proxies that are spoken to with TLS themselves: whose certificate is checked by what, and what they are shown.

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

/// A host that is nowhere but behind the proxy.
const HOST: &str = "registry.test";

/// A registry, and a proxy before it; each has an authority of its own.
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

    /// A registry that references name `host`, which has a certificate for `name`.
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

    /// The proxy's face, of loopback unless it is another.
    fn front(&self, identity: &Pair) -> TlsFront {
        TlsFront::start(identity, &self.proxy.host())
    }

    /// Reads an image by a front, with these certificates.
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
            insecure: Insecure { all, hosts: vec![] },
            ..config()
        })
        .unwrap();
        run(client.image(&self.target)).map(|_| ())
    }

    fn nothing_went_through(&self) {
        assert_eq!(self.proxy.lines(), [""; 0]);
        assert!(self.registry.log().requests().is_empty());
    }
}

fn believing(ca: &TestCa) -> HostCertificates {
    HostCertificates {
        roots: vec![pem(ca.ca_pem())],
        ..HostCertificates::default()
    }
}

#[test]
fn each_is_checked_by_what_is_for_it() {
    let stage = Stage::new();
    let front = stage.front(&stage.proxy_ca.server());
    let (host, proxy) = (
        (HOST, believing(&stage.registry_ca)),
        (front.host(), believing(&stage.proxy_ca)),
    );
    let proxy = (proxy.0.as_str(), proxy.1);
    stage
        .read(&front, &[host.clone(), proxy.clone()], false)
        .unwrap();
    assert_eq!(stage.proxy.lines(), ["CONNECT registry.test:443 as me"]);
    let requests = stage.registry.log().requests();
    assert!(!requests.is_empty() && requests.iter().all(|request| request.http2));
    // An authority of the one vouches for nothing of the other.
    let other = Stage::new();
    let front = other.front(&other.registry_ca.server());
    let error = other
        .read(&front, &[(HOST, believing(&other.registry_ca))], false)
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
    other.nothing_went_through();
}

#[test]
fn the_proxy_is_checked_where_the_host_is_not() {
    let stage = Stage::new();
    let front = stage.front(&stage.proxy_ca.server());
    let name = front.host();
    let error = stage.read(&front, &[], true).unwrap_err();
    assert!(
        error.to_string().contains("the proxy's certificate"),
        "{error}"
    );
    stage.nothing_went_through();
    let own = [(name.as_str(), believing(&stage.proxy_ca))];
    stage.read(&front, &own, true).unwrap();
    assert_eq!(stage.proxy.lines(), ["CONNECT registry.test:443 as me"]);
    // A certificate is no secret: who has it and not its key is not the proxy.
    let copied = Pair {
        cert_pem: stage.proxy_ca.server().cert_pem,
        key_pem: stage.proxy_ca.server().key_pem,
    };
    let thief = stage.front(&copied);
    let name = thief.host();
    let own = [(name.as_str(), believing(&stage.proxy_ca))];
    let requests = stage.registry.log().requests().len();
    assert!(stage.read(&thief, &own, true).is_err());
    assert_eq!(stage.proxy.lines().len(), 1);
    assert_eq!(stage.registry.log().requests().len(), requests);
}

/// The requests are not sent by the HTTP library.
#[test]
fn addresses_of_ipv6_are_checked_as_well() {
    let host = "[2001:db8::1]";
    let stage = Stage::of(host, "2001:db8::1");
    let front = stage.front(&stage.proxy_ca.server());
    let name = front.host();
    let proxy = (name.as_str(), believing(&stage.proxy_ca));
    let own = (host, believing(&stage.registry_ca));
    let error = stage
        .read(&front, std::slice::from_ref(&own), false)
        .unwrap_err();
    let text = error.to_string();
    assert!(
        text.contains("the proxy's certificate is not trusted (via proxy https://127"),
        "{text}"
    );
    stage.nothing_went_through();
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

/// The HTTP library has one set of settings for both, and does not tell to whom a certificate is shown.
#[test]
fn no_proxy_is_shown_what_is_for_the_host() {
    let stage = Stage::new();
    let front = stage.front(&stage.proxy_ca.server());
    let name = front.host();
    let pair = stage.registry_ca.client();
    let own = HostCertificates {
        identities: vec![Identity {
            certificate: pem(pair.cert_pem),
            key: pem(pair.key_pem),
        }],
        ..believing(&stage.registry_ca)
    };
    let hosts = [(HOST, own), (name.as_str(), believing(&stage.proxy_ca))];
    for all in [false, true] {
        let error = chain(&stage.read(&front, &hosts, all).unwrap_err());
        let reason = "it would receive the client certificate of the host";
        assert!(error.contains(reason), "{error}");
    }
    stage.nothing_went_through();
}
