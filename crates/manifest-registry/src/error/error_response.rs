//! Error responses (distribution specification, "Error Codes").

use std::fmt;
use std::time::Duration;

use http::StatusCode;
use http::header::{CONTENT_TYPE, HeaderMap, HeaderValue};
use oci_client::errors::OciEnvelope;

use crate::error::retry_after::{header_retry_after, message_retry_after};
use crate::limits::{MAX_RETRY_AFTER, MESSAGE_CHARS, MESSAGES};
use crate::redact;

/// The rate limit headers of Docker Hub and of other registries.
const RATE_LIMITS: &[&str] = &[
    "ratelimit-limit",
    "ratelimit-remaining",
    "ratelimit-reset",
    "x-ratelimit-limit",
    "x-ratelimit-remaining",
    "x-ratelimit-reset",
];

/// An error in a registry's response. Control characters are escaped in both texts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// The code in capital letters (`MANIFEST_UNKNOWN`). Empty if the response does not have the specification's
    /// format.
    pub code: String,
    /// The registry's message.
    pub text: String,
}

/// An error response. `Display` writes the status, then the messages in Docker's format.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ErrorResponse {
    /// The status.
    pub status: StatusCode,
    /// The messages of the body. Empty if it cannot be parsed.
    pub messages: Vec<Message>,
    /// Whether the body is a web page, and so not from a registry.
    pub is_html: bool,
    /// The wait that the registry asks for: `Retry-After`, or a message of GHCR.
    pub retry_after: Option<Duration>,
    /// The rate limit headers of the response, unparsed: `ratelimit-limit: 100;w=21600`.
    pub rate_limits: Vec<String>,
}

impl ErrorResponse {
    /// Parses the body of a response. Any bytes are accepted.
    #[must_use]
    pub fn parse(status: StatusCode, content_type: &str, body: &[u8]) -> Self {
        let is_html = content_type.to_ascii_lowercase().contains("html")
            || body.trim_ascii_start().starts_with(b"<");
        let messages = if is_html { Vec::new() } else { messages(body) };
        Self {
            status,
            messages,
            is_html,
            retry_after: None,
            rate_limits: Vec::new(),
        }
    }

    /// Parses the headers and the body of a response.
    #[must_use]
    pub fn read(status: StatusCode, headers: &HeaderMap, body: &[u8]) -> Self {
        let text = |value: &HeaderValue| value.to_str().ok().map(str::to_owned);
        let content_type = headers.get(CONTENT_TYPE).and_then(text).unwrap_or_default();
        let error_response = Self::parse(status, &content_type, body);
        let from_messages = || {
            error_response
                .messages
                .iter()
                .find_map(|message| message_retry_after(&message.text))
        };
        let rate_limits = RATE_LIMITS.iter().filter_map(|name| {
            let value = text(headers.get(*name)?)?;
            Some(format!("{name}: {}", redact::header(&value)))
        });
        Self {
            retry_after: header_retry_after(headers).or_else(from_messages),
            rate_limits: rate_limits.collect(),
            ..error_response
        }
    }

    fn has(&self, codes: &[&str]) -> bool {
        self.messages
            .iter()
            .any(|message| codes.contains(&message.code.as_str()))
    }

    pub(crate) fn is_not_found(&self) -> bool {
        self.status == StatusCode::NOT_FOUND
            && !self.has(&["UNAUTHORIZED", "DENIED", "TOOMANYREQUESTS", "UNSUPPORTED"])
    }

    pub(crate) fn is_unauthorized(&self) -> bool {
        matches!(
            self.status,
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN
        ) || self.status.is_client_error() && self.has(&["UNAUTHORIZED", "DENIED"])
    }

    pub(crate) fn is_rate_limited(&self) -> bool {
        self.status == StatusCode::TOO_MANY_REQUESTS
            || self.status.is_client_error() && self.has(&["TOOMANYREQUESTS"])
    }

    /// Tells whether a retry would get the same response.
    pub(crate) fn is_final(&self) -> bool {
        self.status.is_client_error()
            && !matches!(self.status.as_u16(), 408 | 425)
            && !self.is_rate_limited()
    }

