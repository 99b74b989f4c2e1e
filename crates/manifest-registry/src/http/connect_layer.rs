//! A connector layer for the HTTP library that reports each new connection and its negotiated HTTP version.

use std::sync::Arc;
use std::task::{Context, Poll};

use futures_util::TryFutureExt as _;
use futures_util::future::BoxFuture;
use http::Version;
use hyper_util::client::legacy::connect::Connection;
use tower_layer::Layer;
use tower_service::Service;

/// The number of times to yield to other tasks until the HTTP library has put a connection into its pool. Two suffice
/// in practice.
const YIELDS_UNTIL_POOLED: usize = 8;

/// The callback for the HTTP version of a connection.
type OnConnect = Arc<dyn Fn(Version) + Send + Sync>;

/// Reports the HTTP version of each connection that a connector makes. The default has no callback.
#[derive(Clone, Default)]
pub(crate) struct ConnectLayer(Option<OnConnect>);

impl ConnectLayer {
    /// Creates a layer. `on_connect` is called once requests can use a connection.
    pub(crate) fn new(on_connect: impl Fn(Version) + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(on_connect)))
    }
}

/// A connector that reports its connections.
#[derive(Clone)]
pub(crate) struct ReportingConnector<S> {
    connector: S,
    on_connect: Option<OnConnect>,
}

impl<S> Layer<S> for ConnectLayer {
    type Service = ReportingConnector<S>;

    fn layer(&self, connector: S) -> ReportingConnector<S> {
        ReportingConnector {
            connector,
            on_connect: self.0.clone(),
        }
    }
}

impl<S, R> Service<R> for ReportingConnector<S>
where
    S: Service<R>,
    S::Response: Connection + Send + 'static,
    S::Future: Send + 'static,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = BoxFuture<'static, Result<S::Response, S::Error>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.connector.poll_ready(context)
    }

    fn call(&mut self, request: R) -> Self::Future {
        let on_connect = self.on_connect.clone();
        let report = move |connection: &S::Response| {
            let Some(on_connect) = on_connect else {
                return;
            };
            let version = match connection.connected().is_negotiated_h2() {
                true => Version::HTTP_2,
                false => Version::HTTP_11,
            };
            tokio::spawn(async move {
                // The library puts the connection into its pool right after this call. An earlier request would open
                // another connection.
                wait_until_pooled().await;
                on_connect(version);
            });
        };
        Box::pin(self.connector.call(request).inspect_ok(report))
    }
}

/// Yields until the HTTP library has put a connection into its pool.
pub(super) async fn wait_until_pooled() {
    for _ in 0..YIELDS_UNTIL_POOLED {
        tokio::task::yield_now().await;
    }
}
