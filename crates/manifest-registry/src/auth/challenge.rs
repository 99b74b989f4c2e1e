//! The challenge of a registry (RFC 9110, "WWW-Authenticate").
//!
//! This module has its own parser, because registries and the proxies in front of them deviate from the grammar:
//! several challenges in one header or in several, names in any case, missing or extra blanks and commas, values
//! without quotes. The crate `http-auth` rejects most of these, and the login would fail.

use std::iter::Peekable;
use std::str::Chars;

use http::header::{HeaderMap, WWW_AUTHENTICATE};
use url::Url;

use crate::limits::{CHALLENGE_CHARS, CHALLENGES, SCHEME_CHARS};

/// The authentication scheme that a registry demands.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Challenge {
    /// User name and password with each request.
    Basic,
    /// A token from `realm`, issued for `service` (distribution specification, "Token Authentication").
    Bearer {
        /// The token server's URL, as the registry wrote it.
        realm: String,
        /// The token server's name for the registry.
        service: Option<String>,
    },
    /// Unsupported schemes.
    Unknown(Vec<String>),
}

impl Challenge {
    /// Selects a challenge from the headers of a response: Bearer before Basic before others. `None` if there is none.
    pub(crate) fn from_headers(headers: &HeaderMap) -> Option<Self> {
        let values = headers.get_all(WWW_AUTHENTICATE).into_iter();
        Self::select(values.flat_map(|value| parse(&String::from_utf8_lossy(value.as_bytes()))))
    }

    /// Parses a challenge from the cache. `None` unless [`Self::to_cacheable`] wrote it.
    pub(crate) fn from_cached(text: &str) -> Option<Self> {
        let challenge = Self::select(parse(text).into_iter())?;
        (challenge.to_cacheable().as_deref() == Some(text)).then_some(challenge)
    }

    /// Returns the challenge as text for the cache. `None` unless its token server uses TLS and its URL cannot contain
    /// a secret.
    pub(crate) fn to_cacheable(&self) -> Option<String> {
        let Self::Bearer { realm, service } = self else {
            return None;
        };
        let url = Url::parse(realm).ok()?;
        let is_without_secrets = url.scheme() == "https"
            && url.username().is_empty()
            && url.password().is_none()
            && url.query().is_none()
            && url.fragment().is_none();
        let quoted = |text: &str| text.replace('\\', r"\\").replace('"', r#"\""#);
        let mut text = format!("Bearer realm=\"{}\"", quoted(realm));
        if let Some(service) = service {
            text.push_str(&format!(",service=\"{}\"", quoted(service)));
        }
        let is_short = text.chars().count() <= CHALLENGE_CHARS;
        (is_without_secrets && is_short).then_some(text)
    }

    fn select(challenges: impl Iterator<Item = ParsedChallenge>) -> Option<Self> {
        let mut basic = false;
        let mut unknown = Vec::new();
        for ParsedChallenge {
            scheme,
            realm,
            service,
        } in challenges
        {
            if scheme.eq_ignore_ascii_case("bearer") {
                if let Some(realm) = realm {
                    return Some(Self::Bearer { realm, service });
                }
            } else if scheme.eq_ignore_ascii_case("basic") {
                basic = true;
            } else if unknown.len() < CHALLENGES {
                unknown.push(scheme.chars().take(SCHEME_CHARS).collect());
            }
        }
        if basic {
            Some(Self::Basic)
        } else {
            (!unknown.is_empty()).then_some(Self::Unknown(unknown))
        }
    }
}

/// One challenge of a header.
struct ParsedChallenge {
    scheme: String,
    realm: Option<String>,
    service: Option<String>,
}

impl ParsedChallenge {
    /// Sets a parameter. The first of two equal parameters counts; an empty value is ignored.
    fn set_parameter(&mut self, name: &str, value: String) {
        let parameter = match name.to_ascii_lowercase().as_str() {
            "realm" => &mut self.realm,
            "service" => &mut self.service,
            _ => return,
        };
        if parameter.is_none() && !value.is_empty() {
            *parameter = Some(value);
        }
    }
}

/// Parses the challenges of one header. Text that does not fit the grammar is skipped. After a quote that never ends
/// nothing is used, because it may be truncated.
fn parse(header: &str) -> Vec<ParsedChallenge> {
    let mut challenges: Vec<ParsedChallenge> = Vec::new();
    let mut rest = header.chars().peekable();
    // Whether the last token is a scheme. The word after a scheme may be its credentials (`token68`).
    let mut after_scheme = false;
    loop {
        let mut comma = false;
        while let Some(c) = rest.next_if(|&c| c == ',' || c.is_ascii_whitespace()) {
            comma |= c == ',';
        }
        if rest.peek().is_none() {
            return challenges;
        }
        let name = take_while(&mut rest, is_token);
        skip_whitespace(&mut rest);
        if rest.next_if_eq(&'=').is_some() {
            skip_whitespace(&mut rest);
            let value = match rest.next_if_eq(&'"') {
                Some(_) => quoted(&mut rest),
                None => Some(take_while(&mut rest, |c| {
                    c != ',' && !c.is_ascii_whitespace()
                })),
            };
            match (value, challenges.last_mut()) {
                (Some(value), Some(challenge)) => challenge.set_parameter(&name, value),
                (Some(_), None) => {}
                (None, _) => return challenges,
            }
            after_scheme = false;
        } else if name.is_empty() {
            // Neither a scheme nor a parameter.
            if rest.next() == Some('"') && quoted(&mut rest).is_none() {
                return challenges;
            }
        } else if comma || !after_scheme {
            challenges.push(ParsedChallenge {
                scheme: name,
                realm: None,
                service: None,
            });
            after_scheme = true;
        } else {
            after_scheme = false;
        }
    }
}

/// Tells whether a character belongs to a token (RFC 9110, "Tokens").
fn is_token(c: char) -> bool {
    c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c)
}

