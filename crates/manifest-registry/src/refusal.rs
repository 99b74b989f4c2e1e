//! Answers that say no (distribution specification, "Error Codes").

use std::fmt;

use http::StatusCode;
use oci_client::errors::OciEnvelope;

use crate::limits::{MESSAGE_CHARS, MESSAGES};
use crate::redact;

/// One of the errors in a registry's answer. Both texts can be shown: control characters are escaped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// The code in capital letters (`MANIFEST_UNKNOWN`); empty where the answer is not in the specification's form.
    pub code: String,
    /// What the registry says of it.
    pub text: String,
}

/// An answer that says no. `Display` gives the status, then the messages as Docker writes them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The status.
    pub status: StatusCode,
    /// What the body says, as far as it can be read.
    pub messages: Vec<Message>,
    /// Whether the body is a web page: something else than a registry answered.
    pub is_html: bool,
}

impl Refusal {
    /// Reads an answer's body, which may be anything.
    #[must_use]
    pub fn parse(status: StatusCode, content_type: &str, body: &[u8]) -> Self {
        let is_html = content_type.to_ascii_lowercase().contains("html")
            || body.trim_ascii_start().starts_with(b"<");
        let messages = if is_html { Vec::new() } else { messages(body) };
        Self {
            status,
            messages,
            is_html,
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

    pub(crate) fn is_unavailable(&self) -> bool {
        self.status.is_server_error() || self.status == StatusCode::REQUEST_TIMEOUT
    }
}

impl fmt::Display for Refusal {
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
            f.write_str(" (a web page, not a registry's answer)")?;
        }
        Ok(())
    }
}

/// Writes `manifest unknown: the text`, as Docker does.
impl fmt::Display for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let code = self.code.to_lowercase().replace('_', " ");
        match (code.is_empty(), self.text.is_empty()) {
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
        // Token servers and proxies have forms of their own.
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
