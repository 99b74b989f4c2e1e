//! Running one test on the real and on the embedded registry.

use crate::client::Client;
use crate::embedded::EmbeddedRegistry;
use crate::environment::variable;
use crate::image::Pushable;
use crate::real::{RealRegistry, locate, with_causes};
use crate::seed;
use crate::tls::TestCa;
use crate::token::TokenServer;

/// The variable that disables the real registry if its value is `1`.
const EMBEDDED_ONLY: &str = "EMBEDDED_ONLY";

/// The kind of registry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// CNCF distribution, in a process of its own.
    Real,
    /// The embedded registry of this crate.
    Embedded,
}

/// The options of a registry of either kind.
#[derive(Debug, Clone, Copy, Default)]
pub struct Setup<'a> {
    /// Serves over TLS with a certificate of this authority.
    pub tls: Option<&'a TestCa>,
    /// Demands tokens of this server.
    pub tokens: Option<&'a TokenServer>,
}

/// A registry of either kind.
#[derive(Debug)]
pub enum TestRegistry {
    /// CNCF distribution.
    Real(RealRegistry),
    /// The embedded registry of this crate.
    Embedded(EmbeddedRegistry),
}

impl TestRegistry {
    /// Starts a registry of that kind, open, over plain HTTP.
    #[must_use]
    pub fn start(kind: Kind) -> Self {
        Self::start_with(kind, Setup::default())
    }

    /// Starts a registry of that kind.
    ///
    /// # Panics
    ///
    /// Panics if it cannot be started.
    #[must_use]
    pub fn start_with(kind: Kind, setup: Setup<'_>) -> Self {
        match kind {
            Kind::Real => {
                let mut builder = RealRegistry::builder();
                if let Some(ca) = setup.tls {
                    builder = builder.tls(ca);
                }
                if let Some(tokens) = setup.tokens {
                    builder = builder.token_auth(tokens);
                }
                Self::Real(builder.start())
            }
            Kind::Embedded => {
                let mut builder = EmbeddedRegistry::builder();
                if let Some(ca) = setup.tls {
                    builder = builder.tls(ca);
                }
                if let Some(tokens) = setup.tokens {
                    builder = builder.token_auth(tokens);
                }
                Self::Embedded(builder.start())
            }
        }
    }

    /// Returns the kind.
    #[must_use]
    pub fn kind(&self) -> Kind {
        match self {
            Self::Real(_) => Kind::Real,
            Self::Embedded(_) => Kind::Embedded,
        }
    }

    /// Returns `127.0.0.1:PORT`, as it stands in a reference.
    #[must_use]
    pub fn host(&self) -> String {
        match self {
            Self::Real(registry) => registry.host(),
            Self::Embedded(registry) => registry.host(),
        }
    }

    /// Returns `http://127.0.0.1:PORT`, or `https://…` with TLS.
    #[must_use]
    pub fn url(&self) -> String {
        match self {
            Self::Real(registry) => registry.url(),
            Self::Embedded(registry) => registry.url(),
        }
    }

    /// Returns a client over plain HTTP without credentials.
    #[must_use]
    pub fn client(&self) -> Client {
        Client::new(&self.host())
    }

    /// Pushes an image or index to an open registry over plain HTTP; returns its digest.
    pub fn push(&self, repository: &str, tag: &str, content: &impl Pushable) -> String {
        seed::push(&self.host(), repository, tag, content)
    }

    /// Reads a manifest of an open registry over plain HTTP: media type and bytes.
    #[must_use]
    pub fn manifest(&self, repository: &str, reference: &str) -> Option<(String, Vec<u8>)> {
        seed::manifest(&self.client(), repository, reference)
    }
}

/// Returns the kinds to test: both, or only the embedded one if `EMBEDDED_ONLY=1`.
///
/// # Panics
///
/// Panics if the real one is wanted and not available: no test is skipped silently.
#[must_use]
pub fn kinds() -> Vec<Kind> {
    if variable(EMBEDDED_ONLY).is_some_and(|value| value == "1") {
        return vec![Kind::Embedded];
    }
    if let Err(error) = locate() {
        panic!(
            "{}; or leave it out ({EMBEDDED_ONLY}=1)",
            with_causes(&error)
        );
    }
    vec![Kind::Real, Kind::Embedded]
}

/// Starts one registry of each of the [`kinds`], open, over plain HTTP.
#[must_use]
pub fn registries() -> Vec<TestRegistry> {
    kinds().into_iter().map(TestRegistry::start).collect()
}
