//! Trusted CA certificates, client certificates and the hosts that receive them, and the errors if they do not suffice.

use manifest_core::Reference;
use manifest_registry::{
    Certificates, Client, ClientConfig, HostCertificates, Identity, Insecure, Pem, RegistryError,
};
use manifest_testkit::fault::{Fault, Response};
use manifest_testkit::image::Image;
use manifest_testkit::{EmbeddedRegistry, TestCa, tls};

use crate::{chain, child, config, reference, run};

fn pem(name: &str, text: &str) -> Pem {
    Pem {
        name: name.to_owned(),
        bytes: text.into(),
    }
}

fn identity(of: &tls::Identity) -> Identity {
    Identity {
        certificate: pem("/certs.d/client.cert", &of.cert_pem),
        key: pem("/certs.d/client.key", &of.key_pem),
    }
}

/// Returns the content of the folder of one host: a CA certificate and client certificates.
fn folder(ca: &TestCa, shown: &[&tls::Identity]) -> HostCertificates {
    HostCertificates {
        roots: vec![pem("/certs.d/ca.crt", &ca.ca_pem())],
        identities: shown.iter().map(|shown| identity(shown)).collect(),
        ..HostCertificates::default()
    }
}

fn with(certificates: Certificates) -> Client {
    Client::new(ClientConfig {
        certificates,
        ..config()
    })
    .unwrap()
}

fn with_folder(host: &str, folder: HostCertificates) -> Client {
    with(Certificates {
        hosts: [(host.to_owned(), folder)].into(),
        ..Certificates::default()
    })
}

/// Starts a registry with an image that requires a client certificate of `clients`.
fn guarded(ca: &TestCa, clients: &TestCa) -> (EmbeddedRegistry, Reference) {
    let builder = EmbeddedRegistry::builder().tls(ca).client_ca(clients);
    let registry = builder.start();
    registry.seed("app", "1", &Image::oci().build());
    let target = reference(&registry.host(), "app:1");
    (registry, target)
}

fn refused(client: &Client, target: &Reference) -> RegistryError {
    let error = run(client.image(target)).unwrap_err();
    assert!(error.is_unavailable(), "{error}");
    error
}

#[test]
fn an_unknown_authority_is_named() {
    let ca = TestCa::new();
    let registry = EmbeddedRegistry::builder().tls(&ca).start();
    let host = registry.host();
    let error = refused(&with(Certificates::default()), &reference(&host, "app:1"));
    let name = ca.name();
    let text = chain(&error);
    assert!(
        text.ends_with(&format!(
            "the server's certificate is signed by an unknown authority: it is issued by CN={name}"
        )),
        "{text}"
    );
    assert_eq!(
        error.hint().unwrap(),
        format!(
            "get the CA certificate (CN={name}): pass the file with --ca-file, or save it as certs.d/{host}/ca.crt beside config.json or in /etc/docker; or use --insecure to accept any certificate"
        )
    );
    assert!(registry.log().requests().is_empty());
}

#[test]
fn an_authority_for_all_and_one_for_a_host() {
    let ca = TestCa::new();
    let registries = [(); 2].map(|()| EmbeddedRegistry::builder().tls(&ca).start());
    let [one, other] = registries.each_ref().map(|registry| {
        registry.seed("app", "1", &Image::oci().build());
        reference(&registry.host(), "app:1")
    });
    let all = with(Certificates {
        roots: vec![
            pem("/ca.pem", &ca.ca_pem()),
            pem("/b.pem", &TestCa::new().ca_pem()),
        ],
        ..Certificates::default()
    });
    for target in [&one, &other] {
        run(all.image(target)).unwrap();
    }
    let only_one = with_folder(&registries[0].host(), folder(&ca, &[]));
    run(only_one.image(&one)).unwrap();
    let error = refused(&only_one, &other);
    assert!(error.to_string().contains("unknown authority"), "{error}");
}

#[test]
fn hosts_with_ipv6_addresses() {
    let ca = TestCa::new();
    let registry = EmbeddedRegistry::builder().ipv6().tls(&ca).start();
    registry.seed("app", "1", &Image::oci().build());
    let host = registry.host();
    assert!(host.starts_with("[::1]:"), "{host}");
    run(with_folder(&host, folder(&ca, &[])).image(&reference(&host, "app:1"))).unwrap();
}

