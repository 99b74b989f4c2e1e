//! A reverse proxy with a log, delays and faults, for any registry.

use std::io;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{CONNECTION, CONTENT_LENGTH, HeaderName, HeaderValue, TRANSFER_ENCODING};
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use crate::log::RequestLog;
use crate::server::fault::{Fault, FaultHandle};
use crate::server::{ListenOptions, ReceivedRequest, Server};
use crate::tls::{self, Identity, TestCa};

/// A reverse proxy in front of a registry on plain HTTP; stops when dropped.
///
/// The Host header passes unchanged, so the registry's Locations lead back through the proxy.
#[derive(Debug)]
pub struct LoggingProxy {
    server: Server,
}

impl LoggingProxy {
    /// Starts a proxy in front of `upstream`, which is `127.0.0.1:PORT`.
    #[must_use]
    pub fn start(upstream: &str) -> Self {
        Self::builder(upstream).start()
    }

    /// Returns a builder.
    pub fn builder(upstream: &str) -> ProxyBuilder {
        ProxyBuilder {
            upstream: upstream.to_owned(),
            listen: ListenOptions::default(),
            identity: None,
            http2: true,
        }
    }

    /// Returns the proxy's own `127.0.0.1:PORT`.
    #[must_use]
    pub fn host(&self) -> String {
        self.server.host()
    }

    /// Returns the proxy's own URL.
    #[must_use]
    pub fn url(&self) -> String {
        self.server.url()
    }

    /// Returns the log of requests.
    #[must_use]
    pub fn log(&self) -> &RequestLog {
        self.server.log()
    }

    /// Makes requests go wrong from now on.
    pub fn fault(&self, fault: Fault) -> FaultHandle {
        self.server.faults().add(fault)
    }

    /// Makes all requests go right again.
    pub fn clear_faults(&self) {
        self.server.faults().clear();
    }
}

/// Options of a [`LoggingProxy`].
#[derive(Debug)]
#[must_use]
pub struct ProxyBuilder {
    upstream: String,
    listen: ListenOptions,
    identity: Option<Identity>,
    http2: bool,
}

impl ProxyBuilder {
    /// Adds this time to every round trip: TCP handshake, TLS handshake, each request.
    pub fn delay(mut self, time: Duration) -> Self {
        self.listen.latency = time;
        self
    }

    /// Serves over TLS, with a certificate for loopback of this authority, HTTP/2 offered.
    pub fn tls(self, ca: &TestCa) -> Self {
        self.tls_identity(ca.server())
    }

    /// Serves over TLS with this certificate.
    pub fn tls_identity(mut self, identity: Identity) -> Self {
        self.identity = Some(identity);
        self
    }

    /// Does not offer HTTP/2 over TLS.
    pub fn http1_only(mut self) -> Self {
        self.http2 = false;
        self
    }

    /// Listens on `[::1]` in place of `127.0.0.1`.
    pub fn ipv6(mut self) -> Self {
        self.listen.ip = IpAddr::V6(Ipv6Addr::LOCALHOST);
        self
    }

    /// Listens on this address of the machine instead of `127.0.0.1`, because programs treat loopback specially.
    pub fn listen_on(mut self, ip: IpAddr) -> Self {
        self.listen.ip = ip;
        self
    }

    /// Starts the proxy.
    #[must_use]
    pub fn start(self) -> LoggingProxy {
        let Self {
            upstream,
            mut listen,
            identity,
            http2,
        } = self;
        listen.tls = identity.map(|identity| tls::server_config(&identity, None, http2));
        let upstream: Arc<str> = upstream.into();
        let handler = Arc::new(move |received| {
            let upstream = upstream.clone();
            let response = async move {
                forward(&upstream, received)
                    .await
                    .unwrap_or_else(|error| bad_gateway(&error))
            };
            Box::pin(response) as futures_util::future::BoxFuture<'static, _>
        });
        LoggingProxy {
            server: Server::start("proxy", listen, handler),
        }
    }
}

/// Forwards a request over a new connection, and reads the whole response.
async fn forward(upstream: &str, received: ReceivedRequest) -> io::Result<Response<Bytes>> {
    let stream = TcpStream::connect(upstream).await?;
    stream.set_nodelay(true)?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream))
        .await
        .map_err(io::Error::other)?;
    let driver = tokio::spawn(connection);
    let request = request(received).map_err(io::Error::other)?;
    let response = sender
        .send_request(request)
        .await
        .map_err(io::Error::other)?;
    let (mut parts, body) = response.into_parts();
    let body = body.collect().await.map_err(io::Error::other)?.to_bytes();
    driver.abort();
    // Hop-by-hop headers are about the connection to the registry, not the one to the client.
    for name in [
        CONNECTION,
        TRANSFER_ENCODING,
        HeaderName::from_static("keep-alive"),
    ] {
        parts.headers.remove(name);
    }
    Ok(Response::from_parts(parts, body))
}

fn request(received: ReceivedRequest) -> Result<Request<Full<Bytes>>, http::Error> {
    let ReceivedRequest {
        parts,
        body,
        secure,
    } = received;
    let path = parts.uri.path_and_query().map_or("/", |path| path.as_str());
    let mut request = Request::builder()
        .method(parts.method)
        .uri(path)
        .body(Full::new(body))?;
    *request.headers_mut() = parts.headers;
    let headers = request.headers_mut();
    for name in [CONNECTION, TRANSFER_ENCODING, CONTENT_LENGTH] {
        headers.remove(name);
    }
    // HTTP/2 has the host in the URI.
    if let Some(authority) = parts.uri.authority() {
        headers.insert("host", HeaderValue::from_str(authority.as_str())?);
    }
    if secure {
        headers.insert("x-forwarded-proto", HeaderValue::from_static("https"));
    }
    Ok(request)
}

fn bad_gateway(error: &io::Error) -> Response<Bytes> {
    let mut response = Response::new(Bytes::from(format!("the upstream failed: {error}\n")));
    *response.status_mut() = StatusCode::BAD_GATEWAY;
    response
}
