//! The verification of server certificates, by the settings of the host or the proxy.

use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, DigitallySignedStruct, OtherError, SignatureScheme};
use rustls_platform_verifier::Verifier;

use crate::error::{UntrustedCertificate, UntrustedProxyCertificate};
use crate::http::handshakes::Handshakes;
use crate::http::server_certificate::{ServerCertificate, Trust, UserAuthorities};
use crate::redact;

/// Verifies certificates, unless verification is off, and records the handshakes.
#[derive(Debug)]
pub(super) struct ServerVerifier {
    pub(super) inner: Option<Arc<Verifier>>,
    /// The name of the proxy in between, which differs from the host's, and its verifier.
    pub(super) proxy: Option<(ServerName<'static>, Arc<Verifier>)>,
    pub(super) schemes: Vec<SignatureScheme>,
    /// The CA certificates of the user.
    pub(super) authorities: UserAuthorities,
    pub(super) handshakes: Handshakes,
}

impl ServerVerifier {
    /// Returns the verifier of signatures. `None` if they are not verified.
    ///
    /// The signer is unknown here, so behind a proxy all signatures are verified. Otherwise anybody with the proxy's
    /// certificate, which is public, could impersonate the proxy.
    fn signatures(&self) -> Option<&Verifier> {
        let proxy = self.proxy.as_ref().map(|(_, verifier)| verifier);
        self.inner.as_ref().or(proxy).map(Arc::as_ref)
    }
}

impl ServerCertVerifier for ServerVerifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        if let Some((name, verifier)) = &self.proxy
            && name == server_name
        {
            return verifier
                .verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now)
                .map_err(|error| {
                    let refused = UntrustedProxyCertificate(redact::printable(&error.to_string()));
                    CertificateError::Other(OtherError(Arc::new(refused))).into()
                });
        }
        let Some(inner) = &self.inner else {
            self.handshakes
                .record_certificate(ServerCertificate::of(end_entity, Trust::Unverified));
            return Ok(ServerCertVerified::assertion());
        };
        inner
            .verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now)
            .inspect(|_| {
                let trust = self.authorities.trust(end_entity, intermediates);
                self.handshakes
                    .record_certificate(ServerCertificate::of(end_entity, trust));
            })
            .map_err(|error| match error {
                rustls::Error::InvalidCertificate(CertificateError::UnknownIssuer) => {
                    let untrusted = UntrustedCertificate::of(end_entity, intermediates);
                    CertificateError::Other(OtherError(Arc::new(untrusted))).into()
                }
                other => other,
            })
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.handshakes.record_version(12);
        match self.signatures() {
            Some(inner) => inner.verify_tls12_signature(message, certificate, signature),
            None => Ok(HandshakeSignatureValid::assertion()),
        }
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.handshakes.record_version(13);
        match self.signatures() {
            Some(inner) => inner.verify_tls13_signature(message, certificate, signature),
            None => Ok(HandshakeSignatureValid::assertion()),
        }
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        match self.signatures() {
            Some(inner) => inner.supported_verify_schemes(),
            None => self.schemes.clone(),
        }
    }
}
