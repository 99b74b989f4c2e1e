//! The connection pools: one for each host and mode, with the host's TLS settings and proxy.
//!
//! Connections are never shared between hosts, so separate pools cost nothing. They ensure that a client certificate or
//! CA certificate for one host is never used for another.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use http::header::HeaderValue;
use url::Url;

use crate::host::authority;
use crate::http::body_connections::BodyConnections;
use crate::http::certificates::{Certificates, HostCertificates};
use crate::http::connect_layer::ConnectLayer;
use crate::http::connections::Connections;
use crate::http::endpoint::Mode;
use crate::http::handshakes::Handshakes;
use crate::http::pool_error::PoolError;
use crate::http::proxies::{ChosenProxy, Proxies};
use crate::http::server_certificate::ServerCertificate;
use crate::http::timeouts::Timeouts;
use crate::http::tls::Tls;
use crate::http::tunnel::{self, HttpClient, TunnelClient};
use crate::limits;
use crate::observer::{Event, Observer};

/// The connections to one host in one mode.
pub(crate) struct Pool {
    pub(crate) connections: Arc<Connections>,
    /// The connections for the bodies of blobs.
    pub(crate) body_connections: BodyConnections,
    pub(crate) handshakes: Option<Handshakes>,
    setup: ClientSetup,
}

/// The settings of all connections to a host.
#[derive(Clone)]
struct ClientSetup {
    /// Whether a tunnel sends the requests, because the HTTP library cannot reach the host through a proxy.
    is_tunnelled: bool,
    /// Whether only HTTP/1.1 is offered.
    is_http1: bool,
    /// The TLS settings. Later connections resume their sessions, but never send early data (0-RTT), which an attacker
    /// could replay.
    tls: Option<rustls::ClientConfig>,
    proxy: Option<Url>,
}

/// The pool of a host, or the reason why there is none.
type PoolResult = Result<Arc<Pool>, PoolError>;

impl Pool {
    /// Returns the TLS version, or `http` without TLS. `None` before the first handshake.
    pub(crate) fn mode(&self) -> Option<&'static str> {
        match &self.handshakes {
            Some(handshakes) => handshakes.version(),
            None => Some("http"),
        }
    }

    /// Returns the certificate that the host presented. `None` without TLS, and before the first handshake.
    pub(crate) fn certificate(&self) -> Option<ServerCertificate> {
        self.handshakes.as_ref()?.certificate()
    }
}

/// All pools of one client.
pub(crate) struct Pools {
    user_agent: HeaderValue,
    timeouts: Timeouts,
    tls: Tls,
    proxies: Proxies,
    observer: Arc<dyn Observer>,
    pools: Mutex<HashMap<(Mode, String), PoolResult>>,
    /// The number of announced concurrent requests, by host.
    expected: Mutex<HashMap<String, usize>>,
}

impl Pools {
    pub(crate) fn new(
        user_agent: HeaderValue,
        timeouts: Timeouts,
        certificates: Certificates,
        proxies: Proxies,
        observer: Arc<dyn Observer>,
    ) -> Self {
        Self {
            user_agent,
            timeouts,
            tls: Tls::new(certificates),
            proxies,
            observer,
            pools: Mutex::default(),
            expected: Mutex::default(),
        }
    }

    /// Announces the number of coming concurrent requests to a host.
    pub(crate) fn expect(&self, host: &str, requests: usize) {
        let mut expected = self.expected.lock().unwrap_or_else(PoisonError::into_inner);
        expected.insert(host.to_owned(), requests);
    }

    /// Returns the number of announced requests to a host.
    pub(crate) fn expected(&self, host: &str) -> usize {
        let expected = self.expected.lock().unwrap_or_else(PoisonError::into_inner);
        expected.get(host).copied().unwrap_or_default()
    }

    /// Returns the proxy for a URL.
    pub(crate) fn proxy(&self, url: &Url) -> Option<ChosenProxy> {
        self.proxies.of(url)
    }

    /// Returns the pool for a URL's host, if there is one already.
    pub(crate) fn existing(&self, mode: Mode, url: &Url) -> Option<Arc<Pool>> {
        let pools = self.pools.lock().unwrap_or_else(PoisonError::into_inner);
        pools.get(&(mode, authority(url)))?.clone().ok()
    }

    /// Returns the pool for a URL's host. The first call creates it.
    pub(crate) fn get(&self, mode: Mode, url: &Url, proxy: Option<&ChosenProxy>) -> PoolResult {
        let host = authority(url);
        let mut pools = self.pools.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(pool) = pools.get(&(mode, host.clone())) {
            return pool.clone();
        }
        if let Some(certificates) = self.host_certificates(mode, &host) {
            self.observer.event(&Event::Certificates {
                host: &host,
                folders: &certificates.folders,
                roots: certificates.roots.len(),
                identities: certificates.identities.len(),
            });
        }
        if let Some(proxy) = proxy {
            self.observer.event(&Event::Proxy {
                host: &host,
                proxy: &proxy.shown,
                setting: &proxy.setting,
            });
        }
        let pool = self.pool(mode, &host, proxy);
        pools.insert((mode, host), pool.clone());
        pool
    }

