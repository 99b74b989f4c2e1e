//! The response to a registry's challenge: an `Authorization` header from the user's credentials, by a token server if
//! needed.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::Method;
use http::header::{ACCEPT, CONTENT_TYPE, HeaderMap, HeaderValue};
use tokio::time::Instant;
use url::{Url, form_urlencoded};

use crate::auth::challenge::Challenge;
use crate::auth::credentials::Credential;
use crate::auth::scope::Scope;
use crate::auth::token::{Authorization, Token, TokenKey, Tokens, bearer};
use crate::error::{Attempt, ContentProblem, Operation, RegistryError};
use crate::http::{Attempts, Mode, Payload, Traffic, Transport, WireRequest};
use crate::limits::{HEADER_CHARS, TOKEN_BYTES};
use crate::observer::Event;
use crate::redact::{self, Secret};

/// The client ID at token servers (OAuth 2).
const CLIENT_ID: &str = "docker-manifest";

/// Makes the `Authorization` of a request.
pub(crate) struct Authenticator<'a> {
    pub(crate) transport: &'a Transport,
    pub(crate) tokens: &'a Tokens,
    /// How the registry is reached.
    pub(crate) mode: Mode,
    /// The registry's root URL.
    pub(crate) base: &'a Url,
    pub(crate) credential: &'a Credential,
    /// The scopes that the request needs, in the order in which the token server receives them.
    pub(crate) scopes: &'a [Scope],
    /// The scopes of a token for this and other requests, which is requested first. May be empty.
    pub(crate) shared_scopes: &'a Arc<[Scope]>,
    /// The request to authorize.
    pub(crate) request: RequestSummary<'a>,
    /// The header that the registry rejected.
    pub(crate) rejected: Option<&'a HeaderValue>,
}

/// The request to authorize. It is described only for errors.
#[derive(Clone, Copy)]
pub(crate) struct RequestSummary<'a> {
    pub(crate) operation: &'a Operation,
    pub(crate) method: &'a Method,
    pub(crate) url: &'a Url,
    /// The host that the user named.
    pub(crate) host: &'a str,
}

impl RequestSummary<'_> {
    pub(crate) fn attempt(&self) -> Box<Attempt> {
        Attempt::new(self.operation, self.method, self.url, self.host)
    }
}

