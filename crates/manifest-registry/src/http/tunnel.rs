//! The HTTP client of a host: the HTTP library, or an HTTPS client in its place for IPv6 addresses behind a proxy.
//!
//! Behind a proxy the library uses such an address, with its brackets, as the name in a certificate, and fails
//! (seanmonstar/reqwest#3094). This module combines the library's own parts without it: hyper's client, a connector
//! through the proxy, and TLS on top. Requests and responses are still the library's. All this can be removed once the
//! library supports it.

use std::error::Error;
use std::net::Ipv6Addr;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use futures_util::TryFutureExt as _;
use futures_util::future::{BoxFuture, Either};
use http::Uri;
use http::header::{ACCEPT, HeaderMap, HeaderValue, USER_AGENT};
use hyper_rustls::{HttpsConnector, MaybeHttpsStream};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::connect::proxy::{SocksV5, Tunnel};
use hyper_util::client::proxy::matcher::Matcher;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use reqwest::{Body, ResponseBuilderExt as _};
use tokio::net::TcpStream;
use tower_layer::Layer as _;
use tower_service::Service;
use url::Url;

use crate::error::SendError;
use crate::http::connect_layer::{ConnectLayer, ReportingConnector};
use crate::limits;

type BoxError = Box<dyn Error + Send + Sync>;

/// The HTTP client of a host.
#[derive(Clone)]
pub(crate) struct HttpClient {
    library: reqwest::Client,
    /// Sends requests in place of the library, which then only builds them.
    tunnel: Option<Arc<TunnelClient>>,
}

impl From<reqwest::Client> for HttpClient {
    fn from(library: reqwest::Client) -> Self {
        Self {
            library,
            tunnel: None,
        }
    }
}

impl HttpClient {
    /// Returns this client with a tunnel that sends its requests.
    pub(crate) fn with_tunnel(self, tunnel: TunnelClient) -> Self {
        Self {
            tunnel: Some(Arc::new(tunnel)),
            ..self
        }
    }

    /// Creates a request.
    pub(crate) fn request(&self, method: http::Method, url: Url) -> reqwest::RequestBuilder {
        self.library.request(method, url)
    }

    /// Sends a request and waits for the head of the response.
    pub(crate) fn send(
        &self,
        request: reqwest::RequestBuilder,
    ) -> impl Future<Output = Result<reqwest::Response, SendError>> + use<> {
        // An async function would store the request twice.
        let Some(tunnel) = self.tunnel.clone() else {
            return Either::Left(request.send().map_err(SendError::Library));
        };
        Either::Right(Box::pin(async move {
            let request = request.build().map_err(SendError::Library)?;
            tunnel.send(request).await
        }))
    }
}

/// Tells whether the library cannot use TLS with a host (as references name it) behind a proxy.
pub(crate) fn is_needed_for(host: &str) -> bool {
    let address = host.strip_prefix('[').and_then(|rest| rest.split_once(']'));
    address.is_some_and(|(address, _)| address.parse::<Ipv6Addr>().is_ok())
}

/// An HTTPS client that reaches one host through a proxy.
#[derive(Clone)]
pub(crate) struct TunnelClient {
    client: Client<ReportingConnector<HttpsConnector<ProxyConnector>>, Body>,
    user_agent: HeaderValue,
}

