//! The connections to one host: the number of concurrent requests, and the connection of each request.
//!
//! HTTP/1.1 uses a connection for each concurrent request. HTTP/2 uses one for all, until so many requests wait that
//! another connection, which takes some round trips to open, is faster. It is opened in the background, by a request
//! that nothing depends on.
//!
//! The HTTP version is known once there is a connection. A caller with many small requests lets one of them go first
//! ([`Connections::acquire_in_turn`]). Over HTTP/2 the others then share its connection, and no handshake is wasted.

use std::sync::atomic::AtomicUsize;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use http::Version;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::http::connect_layer::ConnectLayer;
use crate::http::limiter::{Limiter, Permit};
use crate::http::tunnel::HttpClient;
use crate::limits::{
    CONNECTIONS_PER_HOST_HTTP2, QUEUE_PER_HOST_HTTP2, REQUESTS_PER_HOST, REQUESTS_PER_HOST_HTTP2,
};

/// The connections to one host. Over HTTP/1.1 there is one entry, with a pool of connections.
pub(crate) struct Connections {
    limiter: Arc<Limiter>,
    /// The permit to open the first connection. Closed once there is a connection, or opening it failed.
    first_connection: Arc<Semaphore>,
    state: Mutex<State>,
}

struct State {
    /// The clients. Each has its own pool, with a single connection if the host speaks HTTP/2.
    connections: Vec<Connection>,
    /// The number of requests that wait for a permit.
    waiting: usize,
    growth: Growth,
    /// The HTTP version of the host, once it is known.
    version: Option<Version>,
}

struct Connection {
    client: HttpClient,
    running: usize,
}

/// The state of opening further connections.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Growth {
    /// The HTTP version of the host is not known.
    Unknown,
    /// Another connection may be opened: the host speaks HTTP/2.
    Possible,
    /// A connection is being opened.
    Opening,
    /// No more connections are opened: the maximum is reached, or the host accepts no more.
    Stopped,
}

impl Connections {
    /// Creates the connections of a host, with the first client from `build`. The layer reports its connections back.
    pub(crate) fn new<E>(
        host_in_flight: Arc<AtomicUsize>,
        build: impl FnOnce(ConnectLayer) -> Result<HttpClient, E>,
    ) -> Result<Arc<Self>, E> {
        let connections = Arc::new(Self {
            limiter: Limiter::new(REQUESTS_PER_HOST, host_in_flight),
            first_connection: Arc::new(Semaphore::new(1)),
            state: Mutex::new(State {
                connections: Vec::new(),
                waiting: 0,
                growth: Growth::Unknown,
                version: None,
            }),
        });
        let weak = Arc::downgrade(&connections);
        let client = build(ConnectLayer::new(move |version| {
            if let Some(connections) = weak.upgrade() {
                connections.record_version(version);
            }
        }))?;
        connections
            .state()
            .connections
            .push(Connection { client, running: 0 });
        Ok(connections)
    }

    /// Waits until a request may be sent. The first caller opens the connection; others wait until that succeeded or
    /// failed.
    pub(crate) async fn acquire_in_turn(self: &Arc<Self>, max_wait: Duration) -> StreamPermit {
        let turn = self.first_connection.clone().acquire_owned().await;
        self.acquire_with(turn.ok().map(FirstConnectionPermit), max_wait)
            .await
    }

    /// Waits until a request may be sent.
    pub(crate) async fn acquire(self: &Arc<Self>, max_wait: Duration) -> StreamPermit {
        self.acquire_with(None, max_wait).await
    }

    async fn acquire_with(
        self: &Arc<Self>,
        turn: Option<FirstConnectionPermit>,
        max_wait: Duration,
    ) -> StreamPermit {
        let waiting = WaitingRequest::new(self);
        let limit = self.limiter.permit(max_wait).await;
        drop(waiting);
        let mut state = self.state();
        let connections = state.connections.iter().enumerate();
        let connection = connections.min_by_key(|(_, connection)| connection.running);
        let connection = connection.map_or(0, |(connection, _)| connection);
        state.connections[connection].running += 1;
        StreamPermit {
            client: state.connections[connection].client.clone(),
            limit,
            running: Some(Running {
                connections: self.clone(),
                connection,
            }),
            _turn: turn,
        }
    }

