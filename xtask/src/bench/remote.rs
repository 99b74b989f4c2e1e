//! A real registry with latency, with or without a reverse proxy in front of it.

use std::fmt;
use std::time::Duration;

use manifest_testkit::{Client, DelayLine, NginxFront, RealRegistry, TestCa};

use super::tokens::Tokens;

/// The reverse proxy that terminates TLS and HTTP/2 for a registry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Front {
    /// nginx, whose HTTP/2 window for an upload is 64 KB
    Nginx,
    /// No proxy: the registry terminates TLS itself, in Go
    None,
}

impl fmt::Display for Front {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Nginx => "nginx",
            Self::None => "none",
        })
    }
}

/// The options of a registry, and its latency.
#[derive(Clone, Copy)]
pub(super) struct Setup<'a> {
    pub(super) front: Front,
    pub(super) latency: Duration,
    /// The authority of its certificate.
    pub(super) ca: &'a TestCa,
    /// The token server. Without one the registry allows anonymous access to everything.
    pub(super) tokens: Option<&'a Tokens>,
    pub(super) on_disk: bool,
}

impl<'a> Setup<'a> {
    /// Returns the setup of a registry that asks for tokens, with its storage in memory.
    pub(super) fn with_tokens(
        front: Front,
        latency: Duration,
        ca: &'a TestCa,
        tokens: &'a Tokens,
    ) -> Self {
        Self {
            front,
            latency,
            ca,
            tokens: Some(tokens),
            on_disk: false,
        }
    }

    /// Starts the registry, and the proxies in front of it.
    pub(super) fn start(self) -> Result<Remote, String> {
        let mut registry = RealRegistry::builder();
        if self.on_disk {
            registry = registry.on_disk();
        }
        if let Some(tokens) = self.tokens {
            registry = registry.token_auth_at(tokens.server(), &tokens.realm());
        }
        if self.front == Front::None {
            registry = registry.tls(self.ca);
        }
        let registry = registry
            .try_start()
            .map_err(|error| format!("no real registry to measure on: {error}"))?;
        let nginx = match self.front {
            Front::Nginx => {
                let nginx = NginxFront::builder(&registry.host(), self.ca).try_start();
                Some(nginx.map_err(|error| format!("no nginx to measure on: {error}"))?)
            }
            Front::None => None,
        };
        let upstream = nginx
            .as_ref()
            .map_or_else(|| registry.host(), NginxFront::host);
        // Without latency, a delay line would only cost processor time.
        let line = (!self.latency.is_zero()).then(|| DelayLine::start(&upstream, self.latency));
        Ok(Remote {
            line,
            nginx,
            registry,
        })
    }
}

/// A registry, and the proxies in front of it.
pub(super) struct Remote {
    // Fields are dropped in this order: each front stops before its upstream.
    line: Option<DelayLine>,
    nginx: Option<NginxFront>,
    registry: RealRegistry,
}

impl Remote {
    /// Returns the address for the measured programs.
    pub(super) fn host(&self) -> String {
        match (&self.line, &self.nginx) {
            (Some(line), _) => line.host(),
            (None, Some(nginx)) => nginx.host(),
            (None, None) => self.registry.host(),
        }
    }

    pub(super) fn registry(&self) -> &RealRegistry {
        &self.registry
    }

    /// Returns a client that connects to the registry directly, without latency, to seed images.
    pub(super) fn direct_client(&self, ca: &TestCa) -> Client {
        let client = Client::new(&self.registry.host());
        if self.nginx.is_some() {
            client
        } else {
            client.tls(ca.client_config())
        }
    }
}
