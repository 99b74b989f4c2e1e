//! A token server, after the distribution token and OAuth2 specifications.

mod access;
mod builder;
mod grant;
mod jwt;

use std::sync::{Arc, PoisonError};

pub(crate) use self::access::{Access, TokenBook, Verdict};
pub use self::builder::{TokenBuilder, TokenField};
use self::grant::{Config, State};
use crate::log::RequestLog;
use crate::server::Server;
use crate::server::fault::{Fault, FaultHandle};

/// Path at which tokens are given out.
const PATH: &str = "/token";

/// What both the tokens and the configuration of a real registry name as the issuer.
const ISSUER: &str = "manifest-testkit";

/// Lifetime of a token where the server does not say: the specification's 60 seconds.
const DEFAULT_LIFETIME: u64 = 60;

/// A token server on a port of its own; stops when dropped.
#[derive(Debug)]
pub struct TokenServer {
    server: Server,
    config: Arc<Config>,
    state: Arc<State>,
}

impl TokenServer {
    /// Starts a server that knows nobody and gives everybody the right to pull everything.
    #[must_use]
    pub fn start() -> Self {
        Self::builder().anonymous_pull().start()
    }

    /// Returns a builder. As it stands, the server knows nobody and grants nothing.
    pub fn builder() -> TokenBuilder {
        TokenBuilder::default()
    }

    /// Returns the URL at which tokens are asked for, as a challenge names it.
    #[must_use]
    pub fn realm(&self) -> String {
        format!("{}{PATH}", self.server.url())
    }

    /// Returns `127.0.0.1:PORT`.
    #[must_use]
    pub fn host(&self) -> String {
        self.server.host()
    }

    /// Returns the name of the registry that the tokens are for.
    #[must_use]
    pub fn service(&self) -> &str {
        &self.config.service
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

    /// Returns the scopes of all requests in their order, one string per request, joined by spaces.
    #[must_use]
    pub fn scopes_asked(&self) -> Vec<String> {
        self.state
            .asked
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Makes all tokens so far worthless at embedded registries, as if they had expired.
    pub fn revoke_tokens(&self) {
        self.state.book.revoke();
    }

    /// Returns the certificate of the key that signs the tokens, for a real registry.
    pub(crate) fn certificate_pem(&self) -> String {
        self.state.signer.certificate_pem()
    }

    /// Returns what a real registry has to expect as `iss`.
    pub(crate) fn issuer(&self) -> &str {
        ISSUER
    }

    /// Returns the tokens that were given out.
    pub(crate) fn book(&self) -> TokenBook {
        self.state.book.clone()
    }
}