    /// Tells whether the host is known to speak HTTP/2.
    pub(crate) fn is_http2(&self) -> bool {
        self.state().version == Some(Version::HTTP_2)
    }

    /// Returns the client of a host that is known to speak HTTP/1.1, whose connections can serve bodies as well.
    pub(crate) fn http1(&self) -> Option<HttpClient> {
        let state = self.state();
        let is_http1 = |version| version != Version::HTTP_2;
        let client = state
            .connections
            .first()
            .map(|connection| connection.client.clone());
        client.filter(|_| state.version.is_some_and(is_http1))
    }

    /// Records the HTTP version of the host.
    pub(crate) fn record_version(&self, version: Version) {
        self.first_connection.close();
        let mut state = self.state();
        state.version = Some(version);
        if version == Version::HTTP_2 && state.growth == Growth::Unknown {
            state.growth = Growth::Possible;
            self.limiter
                .raise(REQUESTS_PER_HOST_HTTP2 - REQUESTS_PER_HOST);
        }
    }

    /// Tells whether to open another connection. `expected` is the number of requests that are announced for the host.
    ///
    /// If it returns `true`, the caller must open a connection and report the result by [`Self::add`] or
    /// [`Self::stop_growing`].
    pub(crate) fn needs_connection(&self, expected: usize) -> bool {
        let mut state = self.state();
        let room = state.connections.len() * REQUESTS_PER_HOST_HTTP2;
        let waiting = state.waiting.max(expected.saturating_sub(room));
        // If the host limits the requests, another connection does not help.
        let is_queue_long = waiting >= QUEUE_PER_HOST_HTTP2 && !self.limiter.is_lowered();
        let needs_another = state.growth == Growth::Possible && is_queue_long;
        if needs_another {
            state.growth = Growth::Opening;
        }
        needs_another
    }

    /// Adds a client with a new connection.
    pub(crate) fn add(&self, client: HttpClient) {
        let mut state = self.state();
        state.connections.push(Connection { client, running: 0 });
        state.growth = if state.connections.len() < CONNECTIONS_PER_HOST_HTTP2 {
            Growth::Possible
        } else {
            Growth::Stopped
        };
        self.limiter.raise(REQUESTS_PER_HOST_HTTP2);
    }

    /// Records that the host accepts no more connections.
    pub(crate) fn stop_growing(&self) {
        self.state().growth = Growth::Stopped;
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Counts a waiting request until it is dropped.
struct WaitingRequest<'a>(&'a Connections);

impl<'a> WaitingRequest<'a> {
    fn new(connections: &'a Connections) -> Self {
        connections.state().waiting += 1;
        Self(connections)
    }
}

impl Drop for WaitingRequest<'_> {
    fn drop(&mut self) {
        self.0.state().waiting -= 1;
    }
}

/// The permit to send one request. Dropping it releases the permit.
pub(crate) struct StreamPermit {
    /// The client to send the request with.
    pub(crate) client: HttpClient,
    pub(crate) limit: Permit,
    /// `None` for connections for bodies.
    running: Option<Running>,
    _turn: Option<FirstConnectionPermit>,
}

impl StreamPermit {
    /// Tells whether the permit is for the body of a blob.
    pub(crate) fn is_for_body(&self) -> bool {
        self.running.is_none()
    }

    /// Creates the permit for the body of a blob, on a connection of its own.
    pub(crate) fn for_body(client: HttpClient, limit: Permit) -> Self {
        Self {
            client,
            limit,
            running: None,
            _turn: None,
        }
    }
}

/// Counts a request on its connection until it is dropped.
struct Running {
    connections: Arc<Connections>,
    connection: usize,
}

impl Drop for Running {
    fn drop(&mut self) {
        self.connections.state().connections[self.connection].running -= 1;
    }
}

/// The permit to open the first connection. Dropping it lets the other requests go on, whether a connection was opened
/// or not.
struct FirstConnectionPermit(OwnedSemaphorePermit);

