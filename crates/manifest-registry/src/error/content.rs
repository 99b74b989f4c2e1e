//! Problems with the content of a response, and missing content.

use std::fmt;
use std::sync::Arc;

use http::StatusCode;
use manifest_core::{Digest, ManifestError, MediaType};

use crate::limits::{HEADER_CHARS, MESSAGE_CHARS};
use crate::redact;

/// A problem with the content of a response.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ContentProblem {
    /// The digest of the bytes is not the requested one.
    #[error("{kind} verification failed for digest {expected}")]
    Digest {
        /// The kind of content: `manifest`, `image config`, `blob`.
        kind: &'static str,
        /// The requested digest.
        expected: Digest,
    },
    /// The digest of the bytes is not that of the `Docker-Content-Digest` header.
    #[error(
        "the registry says digest {:?}, but the content has {found}",
        shown(stated)
    )]
    StatedDigest {
        /// The header's value.
        stated: String,
        /// The digest of the bytes.
        found: Digest,
    },
    /// The size of the content is not that in its descriptor.
    #[error("the content has {found} bytes, but its descriptor says {expected}")]
    Size {
        /// The size in the descriptor.
        expected: u64,
        /// The size of the content, or the `Content-Length` header.
        found: u64,
    },
    /// The content is larger than the limit.
    #[error("the content is over the limit of {limit} bytes")]
    TooLarge {
        /// The limit in bytes.
        limit: usize,
    },
    /// The media type of the manifest is not that in its descriptor.
    #[error(
        "the registry sent {found}, but the descriptor says {:?}",
        shown(expected)
    )]
    MediaType {
        /// The media type in the descriptor.
        expected: String,
        /// The media type of the response.
        found: MediaType,
    },
    /// The response has a `Content-Encoding` that was not requested.
    #[error("the registry sent content encoding {:?}, which was not requested", shown(.0))]
    Encoding(String),
    /// A header occurs with several different values.
    #[error("the registry sent header {0} with several values")]
    ConflictingHeader(&'static str),
    /// The bytes are not a valid manifest.
    #[error("{}", with_cause(.0))]
    Manifest(Arc<ManifestError>),
    /// The token server's response has no usable token.
    #[error("the token server's response has no usable token")]
    InvalidToken,
    /// The success response to a write does not come from a registry, but from a proxy or a login page.
    #[error("{} is not the response of a registry to a write", status_text(.0))]
    NotFromRegistry(StatusCode),
    /// The list of tags is not valid.
    #[error("the list of tags cannot be read: {0}")]
    TagList(String),
    /// A list links to a page that was read already.
    #[error("the list links back to an earlier page")]
    RepeatedPage,
    /// The response is a web page.
    #[error("the response is a web page, not a registry's")]
    WebPage,
    /// The response lacks a required header.
    #[error("the registry's response has no usable {0} header")]
    MissingHeader(&'static str),
}

fn status_text(status: &StatusCode) -> String {
    let reason = status.canonical_reason().unwrap_or_default();
    format!("{} {reason}", status.as_str())
        .trim_end()
        .to_owned()
}

fn with_cause(error: &ManifestError) -> String {
    let cause = std::error::Error::source(error).map(|cause| format!(": {cause}"));
    let text = format!("{error}{}", cause.unwrap_or_default());
    redact::printable(&text.chars().take(MESSAGE_CHARS).collect::<String>())
}

/// Returns the start of a text from a registry. A header may have many thousand characters.
fn shown(text: &str) -> String {
    text.chars().take(HEADER_CHARS).collect()
}

/// Content that a manifest refers to, and that is missing in its target repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Absent {
    /// The kind of content: `blob`, `foreign layer`, `manifest`.
    pub kind: &'static str,
    /// The content's digest.
    pub digest: Digest,
    /// The source of the content: a repository, or a place on disk.
    pub source: String,
    /// Whether the source has the content. `None` if that is unknown.
    pub is_in_source: Option<bool>,
}

impl fmt::Display for Absent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            kind,
            digest,
            source,
            is_in_source,
        } = self;
        write!(f, "{kind} {digest}")?;
        match is_in_source {
            Some(true) => write!(f, " (which {source} has)"),
            Some(false) => write!(f, " (nor is it in {source})"),
            None => Ok(()),
        }
    }
}