impl Authenticator<'_> {
    /// Returns the authorization that answers `challenge`.
    ///
    /// Returns `None` if there are no credentials for it, or if the only possible header was rejected.
    pub(crate) async fn authorization(
        &self,
        challenge: &Challenge,
    ) -> Result<Option<Authorization>, RegistryError> {
        match (challenge, self.credential) {
            (Challenge::Basic, Credential::Basic { username, password }) => {
                Ok(self.unless_rejected(Some(basic_header(username, password))))
            }
            (Challenge::Basic, _) => Ok(None),
            (Challenge::Bearer { .. }, Credential::RegistryToken(token)) => {
                Ok(self.unless_rejected(bearer(token.expose())))
            }
            (Challenge::Bearer { realm, service }, _) => {
                let service = service.as_deref();
                if let Some(authorization) = self.shared_token(realm, service).await? {
                    return Ok(Some(authorization));
                }
                let key = TokenKey::new(self.request.host, realm, service, self.scopes);
                // Boxed because it runs once for many requests, and would add its size to each of their futures.
                let fetch = || Box::pin(self.fetch_token(realm, service, self.scopes));
                self.tokens.get(&key, self.rejected, fetch).await.map(Some)
            }
            (Challenge::Unknown(schemes), _) => Err(RegistryError::Challenge {
                attempt: self.request.attempt(),
                reason: format!(
                    "the registry requires a login method that is not supported: {}",
                    schemes.join(" or ")
                ),
            }),
        }
    }

    /// Returns the token for all shared scopes.
    ///
    /// Returns `None` if there are no shared scopes, or if the token server or the registry refuses such a token. Each
    /// request then asks for its own scopes.
    async fn shared_token(
        &self,
        realm: &str,
        service: Option<&str>,
    ) -> Result<Option<Authorization>, RegistryError> {
        if self.shared_scopes.is_empty() {
            return Ok(None);
        }
        let key = TokenKey::for_shared(self.request.host, realm, service, self.shared_scopes);
        if self.rejected.is_some() {
            self.tokens.mark_unusable(&key);
        }
        if self.tokens.is_unusable(&key) {
            return Ok(None);
        }
        let fetch = || Box::pin(self.fetch_token(realm, service, self.shared_scopes));
        match self.tokens.get(&key, None, fetch).await {
            Err(error) if error.is_final_refusal() => {
                self.tokens.mark_unusable(&key);
                Ok(None)
            }
            result => result.map(|authorization| {
                Some(Authorization {
                    has_extra_scopes: true,
                    ..authorization
                })
            }),
        }
    }

    fn unless_rejected(&self, header: Option<HeaderValue>) -> Option<Authorization> {
        header
            .filter(|header| Some(header) != self.rejected)
            .map(Authorization::new)
    }

    async fn fetch_token(
        &self,
        realm: &str,
        service: Option<&str>,
        scopes: &[Scope],
    ) -> Result<Token, RegistryError> {
        let unusable = |what: &str| RegistryError::Challenge {
            attempt: self.request.attempt(),
            reason: format!(
                "the registry names a token server {what}: {:?}",
                printable_realm(realm)
            ),
        };
        let Ok(mut url) = self.base.join(realm) else {
            return Err(unusable("that is no URL"));
        };
        let _ = url.set_username("");
        let _ = url.set_password(None);
        let Some(mode) = self.transport.next_mode(self.base, self.mode, &url) else {
            return Err(unusable("without TLS"));
        };
        let scope_texts: Vec<String> = scopes.iter().map(Scope::to_string).collect();
        self.transport.observer.event(&Event::Token {
            host: self.request.host,
            realm: &redact::url(&url),
            scopes: &scope_texts,
        });
        let operation = Operation::GetToken(self.request.host.to_owned());
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        let (method, authorization, payload) = match self.credential {
            Credential::IdentityToken(token) => {
                let form_type = "application/x-www-form-urlencoded";
                headers.insert(CONTENT_TYPE, HeaderValue::from_static(form_type));
                (
                    Method::POST,
                    None,
                    Payload::Secret(token_form(service, scopes, token)),
                )
            }
            _ => {
                let authorization = match self.credential {
                    Credential::Basic { username, password } => {
                        Some(basic_header(username, password))
                    }
                    _ => None,
                };
                self.add_query(&mut url, service, scopes);
                (Method::GET, authorization, Payload::None)
            }
        };
        let wire = WireRequest {
            operation: &operation,
            host: self.request.host,
            mode,
            method,
            url,
            headers,
            authorization,
            payload: &payload,
            traffic: Traffic::Request,
            attempts: &Attempts::default(),
        };
        let (response, body) = self.transport.fetch(wire, TOKEN_BYTES).await?;
        // The lifetime starts when the server issues the token, before this point. The margin covers the difference.
        Token::parse(&body, Instant::now())
            .ok_or_else(|| response.content(ContentProblem::InvalidToken))
    }

    /// Adds one `scope` parameter per scope, and the account if there is one (distribution specification, "Token
    /// Authentication").
    fn add_query(&self, url: &mut Url, service: Option<&str>, scopes: &[Scope]) {
        let mut query = url.query_pairs_mut();
        if let Some(service) = service {
            query.append_pair("service", service);
        }
        for scope in scopes {
            query.append_pair("scope", &scope.to_string());
        }
        if let Credential::Basic { username, .. } = self.credential {
            query.append_pair("account", username);
        }
    }
}

/// Returns the OAuth 2 form, in which the scopes are one text (distribution specification, "OAuth2 Token
/// Authentication").
fn token_form(service: Option<&str>, scopes: &[Scope], token: &Secret) -> Bytes {
    let scopes: Vec<String> = scopes.iter().map(Scope::to_string).collect();
    let mut form = form_urlencoded::Serializer::new(String::new());
    form.append_pair("grant_type", "refresh_token");
    form.append_pair("client_id", CLIENT_ID);
    form.append_pair("refresh_token", token.expose());
    if let Some(service) = service {
        form.append_pair("service", service);
    }
    form.append_pair("scope", &scopes.join(" "));
    form.finish().into()
}

/// Returns the part of a realm that may be shown.
fn printable_realm(realm: &str) -> String {
    let text = Url::parse(realm).map_or_else(|_| realm.to_owned(), |url| redact::url(&url));
    text.chars().take(HEADER_CHARS).collect()
}

fn basic_header(username: &str, password: &Secret) -> HeaderValue {
    let login = STANDARD.encode(format!("{username}:{}", password.expose()));
    let mut header = HeaderValue::from_str(&format!("Basic {login}"))
        .unwrap_or_else(|_| HeaderValue::from_static("Basic"));
    header.set_sensitive(true);
    header
}
