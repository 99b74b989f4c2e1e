//! The TLS handshakes with a host: the negotiated version, the server's certificate, and whether a client certificate was
//! requested.

use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use crate::http::server_certificate::ServerCertificate;

/// Records the TLS handshakes with a host.
#[derive(Clone, Debug, Default)]
pub(crate) struct Handshakes(Arc<HandshakeState>);

#[derive(Debug, Default)]
struct HandshakeState {
    version: AtomicU8,
    certificate_requested: AtomicBool,
    response_received: AtomicBool,
    certificate: Mutex<Option<ServerCertificate>>,
}

impl Handshakes {
    /// Returns the TLS version of the last handshake. `None` before the first.
    pub(crate) fn version(&self) -> Option<&'static str> {
        match self.0.version.load(Ordering::Relaxed) {
            12 => Some("TLSv1.2"),
            13 => Some("TLSv1.3"),
            _ => None,
        }
    }

    /// Returns the certificate that the host presented last and that was accepted. `None` before the first full handshake.
    pub(crate) fn certificate(&self) -> Option<ServerCertificate> {
        self.0
            .certificate
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    pub(super) fn record_certificate(&self, certificate: ServerCertificate) {
        *self
            .0
            .certificate
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = Some(certificate);
    }

    /// Records that a request got a response, with or without a client certificate.
    pub(crate) fn record_response(&self) {
        self.0.response_received.store(true, Ordering::Relaxed);
    }

    /// Tells whether the host requested a client certificate, and has not responded since.
    pub(crate) fn is_waiting_for_certificate(&self) -> bool {
        self.0.certificate_requested.load(Ordering::Relaxed)
            && !self.0.response_received.load(Ordering::Relaxed)
    }

    pub(super) fn record_version(&self, version: u8) {
        self.0.version.store(version, Ordering::Relaxed);
    }

    pub(crate) fn record_certificate_request(&self) {
        self.0.certificate_requested.store(true, Ordering::Relaxed);
    }
}
