//! What goes by a proxy, with whose login, and what is said where that fails.

use manifest_core::Reference;
use manifest_registry::redact::Secret;
use manifest_registry::{
    Certificates, Client, ClientConfig, Insecure, Pem, Proxies, ProxySetting, RegistryError,
};
use manifest_testkit::fault::{Answer, Fault};
use manifest_testkit::image::Image;
use manifest_testkit::{EmbeddedRegistry, ForwardProxy, TestCa};

use crate::{chain, config, reference, run};

/// A host that is nowhere but behind the proxy.
const HOST: &str = "registry.test";

/// The password of the proxy. It must never be seen.
const PASSWORD: &str = "pr0xy-pa55";

fn setting(name: &str, url: &str) -> Option<ProxySetting> {
    Some(ProxySetting {
        name: name.to_owned(),
        url: Secret::new(url),
    })
}

fn proxies(url: &str) -> Proxies {
    Proxies {
        https: setting("HTTPS_PROXY", url),
        ..Proxies::default()
    }
}

/// A registry that calls itself [`HOST`], and a client that believes it and goes by these proxies.
struct Stage {
    ca: TestCa,
    registry: EmbeddedRegistry,
    target: Reference,
}

impl Stage {
    fn new() -> Self {
        let ca = TestCa::new();
        let builder = EmbeddedRegistry::builder().tls_identity(ca.server_for(&[HOST]));
        let registry = builder.start();
        registry.seed("app", "1", &Image::oci().build());
        let target = reference(HOST, "app:1");
        Self {
            ca,
            registry,
            target,
        }
    }

    fn client(&self, proxies: Proxies) -> Client {
        let roots = vec![Pem {
            name: "ca.pem".into(),
            bytes: self.ca.ca_pem().into(),
        }];
        let certificates = Certificates {
            roots,
            ..Certificates::default()
        };
        Client::new(ClientConfig {
            certificates,
            proxies,
            ..config()
        })
        .unwrap()
    }

    fn fails(&self, proxies: Proxies) -> RegistryError {
        let error = run(self.client(proxies).image(&self.target)).unwrap_err();
        let shown = format!("{error:?} {} {:?}", chain(&error), error.hint());
        assert!(!shown.contains(PASSWORD), "{shown}");
        assert!(error.is_unavailable(), "{shown}");
        error
    }
}

#[test]
fn requests_are_tunnelled() {
    let stage = Stage::new();
    let proxy = ForwardProxy::start(&stage.registry.host());
    for url in [proxy.host(), format!("http://{}/path", proxy.host())] {
        run(stage.client(proxies(&url)).image(&stage.target)).unwrap();
    }
    assert_eq!(proxy.lines(), ["CONNECT registry.test:443"; 2]);
    let requests = stage.registry.log().requests();
    assert!(requests.iter().all(|request| request.http2));
    assert_eq!(requests.len(), 4);
}

#[test]
fn the_login_goes_to_the_proxy_only() {
    let stage = Stage::new();
    let proxy = ForwardProxy::with_login(&stage.registry.host(), "me", PASSWORD);
    let url = format!("http://me:{PASSWORD}@{}", proxy.host());
    run(stage.client(proxies(&url)).image(&stage.target)).unwrap();
    assert_eq!(proxy.lines(), ["CONNECT registry.test:443 as me"]);
    for request in stage.registry.log().requests() {
        assert_eq!(request.header("proxy-authorization"), None);
        assert_eq!(request.header("authorization"), None);
    }
}

#[test]
fn a_login_with_odd_characters_is_decoded() {
    let stage = Stage::new();
    let proxy = ForwardProxy::with_login(&stage.registry.host(), "me@corp", "p:a/s%s");
    let url = format!("http://me%40corp:p%3Aa%2Fs%25s@{}", proxy.host());
    run(stage.client(proxies(&url)).image(&stage.target)).unwrap();
    assert_eq!(proxy.lines(), ["CONNECT registry.test:443 as me@corp"]);
}

#[test]
fn socks_is_spoken_and_names_are_left_to_it() {
    let stage = Stage::new();
    let open = ForwardProxy::start(&stage.registry.host());
    let url = format!("socks5h://{}", open.host());
    run(stage.client(proxies(&url)).image(&stage.target)).unwrap();
    assert_eq!(open.lines(), ["SOCKS registry.test:443"]);
    let closed = ForwardProxy::with_login(&stage.registry.host(), "me", PASSWORD);
    let url = format!("socks5h://me:{PASSWORD}@{}", closed.host());
    run(stage.client(proxies(&url)).image(&stage.target)).unwrap();
    assert_eq!(closed.lines(), ["SOCKS registry.test:443 as me"]);
    let url = format!("socks5h://me:not-{PASSWORD}@{}", closed.host());
    let error = stage.fails(proxies(&url)).to_string();
    let by = format!("(by proxy socks5h://{} of HTTPS_PROXY", closed.host());
    assert!(error.contains(&by), "{error}");
}

