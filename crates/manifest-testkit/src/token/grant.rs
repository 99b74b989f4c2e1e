//! Authenticating a client, deciding its permissions, and issuing the token.

use std::sync::PoisonError;
use std::sync::atomic::Ordering;
use std::time::Duration;

use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{Method, Response, StatusCode};
use serde_json::{Value, json};

use super::access::Access;
use super::config::{Config, DEFAULT_LIFETIME, ISSUER, PATH, TokenField, User};
use super::jwt::Claims;
use super::state::State;
use crate::authorization::basic;
use crate::digest::sha256;
use crate::error_response::{ErrorResponse, unauthorized};
use crate::server::ReceivedRequest;

/// The client that asks for a token.
enum Caller<'a> {
    Anonymous,
    User(&'a User),
}

pub(super) fn respond(
    config: &Config,
    state: &State,
    request: &ReceivedRequest,
) -> Result<Response<Bytes>, ErrorResponse> {
    if request.parts.uri.path() != PATH {
        let status = StatusCode::NOT_FOUND;
        return Err(ErrorResponse::new(
            status,
            "NOT_FOUND",
            "tokens are at /token",
            Value::Null,
        ));
    }
    let form = match request.parts.method {
        Method::GET => request.parts.uri.query().unwrap_or_default().as_bytes(),
        Method::POST => &request.body,
        _ => return Err(ErrorResponse::unsupported()),
    };
    let form: Vec<(String, String)> = url::form_urlencoded::parse(form).into_owned().collect();
    let field = |name: &str| {
        form.iter()
            .find(|(key, _)| key == name)
            .map(|(_, v)| v.as_str())
    };
    // Several `scope` parameters mean the same as several scopes in one, separated by spaces.
    let scopes: Vec<&str> = form
        .iter()
        .filter(|(key, _)| key == "scope")
        .flat_map(|(_, value)| value.split_whitespace())
        .collect();
    state
        .requested_scopes
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .push(scopes.join(" "));
    if field("service").is_some_and(|service| service != config.service) {
        let status = StatusCode::BAD_REQUEST;
        return Err(ErrorResponse::new(
            status,
            "UNSUPPORTED",
            "unknown service",
            Value::Null,
        ));
    }
    let caller = if request.parts.method == Method::POST {
        by_grant(config, field)?
    } else {
        by_header(config, request)?
    };
    let access = grant(config, &caller, &scopes);
    Ok(issue(config, state, &caller, access))
}

/// Authenticates a GET by its Basic header. Without a header the client is anonymous.
fn by_header<'a>(
    config: &'a Config,
    request: &ReceivedRequest,
) -> Result<Caller<'a>, ErrorResponse> {
    let Some(header) = request.parts.headers.get(AUTHORIZATION) else {
        return Ok(Caller::Anonymous);
    };
    let given = basic(header.to_str().ok());
    let user = given.and_then(|(name, password)| login(config, &name, &password));
    user.map(Caller::User).ok_or_else(wrong_credentials)
}

/// Authenticates a POST by its OAuth2 grant.
fn by_grant<'a, 'f>(
    config: &'a Config,
    field: impl Fn(&str) -> Option<&'f str>,
) -> Result<Caller<'a>, ErrorResponse> {
    let user = match field("grant_type") {
        Some("refresh_token") => field("refresh_token").and_then(|given| {
            let (name, _) = config
                .refresh_tokens
                .iter()
                .find(|(_, token)| token == given)?;
            config.users.iter().find(|user| user.name == *name)
        }),
        Some("password") => field("username")
            .zip(field("password"))
            .and_then(|(name, password)| login(config, name, password)),
        _ => {
            let status = StatusCode::BAD_REQUEST;
            return Err(ErrorResponse::new(
                status,
                "UNSUPPORTED",
                "unknown grant_type",
                Value::Null,
            ));
        }
    };
    user.map(Caller::User).ok_or_else(wrong_credentials)
}

fn login<'a>(config: &'a Config, name: &str, password: &str) -> Option<&'a User> {
    config
        .users
        .iter()
        .find(|user| user.name == name && user.password == password)
}

fn wrong_credentials() -> ErrorResponse {
    unauthorized("Basic realm=\"testkit tokens\"".to_owned(), Value::Null)
}

/// Reduces the requested scopes to the client's permissions.
fn grant(config: &Config, caller: &Caller<'_>, scopes: &[&str]) -> Vec<Access> {
    let permissions = match caller {
        Caller::Anonymous => &config.anonymous,
        Caller::User(user) => &user.permissions,
    };
    let limit = if config.grant_only_first_scope {
        1
    } else {
        scopes.len()
    };
    let asked = scopes
        .iter()
        .take(limit)
        .filter_map(|scope| Access::parse(scope));
    asked
        .filter_map(|mut access| {
            access.actions.retain(|action| {
                if config.grant_push_for_single_scope && scopes.len() > 1 && action == "push" {
                    return false;
                }
                permissions
                    .iter()
                    .any(|r| r.covers(&access.name) && r.actions.contains(action))
            });
            (!access.actions.is_empty()).then_some(access)
        })
        .collect()
}

fn issue(
    config: &Config,
    state: &State,
    caller: &Caller<'_>,
    access: Vec<Access>,
) -> Response<Bytes> {
    let seconds = config.expires_in.unwrap_or(DEFAULT_LIFETIME);
    let lifetime = config
        .lifetime
        .unwrap_or(i64::try_from(seconds).unwrap_or(i64::MAX));
    let id = format!("token-{}", state.issued.fetch_add(1, Ordering::SeqCst));
    let token = state.signer.sign(&Claims {
        issuer: ISSUER,
        subject: if let Caller::User(user) = caller {
            &user.name
        } else {
            ""
        },
        audience: &config.service,
        lifetime,
        id,
        access: &access,
    });
    // The signature is random, so its hash serves as a random string.
    let token = if config.opaque {
        sha256(token.as_bytes())[7..].to_owned()
    } else {
        token
    };
    let actual_lifetime = Duration::from_secs(u64::try_from(lifetime).unwrap_or(0));
    state.issued_tokens.add(&token, access, actual_lifetime);
    let mut body = json!({});
    if config.field != TokenField::AccessToken {
        body["token"] = token.as_str().into();
    }
    if config.field != TokenField::Token {
        body["access_token"] = token.as_str().into();
    }
    if let Some(seconds) = config.expires_in {
        body["expires_in"] = seconds.into();
    }
    Response::builder()
        .header(CONTENT_TYPE, "application/json")
        .body(body.to_string().into())
        .expect("a constant is a header value")
}