#[test]
fn a_client_certificate_goes_only_to_its_host() {
    let (ca, clients) = (TestCa::new(), TestCa::new());
    let (registry, target) = guarded(&ca, &clients);
    let (host, mine) = (registry.host(), clients.client());

    let error = refused(&with_folder(&host, folder(&ca, &[])), &target);
    assert!(
        error
            .to_string()
            .contains("the server requires a client certificate that it accepts"),
        "{}",
        chain(&error)
    );
    let hint = error.hint().unwrap();
    assert!(
        hint.contains(&format!("certs.d/{host}/client.cert")),
        "{hint}"
    );

    let client = with_folder(&host, folder(&ca, &[&mine]));
    run(client.image(&target)).unwrap();

    // Another host that requests a client certificate gets none, although its CA is trusted.
    let (other, other_target) = guarded(&ca, &clients);
    let both = with(Certificates {
        hosts: [
            (host.clone(), folder(&ca, &[&mine])),
            (other.host(), folder(&ca, &[])),
        ]
        .into(),
        ..Certificates::default()
    });
    let error = refused(&both, &other_target);
    assert!(error.to_string().contains("requires a client certificate"));
    // A redirect does not give it one either.
    let to = format!("https://{}/v2/app/manifests/1", other.host());
    registry.fault(Fault::on("GET", "/manifests/1").respond(Response::Redirect { to }));
    let error = refused(&both, &target);
    assert!(error.to_string().contains("requires a client certificate"));
    assert!(other.log().requests().is_empty());
}

#[test]
fn the_server_chooses_among_certificates() {
    let (ca, clients, others) = (TestCa::new(), TestCa::new(), TestCa::new());
    let (registry, target) = guarded(&ca, &clients);
    let shown = [&others.client(), &clients.client()];
    run(with_folder(&registry.host(), folder(&ca, &shown)).image(&target)).unwrap();
    // The server names the CAs that it accepts. If none of them match, the client sends the first certificate, and the server
    // refuses it.
    let error = refused(
        &with_folder(&registry.host(), folder(&ca, &shown[..1])),
        &target,
    );
    assert!(error.to_string().contains("that it accepts"), "{error}");
}

#[test]
fn a_client_certificate_works_with_insecure_hosts() {
    let clients = TestCa::new();
    let (registry, target) = guarded(&TestCa::new(), &clients);
    let folder = HostCertificates {
        identities: vec![identity(&clients.client())],
        ..HostCertificates::default()
    };
    let config = ClientConfig {
        insecure: Insecure {
            all: true,
            ..Insecure::default()
        },
        certificates: Certificates {
            hosts: [(registry.host(), folder)].into(),
            ..Certificates::default()
        },
        ..config()
    };
    run(Client::new(config).unwrap().image(&target)).unwrap();
}

#[test]
fn invalid_files_are_named() {
    let (ca, clients) = (TestCa::new(), TestCa::new());
    let (registry, target) = guarded(&ca, &clients);
    let host = registry.host();
    let (mine, other) = (clients.client(), clients.client());
    let mixed = tls::Identity {
        cert_pem: mine.cert_pem.clone(),
        key_pem: other.key_pem,
    };
    let keyless = tls::Identity {
        cert_pem: mine.cert_pem,
        key_pem: "nothing".into(),
    };
    let damaged = HostCertificates {
        roots: vec![pem("/certs.d/ca.crt", "nothing")],
        ..HostCertificates::default()
    };
    for (folder, reason) in [
        (
            folder(&ca, &[&mixed]),
            "/certs.d/client.key: it is not the key of the certificate in /certs.d/client.cert",
        ),
        (
            folder(&ca, &[&keyless]),
            "/certs.d/client.key: it contains no readable private key (PEM without a password is expected)",
        ),
        (
            damaged,
            "/certs.d/ca.crt: it contains no certificate (PEM is expected)",
        ),
    ] {
        let error = run(with_folder(&host, folder).image(&target)).unwrap_err();
        let expected = format!("the certificates for {host} cannot be used: {reason}");
        assert_eq!(error.to_string(), expected);
        assert!(error.hint().unwrap().contains("*.cert"));
    }
    let error = Client::new(ClientConfig {
        certificates: Certificates {
            roots: vec![pem("/ca.pem", "nothing")],
            ..Certificates::default()
        },
        ..config()
    });
    assert_eq!(
        error.unwrap_err().to_string(),
        "the certificates for all hosts cannot be used: /ca.pem: it contains no certificate (PEM is expected)"
    );
    assert_eq!(registry.log().connections(), 0);
}

#[test]
fn folders_of_certificates_in_the_environment() {
    let folder = tempfile::tempdir().unwrap();
    let ca = TestCa::new();
    let registry = EmbeddedRegistry::builder().tls(&ca).start();
    registry.seed("app", "1", &Image::oci().build());
    std::fs::write(folder.path().join("host"), registry.host()).unwrap();
    let certs = folder.path().join("certs");
    std::fs::create_dir(&certs).unwrap();
    std::fs::write(certs.join("corp.pem"), ca.ca_pem()).unwrap();
    child::run_in(
        folder.path(),
        "schemes::child_with_a_known_authority",
        &[
            ("SSL_CERT_DIR", certs.as_os_str()),
            ("SSL_CERT_FILE", "".as_ref()),
        ],
    );
    assert_eq!(registry.log().lines(), ["GET /v2/app/manifests/1 200"]);
}
