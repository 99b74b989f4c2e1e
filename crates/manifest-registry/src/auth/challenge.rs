//! What a registry demands of a request that it does not let in (RFC 9110, "WWW-Authenticate").
//!
//! The grammar is read by ourselves, for registries and what stands before them write it in many ways: several challenges
//! in one header or in several, names in any case, more or fewer blanks and commas than there should be, values without
//! quotes. The crate `http-auth` gives up on most of these, and so on the login.

use std::iter::Peekable;
use std::str::Chars;

use http::header::{HeaderMap, WWW_AUTHENTICATE};
use url::Url;

use crate::limits::{CHALLENGE_CHARS, CHALLENGES, SCHEME_CHARS};

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
        let values = headers.get_all(WWW_AUTHENTICATE).into_iter();
        Self::choose(values.flat_map(|value| read(&String::from_utf8_lossy(value.as_bytes()))))
    }

    /// Reads a challenge that is remembered as [`Self::lasting`] wrote it. Nothing where that is anything else.
    pub(crate) fn remembered(text: &str) -> Option<Self> {
        let challenge = Self::choose(read(text).into_iter())?;
        (challenge.lasting().as_deref() == Some(text)).then_some(challenge)
    }

    /// Returns what of it may be remembered: a token server that is reached by TLS, in whose URL nothing can be secret.
    pub(crate) fn lasting(&self) -> Option<String> {
        let Self::Bearer { realm, service } = self else {
            return None;
        };
        let url = Url::parse(realm).ok()?;
        let is_plain = url.scheme() == "https"
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
        (is_plain && is_short).then_some(text)
    }

    fn choose(offered: impl Iterator<Item = Offer>) -> Option<Self> {
        let mut basic = false;
        let mut unknown = Vec::new();
        for Offer {
            scheme,
            realm,
            service,
        } in offered
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

/// One challenge as it stands in a header.
struct Offer {
    scheme: String,
    realm: Option<String>,
    service: Option<String>,
}

impl Offer {
    /// The first of two equal parameters counts. An empty one says nothing.
    fn take(&mut self, name: &str, value: String) {
        let place = match name.to_ascii_lowercase().as_str() {
            "realm" => &mut self.realm,
            "service" => &mut self.service,
            _ => return,
        };
        if place.is_none() && !value.is_empty() {
            *place = Some(value);
        }
    }
}

/// Reads the challenges of one header. What makes no sense is left aside; what stands behind a quote that never ends is
/// not known to be whole, and so is nothing.
fn read(header: &str) -> Vec<Offer> {
    let mut offers: Vec<Offer> = Vec::new();
    let mut rest = header.chars().peekable();
    // Whether the last thing that was read is a scheme, behind which a word may be its credentials (`token68`).
    let mut after_scheme = false;
    loop {
        let mut comma = false;
        while let Some(c) = rest.next_if(|&c| c == ',' || c.is_ascii_whitespace()) {
            comma |= c == ',';
        }
        if rest.peek().is_none() {
            return offers;
        }
        let name = word(&mut rest, is_token);
        skip_blanks(&mut rest);
        if rest.next_if_eq(&'=').is_some() {
            skip_blanks(&mut rest);
            let value = match rest.next_if_eq(&'"') {
                Some(_) => quoted(&mut rest),
                None => Some(word(&mut rest, |c| c != ',' && !c.is_ascii_whitespace())),
            };
            match (value, offers.last_mut()) {
                (Some(value), Some(offer)) => offer.take(&name, value),
                (Some(_), None) => {}
                (None, _) => return offers,
            }
            after_scheme = false;
        } else if name.is_empty() {
            // Not the beginning of anything.
            if rest.next() == Some('"') && quoted(&mut rest).is_none() {
                return offers;
            }
        } else if comma || !after_scheme {
            offers.push(Offer {
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

/// Characters of a token (RFC 9110, "Tokens").
fn is_token(c: char) -> bool {
    c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c)
}

fn word(rest: &mut Peekable<Chars<'_>>, belongs: impl Fn(char) -> bool) -> String {
    std::iter::from_fn(|| rest.next_if(|&c| belongs(c))).collect()
}

fn skip_blanks(rest: &mut Peekable<Chars<'_>>) {
    while rest.next_if(char::is_ascii_whitespace).is_some() {}
}

/// Reads to the closing quote, and without the backslashes. Nothing where there is no closing quote.
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
        assert_eq!(Challenge::of(&map), expected, "{headers:?}");
    }

    #[test]
    fn forms_that_registries_send() {
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
            // Blanks, commas and quotes, too many and too few.
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
            // Nothing of use.
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
    fn what_may_be_remembered() {
        let long = format!("https://t/{}", "x".repeat(CHALLENGE_CHARS));
        for (realm, service, lasts) in [
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
            let text = challenge.lasting();
            assert_eq!(text.is_some(), lasts, "{realm}");
            if let Some(text) = text {
                assert_eq!(Challenge::remembered(&text), Some(challenge), "{text}");
            }
        }
        assert_eq!(Challenge::Basic.lasting(), None);
        for damaged in [
            "",
            "Basic",
            "Bearer realm=https://t",
            r#"Bearer realm="https://t/"#,
            r#"Bearer realm="http://t/""#,
            r#"Bearer realm="https://t/",extra="x""#,
        ] {
            assert_eq!(Challenge::remembered(damaged), None, "{damaged}");
        }
    }

    #[test]
    fn what_is_kept_for_an_error_is_bounded() {
        let many = "x".repeat(10_000) + &", y".repeat(10_000);
        let mut map = HeaderMap::new();
        map.insert(WWW_AUTHENTICATE, many.parse().unwrap());
        let Some(Challenge::Unknown(schemes)) = Challenge::of(&map) else {
            panic!("there are schemes")
        };
        assert_eq!(
            (schemes.len(), schemes[0].len()),
            (CHALLENGES, SCHEME_CHARS)
        );
    }
}
