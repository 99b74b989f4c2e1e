//! The scheme and TLS mode of each host.

use manifest_registry::{Client, ClientConfig, Insecure, concurrent};
use manifest_testkit::image::Image;
use manifest_testkit::{EmbeddedRegistry, TestCa};

use crate::{child, client, config, insecure, reference, run};

#[test]
fn loopback_falls_back_to_http_once() {
    let registry = EmbeddedRegistry::start();
    registry.seed("app", "1", &Image::oci().build());
    let client = client();
    let target = reference(&registry.host(), "app:1");
    let results = run(concurrent(8, (0..8).map(|_| client.manifest(&target))));
    assert!(results.iter().all(Result::is_ok));
    assert_eq!(registry.log().requests().len(), 8);
    // One of the eight requests tries TLS. The others share the http connections.
    assert!(registry.log().connections() <= 9);
}

#[test]
fn insecure_falls_back_to_http_too() {
    let registry = EmbeddedRegistry::start();
    registry.seed("app", "1", &Image::oci().build());
    run(insecure().image(&reference(&registry.host(), "app:1"))).unwrap();
}

#[test]
fn ipv6_loopback() {
    let registry = EmbeddedRegistry::builder().ipv6().start();
    registry.seed("app", "1", &Image::oci().build());
    run(client().image(&reference(&registry.host(), "app:1"))).unwrap();
}

#[test]
fn an_unknown_authority_needs_insecure() {
    let registry = EmbeddedRegistry::builder().tls(&TestCa::new()).start();
    registry.seed("app", "1", &Image::oci().build());
    let target = reference(&registry.host(), "app:1");
    let error = run(client().manifest(&target)).unwrap_err();
    assert!(error.is_unavailable());
    assert!(error.to_string().contains("unknown authority"), "{error}");
    assert!(error.hint().unwrap().contains("--insecure"));
    assert!(
        registry.log().requests().is_empty(),
        "no plain request to a port with TLS"
    );
    run(insecure().image(&target)).unwrap();
    let listed = Insecure {
        hosts: vec![registry.host()],
        ..Insecure::default()
    };
    let listed = ClientConfig {
        insecure: listed,
        ..config()
    };
    run(Client::new(listed).unwrap().image(&target)).unwrap();
}

#[test]
fn an_expired_certificate_is_not_an_unknown_authority() {
    let ca = TestCa::new();
    let registry = EmbeddedRegistry::builder()
        .tls_identity(ca.expired_server())
        .start();
    let error = run(client().manifest(&reference(&registry.host(), "app:1"))).unwrap_err();
    assert!(
        error.to_string().contains("the server's certificate is"),
        "{error}"
    );
}

#[test]
fn a_known_authority_is_enough() {
    let folder = tempfile::tempdir().unwrap();
    let ca = TestCa::new();
    let registry = EmbeddedRegistry::builder().tls(&ca).start();
    registry.seed("app", "1", &Image::oci().build());
    let file = folder.path().join("ca.pem");
    std::fs::write(&file, ca.ca_pem()).unwrap();
    // The child process reads the host of the registry from a file next to the certificate.
    std::fs::write(folder.path().join("host"), registry.host()).unwrap();
    std::fs::create_dir(folder.path().join("home")).unwrap();
    child::run_in(
        folder.path(),
        "schemes::child_with_a_known_authority",
        &[("SSL_CERT_FILE", file.as_os_str())],
    );
    assert_eq!(registry.log().lines(), ["GET /v2/app/manifests/1 200"]);
}

#[test]
#[ignore = "runs in the process that a_known_authority_is_enough starts"]
fn child_with_a_known_authority() {
    let host = std::fs::read_to_string("host").unwrap();
    run(client().manifest(&reference(&host, "app:1"))).unwrap();
}

#[test]
fn an_unreachable_host() {
    let registry = EmbeddedRegistry::start();
    let host = registry.host();
    drop(registry);
    let client = client();
    let references: Vec<_> = (0..4)
        .map(|i| reference(&host, &format!("app:{i}")))
        .collect();
    let results = run(concurrent(4, references.iter().map(|r| client.manifest(r))));
    for (i, result) in results.into_iter().enumerate() {
        let error = result.unwrap_err();
        assert!(error.is_unavailable() && !error.is_not_found());
        let start = format!(
            "failed to get manifest {host}/app:{i}: GET https://{host}/v2/app/manifests/{i}"
        );
        assert_eq!(error.to_string(), format!("{start}: connection refused"));
        assert!(error.hint().unwrap().contains(&host));
    }
    let error = run(client.manifest(&reference("no-such-host.invalid", "app:1"))).unwrap_err();
    assert!(error.is_unavailable(), "{error}");
}

#[test]
fn an_invalid_host() {
    let error = run(client().manifest(&reference("localhost:99999", "app:1"))).unwrap_err();
    assert_eq!(error.to_string(), "localhost:99999 is not a valid host");
}

#[test]
fn a_name_without_a_registry() {
    let client = client();
    let by_digest = format!("foo_bar.com/app/b@sha256:{}", "a".repeat(64));
    let references = ["foo_bar.com/app:1", &by_digest].map(|name| name.parse().unwrap());
    let results = run(concurrent(2, references.iter().map(|r| client.manifest(r))));
    let errors = results
        .into_iter()
        .map(|result| result.unwrap_err().to_string());
    let expected = ["foo_bar.com/app", "foo_bar.com/app/b"].map(|name| {
        format!(
            "{name} names no registry: \"foo_bar.com\" is not a host name, because it has an underscore"
        )
    });
    assert_eq!(errors.collect::<Vec<_>>(), expected);
    let exists = run(client.manifest_exists(&references[0])).unwrap_err();
    assert!(!exists.is_not_found() && !exists.is_unavailable());
}
