//! The options of a token server.

use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::access::IssuedTokens;
use super::config::{Config, Permission, TokenField, User};
use super::grant::answer;
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
    /// Starts a server that knows nobody and gives everybody the right to pull everything.
    #[must_use]
    pub fn start() -> Self {
        Self::builder().anonymous_pull().start()
    }

    /// Returns a builder. As it stands, the server knows nobody and grants nothing.
    pub fn builder() -> TokenBuilder {
        TokenBuilder::default()
    }
}

impl TokenBuilder {
    /// Knows a user who may do everything everywhere.
    pub fn user(self, name: &str, password: &str) -> Self {
        self.user_with(name, password, &[("*", "pull,push,delete,*")])
    }

    /// Knows a user with rights: pairs of repository (`app`, `team/*`) and actions (`pull,push`).
    pub fn user_with(mut self, name: &str, password: &str, rights: &[(&str, &str)]) -> Self {
        let rights = rights
            .iter()
            .map(|(repo, actions)| Permission::new(repo, actions))
            .collect();
        self.config.users.push(User {
            name: name.to_owned(),
            password: password.to_owned(),
            rights,
        });
        self
    }

    /// Lets those without credentials pull everything.
    pub fn anonymous_pull(self) -> Self {
        self.anonymous(&[("*", "pull")])
    }

    /// Gives rights to those without credentials.
    pub fn anonymous(mut self, rights: &[(&str, &str)]) -> Self {
        self.config.anonymous.extend(
            rights
                .iter()
                .map(|(repo, actions)| Permission::new(repo, actions)),
        );
        self
    }

    /// Takes this identity token for that user, in an OAuth2 POST with `refresh_token`.
    pub fn refresh_token(mut self, user: &str, token: &str) -> Self {
        self.config
            .refresh_tokens
            .push((user.to_owned(), token.to_owned()));
        self
    }

    /// Names the registry that the tokens are for; `testkit` where this is not called.
    pub fn service(mut self, service: &str) -> Self {
        self.config.service = service.to_owned();
        self
    }

    /// Grants what the first scope asks for and ignores the others, as some servers do.
    pub fn grant_only_first_scope(mut self) -> Self {
        self.config.grant_only_first_scope = true;
        self
    }

    /// Grants `push` only in a token for one scope alone, as some servers do.
    pub fn grant_push_alone(mut self) -> Self {
        self.config.grant_push_alone = true;
        self
    }

    /// Gives out short random strings in place of signed tokens. Real registries refuse those.
    pub fn opaque(mut self) -> Self {
        self.config.opaque = true;
        self
    }

    /// Gives out tokens of this lifetime in seconds, and says so.
    ///
    /// Without this they live 60 seconds and the answer has no `expires_in`.
    pub fn expires_in(mut self, seconds: u64) -> Self {
        self.config.expires_in = Some(seconds);
        self
    }

    /// Gives out tokens that live this many seconds whatever the answer says. Negative: dead.
    pub fn true_lifetime(mut self, seconds: i64) -> Self {
        self.config.lifetime = Some(seconds);
        self
    }

    /// Answers with the token in these fields.
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
            book: IssuedTokens::default(),
            asked: Mutex::default(),
            issued: AtomicU64::new(0),
        });
        let shared = (config.clone(), state.clone());
        let server = Server::start(
            "token server",
            listen,
            Arc::new(move |call| {
                let (config, state) = shared.clone();
                Box::pin(async move {
                    answer(&config, &state, &call).unwrap_or_else(ErrorResponse::into_response)
                })
            }),
        );
        TokenServer::new(server, config, state)
    }
}
