//! Redaction: secrets that mask themselves, URLs without secrets, registry text without control characters.

use std::fmt;

use url::Url;

use crate::limits::{HEADER_CHARS, URL_CHARS};

pub use manifest_core::printable::{is_terminal_control, printable};

/// A text that `Debug` and `Display` mask.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Wraps `text`.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// Returns the text. Send it only to the host that it is for.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// Describes why JSON cannot be parsed or deserialized, without quoting a value.
#[must_use]
pub fn json_error(error: &serde_json::Error) -> String {
    // The names of fields come from this program, so they are safe to show.
    let is_of_field = |reason: &str| {
        ["duplicate field ", "missing field "]
            .iter()
            .any(|start| reason.starts_with(start))
    };
    let text = error.to_string();
    let place = format!("line {}, column {}", error.line(), error.column());
    let reason = text
        .rsplit_once(" at line ")
        .map_or(&*text, |(reason, _)| reason);
    match error.classify() {
        // The text before `, expected` quotes the value, which may be a password.
        serde_json::error::Category::Data => match reason.rsplit_once(", expected ") {
            Some((_, wanted)) if wanted.starts_with("struct ") => {
                format!("expected an object at {place}")
            }
            Some((_, wanted)) => format!("expected {wanted} at {place}"),
            None if is_of_field(reason) => format!("{reason} at {place}"),
            None => format!("a value is not what is expected at {place}"),
        },
        _ => format!("{reason} at {place}"),
    }
}

/// The query parameters whose values are not secret. Object storage and token servers put signatures, keys and tokens
/// into others.
const PUBLIC_PARAMETERS: &[&str] = &["service", "scope", "from", "mount", "digest", "n", "last"];

/// Returns a URL that can be shown.
///
/// It has no user information and no fragment. The values of all query parameters are replaced by `***`, except for a
/// few known ones. It is cut after [`URL_CHARS`] characters.
#[must_use]
pub fn url(url: &Url) -> String {
    let mut redacted = url.clone();
    redacted.set_fragment(None);
    // Both fail only for URLs that cannot have credentials.
    let _ = redacted.set_username("");
    let _ = redacted.set_password(None);
    redacted.set_query(None);
    let mut text = printable(redacted.as_str());
    for (i, pair) in url
        .query()
        .unwrap_or_default()
        .split('&')
        .filter(|p| !p.is_empty())
        .enumerate()
    {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        text.push(if i == 0 { '?' } else { '&' });
        text.push_str(name);
        text.push('=');
        text.push_str(if PUBLIC_PARAMETERS.contains(&name) {
            value
        } else {
            "***"
        });
    }
    if let Some((end, _)) = text.char_indices().nth(URL_CHARS) {
        text.truncate(end);
        text.push_str("...");
    }
    text
}

/// Returns a header's value as it can be shown: without control characters, and at most [`HEADER_CHARS`] long.
pub(crate) fn header(value: &str) -> String {
    printable(&value.chars().take(HEADER_CHARS).collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_masked() {
        let secret = Secret::new("hunter2");
        assert_eq!(format!("{secret} {secret:?}"), "*** ***");
        assert_eq!(secret.expose(), "hunter2");
    }

    #[test]
    fn json_errors_have_a_reason_and_no_values() {
        #[derive(Debug, serde::Deserialize)]
        struct File {
            #[expect(dead_code, reason = "it is only parsed")]
            auths: std::collections::BTreeMap<String, bool>,
        }
        for (json, reason) in [
            ("{\n  \"auths\": {\"a\": true,}}", "trailing comma"),
            ("{auths: 1}", "key must be a string"),
            ("{\"auths\": {", "EOF while parsing an object"),
            ("{} x", "missing field `auths`"),
            (r#"{"auths": "hunter2"}"#, "expected a map"),
            (
                r#"{"auths": {"a": "x, expected hunter2"}}"#,
                "expected a boolean",
            ),
            (r#""hunter2""#, "expected an object"),
            (r#"{"auths": {}, "auths": {}}"#, "duplicate field `auths`"),
        ] {
            let error = serde_json::from_str::<File>(json).unwrap_err();
            let found = json_error(&error);
            let place = format!(" at line {}, column {}", error.line(), error.column());
            assert_eq!(found.strip_suffix(&place), Some(reason), "{json}: {found}");
        }
    }

    #[test]
    fn urls_without_secrets() {
        for (full, shown) in [
            (
                "https://reg.io/v2/a/manifests/1",
                "https://reg.io/v2/a/manifests/1",
            ),
            ("https://me:pw@reg.io/v2/", "https://reg.io/v2/"),
            (
                "https://reg.io/x?sig=abc&digest=sha256:1#frag",
                "https://reg.io/x?sig=***&digest=sha256:1",
            ),
            (
                "https://t.io/token?service=s&scope=repository:a:pull&account=me",
                "https://t.io/token?service=s&scope=repository:a:pull&account=***",
            ),
            (
                "https://s3.io/b?X-Amz-Signature=1&secret",
                "https://s3.io/b?X-Amz-Signature=***&secret=***",
            ),
            ("https://reg.io/x?_state=abc", "https://reg.io/x?_state=***"),
        ] {
            assert_eq!(url(&Url::parse(full).unwrap()), shown);
        }
    }

    #[test]
    fn terminal_controls_are_escaped() {
        for (text, shown) in [
            ("plain ü", "plain ü"),
            ("\x1b[31mred\x07", "\\u{1b}[31mred\\u{7}"),
            ("two\nlines", "two\\nlines"),
            ("\u{202e}evil\u{9b}\u{61c}", "\\u{202e}evil\\u{9b}\\u{61c}"),
        ] {
            assert_eq!(printable(text), shown);
        }
    }
}
