//! Each fault as a plain client sees it.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use manifest_testkit::fault::{Fault, Response};
use manifest_testkit::image::{BuiltImage, Image};
use manifest_testkit::{Client, EmbeddedRegistry, TestCa, sha256};

const PATH: &str = "/v2/app/manifests/1";

/// A registry with one image whose manifest gets `response`.
fn spoilt(response: Response) -> (EmbeddedRegistry, Client, BuiltImage) {
    let registry = EmbeddedRegistry::start();
    let image = Image::docker().build();
    registry.seed("app", "1", &image);
    registry.fault(Fault::on("GET", "/manifests/1").respond(response));
    let client = Client::new(&registry.host());
    (registry, client, image)
}

/// Sends a GET over a socket, and returns the socket.
fn open(registry: &EmbeddedRegistry) -> TcpStream {
    let mut stream = TcpStream::connect(registry.host()).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_secs(10)))
        .unwrap();
    write!(stream, "GET {PATH} HTTP/1.1\r\nhost: x\r\n\r\n").unwrap();
    stream
}

/// Reads until the end of the head and returns the head.
fn read_head(stream: &mut TcpStream) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).unwrap();
        head.push(byte[0]);
    }
    String::from_utf8(head).unwrap()
}

#[test]
fn status() {
    let response = Response::Status {
        code: 429,
        headers: vec![("retry-after".to_owned(), "1".to_owned())],
        body: b"slow down".to_vec(),
    };
    let (registry, client, _) = spoilt(response);
    let response = client.get(PATH).unwrap();
    assert_eq!(
        (response.status, response.text().as_str()),
        (429, "slow down")
    );
    assert_eq!(response.header("retry-after"), Some("1"));
    assert_eq!(
        client.head(PATH).unwrap().status,
        200,
        "the fault is for GET"
    );
    assert_eq!(
        registry.log().lines(),
        [format!("GET {PATH} 429"), format!("HEAD {PATH} 200")]
    );
    let (_registry, client, _) = spoilt(Response::error(403, "DENIED", "no").header("x-a", "b"));
    let response = client.get(PATH).unwrap();
    assert_eq!(
        (response.status, response.error_code().as_str()),
        (403, "DENIED")
    );
    assert_eq!(response.header("x-a"), Some("b"));
}

#[test]
fn delay() {
    let (_registry, client, image) = spoilt(Response::Delay(Duration::from_millis(50)));
    let start = Instant::now();
    assert_eq!(client.get(PATH).unwrap().body, image.manifest);
    assert!(start.elapsed() >= Duration::from_millis(50));
}

#[test]
fn hang() {
    let (registry, _, _) = spoilt(Response::Hang);
    let mut stream = open(&registry);
    stream
        .set_read_timeout(Some(Duration::from_millis(100)))
        .unwrap();
    let error = stream.read(&mut [0]).unwrap_err();
    assert!(
        matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut),
        "{error}"
    );
    assert_eq!(registry.log().lines(), [format!("GET {PATH} 0")]);
}

#[test]
fn short_body() {
    let (registry, client, image) = spoilt(Response::ShortBody);
    assert_eq!(
        client.get(PATH).unwrap_err().kind(),
        ErrorKind::UnexpectedEof
    );
    let mut stream = open(&registry);
    let head = read_head(&mut stream);
    assert!(
        head.contains(&format!("content-length: {}\r\n", image.size())),
        "{head}"
    );
    let mut body = Vec::new();
    stream.read_to_end(&mut body).unwrap();
    assert_eq!(body, image.manifest[..image.size() / 2]);
}

#[test]
fn endless_body() {
    let (registry, _, _) = spoilt(Response::EndlessBody);
    let mut stream = open(&registry);
    assert!(!read_head(&mut stream).contains("content-length"));
    let mut taken = (&mut stream).take(8 << 20);
    assert_eq!(
        std::io::copy(&mut taken, &mut std::io::sink()).unwrap(),
        8 << 20
    );
}

#[test]
fn slow_body() {
    let (registry, _, image) = spoilt(Response::SlowBody(Duration::from_millis(5)));
    let mut stream = open(&registry);
    read_head(&mut stream);
    let start = Instant::now();
    let mut body = [0; 10];
    stream.read_exact(&mut body).unwrap();
    assert_eq!(body, image.manifest[..10]);
    assert!(
        start.elapsed() >= Duration::from_millis(40),
        "{:?}",
        start.elapsed()
    );
}

#[test]
fn reset_before_headers() {
    let (registry, client, _) = spoilt(Response::ResetBeforeHeaders);
    assert_eq!(
        client.get(PATH).unwrap_err().kind(),
        ErrorKind::ConnectionReset
    );
    assert_eq!(registry.log().lines(), [format!("GET {PATH} 0")]);
}

#[test]
fn reset_after_headers() {
    let (registry, client, _) = spoilt(Response::ResetAfterHeaders);
    assert_eq!(
        client.get(PATH).unwrap_err().kind(),
        ErrorKind::ConnectionReset
    );
    let mut stream = open(&registry);
    assert!(read_head(&mut stream).starts_with("HTTP/1.1 200 OK\r\n"));
    assert_eq!(
        stream.read(&mut [0]).unwrap_err().kind(),
        ErrorKind::ConnectionReset
    );
}

#[test]
fn resets_and_cuts_are_seen_over_tls() {
    let ca = TestCa::new();
    let registry = EmbeddedRegistry::builder().tls(&ca).start();
    let client = Client::new(&registry.host()).tls(ca.client_config());
    for response in [Response::ResetBeforeHeaders, Response::ResetAfterHeaders] {
        registry.fault(Fault::on_any("/v2/").times(1).respond(response));
        assert_eq!(
            client.get("/v2/").unwrap_err().kind(),
            ErrorKind::ConnectionReset
        );
    }
    registry.fault(Fault::on_any("/v2/").times(1).respond(Response::ShortBody));
    assert_eq!(
        client.get("/v2/").unwrap_err().kind(),
        ErrorKind::UnexpectedEof
    );
    assert_eq!(client.get("/v2/").unwrap().status, 200);
}

