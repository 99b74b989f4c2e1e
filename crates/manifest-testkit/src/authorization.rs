//! `Authorization` headers.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;

/// Parses `Basic BASE64` to user and password.
pub(crate) fn basic(header: Option<&str>) -> Option<(String, String)> {
    let decoded = BASE64_STANDARD
        .decode(strip_scheme(header?, "basic")?)
        .ok()?;
    let text = String::from_utf8(decoded).ok()?;
    let (user, password) = text.split_once(':')?;
    Some((user.to_owned(), password.to_owned()))
}

/// Returns the credentials of an `Authorization` header in this scheme.
pub(crate) fn strip_scheme<'a>(header: &'a str, scheme: &str) -> Option<&'a str> {
    let (given, rest) = header.split_once(' ')?;
    given.eq_ignore_ascii_case(scheme).then_some(rest.trim())
}