impl TunnelClient {
    /// Creates a client that connects through `proxy`. `settings` are for TLS with the host and the proxy.
    ///
    /// Returns `None` if the proxy cannot be used. `connect_layer` reports the client's connections.
    pub(crate) fn new(
        proxy: &Url,
        settings: &rustls::ClientConfig,
        user_agent: HeaderValue,
        connect_timeout: Duration,
        connect_layer: Option<&ConnectLayer>,
    ) -> Option<Self> {
        let proxy = ProxyConnector::new(proxy, settings, &user_agent, connect_timeout)?;
        let connector = HttpsConnector::from((proxy, settings.clone()));
        let connect_layer = connect_layer.cloned().unwrap_or_default();
        let client = Client::builder(TokioExecutor::new())
            .timer(TokioTimer::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(limits::POOL_IDLE_TIMEOUT)
            .http2_initial_stream_window_size(limits::STREAM_WINDOW)
            .http2_initial_connection_window_size(limits::CONNECTION_WINDOW)
            .build(connect_layer.layer(connector));
        Some(Self { client, user_agent })
    }

    async fn send(&self, request: reqwest::Request) -> Result<reqwest::Response, SendError> {
        let url = request.url().clone();
        let mut request = http::Request::<Body>::try_from(request)?;
        let headers = request.headers_mut();
        headers.insert(USER_AGENT, self.user_agent.clone());
        headers
            .entry(ACCEPT)
            .or_insert(HeaderValue::from_static("*/*"));
        let result = self.client.request(request).await;
        let (head, body) = result.map_err(SendError::Tunnel)?.into_parts();
        // The library reads the response's URL from an extension that only its own builder can set.
        let response = http::Response::builder().url(url).body(Body::wrap(body));
        let mut response = response.expect("no part of it can be wrong");
        *response.status_mut() = head.status;
        *response.version_mut() = head.version;
        *response.headers_mut() = head.headers;
        Ok(response.into())
    }
}

/// A connector through a proxy.
#[derive(Clone)]
enum ProxyConnector {
    Http(Tunnel<HttpsConnector<HttpConnector>>),
    Socks(SocksV5<HttpConnector>),
}

impl ProxyConnector {
    fn new(
        proxy: &Url,
        settings: &rustls::ClientConfig,
        user_agent: &HeaderValue,
        connect_timeout: Duration,
    ) -> Option<Self> {
        // Moves the credentials out of the URL, as the library does.
        let matcher = Matcher::builder().all(proxy.as_str()).build();
        let intercept = matcher.intercept(&Uri::from_static("https://any.test"))?;
        let uri = intercept.uri().clone();
        let mut connector = HttpConnector::new();
        connector.enforce_http(false);
        connector.set_nodelay(true);
        connector.set_connect_timeout(Some(connect_timeout));
        if proxy.scheme().starts_with("socks") {
            let socks = SocksV5::new(uri, connector);
            return Some(Self::Socks(match intercept.raw_auth() {
                Some((user, password)) => socks.with_auth(user.to_owned(), password.to_owned()),
                None => socks,
            }));
        }
        let mut settings = settings.clone();
        // `CONNECT` is sent by HTTP/1.1.
        settings.alpn_protocols.clear();
        let connector = HttpsConnector::from((connector, settings));
        let mut headers = HeaderMap::new();
        headers.insert(USER_AGENT, user_agent.clone());
        let tunnel = Tunnel::new(uri, connector).with_headers(headers);
        Some(Self::Http(match intercept.basic_auth() {
            Some(login) => tunnel.with_auth(login.clone()),
            None => tunnel,
        }))
    }
}

impl Service<Uri> for ProxyConnector {
    type Response = MaybeHttpsStream<TokioIo<TcpStream>>;
    type Error = BoxError;
    type Future = BoxFuture<'static, Result<Self::Response, BoxError>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        match self {
            Self::Http(tunnel) => tunnel.poll_ready(context).map_err(Into::into),
            Self::Socks(socks) => socks.poll_ready(context).map_err(Into::into),
        }
    }

    fn call(&mut self, host: Uri) -> Self::Future {
        match self {
            Self::Http(tunnel) => Box::pin(tunnel.call(host).map_err(Into::into)),
            Self::Socks(socks) => Box::pin(
                socks
                    .call(host)
                    .map_ok(MaybeHttpsStream::Http)
                    .map_err(Into::into),
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::is_needed_for;

    #[test]
    fn hosts_that_need_a_tunnel() {
        for (host, is_needed) in [
            ("[2001:db8::1]", true),
            ("[2001:DB8::1]:5000", true),
            ("[::ffff:192.0.2.1]:443", true),
            ("192.0.2.1:5000", false),
            ("registry.test:5000", false),
            ("[registry.test]", false),
        ] {
            assert_eq!(is_needed_for(host), is_needed, "{host}");
        }
    }
}
