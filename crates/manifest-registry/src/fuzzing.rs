//! Properties that hold for any bytes from a registry or in Docker's configuration; see [`manifest_core::fuzzing`].

use http::header::{CONTENT_TYPE, DATE, HeaderMap, HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderName, StatusCode};
use tokio::time::Instant;

use crate::auth::{Challenge, Credential, Credentials, Token};
use crate::error::{ErrorResponse, header_retry_after, message_retry_after};
use crate::limits::{CHALLENGES, MESSAGE_CHARS, MESSAGES, SCHEME_CHARS};

/// The maximum length of an escaped character: `\u{10ffff}`.
const ESCAPED_CHARS: usize = 10;

/// Checks the parser of challenges, with one header per line of `data`.
///
/// The parsed challenge is bounded. Written in the form of the grammar it parses to the same value, alone and next to
/// other challenges.
pub fn challenges(data: &[u8]) {
    let lines = data.split(|&b| b == b'\n' || b == b'\r');
    let headers = headers(lines.map(|line| (WWW_AUTHENTICATE, line)));
    let challenge = Challenge::from_headers(&headers);
    let written = match &challenge {
        None => return,
        Some(Challenge::Basic) => "Basic realm=\"x\"".to_owned(),
        Some(Challenge::Bearer { realm, service }) => {
            assert!(!realm.is_empty() && service.as_ref().is_none_or(|text| !text.is_empty()));
            let quoted = |text: &str| text.replace('\\', "\\\\").replace('"', "\\\"");
            let service = service.as_ref();
            let service = service.map(|service| format!(", service=\"{}\"", quoted(service)));
            format!(
                "Bearer realm=\"{}\"{}",
                quoted(realm),
                service.unwrap_or_default()
            )
        }
        Some(Challenge::Unknown(schemes)) => {
            assert!((1..=CHALLENGES).contains(&schemes.len()));
            for scheme in schemes {
                assert!((1..=SCHEME_CHARS).contains(&scheme.len()), "{scheme:?}");
                assert!(scheme.bytes().all(|b| b.is_ascii_graphic()), "{scheme:?}");
            }
            schemes.join(", ")
        }
    };
    let line = |text: &str| self::headers([(WWW_AUTHENTICATE, text.as_bytes())]);
    assert_eq!(
        Challenge::from_headers(&line(&written)),
        challenge,
        "{written}"
    );
    if !matches!(challenge, Some(Challenge::Unknown(_))) {
        let beside = format!("Negotiate YII=, {written}, NTLM");
        assert_eq!(
            Challenge::from_headers(&line(&beside)),
            challenge,
            "{beside}"
        );
    }
}

/// Checks the parser of Docker's `config.json`: every credential that it returns is usable, and no error shows a
/// secret.
pub fn config_json(data: &[u8]) {
    match Credentials::from_config_json(data) {
        Ok(credentials) => {
            for (key, found) in credentials.entries() {
                match found {
                    Ok(Credential::Basic { username, password }) => {
                        assert!(!(username.is_empty() && password.expose().is_empty()));
                        assert_eq!(format!("{password:?}"), "***");
                    }
                    Ok(_) => {}
                    Err(error) => {
                        assert_printable(&error.to_string(), 200 + key.len() * ESCAPED_CHARS);
                    }
                }
            }
            let keys = credentials.entries().take(8).map(|(key, _)| key);
            for host in keys.chain(["docker.io", "index.docker.io", "reg.io", ""]) {
                let _ = credentials.has_for(host, "app");
            }
        }
        Err(error) => assert_printable(&error.to_string(), 200),
    }
}

/// Checks `Retry-After`, in a header with and without a `Date`, and in an error message; and error responses and token
/// responses with the same bytes.
pub fn retry_after(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    for date in [&b"Sun, 06 Nov 1994 08:49:37 GMT"[..], data, b""] {
        let _ = header_retry_after(&headers([(RETRY_AFTER, data), (DATE, date)]));
    }
    let _ = message_retry_after(&text);
    let _ = message_retry_after(&format!("retry-after: {text}"));
    let _ = Token::parse(data, Instant::now());
    let message = serde_json::json!({ "errors": [{ "code": text, "message": text }] });
    for body in [data, message.to_string().as_bytes()] {
        let status = StatusCode::TOO_MANY_REQUESTS;
        for content_type in [&b"application/json"[..], data] {
            let head = headers([(RETRY_AFTER, data), (CONTENT_TYPE, content_type)]);
            let error_response = ErrorResponse::read(status, &head, body);
            let max_chars = 200 + 2 * MESSAGES * MESSAGE_CHARS * ESCAPED_CHARS;
            assert_printable(&error_response.to_string(), max_chars);
        }
    }
}

/// Builds headers from the lines that are valid header values.
fn headers<'a>(lines: impl IntoIterator<Item = (HeaderName, &'a [u8])>) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, line) in lines {
        if let Ok(value) = HeaderValue::from_bytes(line) {
            headers.append(name, value);
        }
    }
    headers
}

/// Checks that a text has no control characters, and at max_chars `max_chars` characters.
fn assert_printable(text: &str, max_chars: usize) {
    assert!(!text.chars().any(char::is_control), "{text:?}");
    assert!(text.chars().count() <= max_chars, "{text:?}");
}

#[cfg(test)]
mod tests;
