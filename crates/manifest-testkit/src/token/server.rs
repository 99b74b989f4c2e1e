//! A running token server: its log, its faults, its tokens.

use std::sync::{Arc, PoisonError};

use super::access::IssuedTokens;
use super::config::{Config, ISSUER, PATH};
use super::state::State;
use crate::log::RequestLog;
use crate::server::Server;
use crate::server::fault::{Fault, FaultHandle};

/// A token server on a port of its own; stops when dropped.
#[derive(Debug)]
pub struct TokenServer {
    server: Server,
    config: Arc<Config>,
    state: Arc<State>,
}

impl TokenServer {
    pub(super) fn new(server: Server, config: Arc<Config>, state: Arc<State>) -> Self {
        Self {
            server,
            config,
            state,
        }
    }

    /// Returns the URL of the token endpoint, for a challenge.
    #[must_use]
    pub fn realm(&self) -> String {
        format!("{}{PATH}", self.server.url())
    }

    /// Returns `127.0.0.1:PORT`.
    #[must_use]
    pub fn host(&self) -> String {
        self.server.host()
    }

    /// Returns the service of the tokens.
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

    /// Returns the scopes of all requests in order, one string per request, separated by spaces.
    #[must_use]
    pub fn requested_scopes(&self) -> Vec<String> {
        self.state
            .requested_scopes
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Revokes all tokens so far at embedded registries, as if they had expired.
    pub fn revoke_tokens(&self) {
        self.state.issued_tokens.revoke();
    }

    /// Returns the certificate of the key that signs the tokens, for a real registry.
    pub(crate) fn certificate_pem(&self) -> String {
        self.state.signer.certificate_pem()
    }

    /// Returns the issuer, which a real registry expects as `iss`.
    pub(crate) fn issuer(&self) -> &str {
        ISSUER
    }

    /// Returns the tokens issued so far.
    pub(crate) fn issued_tokens(&self) -> IssuedTokens {
        self.state.issued_tokens.clone()
    }
}
