//! The TLS handshakes with a host: the negotiated version, and whether a client certificate was requested.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};

/// Records the TLS handshakes with a host.
#[derive(Clone, Debug, Default)]
pub(crate) struct Handshakes(Arc<HandshakeState>);

#[derive(Debug, Default)]
struct HandshakeState {
    version: AtomicU8,
    certificate_requested: AtomicBool,
    response_received: AtomicBool,
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