    fn pool(&self, mode: Mode, host: &str, proxy: Option<&ChosenProxy>) -> PoolResult {
        let (setup, handshakes) = self.setup(mode, host, proxy)?;
        let host_in_flight = Arc::default();
        let connections = Connections::new(Arc::clone(&host_in_flight), |connect_layer| {
            self.client(setup.clone(), Some(connect_layer))
        })?;
        Ok(Arc::new(Pool {
            connections,
            body_connections: BodyConnections::new(&host_in_flight),
            handshakes,
            setup,
        }))
    }

    /// Creates another client for a pool's host, with its own connections.
    pub(crate) fn another_client(&self, pool: &Pool) -> Result<HttpClient, PoolError> {
        self.client(pool.setup.clone(), None)
    }

    /// As [`Self::another_client`], for HTTP/1.1.
    pub(crate) fn http1_client(&self, pool: &Pool) -> Result<HttpClient, PoolError> {
        let mut setup = pool.setup.clone();
        setup.is_http1 = true;
        if let Some(tls) = &mut setup.tls {
            tls.alpn_protocols = vec![b"http/1.1".to_vec()];
        }
        self.client(setup, None)
    }

    fn host_certificates(&self, mode: Mode, host: &str) -> Option<&HostCertificates> {
        self.tls
            .host_certificates(host)
            .filter(|_| mode != Mode::Plain)
    }

    /// Creates the settings for the connections to a host.
    fn setup(
        &self,
        mode: Mode,
        host: &str,
        proxy: Option<&ChosenProxy>,
    ) -> Result<(ClientSetup, Option<Handshakes>), PoolError> {
        let proxy = proxy.map(|proxy| proxy.url.clone().map_err(PoolError::Proxy));
        let proxy = proxy.transpose()?;
        let mut handshakes = None;
        let tls = match (mode, &proxy) {
            (Mode::Verified | Mode::Unverified, _) => {
                let verify = mode == Mode::Verified;
                let tls_proxy = proxy.as_ref().filter(|url| url.scheme() == "https");
                let (settings, host_handshakes) =
                    self.tls.settings_behind_proxy(host, verify, tls_proxy)?;
                handshakes = Some(host_handshakes);
                Some(settings)
            }
            (Mode::Plain, Some(proxy)) => Some(self.tls.settings(&authority(proxy), true)?.0),
            (Mode::Plain, None) => None,
        };
        let setup = ClientSetup {
            is_tunnelled: mode != Mode::Plain && tunnel::is_needed_for(host),
            is_http1: false,
            tls,
            proxy,
        };
        Ok((setup, handshakes))
    }

    /// Creates a client for a host. `connect_layer` reports its connections.
    fn client(
        &self,
        setup: ClientSetup,
        connect_layer: Option<ConnectLayer>,
    ) -> Result<HttpClient, PoolError> {
        let ClientSetup {
            is_tunnelled,
            is_http1,
            tls,
            proxy,
        } = setup;
        let mut builder = reqwest::Client::builder()
            .user_agent(self.user_agent.clone())
            .redirect(reqwest::redirect::Policy::none())
            .referer(false)
            .connect_timeout(self.timeouts.connect)
            .pool_idle_timeout(limits::POOL_IDLE_TIMEOUT)
            .http2_initial_stream_window_size(limits::STREAM_WINDOW)
            .http2_initial_connection_window_size(limits::CONNECTION_WINDOW)
            // The library would read the proxy from the environment.
            .no_proxy();
        if is_http1 {
            builder = builder.http1_only();
        }
        let mut tunnel = None;
        if let (Some(proxy), Some(tls), true) = (&proxy, &tls, is_tunnelled) {
            let (agent, limit) = (self.user_agent.clone(), self.timeouts.connect);
            tunnel = TunnelClient::new(proxy, tls, agent, limit, connect_layer.as_ref());
        }
        builder = match tls {
            Some(tls) => builder.tls_backend_preconfigured(tls),
            // A client that never uses TLS needs no CA certificates.
            None => builder.tls_certs_only([]),
        };
        let build_error = |error: reqwest::Error| PoolError::Http(error.into());
        if let Some(url) = proxy {
            builder = builder.proxy(reqwest::Proxy::all(url).map_err(build_error)?);
        }
        if let Some(connect_layer) = connect_layer {
            builder = builder.connector_layer(connect_layer);
        }
        let library = HttpClient::from(builder.build().map_err(build_error)?);
        Ok(match tunnel {
            Some(tunnel) => library.with_tunnel(tunnel),
            None => library,
        })
    }
}
