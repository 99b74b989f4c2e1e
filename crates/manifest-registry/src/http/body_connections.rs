//! The connections to one host for the bodies of blobs.
//!
//! Over HTTP/2 a body moves one window per round trip, and the server sets the window of an upload: 64 KiB for nginx,
//! and so for the registries behind it. HTTP/1.1 has no windows of its own. So bodies larger than any window use a few
//! dedicated HTTP/1.1 connections, while all other requests share the HTTP/2 connection ([`crate::http::connections`]).
//!
//! Uploads and downloads have separate limits, because a copy within one host holds a connection of each kind.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use crate::http::connections::StreamPermit;
use crate::http::limiter::Limiter;
use crate::http::pool_error::PoolError;
use crate::http::traffic::Traffic;
use crate::http::tunnel::HttpClient;
use crate::limits::BODY_CONNECTIONS;

/// The connections for bodies to one host.
pub(crate) struct BodyConnections {
    /// The client for bodies, with its own connection pool. It is created on first use.
    client: OnceLock<Result<HttpClient, PoolError>>,
    uploads: Arc<Limiter>,
    downloads: Arc<Limiter>,
    /// Whether the host does not speak HTTP/1.1.
    is_disabled: AtomicBool,
    /// Whether the host redirects downloads to another host.
    is_redirected: AtomicBool,
}

impl BodyConnections {
    /// Creates the body connections of a host. `host_in_flight` counts all its requests.
    pub(crate) fn new(host_in_flight: &Arc<AtomicUsize>) -> Self {
        Self {
            client: OnceLock::new(),
            uploads: Limiter::new(BODY_CONNECTIONS, host_in_flight.clone()),
            downloads: Limiter::new(BODY_CONNECTIONS, host_in_flight.clone()),
            is_disabled: AtomicBool::new(false),
            is_redirected: AtomicBool::new(false),
        }
    }

    /// Tells whether a kind of traffic uses these connections.
    pub(crate) fn handles(&self, traffic: Traffic) -> bool {
        match traffic {
            Traffic::Request => false,
            _ if self.is_disabled.load(Ordering::Relaxed) => false,
            // A redirect has a small body, and so needs no connection of its own.
            Traffic::Download => !self.is_redirected.load(Ordering::Relaxed),
            Traffic::Upload => true,
        }
    }

    /// Records that the host does not speak HTTP/1.1. Bodies then share the connection of other requests.
    pub(crate) fn disable(&self) {
        self.is_disabled.store(true, Ordering::Relaxed);
    }

    /// Records that the host redirected a download to another host.
    pub(crate) fn record_redirect(&self) {
        self.is_redirected.store(true, Ordering::Relaxed);
    }

    /// Waits until a connection may be used. `shared` returns the client of other requests if it speaks HTTP/1.1, as
    /// its connections then serve bodies as well.
    pub(crate) async fn acquire(
        &self,
        traffic: Traffic,
        max_wait: Duration,
        shared: impl Fn() -> Option<HttpClient>,
        build: impl FnOnce() -> Result<HttpClient, PoolError>,
    ) -> Result<StreamPermit, PoolError> {
        let limiter = match traffic {
            Traffic::Upload => &self.uploads,
            _ => &self.downloads,
        };
        let limit = limiter.permit(max_wait).await;
        let client = match shared() {
            Some(client) => client,
            None => self.client.get_or_init(build).clone()?,
        };
        Ok(StreamPermit::for_body(client, limit))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn traffic_on_body_connections() {
        let body_connections = BodyConnections::new(&Arc::default());
        let kinds = [Traffic::Request, Traffic::Upload, Traffic::Download];
        let handled = || kinds.map(|traffic| body_connections.handles(traffic));
        assert_eq!(handled(), [false, true, true]);
        body_connections.record_redirect();
        assert_eq!(handled(), [false, true, false]);
        body_connections.disable();
        assert_eq!(handled(), [false, false, false]);
    }
}
