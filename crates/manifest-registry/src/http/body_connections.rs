//! The connections to one host on which the bodies of blobs go.
//!
//! Over HTTP/2 a body moves by one window a round trip, and how large that is for an upload is the server's to say: nginx, and so
//! what stands behind it, gives 64 KiB. HTTP/1.1 has no windows of its own. So bodies that are larger than any window go by HTTP/1.1, on some
//! connections of their own, while all else stays on the one HTTP/2 connection ([`crate::http::connections`]).
//!
//! Uploads and downloads are bounded each for themselves: a copy within one host holds a connection of either kind.

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
    /// Its own pool, made when it is first needed.
    client: OnceLock<Result<HttpClient, PoolError>>,
    uploads: Arc<Limiter>,
    downloads: Arc<Limiter>,
    /// The host does not speak HTTP/1.1.
    is_disabled: AtomicBool,
    /// Downloads are redirected to another host.
    is_redirected: AtomicBool,
}

impl BodyConnections {
    /// Makes the body connections of a host, all of whose requests `on_host` counts.
    pub(crate) fn new(on_host: &Arc<AtomicUsize>) -> Self {
        Self {
            client: OnceLock::new(),
            uploads: Limiter::new(BODY_CONNECTIONS, on_host.clone()),
            downloads: Limiter::new(BODY_CONNECTIONS, on_host.clone()),
            is_disabled: AtomicBool::new(false),
            is_redirected: AtomicBool::new(false),
        }
    }

    /// Tells whether a kind of traffic goes by these connections.
    pub(crate) fn serve(&self, traffic: Traffic) -> bool {
        match traffic {
            Traffic::Request => false,
            _ if self.is_disabled.load(Ordering::Relaxed) => false,
            // A redirect is small.
            Traffic::Download => !self.is_redirected.load(Ordering::Relaxed),
            Traffic::Upload => true,
        }
    }

    /// Notes that the host does not speak HTTP/1.1: bodies go along with requests.
    pub(crate) fn disable(&self) {
        self.is_disabled.store(true, Ordering::Relaxed);
    }

    /// Notes that the host redirected a download to another one.
    pub(crate) fn record_redirect(&self) {
        self.is_redirected.store(true, Ordering::Relaxed);
    }

    /// Waits until there is a connection. `shared` is the client of other requests, where that speaks HTTP/1.1 as well: its
    /// connections do.
    pub(crate) async fn acquire(
        &self,
        traffic: Traffic,
        patience: Duration,
        shared: impl Fn() -> Option<HttpClient>,
        build: impl FnOnce() -> Result<HttpClient, PoolError>,
    ) -> Result<StreamPermit, PoolError> {
        let limiter = match traffic {
            Traffic::Upload => &self.uploads,
            _ => &self.downloads,
        };
        let limit = limiter.permit(patience).await;
        let client = match shared() {
            Some(client) => client,
            None => self.client.get_or_init(build).clone()?,
        };
        Ok(StreamPermit::of_body(client, limit))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn which_bodies_have_connections_of_their_own() {
        let body_connections = BodyConnections::new(&Arc::default());
        let kinds = [Traffic::Request, Traffic::Upload, Traffic::Download];
        let serve = || kinds.map(|traffic| body_connections.serve(traffic));
        assert_eq!(serve(), [false, true, true]);
        body_connections.record_redirect();
        assert_eq!(serve(), [false, true, false]);
        body_connections.disable();
        assert_eq!(serve(), [false, false, false]);
    }
}
