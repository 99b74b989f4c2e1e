//! The HTTP server behind every test double of this crate: one thread, one listener, log and faults.
//!
//! | module | holds |
//! | --- | --- |
//! | `fault` | rules for requests that get a wrong response |
//! | `response` | the responses of such a rule |
//! | `play` | sending these responses |
//! | `body` | response bodies that follow a script |
//! | `wire` | the TCP connection below HTTP and TLS |

mod body;
pub mod fault;
mod play;
mod response;
mod wire;

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures_util::future::BoxFuture;
use http::{Request as HttpRequest, Response, StatusCode, Version, request::Parts};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper::server::conn::{http1, http2};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::oneshot;
use tokio_rustls::TlsAcceptor;

use self::body::ScriptedBody;
use self::fault::Faults;
use self::play::{Outcome, play};
use self::wire::{Control, Wire};
use crate::log::{Request, RequestLog};

/// The response of Go's HTTP server to plain HTTP on a TLS port.
const PLAIN_ON_TLS: &[u8] =
    b"HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n";

/// The concurrent requests of one HTTP/2 connection: the limit of Go's servers.
const STREAMS: u32 = 250;

/// First byte of a TLS handshake record.
const TLS_HANDSHAKE: u8 = 0x16;

/// A request with its whole body, for a handler.
#[derive(Debug)]
pub(crate) struct ReceivedRequest {
    /// Method, URI, headers.
    pub(crate) parts: Parts,
    /// The whole body.
    pub(crate) body: Bytes,
    /// Whether it came over TLS.
    pub(crate) secure: bool,
}

/// The handler of a server's requests.
pub(crate) type Handler =
    Arc<dyn Fn(ReceivedRequest) -> BoxFuture<'static, Response<Bytes>> + Send + Sync>;

/// The options of listening.
#[derive(Debug, Clone)]
pub(crate) struct ListenOptions {
    /// The loopback address. The system picks the port.
    pub(crate) ip: IpAddr,
    /// TLS, with HTTP/2 if its configuration offers that by ALPN.
    pub(crate) tls: Option<Arc<rustls::ServerConfig>>,
    /// Duration of a round trip: added to the TCP handshake, the TLS handshake, each request.
    pub(crate) latency: Duration,
    /// The most connections at once; others are reset.
    pub(crate) max_connections: Option<usize>,
    /// The most requests at once; others are answered with 429.
    pub(crate) max_requests: Option<usize>,
}

impl Default for ListenOptions {
    fn default() -> Self {
        Self {
            ip: Ipv4Addr::LOCALHOST.into(),
            tls: None,
            latency: Duration::ZERO,
            max_connections: None,
            max_requests: None,
        }
    }
}

/// A running server; stops, with all its connections, when dropped.
#[derive(Debug)]
pub(crate) struct Server {
    address: SocketAddr,
    secure: bool,
    log: RequestLog,
    faults: Faults,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    /// Binds and starts a server on a thread of its own.
    ///
    /// # Panics
    ///
    /// Panics if loopback cannot be bound, or no thread can be started.
    pub(crate) fn start(name: &str, listen: ListenOptions, handler: Handler) -> Self {
        let listener = TcpListener::bind((listen.ip, 0))
            .expect("a loopback address with any port can be bound");
        listener
            .set_nonblocking(true)
            .expect("a listener can be made non-blocking");
        let address = listener
            .local_addr()
            .expect("a bound listener has an address");
        let (log, faults) = (RequestLog::default(), Faults::default());
        let (stop, stopped) = oneshot::channel();
        let secure = listen.tls.is_some();
        let shared = Arc::new(Shared {
            listen,
            handler,
            log: log.clone(),
            faults: faults.clone(),
            connections: AtomicUsize::new(0),
            requests: AtomicUsize::new(0),
        });
        let thread = std::thread::Builder::new()
            .name(format!("testkit {name}"))
            .spawn(move || run(listener, shared, stopped))
            .expect("a thread can be started");
        Self {
            address,
            secure,
            log,
            faults,
            stop: Some(stop),
            thread: Some(thread),
        }
    }

    /// Returns `IP:PORT`, with brackets around an IPv6 address.
    pub(crate) fn host(&self) -> String {
        self.address.to_string()
    }

    /// Returns `http://IP:PORT` or `https://IP:PORT`.
    pub(crate) fn url(&self) -> String {
        format!(
            "{}://{}",
            if self.secure { "https" } else { "http" },
            self.address
        )
    }

    /// Returns the log of requests.
    pub(crate) fn log(&self) -> &RequestLog {
        &self.log
    }

    /// Returns the faults, to add some.
    pub(crate) fn faults(&self) -> &Faults {
        &self.faults
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
            && !std::thread::panicking()
        {
            panic!("the server thread panicked; its message is above");
        }
    }
}

/// The shared state of a server's connections.
struct Shared {
    listen: ListenOptions,
    handler: Handler,
    log: RequestLog,
    faults: Faults,
    connections: AtomicUsize,
    requests: AtomicUsize,
}

/// Counts one for as long as it lives.
struct CountGuard<'a>(&'a AtomicUsize);

impl<'a> CountGuard<'a> {
    /// Counts one, unless the limit is reached.
    fn within(counter: &'a AtomicUsize, most: Option<usize>) -> Option<Self> {
        let counted = Self(counter);
        let before = counter.fetch_add(1, Ordering::Relaxed);
        most.is_none_or(|most| before < most).then_some(counted)
    }
}

impl Drop for CountGuard<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Accepts connections until stopped. Leaving the runtime drops those that are still open.
fn run(listener: TcpListener, shared: Arc<Shared>, stopped: oneshot::Receiver<()>) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a current-thread runtime can be built");
    runtime.block_on(async move {
        let listener = tokio::net::TcpListener::from_std(listener)
            .expect("a non-blocking listener can be registered");
        tokio::select! {
            () = accept(listener, shared) => {}
            _ = stopped => {}
        }
    });
}

