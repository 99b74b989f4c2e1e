//! nginx in front of a real registry.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::client::conn::http2::{SendRequest, handshake};
use hyper_util::rt::{TokioExecutor, TokioIo};
use manifest_testkit::image::Image;
use manifest_testkit::suite::{Kind, kinds};
use manifest_testkit::{Client, DelayLine, NginxFront, RealRegistry, TestCa, seed, sha256};
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, ProtocolVersion, StreamOwned};

/// Larger than nginx's window for an HTTP/2 stream, and than all its buffers.
const LAYER: usize = 3_000_000;

/// Returns a real registry, unless it is disabled: nginx is fetched in the same way.
fn registry() -> Option<RealRegistry> {
    kinds().contains(&Kind::Real).then(RealRegistry::start)
}

#[test]
fn images_are_pushed_and_pulled_through_it() {
    let Some(registry) = registry() else { return };
    let ca = TestCa::new();
    let front = NginxFront::builder(&registry.host(), &ca).start();
    let line = DelayLine::start(&front.host(), Duration::from_millis(1));
    let image = Image::oci().layers(2, LAYER).build();
    let client = Client::new(&line.host()).tls(ca.client_config());
    seed::push_with(&client, "app", "1", &image);
    let (_, manifest) = seed::manifest(&client, "app", "1").unwrap();
    assert_eq!(manifest, image.manifest);
    let blob = format!("/v2/app/blobs/{}", image.layers[1].digest);
    assert!(client.get(&blob).unwrap().body == image.layers[1].bytes);
    let opened = client.post("/v2/app/blobs/uploads/", "", &[]).unwrap();
    let location = opened.header("location").unwrap();
    let own = format!("https://{}/", line.host());
    assert!(location.starts_with(&own), "{location}");
}

#[test]
fn protocols_are_agreed_on_by_alpn() {
    let Some(registry) = registry() else { return };
    let ca = TestCa::new();
    let front = NginxFront::builder(&registry.host(), &ca).start();
    assert_eq!(agreed(&front, &ca), b"h2");
    let front = NginxFront::builder(&registry.host(), &ca)
        .http1_only()
        .start();
    assert_eq!(agreed(&front, &ca), b"http/1.1");
}

#[test]
fn uploads_pass_over_http2() {
    let Some(registry) = registry() else { return };
    let ca = TestCa::new();
    let front = NginxFront::builder(&registry.host(), &ca).start();
    let layer: Vec<u8> = (0..LAYER).map(|i| (i * 7) as u8).collect();
    let digest = sha256(&layer);
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
        .block_on(async {
            let mut sender = http2(&front.host(), &ca).await;
            let url = format!("https://{}/v2/app/blobs/uploads/", front.host());
            let opened = send(&mut sender, "POST", &url, Bytes::new()).await;
            assert_eq!(opened.status(), 202);
            let location = opened.headers()["location"].to_str().unwrap();
            let url = format!("{location}&digest={digest}");
            let put = send(&mut sender, "PUT", &url, layer.clone().into()).await;
            assert_eq!(put.status(), 201);
            let url = format!("https://{}/v2/app/blobs/{digest}", front.host());
            let got = send(&mut sender, "GET", &url, Bytes::new()).await;
            assert!(got.into_body().collect().await.unwrap().to_bytes() == layer);
        });
}

#[test]
fn requests_beyond_the_limit_are_refused() {
    let Some(registry) = registry() else { return };
    let ca = TestCa::new();
    let front = NginxFront::builder(&registry.host(), &ca)
        .http1_only()
        .max_requests(1)
        .start();
    let client = Client::new(&front.host()).tls(ca.client_config());
    let mut waiting = tls(&front, &ca);
    waiting
        .write_all(b"PUT /v2/app/blobs/uploads/x HTTP/1.1\r\nhost: x\r\nexpect: 100-continue\r\ncontent-length: 9\r\n\r\n")
        .unwrap();
    // nginx asks for the body once it accepts the request.
    waiting.read_exact(&mut [0; 12]).unwrap();
    assert_eq!(client.get("/v2/").unwrap().status, 503);
    drop(waiting);
}

fn tls(front: &NginxFront, ca: &TestCa) -> StreamOwned<ClientConnection, TcpStream> {
    let stream = TcpStream::connect(front.host()).unwrap();
    let name = ServerName::try_from("127.0.0.1").unwrap();
    let connection = ClientConnection::new(config(ca), name).unwrap();
    StreamOwned::new(connection, stream)
}

fn config(ca: &TestCa) -> Arc<ClientConfig> {
    let mut config = (*ca.client_config()).clone();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Arc::new(config)
}

fn agreed(front: &NginxFront, ca: &TestCa) -> Vec<u8> {
    let mut stream = tls(front, ca);
    stream.conn.complete_io(&mut stream.sock).unwrap();
    assert_eq!(
        stream.conn.protocol_version(),
        Some(ProtocolVersion::TLSv1_3)
    );
    stream.conn.alpn_protocol().unwrap_or_default().to_vec()
}

async fn http2(host: &str, ca: &TestCa) -> SendRequest<Full<Bytes>> {
    let stream = tokio::net::TcpStream::connect(host).await.unwrap();
    let name = ServerName::try_from("127.0.0.1").unwrap();
    let connector = tokio_rustls::TlsConnector::from(config(ca));
    let stream = connector.connect(name, stream).await.unwrap();
    let (sender, connection) = handshake(TokioExecutor::new(), TokioIo::new(stream))
        .await
        .unwrap();
    tokio::spawn(connection);
    sender
}

async fn send(
    sender: &mut SendRequest<Full<Bytes>>,
    method: &str,
    url: &str,
    body: Bytes,
) -> Response<Incoming> {
    let request = Request::builder()
        .method(method)
        .uri(url)
        .body(Full::new(body))
        .unwrap();
    sender.send_request(request).await.unwrap()
}
