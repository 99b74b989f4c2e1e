//! The token server of the registries, and a login for it.

use std::time::Duration;

use manifest_testkit::token::TokenBuilder;
use manifest_testkit::{Client, DelayLine, TestCa, TokenServer};

/// User name and password of the login of every program.
const LOGIN: (&str, &str) = ("bench", "secret");

/// `LOGIN` in base64, for `config.json`.
pub(super) const AUTH: &str = "YmVuY2g6c2VjcmV0";

/// A token server with latency.
pub(super) struct Tokens {
    line: Option<DelayLine>,
    server: TokenServer,
}

impl Tokens {
    pub(super) fn start(server: TokenBuilder, latency: Duration) -> Self {
        let server = server.start();
        let line = (!latency.is_zero()).then(|| DelayLine::start(&server.host(), latency));
        Self { line, server }
    }

    pub(super) fn server(&self) -> &TokenServer {
        &self.server
    }

    /// Returns the URL of the token endpoint, for the challenge.
    pub(super) fn realm(&self) -> String {
        let realm = self.server.realm();
        match &self.line {
            Some(line) => realm.replace(&self.server.host(), &line.host()),
            None => realm,
        }
    }
}

/// Returns the builder of a token server with the user, over TLS.
pub(super) fn token_server(ca: &TestCa) -> TokenBuilder {
    let (name, password) = LOGIN;
    TokenServer::builder().user(name, password).tls(ca)
}

/// Returns a token for seeding images in these repositories.
pub(super) fn seeding_token(
    tokens: &TokenServer,
    ca: &TestCa,
    names: &[String],
) -> Result<String, String> {
    let scopes = names
        .iter()
        .map(|name| format!("&scope=repository:{name}:pull,push"));
    let path = format!(
        "/token?service={}{}",
        tokens.service(),
        scopes.collect::<String>()
    );
    let (name, password) = LOGIN;
    let response = Client::new(&tokens.host())
        .tls(ca.client_config())
        .basic(name, password)
        .get(&path)
        .map_err(|error| format!("cannot get a token to seed images: {error}"))?;
    let token = response.json()["token"].as_str().map(str::to_owned);
    token.ok_or_else(|| format!("no token to seed images: {}", response.text()))
}
