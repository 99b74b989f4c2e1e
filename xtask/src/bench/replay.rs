//! A load generator that replays recorded requests over HTTP/2.

use std::collections::VecDeque;
use std::io;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::StreamExt as _;
use futures_util::future::try_join_all;
use futures_util::stream::FuturesUnordered;
use http::{HeaderMap, Method, Uri};
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::http2::{self, SendRequest};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

/// The most times that a connection is reopened in one phase. Servers may close a connection after a number of requests.
const RECONNECTS: usize = 20;

/// A request to send, and the status of its recorded response.
#[derive(Clone, Debug)]
pub(super) struct Recorded {
    pub(super) method: Method,
    pub(super) path_and_query: String,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
    pub(super) status: u16,
}

/// The server to send requests to, and the concurrency.
#[derive(Clone, Debug)]
pub(super) struct Target {
    pub(super) host: String,
    pub(super) tls: Arc<ClientConfig>,
    pub(super) connections: usize,
    /// The number of concurrent requests on each connection.
    pub(super) streams: usize,
}

impl Target {
    /// Sends the phases one after the other. The requests of a phase are concurrent, and all responses are awaited before the next.
    pub(super) fn replay(&self, phases: &[Vec<Recorded>]) -> Result<(), String> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| format!("cannot start a runtime: {error}"))?;
        let replayed = runtime.block_on(async {
            let mut connections: Vec<Connection<'_>> = (0..self.connections)
                .map(|_| Connection {
                    target: self,
                    sender: None,
                })
                .collect();
            for phase in phases {
                let count = connections.len();
                let shares = connections.iter_mut().enumerate().map(|(i, connection)| {
                    let share: VecDeque<&Recorded> = phase.iter().skip(i).step_by(count).collect();
                    connection.send_all(share)
                });
                try_join_all(shares).await?;
            }
            Ok::<_, io::Error>(())
        });
        replayed.map_err(|error| format!("cannot replay: {error}"))
    }

    async fn connect(&self) -> io::Result<SendRequest<Full<Bytes>>> {
        let stream = TcpStream::connect(&self.host).await?;
        stream.set_nodelay(true)?;
        let (name, _) = self.host.rsplit_once(':').unwrap_or((&self.host, ""));
        let name = ServerName::try_from(name.to_owned()).map_err(io::Error::other)?;
        let mut tls = (*self.tls).clone();
        tls.alpn_protocols = vec![b"h2".to_vec()];
        let stream = TlsConnector::from(Arc::new(tls))
            .connect(name, stream)
            .await?;
        let (sender, connection) = http2::handshake(TokioExecutor::new(), TokioIo::new(stream))
            .await
            .map_err(io::Error::other)?;
        // If the connection fails, its requests fail as well, so its own error is not needed.
        tokio::spawn(connection);
        Ok(sender)
    }

    async fn send(
        &self,
        mut sender: SendRequest<Full<Bytes>>,
        recorded: &Recorded,
    ) -> io::Result<()> {
        sender.ready().await.map_err(io::Error::other)?;
        let uri = format!("https://{}{}", self.host, recorded.path_and_query);
        let mut request = http::Request::new(Full::new(recorded.body.clone()));
        *request.uri_mut() = uri.parse::<Uri>().map_err(io::Error::other)?;
        *request.method_mut() = recorded.method.clone();
        *request.headers_mut() = recorded.headers.clone();
        let response = sender
            .send_request(request)
            .await
            .map_err(io::Error::other)?;
        let status = response.status().as_u16();
        response
            .into_body()
            .collect()
            .await
            .map_err(io::Error::other)?;
        if status != recorded.status {
            return Err(io::Error::new(
                io::ErrorKind::InvalidData,
                format!("{uri}: status {status}, recorded {}", recorded.status),
            ));
        }
        Ok(())
    }
}

/// A connection that is opened on demand, and reopened after the server has closed it.
struct Connection<'a> {
    target: &'a Target,
    sender: Option<SendRequest<Full<Bytes>>>,
}

impl Connection<'_> {
    async fn send_all(&mut self, mut left: VecDeque<&Recorded>) -> io::Result<()> {
        let target = self.target;
        let mut in_flight = FuturesUnordered::new();
        let mut failures = 0;
        loop {
            if let Some(sender) = &self.sender {
                while in_flight.len() < target.streams
                    && let Some(recorded) = left.pop_front()
                {
                    let sender = sender.clone();
                    in_flight.push(async move { (recorded, target.send(sender, recorded).await) });
                }
            } else if in_flight.is_empty() && !left.is_empty() {
                self.sender = Some(target.connect().await?);
                continue;
            }
            let Some((recorded, sent)) = in_flight.next().await else {
                return Ok(());
            };
            match sent {
                Ok(()) => {}
                Err(error) if error.kind() == io::ErrorKind::InvalidData => return Err(error),
                Err(error) => {
                    // The server accepts no more requests on this connection. Those it refused are sent on the next one.
                    left.push_back(recorded);
                    if self.sender.take().is_some() {
                        failures += 1;
                    }
                    if failures > RECONNECTS {
                        return Err(error);
                    }
                }
            }
        }
    }
}
