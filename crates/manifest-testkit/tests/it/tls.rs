//! TLS on both registries: HTTP/2, client certificates, wrong certificates.

use std::io::{Read, Write};
use std::net::TcpStream;

use manifest_testkit::fault::{Fault, Response};
use manifest_testkit::image::Image;
use manifest_testkit::suite::{Setup, TestRegistry, kinds};
use manifest_testkit::{
    Client, EmbeddedRegistry, LoggingProxy, RealRegistry, TestCa, TokenServer, seed,
};

#[test]
fn both_registries_serve_over_tls() {
    let ca = TestCa::new();
    let image = Image::docker().build();
    for kind in kinds() {
        let registry = TestRegistry::start_with(
            kind,
            Setup {
                tls: Some(&ca),
                ..Setup::default()
            },
        );
        assert!(registry.url().starts_with("https://127.0.0.1:"));
        let client = registry.client().tls(ca.client_config());
        seed::push_with(&client, "app", "1", &image);
        let (_, bytes) = seed::manifest(&client, "app", "1").unwrap();
        assert_eq!(bytes, image.manifest);
        let opened = client.post("/v2/app/blobs/uploads/", "", &[]).unwrap();
        assert!(
            opened
                .header("location")
                .unwrap()
                .starts_with(&registry.url()),
            "{kind:?}"
        );
        let other = registry.client().tls(TestCa::new().client_config());
        let error = other.get("/v2/").unwrap_err().to_string();
        assert!(error.contains("UnknownIssuer"), "{kind:?}: {error}");
        let plain = registry.client().get("/v2/").unwrap();
        assert_eq!(plain.status, 400, "{kind:?}");
        assert_eq!(
            plain.text(),
            "Client sent an HTTP request to an HTTPS server.\n",
            "{kind:?}"
        );
    }
}

#[test]
fn client_certificates_are_demanded() {
    let ca = TestCa::new();
    let shown = ca.client_config_with(&ca.client());
    let check = |host: &str| {
        let client = Client::new(host);
        assert!(client.clone().tls(ca.client_config()).get("/v2/").is_err());
        assert_eq!(client.tls(shown.clone()).get("/v2/").unwrap().status, 200);
    };
    check(
        &EmbeddedRegistry::builder()
            .tls(&ca)
            .client_ca(&ca)
            .start()
            .host(),
    );
    if kinds().len() == 2 {
        check(
            &RealRegistry::builder()
                .tls(&ca)
                .client_ca(&ca)
                .start()
                .host(),
        );
    }
}

#[test]
fn wrong_certificates_are_refused_by_clients() {
    let ca = TestCa::new();
    let check = |identity, expect: &str| {
        let registry = EmbeddedRegistry::builder().tls_identity(identity).start();
        let client = Client::new(&registry.host()).tls(ca.client_config());
        let error = client.get("/v2/").unwrap_err().to_string();
        assert!(error.contains(expect), "{error}");
    };
    check(ca.expired_server(), "xpired");
    check(ca.server_for(&["registry.example"]), "not valid for name");
}

#[test]
fn loopback_of_ip_version_6_is_served() {
    let ca = TestCa::new();
    let registry = EmbeddedRegistry::builder().ipv6().tls(&ca).start();
    assert!(registry.host().starts_with("[::1]:"));
    let client = Client::new(&registry.host()).tls(ca.client_config());
    assert_eq!(client.get("/v2/").unwrap().status, 200);
    if kinds().len() == 2 {
        let registry = RealRegistry::builder().ipv6().start();
        assert_eq!(
            Client::new(&registry.host()).get("/v2/").unwrap().status,
            200
        );
    }
}