impl Drop for FirstConnectionPermit {
    fn drop(&mut self) {
        self.0.semaphore().close();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn poll_once<T>(future: impl Future<Output = T>) -> Option<T> {
        let mut context = std::task::Context::from_waker(std::task::Waker::noop());
        match std::pin::pin!(future).poll(&mut context) {
            std::task::Poll::Ready(value) => Some(value),
            std::task::Poll::Pending => None,
        }
    }

    fn client() -> HttpClient {
        let builder = reqwest::Client::builder().tls_certs_only([]).no_proxy();
        builder.build().unwrap().into()
    }

    fn connections() -> Arc<Connections> {
        let _ = rustls::crypto::ring::default_provider().install_default();
        Connections::new(Arc::default(), |_| Ok::<_, ()>(client())).unwrap()
    }

    fn connection(permit: &StreamPermit) -> usize {
        permit.running.as_ref().unwrap().connection
    }

    #[test]
    fn long_queue_opens_another_connection() {
        let connections = connections();
        let mut permits: Vec<StreamPermit> = (0..REQUESTS_PER_HOST)
            .map(|_| poll_once(connections.acquire(Duration::MAX)).unwrap())
            .collect();
        assert!(poll_once(connections.acquire(Duration::MAX)).is_none());
        connections.record_version(Version::HTTP_11);
        assert!(poll_once(connections.acquire(Duration::MAX)).is_none());
        connections.record_version(Version::HTTP_2);
        connections.record_version(Version::HTTP_2);
        while let Some(permit) = poll_once(connections.acquire(Duration::MAX)) {
            permits.push(permit);
        }
        assert_eq!(permits.len(), REQUESTS_PER_HOST_HTTP2);
        let mut waiting: Vec<_> = (1..QUEUE_PER_HOST_HTTP2)
            .map(|_| WaitingRequest::new(&connections))
            .collect();
        assert!(!connections.needs_connection(0));
        waiting.push(WaitingRequest::new(&connections));
        assert!(connections.needs_connection(0));
        assert!(!connections.needs_connection(0), "one is being made");
        drop(waiting);
        connections.add(client());
        let more: Vec<StreamPermit> =
            std::iter::from_fn(|| poll_once(connections.acquire(Duration::MAX))).collect();
        assert_eq!(more.len(), REQUESTS_PER_HOST_HTTP2);
        assert!(more.iter().all(|permit| connection(permit) == 1));
        drop((permits, more));
        let spread = [
            poll_once(connections.acquire(Duration::MAX)),
            poll_once(connections.acquire(Duration::MAX)),
        ];
        assert_eq!(spread.map(|permit| connection(&permit.unwrap())), [0, 1]);
    }

    #[test]
    fn announced_requests_open_another_connection() {
        let connections = connections();
        let many = REQUESTS_PER_HOST_HTTP2 + QUEUE_PER_HOST_HTTP2;
        assert!(!connections.needs_connection(many), "it may speak HTTP/1.1");
        connections.record_version(Version::HTTP_2);
        assert!(!connections.needs_connection(many - 1));
        assert!(connections.needs_connection(many));
    }

    #[test]
    fn first_request_opens_the_connection() {
        // The first request opens a connection, or fails.
        for fails in [false, true] {
            let connections = connections();
            let first = poll_once(connections.acquire_in_turn(Duration::MAX)).unwrap();
            assert!(poll_once(connections.acquire_in_turn(Duration::MAX)).is_none());
            assert!(
                poll_once(connections.acquire(Duration::MAX)).is_some(),
                "not all wait for that"
            );
            if fails {
                drop(first);
            } else {
                connections.record_version(Version::HTTP_11);
            }
            let others = [
                poll_once(connections.acquire_in_turn(Duration::MAX)),
                poll_once(connections.acquire_in_turn(Duration::MAX)),
            ];
            assert!(others.iter().all(Option::is_some), "{fails}");
        }
    }

    #[test]
    fn no_connection_is_opened_after_stop_growing() {
        let connections = connections();
        connections.record_version(Version::HTTP_2);
        let waiting: Vec<_> = (0..QUEUE_PER_HOST_HTTP2)
            .map(|_| WaitingRequest::new(&connections))
            .collect();
        assert!(connections.needs_connection(0));
        connections.stop_growing();
        assert!(!connections.needs_connection(0));
        drop(waiting);
        assert_eq!(connections.state().waiting, 0);
    }
}