fn take_while(rest: &mut Peekable<Chars<'_>>, accepts: impl Fn(char) -> bool) -> String {
    std::iter::from_fn(|| rest.next_if(|&c| accepts(c))).collect()
}

fn skip_whitespace(rest: &mut Peekable<Chars<'_>>) {
    while rest.next_if(char::is_ascii_whitespace).is_some() {}
}

/// Reads to the closing quote, and removes the backslashes. `None` if there is no closing quote.
fn quoted(rest: &mut Peekable<Chars<'_>>) -> Option<String> {
    let mut text = String::new();
    loop {
        match rest.next()? {
            '"' => return Some(text),
            '\\' => text.push(rest.next()?),
            c => text.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn bearer(realm: &str, service: Option<&str>) -> Option<Challenge> {
        Some(Challenge::Bearer {
            realm: realm.into(),
            service: service.map(str::to_owned),
        })
    }

    fn unknown(schemes: &[&str]) -> Option<Challenge> {
        let schemes = schemes.iter().map(|&scheme| scheme.to_owned());
        Some(Challenge::Unknown(schemes.collect()))
    }

    fn check(headers: &[&str], expected: Option<Challenge>) {
        let mut map = HeaderMap::new();
        for header in headers {
            let value = HeaderValue::from_bytes(header.as_bytes()).unwrap();
            map.append(WWW_AUTHENTICATE, value);
        }
        assert_eq!(Challenge::from_headers(&map), expected, "{headers:?}");
    }

    #[test]
    fn formats_of_registries() {
        let hub = || bearer("https://auth.docker.io/token", Some("registry.docker.io"));
        let t = || bearer("https://t", None);
        let s = || bearer("https://t", Some("s"));
        for (headers, expected) in [
            (
                &[r#"Bearer realm="https://auth.docker.io/token",service="registry.docker.io""#][..],
                hub(),
            ),
            (
                &[
                    r#"bearer REALM="https://auth.docker.io/token" , Service="registry.docker.io",scope="repository:a:pull,push",error="invalid_token""#,
                ],
                hub(),
            ),
            (
                &[r#"Bearer realm="https://x/t?a=b,c""#],
                bearer("https://x/t?a=b,c", None),
            ),
            (
                &[r#"Bearer realm="https://x/\"q\"",service="""#],
                bearer("https://x/\"q\"", None),
            ),
            // Missing or extra blanks, commas and quotes.
            (&[r#"Bearer  realm="https://t""#], t()),
            (
                &[r#" ,, BEARER   realm = "https://t" ,,service= "s", "#],
                s(),
            ),
            (&[r#"Bearer realm="https://t" service="s""#], s()),
            (&[r#"Bearer realm="https://t",service=s,error=x"#], s()),
            (&["Bearer realm=https://t service=s"], s()),
            (&["Bearer,realm=https://t,,service=s,"], s()),
            (
                &["Bearer realm=https://x/?a=b&c=d"],
                bearer("https://x/?a=b&c=d", None),
            ),
            (
                &[r#"Bearer realm="https://t",realm="https://evil",service=s"#],
                s(),
            ),
            (&[r#"Bearer realm="",realm="https://t""#], t()),
        ] {
            check(headers, expected);
        }
    }

    #[test]
    fn several_challenges() {
        let t = || bearer("https://t", None);
        let s = || bearer("https://t", Some("s"));
        for (headers, expected) in [
            (
                &[r#"BASIC realm="Registry, \"the\" one""#][..],
                Some(Challenge::Basic),
            ),
            (&["Basic"], Some(Challenge::Basic)),
            (
                &["Basic realm=\"Übung, Bearer realm=x\""],
                Some(Challenge::Basic),
            ),
            (&[r#"Basic realm="x", Bearer realm="https://t""#], t()),
            (&[r#"Basic realm="x" Bearer realm="https://t""#], t()),
            (&[r#"Basic realm="x""#, r#"Bearer realm="https://t""#], t()),
            (&["Negotiate", r#"Basic realm="x""#], Some(Challenge::Basic)),
            (&[r#"Negotiate, Bearer realm="https://t",service="s""#], s()),
            (
                &[r#"Negotiate YII=, NTLM abc, Bearer realm="https://t",service="s""#],
                s(),
            ),
            (
                &[r#"Bearer realm="https://t",service="s", Negotiate YII=="#],
                s(),
            ),
            (
                &[r#"Digest realm="no",nonce="a,b", Bearer realm="https://t""#],
                t(),
            ),
            (&["Negotiate, NTLM"], unknown(&["Negotiate", "NTLM"])),
            (&["Negotiate abcd"], unknown(&["Negotiate"])),
            (
                &["Negotiate YII=", "AWS4-HMAC-SHA256"],
                unknown(&["Negotiate", "AWS4-HMAC-SHA256"]),
            ),
            // No usable challenge.
            (&[r#"Bearer service="x""#], None),
            (&[r#"realm="https://t""#], None),
            (&["", "???", "Bearer realm=\"unended"], None),
            (&["Bearer realm=\"https://t,service=s"], None),
            (&["\"Bearer realm=https://t"], None),
            (&[], None),
        ] {
            check(headers, expected);
        }
    }

    #[test]
    fn only_challenges_without_secrets_are_cacheable() {
        let long = format!("https://t/{}", "x".repeat(CHALLENGE_CHARS));
        for (realm, service, is_cacheable) in [
            ("https://t/token", None, true),
            ("https://t/token", Some("s"), true),
            ("https://t/token", Some(r#"a, "b" \ c"#), true),
            ("http://t/token", Some("s"), false),
            ("https://me@t/token", Some("s"), false),
            ("https://:pw@t/token", Some("s"), false),
            ("https://t/token?key=secret", Some("s"), false),
            ("https://t/token#x", Some("s"), false),
            ("/token", Some("s"), false),
            (&long, None, false),
        ] {
            let challenge = bearer(realm, service).unwrap();
            let text = challenge.to_cacheable();
            assert_eq!(text.is_some(), is_cacheable, "{realm}");
            if let Some(text) = text {
                assert_eq!(Challenge::from_cached(&text), Some(challenge), "{text}");
            }
        }
        assert_eq!(Challenge::Basic.to_cacheable(), None);
        for invalid in [
            "",
            "Basic",
            "Bearer realm=https://t",
            r#"Bearer realm="https://t/"#,
            r#"Bearer realm="http://t/""#,
            r#"Bearer realm="https://t/",extra="x""#,
        ] {
            assert_eq!(Challenge::from_cached(invalid), None, "{invalid}");
        }
    }

    #[test]
    fn unknown_schemes_are_bounded() {
        let many = "x".repeat(10_000) + &", y".repeat(10_000);
        let mut map = HeaderMap::new();
        map.insert(WWW_AUTHENTICATE, many.parse().unwrap());
        let Some(Challenge::Unknown(schemes)) = Challenge::from_headers(&map) else {
            panic!("there are schemes")
        };
        assert_eq!(
            (schemes.len(), schemes[0].len()),
            (CHALLENGES, SCHEME_CHARS)
        );
    }
}
