//! The history of a host's TLS handshakes: the version that was agreed on, and whether a client certificate was requested.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};

/// Records the TLS handshakes with a host.
#[derive(Clone, Debug, Default)]
pub(crate) struct Handshakes(Arc<Seen>);

#[derive(Debug, Default)]
struct Seen {
    version: AtomicU8,
    asked: AtomicBool,
    answered: AtomicBool,
}

impl Handshakes {
    /// Returns the version of the last handshake, once there was one.
    pub(crate) fn version(&self) -> Option<&'static str> {
        match self.0.version.load(Ordering::Relaxed) {
            12 => Some("TLSv1.2"),
            13 => Some("TLSv1.3"),
            _ => None,
        }
    }

    /// Notes that a request was answered, whatever certificate was shown.
    pub(crate) fn answered(&self) {
        self.0.answered.store(true, Ordering::Relaxed);
    }

    /// Tells whether the host asked for a client certificate, and has answered nothing since.
    pub(crate) fn is_waiting_for_certificate(&self) -> bool {
        self.0.asked.load(Ordering::Relaxed) && !self.0.answered.load(Ordering::Relaxed)
    }

    pub(super) fn saw(&self, version: u8) {
        self.0.version.store(version, Ordering::Relaxed);
    }

    pub(crate) fn asked(&self) {
        self.0.asked.store(true, Ordering::Relaxed);
    }
}
