//! Throw-away certificates: an authority, and identities for servers and clients.

use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa,
    KeyPair, KeyUsagePurpose, date_time_ymd,
};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::{ClientConfig, RootCertStore, ServerConfig};

use crate::digest::sha256;

/// The names and addresses of a test server.
const LOOPBACK: [&str; 3] = ["localhost", "127.0.0.1", "::1"];

/// A certificate and its private key, in PEM.
#[derive(Debug, Clone)]
pub struct Identity {
    /// The certificate.
    pub cert_pem: String,
    /// Its key, in PKCS#8.
    pub key_pem: String,
}

/// A certificate authority that lives as long as a test.
#[derive(Debug)]
pub struct TestCa {
    name: String,
    issuer: CertifiedIssuer<'static, KeyPair>,
}

impl Default for TestCa {
    fn default() -> Self {
        Self::new()
    }
}

impl TestCa {
    /// Creates an authority with a new key.
    #[must_use]
    pub fn new() -> Self {
        let key = KeyPair::generate().expect("ring makes an ECDSA key");
        // Two authorities with one name would fail as "bad signature", not as "unknown issuer".
        let digest = sha256(key.public_key_raw());
        let name = format!("manifest-testkit CA {}", &digest[7..15]);
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, &name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let issuer = CertifiedIssuer::self_signed(params, key).expect("a CA can sign itself");
        Self { name, issuer }
    }

    /// Returns the authority's name (`CN`).
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the authority's certificate, for clients to trust.
    #[must_use]
    pub fn ca_pem(&self) -> String {
        self.issuer.pem()
    }

    /// Creates a server identity for `localhost`, `127.0.0.1` and `::1`.
    #[must_use]
    pub fn server(&self) -> Identity {
        self.server_for(&LOOPBACK)
    }

    /// Creates a server identity for these names or IP addresses, such as wrong ones.
    #[must_use]
    pub fn server_for(&self, names: &[&str]) -> Identity {
        self.sign(params(names, ExtendedKeyUsagePurpose::ServerAuth))
    }

    /// Creates a server identity for loopback that expired in 2001.
    #[must_use]
    pub fn expired_server(&self) -> Identity {
        let mut params = params(&LOOPBACK, ExtendedKeyUsagePurpose::ServerAuth);
        params.not_before = date_time_ymd(2000, 1, 1);
        params.not_after = date_time_ymd(2001, 1, 1);
        self.sign(params)
    }

    /// Creates a client identity, for servers that demand one.
    #[must_use]
    pub fn client(&self) -> Identity {
        self.sign(params(
            &["testkit-client"],
            ExtendedKeyUsagePurpose::ClientAuth,
        ))
    }

    /// Returns a client configuration that trusts this authority only.
    #[must_use]
    pub fn client_config(&self) -> Arc<ClientConfig> {
        client_config(&self.ca_pem(), None)
    }

    /// Returns a client configuration that trusts this authority and presents `identity`.
    #[must_use]
    pub fn client_config_with(&self, identity: &Identity) -> Arc<ClientConfig> {
        client_config(&self.ca_pem(), Some(identity))
    }

    fn sign(&self, params: CertificateParams) -> Identity {
        let key = KeyPair::generate().expect("ring makes an ECDSA key");
        let cert = params
            .signed_by(&key, &self.issuer)
            .expect("a CA can sign a certificate");
        Identity {
            cert_pem: cert.pem(),
            key_pem: key.serialize_pem(),
        }
    }
}

fn params(names: &[&str], usage: ExtendedKeyUsagePurpose) -> CertificateParams {
    let names: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
    let mut params = CertificateParams::new(names).expect("names are IP addresses or DNS names");
    params
        .distinguished_name
        .push(DnType::CommonName, "manifest-testkit");
    params.extended_key_usages = vec![usage];
    params
}

/// Builds a server's configuration. If `client_ca` is given, it demands a client certificate of it.
pub(crate) fn server_config(
    identity: &Identity,
    client_ca: Option<&str>,
    http2: bool,
) -> Arc<ServerConfig> {
    let builder = ServerConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .expect("ring supports the default TLS versions");
    let builder = match client_ca {
        None => builder.with_no_client_auth(),
        Some(pem) => {
            let verifier =
                WebPkiClientVerifier::builder_with_provider(Arc::new(roots(pem)), provider())
                    .build()
                    .expect("a CA makes a verifier");
            builder.with_client_cert_verifier(verifier)
        }
    };
    let (certs, key) = parse(identity);
    let mut config = builder
        .with_single_cert(certs, key)
        .expect("key and certificate match");
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    if http2 {
        config.alpn_protocols.insert(0, b"h2".to_vec());
    }
    Arc::new(config)
}

/// Returns the same configuration with HTTP/2 as the only protocol.
pub(crate) fn http2_only(config: &ServerConfig) -> Arc<ServerConfig> {
    let mut config = config.clone();
    config.alpn_protocols = vec![b"h2".to_vec()];
    Arc::new(config)
}

/// Builds the configuration of a server whose key may not match its certificate, so that it cannot prove its identity.
pub(crate) fn unchecked_server_config(identity: &Identity) -> Arc<ServerConfig> {
    let (certs, key) = parse(identity);
    let key = rustls::crypto::ring::sign::any_supported_type(&key).expect("ring signs with it");
    let pair = CertifiedKey::new(certs, key);
    let config = ServerConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .expect("ring supports the default TLS versions")
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(SingleCertAndKey::from(pair)));
    Arc::new(config)
}

fn client_config(ca_pem: &str, identity: Option<&Identity>) -> Arc<ClientConfig> {
    let builder = ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .expect("ring supports the default TLS versions")
        .with_root_certificates(roots(ca_pem));
    Arc::new(match identity {
        None => builder.with_no_client_auth(),
        Some(identity) => {
            let (certs, key) = parse(identity);
            builder
                .with_client_auth_cert(certs, key)
                .expect("key and certificate match")
        }
    })
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}

fn roots(pem: &str) -> RootCertStore {
    let mut roots = RootCertStore::empty();
    for cert in CertificateDer::pem_slice_iter(pem.as_bytes()) {
        roots
            .add(cert.expect("the CA is a PEM certificate"))
            .expect("the CA can be a root");
    }
    roots
}

fn parse(identity: &Identity) -> (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>) {
    let certs = CertificateDer::pem_slice_iter(identity.cert_pem.as_bytes())
        .collect::<Result<_, _>>()
        .expect("the identity is a PEM certificate");
    let key = PrivateKeyDer::from_pem_slice(identity.key_pem.as_bytes())
        .expect("the identity has a PEM key");
    (certs, key)
}
