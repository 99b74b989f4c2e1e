//! The token server that registries send their clients to, and a login to it.

use std::time::Duration;

use manifest_testkit::token::TokenBuilder;
use manifest_testkit::{Client, DelayLine, TestCa, TokenServer};

/// The user that every program is logged in as.
const LOGIN: (&str, &str) = ("bench", "secret");

/// `LOGIN` as `config.json` has it, in base64.
pub(super) const AUTH: &str = "YmVuY2g6c2VjcmV0";

/// A token server some way off.
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

    /// The URL at which programs ask for tokens.
    pub(super) fn realm(&self) -> String {
        let realm = self.server.realm();
        match &self.line {
            Some(line) => realm.replace(&self.server.host(), &line.host()),
            None => realm,
        }
    }
}

/// Returns the options of a token server that knows the user, with TLS.
pub(super) fn token_server(ca: &TestCa) -> TokenBuilder {
    let (name, password) = LOGIN;
    TokenServer::builder().user(name, password).tls(ca)
}

/// Returns a token to put images into these repositories.
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
    let answer = Client::new(&tokens.host())
        .tls(ca.client_config())
        .basic(name, password)
        .get(&path)
        .map_err(|error| format!("cannot get a token to put images in place: {error}"))?;
    let token = answer.json()["token"].as_str().map(str::to_owned);
    token.ok_or_else(|| format!("no token to put images in place: {}", answer.text()))
}
