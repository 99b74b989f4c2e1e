//! The connection pools: one for each host and way of connecting, each with the TLS settings and the proxy of that host.
//!
//! A pool for each host costs nothing, as connections are not shared between hosts anyway, and sees to it that what is for one
//! host (a client certificate, an authority) never serves another.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use http::header::HeaderValue;
use url::Url;

use crate::certificates::{CertificateProblem, Certificates, HostCertificates};
use crate::endpoint::{Mode, authority};
use crate::lanes::Lanes;
use crate::limits;
use crate::observer::{Event, Observer};
use crate::proxies::{Chosen, Proxies};
use crate::tls::{Handshakes, Tls, TlsProblem};
use crate::transport::Timeouts;

/// How one host is reached in one way.
#[derive(Clone)]
pub(crate) struct Pool {
    pub(crate) lanes: Arc<Lanes>,
    pub(crate) handshakes: Option<Handshakes>,
}

/// Why a host cannot be reached in some way.
#[derive(Clone, Debug)]
pub(crate) enum Unbuilt {
    /// There are no certificate authorities.
    NoAuthorities(String),
    /// Files of the user cannot be used.
    Certificates(CertificateProblem),
    /// The proxy's setting cannot be used.
    Proxy(&'static str),
    /// The HTTP library does not want to.
    Http(Arc<reqwest::Error>),
}

impl From<TlsProblem> for Unbuilt {
    fn from(problem: TlsProblem) -> Self {
        match problem {
            TlsProblem::NoAuthorities(text) => Self::NoAuthorities(text),
            TlsProblem::Certificates(problem) => Self::Certificates(problem),
            TlsProblem::Proxy(reason) => Self::Proxy(reason),
        }
    }
}

impl Pool {
    /// Returns the version of TLS that is spoken, or `http` where none is; nothing before the first handshake.
    pub(crate) fn mode(&self) -> Option<&'static str> {
        match &self.handshakes {
            Some(handshakes) => handshakes.version(),
            None => Some("http"),
        }
    }
}

/// All pools of one client.
pub(crate) struct Pools {
    user_agent: HeaderValue,
    timeouts: Timeouts,
    tls: Tls,
    proxies: Proxies,
    observer: Arc<dyn Observer>,
    pools: Mutex<HashMap<(Mode, String), Result<Pool, Unbuilt>>>,
    /// How many requests are known to come at once, by host.
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

    /// Notes that so many requests to a host will come at once.
    pub(crate) fn expect(&self, host: &str, requests: usize) {
        let mut expected = self.expected.lock().unwrap_or_else(PoisonError::into_inner);
        expected.insert(host.to_owned(), requests);
    }

    /// Tells how many requests to a host are known to come at once.
    pub(crate) fn expected(&self, host: &str) -> usize {
        let expected = self.expected.lock().unwrap_or_else(PoisonError::into_inner);
        expected.get(host).copied().unwrap_or_default()
    }

    /// Returns the proxy by which a URL is reached.
    pub(crate) fn proxy(&self, url: &Url) -> Option<Chosen> {
        self.proxies.of(url)
    }

    /// Returns the pool for a URL's host. It is made once.
    pub(crate) fn get(
        &self,
        mode: Mode,
        url: &Url,
        proxy: Option<&Chosen>,
    ) -> Result<Pool, Unbuilt> {
        let host = authority(url);
        let mut pools = self.pools.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(pool) = pools.get(&(mode, host.clone())) {
            return pool.clone();
        }
        if let Some(own) = self.own(mode, &host) {
            self.observer.event(&Event::Certificates {
                host: &host,
                folders: &own.folders,
                roots: own.roots.len(),
                identities: own.identities.len(),
            });
        }
        if let Some(proxy) = proxy {
            self.observer.event(&Event::Proxy {
                host: &host,
                proxy: &proxy.shown,
                setting: &proxy.setting,
            });
        }
        let mut handshakes = None;
        let lanes = Lanes::new(|opening| {
            let (builder, seen) = self.builder(mode, &host, proxy)?;
            handshakes = seen;
            finish(builder.connector_layer(opening))
        });
        let pool = lanes.map(|lanes| Pool { lanes, handshakes });
        pools.insert((mode, host), pool.clone());
        pool
    }

    /// Makes what reaches a URL's host by connections of its own.
    pub(crate) fn another(
        &self,
        mode: Mode,
        url: &Url,
        proxy: Option<&Chosen>,
    ) -> Result<reqwest::Client, Unbuilt> {
        finish(self.builder(mode, &authority(url), proxy)?.0)
    }

    fn own(&self, mode: Mode, host: &str) -> Option<&HostCertificates> {
        self.tls.own(host).filter(|_| mode != Mode::Plain)
    }

    fn builder(
        &self,
        mode: Mode,
        host: &str,
        proxy: Option<&Chosen>,
    ) -> Result<(reqwest::ClientBuilder, Option<Handshakes>), Unbuilt> {
        let mut builder = reqwest::Client::builder()
            .user_agent(self.user_agent.clone())
            .redirect(reqwest::redirect::Policy::none())
            .referer(false)
            .connect_timeout(self.timeouts.connect)
            .pool_idle_timeout(limits::POOL_IDLE_TIMEOUT)
            .http2_initial_stream_window_size(limits::STREAM_WINDOW)
            .http2_initial_connection_window_size(limits::CONNECTION_WINDOW)
            // The library would read the environment.
            .no_proxy();
        let mut behind = None;
        if let Some(proxy) = proxy {
            let url = proxy.url.clone().map_err(Unbuilt::Proxy)?;
            behind = Some(url.clone()).filter(|url| url.scheme() == "https");
            if mode == Mode::Plain {
                let (settings, _) = self.tls.settings(&authority(&url), true)?;
                builder = builder.tls_backend_preconfigured(settings);
            }
            let proxy = reqwest::Proxy::all(url).map_err(|error| Unbuilt::Http(error.into()))?;
            builder = builder.proxy(proxy);
        }
        let mut handshakes = None;
        builder = match mode {
            Mode::Verified | Mode::Unverified => {
                let verify = mode == Mode::Verified;
                let (settings, seen) = self.tls.settings_behind(host, verify, behind.as_ref())?;
                handshakes = Some(seen);
                builder.tls_backend_preconfigured(settings)
            }
            Mode::Plain if proxy.is_some() => builder,
            // No authorities are read for a client that never speaks TLS.
            Mode::Plain => builder.tls_certs_only([]),
        };
        Ok((builder, handshakes))
    }
}

fn finish(builder: reqwest::ClientBuilder) -> Result<reqwest::Client, Unbuilt> {
    let client = builder.build();
    client.map_err(|error| Unbuilt::Http(error.into()))
}
