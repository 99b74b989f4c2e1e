//! Registries that send false, endless or no responses, or redirect to other hosts.

use std::time::{Duration, Instant};

use manifest_core::{Content, Descriptor, Digest};
use manifest_registry::{Client, ClientConfig, RegistryError};
use manifest_testkit::EmbeddedRegistry;
use manifest_testkit::fault::{Fault, Response};
use manifest_testkit::image::Image;

use crate::{chain, client, config, impatient, logged_in, reference, run};

/// Reads an image from an embedded registry whose response to requests for `path` is `answer`.
fn image(path: &str, answer: Response) -> Result<(), RegistryError> {
    let registry = EmbeddedRegistry::start();
    registry.seed("app", "1", &Image::oci().build());
    registry.fault(Fault::on("GET", path).respond(answer));
    let config = ClientConfig {
        timeouts: impatient(),
        ..config()
    };
    let client = Client::new(config).unwrap();
    let started = Instant::now();
    let result = run(client.image(&reference(&registry.host(), "app:1"))).map(|_| ());
    assert!(started.elapsed() < Duration::from_secs(20));
    result
}

/// Checks that a fault causes an error whose text contains one of `parts`.
fn check_fault(path: &str, answer: Response, parts: &[&str]) {
    let name = format!("{path} {answer:?}");
    let error = image(path, answer).expect_err(&name);
    let text = chain(&error);
    assert!(
        parts.iter().any(|part| text.contains(part)),
        "{name}: {text}"
    );
    assert!(!error.is_not_found(), "{name}: {text}");
}

#[test]
fn faults_are_correct_errors() {
    let status = |code| Response::error(code, "SOME_CODE", "some text");
    let mut checks = Vec::new();
    for path in ["/manifests/", "/blobs/"] {
        for (answer, parts) in [
            (
                Response::CorruptBody,
                &["verification failed", "the registry says digest"][..],
            ),
            (Response::EndlessBody, &["over the limit of"]),
            (Response::ShortBody, &["the connection was closed"]),
            (
                Response::SlowBody(Duration::from_millis(200)),
                &["no response within"],
            ),
            (Response::Hang, &["no response within"]),
            (Response::ResetBeforeHeaders, &["the connection was closed"]),
            (Response::ResetAfterHeaders, &["the connection was closed"]),
            (Response::Gzip, &["content encoding \"gzip\""]),
            (
                Response::Html(200),
                &[
                    "unsupported manifest media type",
                    "bytes, but its descriptor says",
                ],
            ),
            (
                Response::EmptyBody,
                &[
                    "cannot be read",
                    "bytes, but its descriptor says",
                    "the registry says digest",
                ],
            ),
            (Response::Html(502), &["502 Bad Gateway (a web page"]),
            (status(400), &["400 Bad Request: some code: some text"]),
            (status(403), &["403 Forbidden: some code: some text"]),
            (
                status(429),
                &["429 Too Many Requests: some code: some text"],
            ),
            (
                status(503),
                &["503 Service Unavailable: some code: some text"],
            ),
            (Response::status(500), &["500 Internal Server Error"]),
            (
                Response::Raw(b"SSH-2.0-OpenSSH\r\n".to_vec()),
                &["the connection was closed"],
            ),
            (
                Response::Redirect {
                    to: "http://reg.example/x".into(),
                },
                &["not protected by TLS"],
            ),
            (
                Response::Redirect {
                    to: "file:///etc/passwd".into(),
                },
                &["not protected by TLS"],
            ),
            (
                Response::Redirect {
                    to: "http://[".into(),
                },
                &["it cannot be read"],
            ),
        ] {
            let check = move || check_fault(path, answer, parts);
            checks.push(std::thread::spawn(check));
        }
    }
    for check in checks {
        check.join().unwrap();
    }
}

#[test]
fn redirect_loops_end() {
    let error = image(
        "/manifests/",
        Response::Redirect {
            to: "/v2/app/manifests/1".into(),
        },
    );
    assert!(
        error
            .unwrap_err()
            .to_string()
            .contains("there are too many redirects")
    );
}

#[test]
fn a_stated_digest_is_verified() {
    let error = image("/manifests/", Response::WrongDigestHeader).unwrap_err();
    assert!(
        error.to_string().contains("the registry says digest"),
        "{error}"
    );
    let double = |value: &str| Response::DuplicateHeader {
        name: "docker-content-digest".into(),
        value: value.into(),
    };
    let error = image("/manifests/", double(Digest::sha256(b"x").as_str())).unwrap_err();
    assert!(error.to_string().contains("with several values"), "{error}");
}

#[test]
fn a_huge_header_is_bounded() {
    assert!(
        image("/manifests/", Response::HugeHeader(8 << 20))
            .unwrap_err()
            .is_unavailable()
    );
}

