//! The options of a token server.

use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::access::IssuedTokens;
use super::config::{Config, Permission, TokenField, User};
use super::grant::respond;
use super::jwt::Signer;
use super::server::TokenServer;
use super::state::State;
use crate::error_response::ErrorResponse;
use crate::server::{ListenOptions, Server};
use crate::tls::{self, TestCa};

/// Options of a [`TokenServer`].
#[derive(Debug, Default)]
#[must_use]
pub struct TokenBuilder {
    config: Config,
    listen: ListenOptions,
    tls: Option<tls::Identity>,
}

impl TokenServer {
    /// Starts a server without users that grants everybody pull on everything.
    #[must_use]
    pub fn start() -> Self {
        Self::builder().anonymous_pull().start()
    }

    /// Returns a builder. By default the server has no users and grants nothing.
    pub fn builder() -> TokenBuilder {
        TokenBuilder::default()
    }
}

impl TokenBuilder {
    /// Adds a user with all permissions.
    pub fn user(self, name: &str, password: &str) -> Self {
        self.user_with(name, password, &[("*", "pull,push,delete,*")])
    }

    /// Adds a user with permissions: pairs of repository (`app`, `team/*`) and actions (`pull,push`).
    pub fn user_with(mut self, name: &str, password: &str, permissions: &[(&str, &str)]) -> Self {
        let permissions = permissions
            .iter()
            .map(|(repo, actions)| Permission::new(repo, actions))
            .collect();
        self.config.users.push(User {
            name: name.to_owned(),
            password: password.to_owned(),
            permissions,
        });
        self
    }

    /// Grants anonymous clients pull on everything.
    pub fn anonymous_pull(self) -> Self {
        self.anonymous(&[("*", "pull")])
    }

    /// Grants permissions to anonymous clients.
    pub fn anonymous(mut self, permissions: &[(&str, &str)]) -> Self {
        self.config.anonymous.extend(
            permissions
                .iter()
                .map(|(repo, actions)| Permission::new(repo, actions)),
        );
        self
    }

    /// Accepts this identity token for that user, in an OAuth2 POST with `refresh_token`.
    pub fn refresh_token(mut self, user: &str, token: &str) -> Self {
        self.config
            .refresh_tokens
            .push((user.to_owned(), token.to_owned()));
        self
    }

    /// Sets the service of the tokens; `testkit` by default.
    pub fn service(mut self, service: &str) -> Self {
        self.config.service = service.to_owned();
        self
    }

    /// Grants the first scope and ignores the others, as some servers do.
    pub fn grant_only_first_scope(mut self) -> Self {
        self.config.grant_only_first_scope = true;
        self
    }

    /// Grants `push` only in a token for a single scope, as some servers do.
    pub fn grant_push_for_single_scope(mut self) -> Self {
        self.config.grant_push_for_single_scope = true;
        self
    }

    /// Issues short random strings instead of signed tokens. Real registries refuse those.
    pub fn opaque(mut self) -> Self {
        self.config.opaque = true;
        self
    }

    /// Issues tokens of this lifetime in seconds, and states it in `expires_in`.
    ///
    /// By default they live 60 seconds, and there is no `expires_in`.
    pub fn expires_in(mut self, seconds: u64) -> Self {
        self.config.expires_in = Some(seconds);
        self
    }

    /// Issues tokens of this lifetime in seconds, whatever `expires_in` states. Negative: expired already.
    pub fn actual_lifetime(mut self, seconds: i64) -> Self {
        self.config.lifetime = Some(seconds);
        self
    }

    /// Puts the token in these fields of the response.
    pub fn field(mut self, field: TokenField) -> Self {
        self.config.field = field;
        self
    }

    /// Serves over TLS, with a certificate for loopback of this authority.
    pub fn tls(mut self, ca: &TestCa) -> Self {
        self.tls = Some(ca.server());
        self
    }

    /// Adds this time to every round trip: TCP handshake, TLS handshake, each request.
    pub fn latency(mut self, time: Duration) -> Self {
        self.listen.latency = time;
        self
    }

    /// Starts the server.
    #[must_use]
    pub fn start(self) -> TokenServer {
        let Self {
            mut config,
            mut listen,
            tls,
        } = self;
        if config.service.is_empty() {
            config.service = "testkit".to_owned();
        }
        listen.tls = tls.map(|identity| tls::server_config(&identity, None, true));
        let config = Arc::new(config);
        let state = Arc::new(State {
            signer: Signer::new(),
            issued_tokens: IssuedTokens::default(),
            requested_scopes: Mutex::default(),
            issued: AtomicU64::new(0),
        });
        let shared = (config.clone(), state.clone());
        let server = Server::start(
            "token server",
            listen,
            Arc::new(move |request| {
                let (config, state) = shared.clone();
                Box::pin(async move {
                    respond(&config, &state, &request).unwrap_or_else(ErrorResponse::into_response)
                })
            }),
        );
        TokenServer::new(server, config, state)
    }
}