async fn accept(listener: tokio::net::TcpListener, shared: Arc<Shared>) {
    for connection_id in 0.. {
        let Ok((stream, _)) = listener.accept().await else {
            continue;
        };
        shared.log.connected();
        let shared = shared.clone();
        tokio::spawn(async move {
            let most = shared.listen.max_connections;
            let Some(_counted) = CountGuard::within(&shared.connections, most) else {
                shared.log.refused();
                // Closing without lingering resets the connection.
                let _ = stream.set_zero_linger();
                return;
            };
            let shared = shared.clone();
            // A client that disconnects, or a fault, ends a connection with an error. Both are intended.
            let _ = serve(stream, connection_id, shared).await;
        });
    }
}

async fn serve(
    stream: tokio::net::TcpStream,
    connection_id: usize,
    shared: Arc<Shared>,
) -> io::Result<()> {
    stream.set_nodelay(true)?;
    pause(shared.listen.latency).await;
    let control = Arc::new(Control::default());
    let mut wire = Wire::new(stream, control.clone());
    let secure = shared.listen.tls.is_some();
    let service = service_fn({
        let (shared, control) = (shared.clone(), control.clone());
        move |request| {
            respond(
                request,
                connection_id,
                secure,
                shared.clone(),
                control.clone(),
            )
        }
    });
    let Some(tls) = &shared.listen.tls else {
        return http1::Builder::new()
            .timer(TokioTimer::new())
            .serve_connection(TokioIo::new(wire), service)
            .await
            .map_err(io::Error::other);
    };
    let mut first = [0];
    if wire.stream().peek(&mut first).await? == 1 && first[0] != TLS_HANDSHAKE {
        // Closing with unread bytes would reset the connection before the client has the response.
        wire.read_buf(&mut Vec::with_capacity(64 * 1024)).await?;
        return wire.write_all(PLAIN_ON_TLS).await;
    }
    pause(shared.listen.latency).await;
    let stream = TlsAcceptor::from(tls.clone()).accept(wire).await?;
    if stream.get_ref().1.handshake_kind() == Some(rustls::HandshakeKind::Resumed) {
        shared.log.resumed();
    }
    if stream.get_ref().1.alpn_protocol() == Some(b"h2") {
        let connection = http2::Builder::new(TokioExecutor::new())
            .timer(TokioTimer::new())
            .max_concurrent_streams(STREAMS)
            .serve_connection(TokioIo::new(stream), service);
        let mut connection = std::pin::pin!(connection);
        tokio::select! {
            result = connection.as_mut() => return result.map_err(io::Error::other),
            () = control.goaway_requested() => connection.as_mut().graceful_shutdown(),
        }
        connection.await.map_err(io::Error::other)
    } else {
        http1::Builder::new()
            .timer(TokioTimer::new())
            .serve_connection(TokioIo::new(stream), service)
            .await
            .map_err(io::Error::other)
    }
}

/// Answers one request: logs it, adds latency, and plays the fault or the handler's response.
async fn respond(
    request: HttpRequest<Incoming>,
    connection_id: usize,
    secure: bool,
    shared: Arc<Shared>,
    control: Arc<Control>,
) -> Result<Response<ScriptedBody>, io::Error> {
    let (parts, body) = request.into_parts();
    let seq = shared.log.arrived(entry(&parts, connection_id));
    let fault = shared.faults.take(parts.method.as_str(), parts.uri.path());
    let counted = CountGuard::within(&shared.requests, shared.listen.max_requests);
    let body = body.collect().await.map_err(io::Error::other)?.to_bytes();
    shared.log.body_read(seq, body.len());
    pause(shared.listen.latency).await;
    let is_head = parts.method == http::Method::HEAD;
    if counted.is_none() {
        shared
            .log
            .answered(seq, StatusCode::TOO_MANY_REQUESTS.as_u16());
        let mut response = Response::new(Bytes::new());
        *response.status_mut() = StatusCode::TOO_MANY_REQUESTS;
        return match Outcome::plain(response, is_head, &control) {
            Outcome::Respond(response) => Ok(response),
            Outcome::Cut => Err(io::Error::other("a plain response is never cut")),
        };
    }
    let outcome = match fault {
        Some(response) => {
            let normal = (shared.handler)(ReceivedRequest {
                parts,
                body,
                secure,
            });
            play(response, normal, is_head, &control).await
        }
        None => {
            let normal = (shared.handler)(ReceivedRequest {
                parts,
                body,
                secure,
            })
            .await;
            Outcome::plain(normal, is_head, &control)
        }
    };
    match outcome {
        Outcome::Respond(response) => {
            shared.log.answered(seq, response.status().as_u16());
            Ok(response)
        }
        Outcome::Cut => Err(io::Error::other("cut by a fault")),
    }
}

fn entry(parts: &Parts, connection_id: usize) -> Request {
    let headers = parts
        .headers
        .iter()
        .map(|(name, value)| {
            (
                name.as_str().to_owned(),
                String::from_utf8_lossy(value.as_bytes()).into_owned(),
            )
        })
        .collect();
    Request {
        seq: 0,
        method: parts.method.to_string(),
        path: parts.uri.path().to_owned(),
        query: parts.uri.query().unwrap_or_default().to_owned(),
        headers,
        connection_id,
        http2: parts.version == Version::HTTP_2,
        body_len: 0,
        status: 0,
        started: Instant::now(),
        answered: None,
    }
}

async fn pause(time: Duration) {
    if !time.is_zero() {
        tokio::time::sleep(time).await;
    }
}
