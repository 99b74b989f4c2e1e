//! Every operation against failures before the first request: failed TLS, and ports with another protocol.

use std::path::Path;
use std::time::{Duration, Instant};

use manifest_core::{MediaType, Reference};
use manifest_registry::{Client, ClientConfig, Credentials, RegistryError, Timeouts, concurrent};
use manifest_testkit::fault::{Fault, Response};
use manifest_testkit::image::Image;
use manifest_testkit::raw::Action;
use manifest_testkit::{EmbeddedRegistry, RawServer, TestCa};
use serde_json::json;

use crate::{chain, child, config, impatient, reference, run};

/// A login that no server of these tests may receive: `me:pw` in base64.
const LOGIN: &str = "bWU6cHc=";

/// The maximum duration of an operation: three attempts of half a second for each of two ways to connect, and a margin
/// for a busy machine.
const LIMIT: Duration = Duration::from_secs(15);

/// The timeout of a handshake with a port that does not speak TLS.
const SOON: Duration = Duration::from_millis(500);

/// The operations on a host. In the last, a registry refers to the host as its token server.
const OPERATIONS: [&str; 4] = ["get", "head", "put", "token"];

async fn attempt(operation: &str, host: &str, connect: Duration) -> RegistryError {
    let registry = EmbeddedRegistry::start();
    let realm = format!("Bearer realm=\"https://{host}/token\",service=\"s\"");
    registry.fault(
        Fault::on_any("/v2/").respond(Response::status(401).header("www-authenticate", &realm)),
    );
    let at = match operation {
        "token" => registry.host(),
        _ => host.to_owned(),
    };
    let logins = json!({ "auths": { at.as_str(): { "auth": LOGIN } } });
    let client = Client::new(ClientConfig {
        credentials: Credentials::from_config_json(logins.to_string().as_bytes()).unwrap(),
        timeouts: Timeouts {
            connect,
            ..impatient()
        },
        ..config()
    })
    .unwrap();
    let target: Reference = reference(&at, "app:1");
    let image = Image::oci().build();
    let done = match operation {
        "head" => client.manifest_exists(&target).await.map(drop),
        "put" => {
            let put = client.put_manifest(&target, MediaType::OciManifest, image.manifest);
            put.await.map(drop)
        }
        _ => client.manifest(&target).await.map(drop),
    };
    done.expect_err(operation)
}

/// Checks that every operation on `host` fails as expected, with an error that contains one of `parts`.
fn check(name: &str, host: &str, connect: Duration, parts: &[&str]) {
    let started = Instant::now();
    let attempts = OPERATIONS.map(|operation| attempt(operation, host, connect));
    let errors = run(concurrent(OPERATIONS.len(), attempts));
    for (operation, error) in OPERATIONS.into_iter().zip(errors) {
        let text = chain(&error);
        let name = format!("{operation} x {name}: {text}");
        assert!(text.starts_with("failed to "), "{name}");
        assert!(parts.iter().any(|part| text.contains(part)), "{name}");
        assert!(!error.is_not_found() && !error.is_unauthorized(), "{name}");
        assert!(!text.chars().any(char::is_control), "{name}");
        assert!(!format!("{error:?}").contains(LOGIN), "{name}");
        // A certificate error is permanent, so it is not retried.
        let is_retried = error.attempt().is_some_and(|attempt| attempt.attempts > 1);
        assert!(!text.contains("certificate is") || !is_retried, "{name}");
    }
    assert!(started.elapsed() < LIMIT, "{name} took too long");
}

#[test]
fn ports_with_another_protocol() {
    let record = |kind: u8, body: &[u8]| {
        let length = u16::try_from(body.len()).unwrap().to_be_bytes();
        [&[kind, 3, 3], &length[..], body].concat()
    };
    let plain = b"HTTP/1.0 400 Bad Request\r\n\r\nno\x1b[2J".to_vec();
    let cut = "the connection was closed";
    let other = "the server does not speak TLS";
    let rows = [
        ("closed at once", Action::Close, &[cut, other][..]),
        ("no answer", Action::Hang, &["no response within"]),
        // A handshake that is cut off: a record of 100 bytes that ends after 40.
        (
            "handshake cut off",
            Action::Reply(record(0x16, &[2; 100])[..40].to_vec()),
            &[cut, other],
        ),
        (
            "handshake refused",
            Action::Reply(record(0x15, &[2, 40])),
            &[cut, "TLS failed"],
        ),
        (
            "record too large",
            Action::Reply([0x16, 3, 3, 0xff, 0xff].repeat(1000)),
            &[cut, other],
        ),
        (
            "plain answer",
            Action::Reply(plain),
            &["400 Bad Request", other],
        ),
        (
            "another protocol",
            Action::Reply(b"SSH-2.0-OpenSSH_9.6\r\n".to_vec()),
            &[cut, other],
        ),
    ];
    std::thread::scope(|scope| {
        for (name, manner, parts) in rows {
            scope.spawn(move || {
                let server = RawServer::start(manner);
                check(name, &server.host(), SOON, parts);
                let heard = String::from_utf8_lossy(&server.received()).into_owned();
                assert!(!heard.contains(LOGIN), "{name} heard {heard}");
                assert!(server.connections() >= OPERATIONS.len(), "{name}");
            });
        }
    });
}

#[test]
fn certificates_that_are_wrong() {
    let ca = TestCa::new();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ca.pem");
    std::fs::write(&file, ca.ca_pem()).unwrap();
    std::fs::create_dir(folder.path().join("home")).unwrap();
    let start = |identity| EmbeddedRegistry::builder().tls_identity(identity).start();
    let invalid = "the server's certificate is not valid";
    let rows = [
        ("expired", start(ca.expired_server()), invalid),
        (
            "wrong name",
            start(ca.server_for(&["reg.example"])),
            invalid,
        ),
        (
            "unknown authority",
            start(TestCa::new().server()),
            "signed by an unknown authority",
        ),
    ];
    let lines = rows
        .iter()
        .map(|(name, registry, part)| format!("{name}|{}|{part}\n", registry.host()));
    std::fs::write(folder.path().join("rows"), lines.collect::<String>()).unwrap();
    child::run_in(
        folder.path(),
        "connections::child_that_knows_one_authority",
        &[("SSL_CERT_FILE", file.as_os_str())],
    );
    for (name, registry, _) in &rows {
        assert!(registry.log().connections() >= OPERATIONS.len(), "{name}");
        assert!(registry.log().requests().is_empty(), "{name}");
    }
}

#[test]
#[ignore = "runs in the process that certificates_that_are_wrong starts"]
fn child_that_knows_one_authority() {
    let rows = std::fs::read_to_string(Path::new("rows")).unwrap();
    assert_eq!(rows.lines().count(), 3);
    for row in rows.lines() {
        let fields: Vec<&str> = row.split('|').collect();
        // A handshake that exceeded its timeout would look like a port without TLS.
        check(fields[0], fields[1], LIMIT, &fields[2..]);
    }
}
