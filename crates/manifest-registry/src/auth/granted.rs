//! The actions that a token grants, as far as the token says so.
//!
//! Clients must not depend on the content of tokens. It only serves a diagnosis.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::header::HeaderValue;
use serde::Deserialize;

/// The claims of a token (distribution specification, "Token Authentication Implementation").
#[derive(Deserialize)]
struct Claims {
    access: Option<Vec<Access>>,
}

/// One entry of `access`. Azure's tokens have capital letters in its fields.
#[derive(Deserialize)]
struct Access {
    #[serde(alias = "Type")]
    r#type: String,
    #[serde(alias = "Name")]
    name: String,
    #[serde(alias = "Actions")]
    actions: Option<Vec<String>>,
}

/// Tells whether the token in an `Authorization` header grants a push to the repository `path`. `None` if it is no JSON
/// Web Token, or has no list of access.
pub(crate) fn grants_push(authorization: &HeaderValue, path: &str) -> Option<bool> {
    let token = authorization.to_str().ok()?.strip_prefix("Bearer ")?;
    let claims = token.split('.').nth(1)?;
    let claims = URL_SAFE_NO_PAD.decode(claims.trim_end_matches('=')).ok()?;
    let claims: Claims = serde_json::from_slice(&claims).ok()?;
    let access = claims.access?;
    let own = access
        .iter()
        .filter(|access| access.r#type == "repository" && access.name == path);
    let mut actions = own.flat_map(|access| access.actions.iter().flatten());
    Some(actions.any(|action| action == "push" || action == "*"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn granted_actions() {
        let access = |fields: &str| format!(r#"{{"access":[{{{fields}}}]}}"#);
        let own = r#""type":"repository","name":"app""#;
        for (claims, expected) in [
            (
                access(&format!(r#"{own},"actions":["pull","push"]"#)),
                Some(true),
            ),
            (access(&format!(r#"{own},"actions":["*"]"#)), Some(true)),
            (
                access(r#""Type":"repository","Name":"app","Actions":["push"]"#),
                Some(true),
            ),
            (access(&format!(r#"{own},"actions":["pull"]"#)), Some(false)),
            (access(&format!(r#"{own},"actions":null"#)), Some(false)),
            (
                access(r#""type":"repository","name":"other","actions":["push"]"#),
                Some(false),
            ),
            (r#"{"access":[]}"#.to_owned(), Some(false)),
            (r#"{"access":null}"#.to_owned(), None),
            (r#"{"access":"x"}"#.to_owned(), None),
            ("{}".to_owned(), None),
            ("[]".to_owned(), None),
        ] {
            let token = format!("Bearer e30.{}.x", URL_SAFE_NO_PAD.encode(&claims));
            let header = HeaderValue::from_str(&token).unwrap();
            assert_eq!(grants_push(&header, "app"), expected, "{claims}");
        }
        for token in [
            "Bearer djE6b3BhcXVl",
            "Bearer a.*.c",
            "Bearer ..",
            "Basic YTpi",
        ] {
            let header = HeaderValue::from_static(token);
            assert_eq!(grants_push(&header, "app"), None, "{token}");
        }
    }
}
