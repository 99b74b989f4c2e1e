//! The delay line: it delays, and changes nothing else.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::time::{Duration, Instant};

use manifest_testkit::fault::{Fault, Response};
use manifest_testkit::image::Image;
use manifest_testkit::suite::registries;
use manifest_testkit::{Client, DelayLine, EmbeddedRegistry, TestCa, seed};

const ROUND_TRIP: Duration = Duration::from_millis(30);

#[test]
fn each_handshake_and_each_request_takes_a_round_trip() {
    let ca = TestCa::new();
    let timed = |client: &Client| {
        let start = Instant::now();
        assert_eq!(client.get("/v2/").unwrap().status, 200);
        start.elapsed()
    };
    let plain = EmbeddedRegistry::start();
    let line = DelayLine::start(&plain.host(), ROUND_TRIP);
    let took = timed(&Client::new(&line.host()));
    assert!(took >= 2 * ROUND_TRIP, "TCP and request: {took:?}");
    let secure = EmbeddedRegistry::builder().tls(&ca).start();
    let line = DelayLine::start(&secure.host(), ROUND_TRIP);
    let took = timed(&Client::new(&line.host()).tls(ca.client_config()));
    assert!(took >= 3 * ROUND_TRIP, "TCP, TLS and request: {took:?}");
}

#[test]
fn locations_lead_back_through_the_line() {
    let image = Image::docker().build();
    for registry in registries() {
        let line = DelayLine::start(&registry.host(), Duration::ZERO);
        seed::push(&line.host(), "app", "1", &image);
        assert_eq!(registry.manifest("app", "1").unwrap().1, image.manifest);
        let client = Client::new(&line.host());
        let opened = client.post("/v2/app/blobs/uploads/", "", &[]).unwrap();
        let location = opened.header("location").unwrap();
        let own = format!("http://{}/", line.host());
        assert!(location.starts_with(&own), "{location}");
    }
}

#[test]
fn bytes_arrive_unchanged_in_both_directions_and_so_does_the_end() {
    let sent: Vec<u8> = (0..10_000_000_u32)
        .map(|i| (i.wrapping_mul(2_654_435_761) >> 13) as u8)
        .collect();
    let server = TcpListener::bind("127.0.0.1:0").unwrap();
    let line = DelayLine::start(&server.local_addr().unwrap().to_string(), ROUND_TRIP);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let (mut stream, _) = server.accept().unwrap();
            let mut bytes = Vec::new();
            // This ends only if the client's half-close is relayed.
            stream.read_to_end(&mut bytes).unwrap();
            stream.write_all(&bytes).unwrap();
        });
        let mut client = TcpStream::connect(line.host()).unwrap();
        client.write_all(&sent).unwrap();
        client.shutdown(Shutdown::Write).unwrap();
        let mut received = Vec::new();
        client.read_to_end(&mut received).unwrap();
        assert!(received == sent, "{} bytes came back", received.len());
    });
}

#[test]
fn resets_are_passed_on() {
    let registry = EmbeddedRegistry::start();
    registry.fault(Fault::on("GET", "/v2/").respond(Response::ResetBeforeHeaders));
    let line = DelayLine::start(&registry.host(), ROUND_TRIP);
    let reset = |host: &str| {
        let error = Client::new(host).get("/v2/").unwrap_err();
        assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset, "{error}");
    };
    reset(&line.host());
    let nobody = {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.local_addr().unwrap().to_string()
    };
    reset(&DelayLine::start(&nobody, ROUND_TRIP).host());
}

#[test]
fn dropping_the_line_ends_its_connections() {
    let server = TcpListener::bind("127.0.0.1:0").unwrap();
    let line = DelayLine::start(&server.local_addr().unwrap().to_string(), ROUND_TRIP);
    let mut client = TcpStream::connect(line.host()).unwrap();
    let (mut accepted, _) = server.accept().unwrap();
    drop(line);
    for end in [&mut client, &mut accepted] {
        assert_eq!(end.read(&mut [0]).unwrap_or(0), 0);
    }
}