#[test]
fn long_texts_of_a_registry_are_shortened() {
    let long = "x".repeat(60_000);
    let json = |body: String| Response::Status {
        code: 200,
        headers: vec![(
            "content-type".to_owned(),
            "application/vnd.oci.image.index.v1+json".to_owned(),
        )],
        body: body.into_bytes(),
    };
    let ok = || json("{}".to_owned());
    let to = format!("/{long}");
    let elsewhere = format!("ftp://x/{long}");
    let realm = |realm: &str| {
        let challenge = format!("Bearer realm=\"{realm}\"");
        Response::status(401).header("www-authenticate", &challenge)
    };
    for (answer, part) in [
        (ok().header("docker-content-digest", &long), "says digest"),
        (ok().header("content-encoding", &long), "content encoding"),
        (realm(&elsewhere), "token server without TLS"),
        (realm(&format!("http://[{long}")), "that is no URL"),
        (Response::Redirect { to }, "404 Not Found"),
        (Response::Redirect { to: elsewhere }, " not followed: "),
        (
            json(format!(r#"{{"schemaVersion":2,"mediaType":"{long}"}}"#)),
            "xxx",
        ),
        (json(format!(r#"{{"manifests":"{long}"}}"#)), ""),
        (Response::error(400, &long, &long), "400 Bad Request"),
    ] {
        let error = chain(&image("/manifests/", answer).unwrap_err());
        let length = error.len();
        assert!(error.contains(part), "{part}: {error:.2000}");
        assert!(length < 9000, "{part}: {length} characters");
    }
}

#[test]
fn a_realm_is_shown_without_secrets() {
    let challenge = "Bearer realm=\"ftp://me:pw@x/token?key=secret\"";
    let answer = Response::status(401).header("www-authenticate", challenge);
    let error = chain(&image("/manifests/", answer).unwrap_err());
    assert!(error.contains("ftp://x/token?key=***"), "{error}");
}

#[test]
fn blobs_are_bounded_by_the_callers_limit() {
    let registry = EmbeddedRegistry::start();
    let digest = registry.put_blob("app", &[b'x'; 1000]);
    let repository = reference(&registry.host(), "app:1").repository().clone();
    let descriptor = |size| Descriptor::new("x", digest.parse().unwrap(), size);
    assert_eq!(
        run(client().blob(&repository, &descriptor(1000), 1000))
            .unwrap()
            .len(),
        1000
    );
    for (size, limit, part) in [
        (1000, 999, "over the limit of 999 bytes"),
        (999, 4000, "has 1000 bytes, but its descriptor says 999"),
    ] {
        let error = run(client().blob(&repository, &descriptor(size), limit)).unwrap_err();
        assert!(error.to_string().contains(part), "{error}");
    }
    let missing = Descriptor::new("x", Digest::sha256(b"none"), 4);
    assert!(
        run(client().blob(&repository, &missing, 9))
            .unwrap_err()
            .is_not_found()
    );
}

#[test]
fn a_redirect_drops_credentials() {
    let storage = EmbeddedRegistry::start();
    let registry = EmbeddedRegistry::builder().basic_auth("me", "pw").start();
    let image = Image::oci().build();
    registry.seed("app", "1", &image);
    storage.seed("app", "1", &image);
    let client = logged_in(&registry.host(), "me", "pw");
    let (manifest, _) = run(client.image(&reference(&registry.host(), "app:1"))).unwrap();
    let Content::Image(parsed) = manifest.content() else {
        panic!("an image")
    };
    let path = format!("/v2/app/blobs/{}", parsed.config.digest);
    let to = format!(
        "http://user:secret@{}{path}?X-Signature=abc",
        storage.host()
    );
    registry.fault(Fault::on("GET", "/blobs/").respond(Response::Redirect { to }));
    run(client.image(&reference(&registry.host(), "app:1"))).unwrap();
    let requests = storage.log().requests();
    assert_eq!(requests.len(), 1);
    assert_eq!(requests[0].header("authorization"), None);
    assert_eq!(requests[0].query, "X-Signature=abc");
    // A redirect within the registry keeps the credentials, and a challenge of the storage gets none.
    storage.fault(
        Fault::on_any("/blobs/")
            .respond(Response::status(401).header("www-authenticate", "Basic realm=\"phish\"")),
    );
    let error = run(client.image(&reference(&registry.host(), "app:1"))).unwrap_err();
    assert!(error.is_unauthorized());
    assert!(
        storage
            .log()
            .requests()
            .iter()
            .all(|request| request.header("authorization").is_none())
    );
    assert!(!format!("{error:?}").contains("abc"), "{error:?}");
}

#[test]
fn texts_of_a_registry_are_escaped_for_the_terminal() {
    let error = image(
        "/manifests/",
        Response::error(
            403,
            "DENIED\u{1b}[2J",
            "\u{1b}]0;pwned\u{7}\nline two\u{202e}",
        ),
    )
    .unwrap_err();
    let text = chain(&error);
    assert!(
        !text.chars().any(|c| c.is_control() || c == '\u{202e}'),
        "{text:?}"
    );
    assert!(text.contains("pwned"));
    let error = image(
        "/manifests/",
        Response::error(500, "UNKNOWN", &"x".repeat(100_000)),
    )
    .unwrap_err();
    assert!(error.to_string().len() < 2000);
}