#[test]
fn a_put_that_is_cut_after_its_headers_has_been_stored() {
    let (registry, client, image) = spoilt(Response::status(500));
    let put = || client.put("/v2/app/manifests/2", &image.media_type, &image.manifest);
    registry.fault(
        Fault::on("PUT", "")
            .times(1)
            .respond(Response::ResetBeforeHeaders),
    );
    assert!(put().is_err());
    assert_eq!(registry.digest("app", "2"), None);
    registry.fault(
        Fault::on("PUT", "")
            .times(1)
            .respond(Response::ResetAfterHeaders),
    );
    // The response has no body, so the client has all of it with the head.
    let _ = put();
    assert_eq!(registry.digest("app", "2"), Some(image.digest.clone()));
}

#[test]
fn wrong_digest() {
    let (_registry, client, image) = spoilt(Response::CorruptBody);
    let response = client.get(PATH).unwrap();
    assert_eq!(
        response.header("docker-content-digest"),
        Some(image.digest.as_str())
    );
    assert_eq!(response.body.len(), image.size());
    assert_ne!(sha256(&response.body), image.digest);
    assert!(response.json().is_object());
}

#[test]
fn wrong_digest_header() {
    let (_registry, client, image) = spoilt(Response::WrongDigestHeader);
    let response = client.get(PATH).unwrap();
    assert_eq!(sha256(&response.body), image.digest);
    assert_ne!(
        response.header("docker-content-digest"),
        Some(image.digest.as_str())
    );
}

#[test]
fn redirect() {
    let to = "http://other.invalid/blob";
    let (_registry, client, _) = spoilt(Response::Redirect { to: to.to_owned() });
    let response = client.get(PATH).unwrap();
    assert_eq!(
        (response.status, response.header("location")),
        (307, Some(to))
    );
}

#[test]
fn huge_header() {
    let (_registry, client, image) = spoilt(Response::HugeHeader(1 << 20));
    let response = client.get(PATH).unwrap();
    assert_eq!(response.header("x-huge").unwrap().len(), 1 << 20);
    assert_eq!(response.body, image.manifest);
}

#[test]
fn duplicate_header() {
    let other = sha256(b"other");
    let name = "docker-content-digest".to_owned();
    let (_registry, client, image) = spoilt(Response::DuplicateHeader {
        name: name.clone(),
        value: other.clone(),
    });
    let response = client.get(PATH).unwrap();
    let values = response
        .headers
        .iter()
        .filter(|(n, _)| *n == name)
        .map(|(_, v)| v);
    assert_eq!(values.collect::<Vec<_>>(), [&image.digest, &other]);
}

#[test]
fn html() {
    let (_registry, client, _) = spoilt(Response::Html(200));
    let response = client.get(PATH).unwrap();
    assert_eq!(response.status, 200);
    assert!(
        response
            .header("content-type")
            .unwrap()
            .starts_with("text/html")
    );
    assert!(response.text().starts_with("<html>"));
}

#[test]
fn empty() {
    let (_registry, client, image) = spoilt(Response::EmptyBody);
    let response = client.get(PATH).unwrap();
    assert_eq!((response.status, response.body.len()), (200, 0));
    assert_eq!(response.header("content-length"), Some("0"));
    assert_eq!(
        response.header("content-type"),
        Some(image.media_type.as_str())
    );
}

#[test]
fn gzip() {
    let (_registry, client, image) = spoilt(Response::Gzip);
    let response = client.get(PATH).unwrap();
    assert_eq!(response.header("content-encoding"), Some("gzip"));
    let mut body = Vec::new();
    flate2::read::GzDecoder::new(&response.body[..])
        .read_to_end(&mut body)
        .unwrap();
    assert_eq!(body, image.manifest);
}

#[test]
fn raw() {
    let (registry, client, _) = spoilt(Response::Raw(b"SSH-2.0-OpenSSH\r\n".to_vec()));
    assert!(client.get(PATH).is_err());
    let mut bytes = Vec::new();
    open(&registry).read_to_end(&mut bytes).unwrap();
    assert_eq!(bytes, b"SSH-2.0-OpenSSH\r\n");
}

#[test]
fn faults_apply_as_configured() {
    let registry = EmbeddedRegistry::start();
    let client = Client::new(&registry.host());
    let statuses = |count: usize| -> Vec<u16> {
        (0..count)
            .map(|_| client.get("/v2/").unwrap().status)
            .collect()
    };
    let first = registry.fault(
        Fault::on_any("/v2/")
            .times(2)
            .respond(Response::status(503)),
    );
    let third = registry.fault(
        Fault::on("GET", "/v2/")
            .nth(2)
            .respond(Response::status(429)),
    );
    let other = registry.fault(Fault::on("PUT", "/v2/").respond(Response::status(500)));
    assert_eq!(statuses(5), [503, 503, 200, 429, 200]);
    assert_eq!((first.hits(), third.hits(), other.hits()), (2, 1, 0));
    registry.fault(
        Fault::on_any("")
            .nth(2)
            .times(2)
            .respond(Response::status(502)),
    );
    assert_eq!(statuses(4), [200, 502, 502, 200]);
    registry.fault(Fault::on_any("").respond(Response::status(500)));
    assert_eq!(statuses(2), [500, 500]);
    registry.clear_faults();
    assert_eq!(statuses(1), [200]);
}