    /// Tells whether a manifest was rejected because of missing content (distribution specification, "Error Codes").
    pub(crate) fn is_incomplete(&self) -> bool {
        self.status.is_client_error()
            && self.has(&["MANIFEST_BLOB_UNKNOWN", "BLOB_UNKNOWN", "MANIFEST_UNKNOWN"])
    }

    /// Tells whether the response may mean that a tag is immutable.
    ///
    /// There is no code for it: Harbor responds 412, ACR 409, ECR 400 with TAG_INVALID; others only have a message.
    pub(crate) fn may_be_immutable(&self) -> bool {
        let mentions = |message: &Message| {
            let text = message.text.to_ascii_lowercase();
            ["immutable", "already exist", "overwrit", "locked"]
                .iter()
                .any(|word| text.contains(word))
        };
        matches!(self.status.as_u16(), 409 | 412)
            || self.status.is_client_error()
                && (self.has(&["TAG_INVALID", "TAG_IMMUTABLE", "CONFLICT", "PRECONDITION"])
                    || self.messages.iter().any(mentions))
    }

    pub(crate) fn is_unavailable(&self) -> bool {
        self.status.is_server_error() || self.status == StatusCode::REQUEST_TIMEOUT
    }
}

impl fmt::Display for ErrorResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.status.as_str())?;
        if let Some(reason) = self.status.canonical_reason() {
            write!(f, " {reason}")?;
        }
        for (i, message) in self.messages.iter().enumerate() {
            f.write_str(if i == 0 { ": " } else { "; " })?;
            message.fmt(f)?;
        }
        if self.is_html {
            f.write_str(" (a web page, not a registry's response)")?;
        }
        if let Some(asked) = self.retry_after
            && asked > MAX_RETRY_AFTER
        {
            let (asked, most) = (asked.as_secs(), MAX_RETRY_AFTER.as_secs());
            write!(
                f,
                " (it asks to wait {asked} s; this program waits {most} s at most)"
            )?;
        }
        Ok(())
    }
}

/// Writes `manifest unknown: the text`, as Docker does. A text that only repeats the code is omitted.
impl fmt::Display for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let code = self.code.to_lowercase().replace('_', " ");
        match (code.is_empty(), self.text.is_empty()) {
            (false, false) if self.text.eq_ignore_ascii_case(&code) => f.write_str(&code),
            (false, false) => write!(f, "{code}: {}", self.text),
            (false, true) => f.write_str(&code),
            (true, _) => f.write_str(&self.text),
        }
    }
}

fn messages(body: &[u8]) -> Vec<Message> {
    if let Ok(envelope) = serde_json::from_slice::<OciEnvelope>(body) {
        return envelope
            .errors
            .into_iter()
            .take(MESSAGES)
            .map(|error| {
                let code = serde_json::to_value(error.code).ok();
                Message {
                    code: shown(
                        code.as_ref()
                            .and_then(|code| code.as_str())
                            .unwrap_or_default(),
                    ),
                    text: shown(&error.message),
                }
            })
            .collect();
    }
    let text = match serde_json::from_slice::<serde_json::Value>(body) {
        // Token servers and proxies have their own formats.
        Ok(value) => ["message", "details", "error_description", "error"]
            .iter()
            .find_map(|key| value.get(key)?.as_str().map(shown))
            .unwrap_or_default(),
        Err(_) => shown(
            String::from_utf8_lossy(body)
                .lines()
                .next()
                .unwrap_or_default()
                .trim(),
        ),
    };
    if text.is_empty() {
        Vec::new()
    } else {
        vec![Message {
            code: String::new(),
            text,
        }]
    }
}