#[test]
fn plain_http_goes_by_its_own_proxy() {
    let registry = EmbeddedRegistry::start();
    registry.seed("app", "1", &Image::oci().build());
    // The tunnel leads to a port without TLS, so that http is tried next.
    let tunnel = ForwardProxy::start(&registry.host());
    let proxy = ForwardProxy::with_login(&registry.host(), "me", PASSWORD);
    let client = |password: &str| {
        let proxies = Proxies {
            http: setting("http_proxy", &format!("me:{password}@{}", proxy.host())),
            ..proxies(&tunnel.host())
        };
        let insecure = Insecure {
            all: true,
            hosts: vec![],
        };
        let config = ClientConfig {
            insecure,
            proxies,
            ..config()
        };
        Client::new(config).unwrap()
    };
    let target = reference(HOST, "app:1");
    let error = run(client("wrong").manifest(&target)).unwrap_err();
    assert_eq!(
        error.to_string(),
        format!(
            "failed to get manifest registry.test/app:1: GET http://registry.test/v2/app/manifests/1: \
             the proxy wants a login (407) (by proxy http://{} of http_proxy)",
            proxy.host()
        )
    );
    run(client(PASSWORD).manifest(&target)).unwrap();
    let line = "GET http://registry.test/v2/app/manifests/1";
    assert_eq!(
        proxy.lines(),
        [format!("{line} refused"), format!("{line} as me")]
    );
    assert_eq!(tunnel.lines(), ["CONNECT registry.test:443"; 2]);
    assert_eq!(registry.log().lines(), ["GET /v2/app/manifests/1 200"]);
    assert_eq!(registry.log().requests()[0].header("authorization"), None);
}

#[test]
fn failures_name_the_proxy_and_what_to_do() {
    let stage = Stage::new();
    let closed = ForwardProxy::with_login(&stage.registry.host(), "me", PASSWORD);
    let by = |url: &str| format!("(by proxy {url} of HTTPS_PROXY)");
    let start = "failed to get manifest registry.test/app:1: GET https://registry.test/v2/app/manifests/1: ";

    for login in ["", "me:wrong@"] {
        let error = stage.fails(proxies(&format!("http://{login}{}", closed.host())));
        let url = format!("http://{}", closed.host());
        assert_eq!(
            error.to_string(),
            format!("{start}the proxy wants a login (407) {}", by(&url))
        );
        assert_eq!(
            error.hint().unwrap(),
            format!(
                "put the login into the proxy's URL, as in http://USER:PASSWORD@HOST:PORT ({url} of HTTPS_PROXY)"
            )
        );
    }
    assert_eq!(closed.lines(), ["CONNECT registry.test:443 refused"; 2]);

    let refusing = ForwardProxy::refusing(503);
    let url = format!("http://{}", refusing.host());
    let error = stage.fails(proxies(&format!(
        "http://me:{PASSWORD}@{}",
        refusing.host()
    )));
    assert_eq!(
        error.to_string(),
        format!(
            "{start}the proxy does not connect to the server {}",
            by(&url)
        )
    );
    drop(refusing);
    let error = stage.fails(proxies(&url));
    assert_eq!(
        error.to_string(),
        format!(
            "{start}the proxy does not connect to the server {}",
            by(&url)
        )
    );
    assert!(chain(&error).contains("refused"), "{}", chain(&error));
    assert_eq!(
        error.hint().unwrap(),
        format!(
            "correct the proxy's setting ({url} of HTTPS_PROXY), or name registry.test in NO_PROXY"
        )
    );

    let error = stage.fails(proxies(&format!("ftp://me:{PASSWORD}@proxy.test")));
    assert_eq!(
        chain(&error),
        format!(
            "{start}the proxy cannot be used {}: its scheme is none of http, https, socks5 and socks5h",
            by("the proxy")
        )
    );
    assert!(stage.registry.log().requests().is_empty());
}

#[test]
fn this_machine_and_exceptions_go_without() {
    let open = EmbeddedRegistry::start();
    open.seed("app", "1", &Image::oci().build());
    let proxy = ForwardProxy::refusing(503);
    let stage = Stage::new();
    let client = stage.client(Proxies {
        all: setting("ALL_PROXY", &proxy.host()),
        no_proxy: "registry.test:443".into(),
        ..Proxies::default()
    });
    run(client.image(&reference(&open.host(), "app:1"))).unwrap();
    // It is not there without the proxy.
    let error = run(client.image(&stage.target)).unwrap_err();
    assert!(error.is_unavailable() && !error.to_string().contains("by proxy"));
    assert_eq!(proxy.lines(), [""; 0]);
    // A redirect to a host that is no exception goes by the proxy.
    let fault = Fault::on("GET", "/blobs/").answer(Answer::Redirect {
        to: "https://other.test/blob".into(),
    });
    open.fault(fault);
    let error = run(client.image(&reference(&open.host(), "app:1"))).unwrap_err();
    assert!(error.to_string().contains("by proxy"), "{error}");
    assert_eq!(proxy.lines(), ["CONNECT other.test:443"]);
}
