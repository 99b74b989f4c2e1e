//! Proxies: the requests that use them, the login that they receive, and the errors if they fail.

use manifest_core::Reference;
use manifest_registry::redact::Secret;
use manifest_registry::{
    Certificates, Child, Client, ClientConfig, Credentials, Insecure, Pem, Precondition, Proxies,
    ProxySetting, Publication, RegistryError,
};
use manifest_testkit::fault::{Fault, Response};
use manifest_testkit::image::Image;
use manifest_testkit::{EmbeddedRegistry, ForwardProxy, TestCa};
use serde_json::json;

use crate::{chain, config, reference, run};

/// A host that is reachable only through the proxy.
const HOST: &str = "registry.test";

/// The password of the proxy, which must never appear in any output.
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

/// A registry that requests reach through a proxy. Its clients trust its CA.
struct Stage {
    ca: TestCa,
    registry: EmbeddedRegistry,
    target: Reference,
}

impl Stage {
    fn new() -> Self {
        Self::of(HOST, HOST)
    }

    /// Starts a registry that references name `host`, with a certificate for `name`.
    fn of(host: &str, name: &str) -> Self {
        let ca = TestCa::new();
        let builder = EmbeddedRegistry::builder().tls_identity(ca.server_for(&[name]));
        let registry = builder.start();
        registry.seed("app", "1", &Image::oci().build());
        let target = reference(host, "app:1");
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

    fn read_error(&self, proxies: Proxies) -> RegistryError {
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
fn a_login_with_escaped_characters_is_decoded() {
    let stage = Stage::new();
    let proxy = ForwardProxy::with_login(&stage.registry.host(), "me@corp", "p:a/s%s");
    let url = format!("http://me%40corp:p%3Aa%2Fs%25s@{}", proxy.host());
    run(stage.client(proxies(&url)).image(&stage.target)).unwrap();
    assert_eq!(proxy.lines(), ["CONNECT registry.test:443 as me@corp"]);
}

#[test]
fn socks_proxies_resolve_names() {
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
    let error = stage.read_error(proxies(&url)).to_string();
    let by = format!("(via proxy socks5h://{} of HTTPS_PROXY", closed.host());
    assert!(error.contains(&by), "{error}");
}

#[test]
fn plain_http_uses_its_own_proxy() {
    let registry = EmbeddedRegistry::start();
    registry.seed("app", "1", &Image::oci().build());
    // The tunnel leads to a port without TLS, so the client tries http next.
    let tunnel = ForwardProxy::start(&registry.host());
    let proxy = ForwardProxy::with_login(&registry.host(), "me", PASSWORD);
    let client = |password: &str| {
        let proxies = Proxies {
            http: setting("http_proxy", &format!("me:{password}@{}", proxy.host())),
            ..proxies(&tunnel.host())
        };
        let insecure = Insecure {
            all: true,
            ..Insecure::default()
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
             the proxy requires a login (407) (via proxy http://{} of http_proxy)",
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
fn failures_name_the_proxy_and_give_a_hint() {
    let stage = Stage::new();
    let closed = ForwardProxy::with_login(&stage.registry.host(), "me", PASSWORD);
    let by = |url: &str| format!("(via proxy {url} of HTTPS_PROXY)");
    let start = "failed to get manifest registry.test/app:1: GET https://registry.test/v2/app/manifests/1: ";

    for login in ["", "me:wrong@"] {
        let error = stage.read_error(proxies(&format!("http://{login}{}", closed.host())));
        let url = format!("http://{}", closed.host());
        assert_eq!(
            error.to_string(),
            format!("{start}the proxy requires a login (407) {}", by(&url))
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
    let error = stage.read_error(proxies(&format!(
        "http://me:{PASSWORD}@{}",
        refusing.host()
    )));
    assert_eq!(
        error.to_string(),
        format!(
            "{start}the proxy could not connect to the server {}",
            by(&url)
        )
    );
    drop(refusing);
    let error = stage.read_error(proxies(&url));
    assert_eq!(
        error.to_string(),
        format!(
            "{start}the proxy could not connect to the server {}",
            by(&url)
        )
    );
    assert!(chain(&error).contains("refused"), "{}", chain(&error));
    assert_eq!(
        error.hint().unwrap(),
        format!(
            "correct the proxy setting ({url} of HTTPS_PROXY), or add registry.test to NO_PROXY"
        )
    );

    let error = stage.read_error(proxies(&format!("ftp://me:{PASSWORD}@proxy.test")));
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
fn this_machine_and_exceptions_use_no_proxy() {
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
    // The host is unreachable without the proxy.
    let error = run(client.image(&stage.target)).unwrap_err();
    assert!(error.is_unavailable() && !error.to_string().contains("via proxy"));
    assert_eq!(proxy.lines(), [""; 0]);
    // A redirect to a host that is not an exception uses the proxy.
    let fault = Fault::on("GET", "/blobs/").respond(Response::Redirect {
        to: "https://other.test/blob".into(),
    });
    open.fault(fault);
    let error = run(client.image(&reference(&open.host(), "app:1"))).unwrap_err();
    assert!(error.to_string().contains("via proxy"), "{error}");
    assert_eq!(proxy.lines(), ["CONNECT other.test:443"]);
}

/// A documentation address, which is unreachable (RFC 3849), and a port.
const IPV6: &str = "[2001:db8::1]:5000";

#[test]
fn ipv6_addresses_are_tunnelled() {
    let stage = Stage::of(IPV6, "2001:db8::1");
    let proxy = ForwardProxy::with_login(&stage.registry.host(), "me@corp", PASSWORD);
    for (scheme, line) in [
        ("http", "CONNECT [2001:db8::1]:5000 as me@corp"),
        ("socks5", "SOCKS [2001:db8::1]:5000 as me@corp"),
        ("socks5h", "SOCKS [2001:db8::1]:5000 as me@corp"),
    ] {
        let url = format!("{scheme}://me%40corp:{PASSWORD}@{}", proxy.host());
        run(stage.client(proxies(&url)).image(&stage.target)).unwrap();
        assert_eq!(proxy.lines().last().unwrap(), line);
    }
    assert_eq!(proxy.lines().len(), 3, "one connection each");
    let requests = stage.registry.log().requests();
    assert_eq!(requests.len(), 6);
    for request in requests {
        assert!(request.http2);
        assert_eq!(request.header("proxy-authorization"), None);
        let agent = request.header("user-agent").unwrap();
        assert!(agent.starts_with("docker-manifest/"), "{agent}");
    }
}

/// The HTTP library does not send these requests, which must make no visible difference.
#[test]
fn failures_are_the_same_for_ipv6_addresses() {
    let names = [(HOST, HOST), (IPV6, "2001:db8::1")];
    let stages = names.map(|(host, name)| Stage::of(host, name));
    let proxy = ForwardProxy::with_login(&stages[0].registry.host(), "me", PASSWORD);
    let closed = proxy.host();
    let refusing = ForwardProxy::refusing(503);
    let gone = ForwardProxy::refusing(503).host();
    let other = stages.each_ref().map(|stage| {
        let proxy = ForwardProxy::start(&stage.registry.host());
        let url = proxy.host();
        (proxy, url)
    });
    let texts = |error: RegistryError, host: &str| {
        // A host without a port has the port of the scheme.
        let neutral = |text: &str| text.replace(host, "HOST");
        let hint = error.hint().unwrap_or_default();
        (neutral(&chain(&error)), neutral(&hint))
    };
    for url in [
        closed.clone(),
        format!("socks5h://me:not-{PASSWORD}@{closed}"),
        refusing.host(),
        gone.clone(),
        format!("socks5h://{gone}"),
        "http://no-such-host.invalid:3128".to_owned(),
        format!("ftp://{closed}"),
    ] {
        let [library, tunnel] = stages
            .each_ref()
            .map(|stage| texts(stage.read_error(proxies(&url)), stage.target.domain()));
        assert_eq!(library, tunnel, "{url}");
    }
    // Certificates of the wrong authority and of the wrong name, through tunnels that work.
    let strange = Stage::new();
    let [library, tunnel] = [0, 1].map(|at| {
        let client = strange.client(proxies(&other[at].1));
        let stage = &stages[at];
        let issuer = stage.ca.name().to_owned();
        let error = run(client.image(&stage.target)).unwrap_err();
        let (chain, hint) = texts(error, stage.target.domain());
        let neutral = |text: String| {
            text.replace(&issuer, "ISSUER")
                .replace(&other[at].1, "PROXY")
        };
        (neutral(chain), neutral(hint))
    });
    assert!(library.0.contains("unknown authority"), "{library:?}");
    assert_eq!(library, tunnel);
    let wrong = Stage::of(IPV6, HOST);
    let through = ForwardProxy::start(&wrong.registry.host());
    let error = wrong.read_error(proxies(&through.host()));
    let text = "the server's certificate is not valid";
    assert!(error.to_string().contains(text), "{error}");
}

/// The client verifies no certificate, and tries plain http next.
#[test]
fn insecure_ipv6_addresses_are_reached() {
    let wrong = Stage::of(IPV6, HOST);
    let open = EmbeddedRegistry::start();
    open.seed("app", "1", &Image::oci().build());
    for (registry, lines) in [
        (&wrong.registry, &["CONNECT [2001:db8::1]:5000"][..]),
        (
            &open,
            &[
                "CONNECT [2001:db8::1]:5000",
                "GET http://[2001:db8::1]:5000/v2/app/manifests/1",
            ],
        ),
    ] {
        let through = ForwardProxy::start(&registry.host());
        let client = Client::new(ClientConfig {
            proxies: Proxies {
                all: setting("ALL_PROXY", &through.host()),
                ..Proxies::default()
            },
            insecure: Insecure {
                all: true,
                ..Insecure::default()
            },
            ..config()
        });
        run(client.unwrap().manifest(&wrong.target)).unwrap();
        assert_eq!(through.lines(), lines);
    }
}

#[test]
fn layers_are_uploaded_to_ipv6_addresses() {
    let ca = TestCa::new();
    let registry = EmbeddedRegistry::builder()
        .tls_identity(ca.server_for(&["2001:db8::1"]))
        .basic_auth("me", "pw")
        .start();
    let proxy = ForwardProxy::start(&registry.host());
    let source = EmbeddedRegistry::start();
    let image = Image::oci().layer(&[7; 3_000_000]).layer(b"small").build();
    source.seed("app", "1", &image);
    let login = json!({ "username": "me", "password": "pw" });
    let logins = json!({ "auths": { IPV6: login } }).to_string();
    let roots = vec![Pem {
        name: "ca.pem".into(),
        bytes: ca.ca_pem().into(),
    }];
    let client = Client::new(ClientConfig {
        certificates: Certificates {
            roots,
            ..Certificates::default()
        },
        credentials: Credentials::from_config_json(logins.as_bytes()).unwrap(),
        proxies: proxies(&proxy.host()),
        ..config()
    })
    .unwrap();
    let from = reference(&source.host(), "app:1");
    let manifest = run(client.manifest(&from)).unwrap();
    let (media_type, bytes) = (manifest.media_type(), manifest.bytes());
    let child = Child::new(from.repository(), manifest.digest(), media_type, bytes);
    let target = reference(IPV6, "copy:1");
    let publication = Publication {
        targets: std::slice::from_ref(&target),
        media_type,
        bytes,
        children: &[child.unwrap()],
        push_foreign: false,
        precondition: Precondition::None,
        verify: Some(&[]),
    };
    run(client.publish(&publication, |_| {})).unwrap();
    for layer in &image.layers {
        assert_eq!(
            registry.blob("copy", &layer.digest).as_ref(),
            Some(&layer.bytes)
        );
    }
    assert_eq!(registry.tags("copy"), ["1"]);
    // The large layer has a connection of its own.
    let requests = registry.log().requests();
    let is_large = |length: usize| length > 1_000_000;
    assert!(requests.iter().all(|r| r.http2 != is_large(r.body_len)));
}
