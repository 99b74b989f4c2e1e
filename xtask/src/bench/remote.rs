//! A real registry some way off, behind what ends TLS for it.

use std::fmt;
use std::time::Duration;

use manifest_testkit::{Client, DelayLine, NginxFront, RealRegistry, TestCa};

use super::tokens::Tokens;

/// What ends TLS, and speaks HTTP/2, for a registry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Front {
    /// nginx, whose window for an upload over HTTP/2 is 64 KB
    Nginx,
    /// Nothing: the registry's own TLS, which is Go's
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

/// How a registry is run, and how far off.
#[derive(Clone, Copy)]
pub(super) struct Setup<'a> {
    pub(super) front: Front,
    pub(super) latency: Duration,
    /// The authority of its certificate.
    pub(super) ca: &'a TestCa,
    /// Where clients get their tokens; it is open to everybody without.
    pub(super) tokens: Option<&'a Tokens>,
    pub(super) on_disk: bool,
}

impl Setup<'_> {
    /// Starts the registry, and what is in front of it.
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
        let near = nginx
            .as_ref()
            .map_or_else(|| registry.host(), NginxFront::host);
        // A line without latency would do nothing but take processor time.
        let line = (!self.latency.is_zero()).then(|| DelayLine::start(&near, self.latency));
        Ok(Remote {
            line,
            nginx,
            registry,
        })
    }
}

/// A registry, what is in front of it, and the distance.
pub(super) struct Remote {
    // In the order in which they are ended.
    line: Option<DelayLine>,
    nginx: Option<NginxFront>,
    registry: RealRegistry,
}

impl Remote {
    /// Where programs find it.
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

    /// Returns a client that is right beside the registry, to put images in place.
    pub(super) fn near(&self, ca: &TestCa) -> Client {
        let client = Client::new(&self.registry.host());
        if self.nginx.is_some() {
            client
        } else {
            client.tls(ca.client_config())
        }
    }
}
