//! Access control: the challenge and the check of each request.

use http::header::AUTHORIZATION;
use http::{HeaderMap, Method, StatusCode};
use serde_json::{Value, json};

use super::behaviour::Behaviour;
use super::routes::Route;
use crate::authorization::{basic, strip_scheme};
use crate::error_response::{ErrorResponse, unauthorized};
use crate::token::{Access, IssuedTokens, Verdict};

/// The authentication that a registry demands.
#[derive(Debug, Clone, Default)]
pub(super) enum Auth {
    /// None: everybody may do everything.
    #[default]
    Open,
    /// User and password with each request.
    Basic {
        /// The accounts.
        users: Vec<(String, String)>,
    },
    /// A token of a token server.
    Bearer {
        /// URL of the token server.
        realm: String,
        /// This registry's name at the token server.
        service: String,
        /// The tokens that the server has issued.
        tokens: IssuedTokens,
    },
}

/// Checks that a request is allowed.
pub(super) fn check(
    auth: &Auth,
    behaviour: &Behaviour,
    method: &Method,
    route: &Route,
    from: Option<&str>,
    headers: &HeaderMap,
) -> Result<(), ErrorResponse> {
    let sent = headers
        .get(AUTHORIZATION)
        .and_then(|value| value.to_str().ok());
    match auth {
        Auth::Open => Ok(()),
        Auth::Basic { users } => {
            if basic(sent).is_some_and(|given| users.contains(&given)) {
                return Ok(());
            }
            Err(unauthorized(
                "Basic realm=\"testkit\"".to_owned(),
                Value::Null,
            ))
        }
        Auth::Bearer {
            realm,
            service,
            tokens,
        } => {
            let needed = needed(method, route, from);
            let token = sent.and_then(|value| strip_scheme(value, "bearer"));
            let error = match token.map(|token| tokens.check(token, &needed)) {
                Some(Verdict::Granted) => return Ok(()),
                None => None,
                Some(Verdict::Unknown) => Some("invalid_token"),
                Some(Verdict::Insufficient) if behaviour.forbid_insufficient_scope => {
                    let message = "requested access to the resource is denied";
                    return Err(ErrorResponse::new(
                        StatusCode::FORBIDDEN,
                        "DENIED",
                        message,
                        detail(&needed),
                    ));
                }
                Some(Verdict::Insufficient) => Some("insufficient_scope"),
            };
            let mut challenge = format!("Bearer realm=\"{realm}\",service=\"{service}\"");
            let scope: Vec<String> = needed.iter().map(Access::to_string).collect();
            if !scope.is_empty() {
                challenge.push_str(&format!(",scope=\"{}\"", scope.join(" ")));
            }
            if let Some(error) = error {
                challenge.push_str(&format!(",error=\"{error}\""));
            }
            Err(unauthorized(challenge, detail(&needed)))
        }
    }
}

/// Returns the scopes that a request needs, as distribution asks for them.
fn needed(method: &Method, route: &Route, from: Option<&str>) -> Vec<Access> {
    let actions: &[&str] = match *method {
        Method::GET | Method::HEAD => &["pull"],
        Method::DELETE => &["delete"],
        _ => &["pull", "push"],
    };
    let name = match route {
        Route::Ping => return Vec::new(),
        Route::Catalog => return vec![Access::new("registry", "catalog", &["*"])],
        Route::Upload { name, .. } => {
            // Distribution also asks for `delete` to cancel an upload; most registries ask for push.
            return vec![Access::new("repository", name, &["pull", "push"])];
        }
        Route::Tags { name }
        | Route::Manifest { name, .. }
        | Route::Blob { name, .. }
        | Route::Uploads { name }
        | Route::Referrers { name, .. } => name,
    };
    let mut needed = vec![Access::new("repository", name, actions)];
    if let (Some(from), Route::Uploads { .. }) = (from, route) {
        needed.push(Access::new("repository", from, &["pull"]));
    }
    needed
}

fn detail(needed: &[Access]) -> Value {
    let list = needed.iter().flat_map(|access| {
        access.actions.iter().map(
            |action| json!({ "Type": access.kind, "Class": "", "Name": access.name, "Action": action }),
        )
    });
    list.collect::<Vec<_>>().into()
}
