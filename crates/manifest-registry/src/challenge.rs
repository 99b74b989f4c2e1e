//! What a registry demands of a request that it does not let in (RFC 9110, "WWW-Authenticate").

use http::header::{HeaderMap, WWW_AUTHENTICATE};
use http_auth::ChallengeParser;

/// The kind of login that a registry demands.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Challenge {
    /// Name and password with each request.
    Basic,
    /// A token from `realm`, issued for `service` (distribution specification, "Token Authentication").
    Bearer {
        /// The token server's URL, as the registry wrote it.
        realm: String,
        /// What the token server calls the registry.
        service: Option<String>,
    },
    /// Schemes that are not known here.
    Unknown(Vec<String>),
}

impl Challenge {
    /// Reads the challenges of an answer: Bearer before Basic before others. Nothing where there is none.
    pub(crate) fn of(headers: &HeaderMap) -> Option<Self> {
        let values = headers
            .get_all(WWW_AUTHENTICATE)
            .into_iter()
            .filter_map(|v| v.to_str().ok());
        Self::parse(values)
    }

    fn parse<'a>(values: impl Iterator<Item = &'a str>) -> Option<Self> {
        let mut basic = false;
        let mut unknown = Vec::new();
        for challenge in values.flat_map(|value| ChallengeParser::new(value).map_while(Result::ok))
        {
            let parameter = |name: &str| {
                let found = challenge
                    .params
                    .iter()
                    .find(|(key, _)| key.eq_ignore_ascii_case(name));
                found.map(|(_, value)| value.to_unescaped())
            };
            if challenge.scheme.eq_ignore_ascii_case("bearer") {
                if let Some(realm) = parameter("realm") {
                    let service = parameter("service").filter(|service| !service.is_empty());
                    return Some(Self::Bearer { realm, service });
                }
            } else if challenge.scheme.eq_ignore_ascii_case("basic") {
                basic = true;
            } else {
                unknown.push(challenge.scheme.to_owned());
            }
        }
        if basic {
            Some(Self::Basic)
        } else {
            (!unknown.is_empty()).then_some(Self::Unknown(unknown))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bearer(realm: &str, service: Option<&str>) -> Option<Challenge> {
        Some(Challenge::Bearer {
            realm: realm.into(),
            service: service.map(str::to_owned),
        })
    }

    #[test]
    fn forms_that_registries_send() {
        let hub = bearer("https://auth.docker.io/token", Some("registry.docker.io"));
        for (headers, expected) in [
            (
                &[r#"Bearer realm="https://auth.docker.io/token",service="registry.docker.io""#][..],
                hub.clone(),
            ),
            (
                &[
                    r#"bearer REALM="https://auth.docker.io/token" , Service="registry.docker.io",scope="repository:a:pull,push",error="invalid_token""#,
                ],
                hub.clone(),
            ),
            (&[r#"Bearer realm=https://x"#], None),
            (
                &[r#"Bearer realm="https://x/t?a=b,c""#],
                bearer("https://x/t?a=b,c", None),
            ),
            (
                &[r#"Bearer realm="https://x/\"q\"",service="""#],
                bearer("https://x/\"q\"", None),
            ),
            (
                &[r#"BASIC realm="Registry, \"the\" one""#],
                Some(Challenge::Basic),
            ),
            (&["Basic"], Some(Challenge::Basic)),
            (
                &[r#"Basic realm="x", Bearer realm="https://t""#],
                bearer("https://t", None),
            ),
            (
                &[r#"Basic realm="x""#, r#"Bearer realm="https://t""#],
                bearer("https://t", None),
            ),
            (&["Negotiate", r#"Basic realm="x""#], Some(Challenge::Basic)),
            (
                &["Negotiate, NTLM"],
                Some(Challenge::Unknown(vec!["Negotiate".into(), "NTLM".into()])),
            ),
            (&[r#"Bearer service="x""#], None),
            (&["", "???", "Bearer realm=\"unended"], None),
            (&[], None),
        ] {
            assert_eq!(
                Challenge::parse(headers.iter().copied()),
                expected,
                "{headers:?}"
            );
        }
    }
}