#[test]
fn http2_is_offered_over_tls() {
    let ca = TestCa::new();
    let check = |builder: manifest_testkit::embedded::EmbeddedBuilder, expect: Option<&[u8]>| {
        let registry = builder.tls(&ca).start();
        let mut config = (*ca.client_config()).clone();
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        let name = "127.0.0.1".try_into().unwrap();
        let connection = rustls::ClientConnection::new(config.into(), name).unwrap();
        let tcp = TcpStream::connect(registry.host()).unwrap();
        let mut stream = rustls::StreamOwned::new(connection, tcp);
        // The connection preface of HTTP/2 and an empty SETTINGS frame.
        stream
            .write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0")
            .unwrap();
        assert_eq!(stream.conn.alpn_protocol(), expect);
        if expect == Some(b"h2") {
            let mut head = [0; 9];
            stream.read_exact(&mut head).unwrap();
            assert_eq!(head[3], 4, "the server begins with SETTINGS");
        }
    };
    check(EmbeddedRegistry::builder(), Some(b"h2"));
    check(EmbeddedRegistry::builder().http1_only(), Some(b"http/1.1"));
}

#[test]
fn token_servers_serve_over_tls() {
    let ca = TestCa::new();
    let tokens = TokenServer::builder().anonymous_pull().tls(&ca).start();
    assert!(tokens.realm().starts_with("https://127.0.0.1:"));
    let client = Client::new(&tokens.host()).tls(ca.client_config());
    assert_eq!(
        client.get("/token?scope=repository:a:pull").unwrap().status,
        200
    );
}

/// Sends GETs over one HTTP/2 connection, and returns each status, or 0 without a response.
fn get_over_http2(ca: &TestCa, host: &str, paths: &[&str]) -> Vec<u16> {
    let mut config = (*ca.client_config()).clone();
    config.alpn_protocols = vec![b"h2".to_vec()];
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let tcp = tokio::net::TcpStream::connect(host).await.unwrap();
        let name = "127.0.0.1".try_into().unwrap();
        let connector = tokio_rustls::TlsConnector::from(std::sync::Arc::new(config));
        let stream = hyper_util::rt::TokioIo::new(connector.connect(name, tcp).await.unwrap());
        let executor = hyper_util::rt::TokioExecutor::new();
        let (mut sender, connection) = hyper::client::conn::http2::handshake(executor, stream)
            .await
            .unwrap();
        tokio::spawn(connection);
        let mut statuses = Vec::new();
        for path in paths {
            let request = http::Request::get(format!("https://{host}{path}"));
            let request = request
                .body(http_body_util::Empty::<bytes::Bytes>::new())
                .unwrap();
            let response = sender.send_request(request).await;
            statuses.push(response.map_or(0, |response| response.status().as_u16()));
        }
        statuses
    })
}

#[test]
fn http2_requests_share_a_connection_and_have_faults() {
    let ca = TestCa::new();
    let registry = EmbeddedRegistry::builder().tls(&ca).start();
    let host = registry.host();
    assert_eq!(
        get_over_http2(&ca, &host, &["/v2/", "/v2/none/tags/list"]),
        [200, 404]
    );
    let requests = registry.log().requests();
    assert!(
        requests
            .iter()
            .all(|request| request.http2 && request.connection_id == 0)
    );
    assert_eq!(registry.log().connections(), 1);
    registry.fault(
        Fault::on_any("/v2/")
            .times(1)
            .respond(Response::status(503)),
    );
    assert_eq!(get_over_http2(&ca, &host, &["/v2/", "/v2/"]), [503, 200]);
    registry.fault(
        Fault::on_any("/v2/")
            .times(1)
            .respond(Response::ResetBeforeHeaders),
    );
    assert_eq!(
        get_over_http2(&ca, &host, &["/v2/", "/v2/"]),
        [0, 0],
        "the connection is gone"
    );
    let proxy = LoggingProxy::builder(&EmbeddedRegistry::start().host())
        .tls(&ca)
        .start();
    assert_eq!(get_over_http2(&ca, &proxy.host(), &["/v2/"]), [502]);
    let behind = EmbeddedRegistry::start();
    let proxy = LoggingProxy::builder(&behind.host()).tls(&ca).start();
    assert_eq!(get_over_http2(&ca, &proxy.host(), &["/v2/"]), [200]);
    assert_eq!(
        behind.log().requests()[0].header("host"),
        Some(proxy.host().as_str())
    );
}