fn shown(text: &str) -> String {
    redact::printable(&text.chars().take(MESSAGE_CHARS).collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn response_headers() {
        let mut headers = HeaderMap::new();
        for (name, value) in [
            ("content-type", "Text/HTML; charset=utf-8"),
            ("retry-after", "3600"),
            ("ratelimit-limit", "100;w=21600"),
        ] {
            headers.insert(name, value.parse().unwrap());
        }
        let error_response = ErrorResponse::read(StatusCode::TOO_MANY_REQUESTS, &headers, b"page");
        assert_eq!(
            error_response.to_string(),
            "429 Too Many Requests (a web page, not a registry's response) \
             (it asks to wait 3600 s; this program waits 120 s at most)"
        );
        assert_eq!(error_response.rate_limits, ["ratelimit-limit: 100;w=21600"]);
        let body = br#"{"errors":[{"code":"TOOMANYREQUESTS","message":"retry-after: 12.5ms, allowed: 2000/minute"}]}"#;
        let error_response =
            ErrorResponse::read(StatusCode::TOO_MANY_REQUESTS, &HeaderMap::new(), body);
        assert_eq!(
            error_response.retry_after,
            Some(Duration::from_micros(12_500))
        );
    }

    fn check(status: u16, body: &str, shown: &str, kinds: &str) {
        let error_response =
            ErrorResponse::parse(StatusCode::from_u16(status).unwrap(), "", body.as_bytes());
        let mut found = Vec::new();
        for (is, kind) in [
            (error_response.is_not_found(), "missing"),
            (error_response.is_unauthorized(), "unauthorized"),
            (error_response.is_rate_limited(), "limited"),
            (error_response.is_unavailable(), "unavailable"),
        ] {
            found.extend(is.then_some(kind));
        }
        assert_eq!(
            (
                error_response.to_string().as_str(),
                found.join(" ").as_str()
            ),
            (shown, kinds),
            "{body}"
        );
    }

    #[test]
    fn not_found_responses() {
        for (body, shown, kinds) in [
            (
                r#"{"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown","detail":{}}]}"#,
                "404 Not Found: manifest unknown",
                "missing",
            ),
            (
                r#"{"errors":[{"code":"NAME_UNKNOWN"}]}"#,
                "404 Not Found: name unknown",
                "missing",
            ),
            (
                r#"{"errors":[{"code":"NOT_FOUND","message":"artifact x"}]}"#,
                "404 Not Found: not found: artifact x",
                "missing",
            ),
            ("", "404 Not Found", "missing"),
            (
                "404 page not found\n",
                "404 Not Found: 404 page not found",
                "missing",
            ),
            (
                "<!DOCTYPE html>",
                "404 Not Found (a web page, not a registry's response)",
                "missing",
            ),
            (
                r#"{"errors":[{"code":"DENIED","message":""}]}"#,
                "404 Not Found: denied",
                "unauthorized",
            ),
            (
                r#"{"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest tagged by \"1\" is not found"}]}"#,
                "404 Not Found: manifest unknown: manifest tagged by \"1\" is not found",
                "missing",
            ),
        ] {
            check(404, body, shown, kinds);
        }
    }

    #[test]
    fn other_error_responses() {
        for (status, body, shown, kinds) in [
            (
                401,
                r#"{"errors":[{"code":"UNAUTHORIZED","message":"authentication required"}]}"#,
                "401 Unauthorized: unauthorized: authentication required",
                "unauthorized",
            ),
            (
                401,
                r#"{"details":"incorrect username or password"}"#,
                "401 Unauthorized: incorrect username or password",
                "unauthorized",
            ),
            (403, "", "403 Forbidden", "unauthorized"),
            (
                400,
                r#"{"errors":[{"code":"UNAUTHORIZED"}]}"#,
                "400 Bad Request: unauthorized",
                "unauthorized",
            ),
            (
                429,
                r#"{"errors":[{"code":"TOOMANYREQUESTS","message":"slow down"}]}"#,
                "429 Too Many Requests: toomanyrequests: slow down",
                "limited",
            ),
            (
                403,
                r#"{"errors":[{"code":"ODD_CODE","message":"a"},{"code":"X","message":"b"}]}"#,
                "403 Forbidden: odd code: a; x: b",
                "unauthorized",
            ),
            (503, "busy", "503 Service Unavailable: busy", "unavailable"),
            (408, "", "408 Request Timeout", "unavailable"),
            (
                415,
                r#"{"errors":"nonsense","message":"no such type"}"#,
                "415 Unsupported Media Type: no such type",
                "",
            ),
            (400, r#"{"errors":[]}"#, "400 Bad Request", ""),
            (499, "\u{1b}[2J", "499: \\u{1b}[2J", ""),
        ] {
            check(status, body, shown, kinds);
        }
    }
}
