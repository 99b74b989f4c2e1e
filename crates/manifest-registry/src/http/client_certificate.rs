//! The choice of a client certificate for a server that requests one.

use std::sync::Arc;

use rustls::SignatureScheme;
use rustls::client::ResolvesClientCert;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::sign::CertifiedKey;
use x509_parser::parse_x509_certificate;

use crate::error::CertificateProblem;
use crate::http::certificates::{Identity, chain};
use crate::http::handshakes::Handshakes;

/// Chooses a client certificate for a server that requests one, and records the request.
#[derive(Debug)]
pub(crate) struct ClientCertificates {
    keys: Vec<Arc<CertifiedKey>>,
    handshakes: Handshakes,
}

impl ClientCertificates {
    pub(crate) fn new(
        identities: &[Identity],
        provider: &CryptoProvider,
        handshakes: Handshakes,
    ) -> Result<Self, CertificateProblem> {
        let key = |identity: &Identity| {
            let chain = chain(&identity.certificate)?;
            let key = PrivateKeyDer::from_pem_slice(&identity.key.bytes).map_err(|_| {
                identity.key.problem(
                    "it contains no readable private key (PEM without a password is expected)",
                )
            })?;
            let pair = CertifiedKey::from_der(chain, key, provider).map_err(|error| {
                let certificate = &identity.certificate.name;
                let reason = match error {
                    rustls::Error::InconsistentKeys(_) => {
                        format!("it is not the key of the certificate in {certificate}")
                    }
                    _ => "this type of private key is not supported".to_owned(),
                };
                identity.key.problem(&reason)
            })?;
            Ok(Arc::new(pair))
        };
        let keys = identities.iter().map(key).collect::<Result<_, _>>()?;
        Ok(Self { keys, handshakes })
    }
}

impl ResolvesClientCert for ClientCertificates {
    fn resolve(
        &self,
        authorities: &[&[u8]],
        schemes: &[SignatureScheme],
    ) -> Option<Arc<CertifiedKey>> {
        self.handshakes.record_certificate_request();
        let mut usable = self
            .keys
            .iter()
            .filter(|pair| pair.key.choose_scheme(schemes).is_some());
        let first = usable.clone().next();
        let is_issued_by_listed_ca = |pair: &&Arc<CertifiedKey>| {
            pair.cert.iter().any(|certificate| {
                parse_x509_certificate(certificate)
                    .is_ok_and(|(_, parsed)| authorities.contains(&parsed.issuer().as_raw()))
            })
        };
        usable.find(is_issued_by_listed_ca).or(first).cloned()
    }

    fn has_certs(&self) -> bool {
        !self.keys.is_empty()
    }
}
