//! Problems with the content that a registry sent, and absent content.

use std::fmt;
use std::sync::Arc;

use http::StatusCode;
use manifest_core::{Digest, ManifestError, MediaType};

use crate::limits::{HEADER_CHARS, MESSAGE_CHARS};
use crate::redact;

/// A problem with the content that a registry sent.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ContentProblem {
    /// The bytes have another digest than they were asked for.
    #[error("{kind} verification failed for digest {expected}")]
    Digest {
        /// What the bytes were to be: `manifest`, `image config`, `blob`.
        kind: &'static str,
        /// The digest that was asked for.
        expected: Digest,
    },
    /// The bytes have another digest than the `Docker-Content-Digest` header states.
    #[error(
        "the registry states digest {:?}, but the content has {found}",
        shown(stated)
    )]
    StatedDigest {
        /// The header's value.
        stated: String,
        /// The digest of the bytes.
        found: Digest,
    },
    /// The content has another size than its descriptor states.
    #[error("the content has {found} bytes, its descriptor states {expected}")]
    Size {
        /// The size in the descriptor.
        expected: u64,
        /// The size of what came, or the registry's `Content-Length`.
        found: u64,
    },
    /// The content is larger than what is read.
    #[error("the content has more than the {limit} bytes that are read")]
    TooLarge {
        /// The limit in bytes.
        limit: usize,
    },
    /// The manifest is of another type than its descriptor states.
    #[error(
        "the registry sent {found}, the descriptor states {:?}",
        shown(expected)
    )]
    MediaType {
        /// The type in the descriptor.
        expected: String,
        /// The type that came.
        found: MediaType,
    },
    /// The registry compressed what it was not asked to compress.
    #[error("the registry sent content encoding {:?} that was not asked for", shown(.0))]
    Encoding(String),
    /// A header comes twice, with two values.
    #[error("the registry sent header {0} with several values")]
    Ambiguous(&'static str),
    /// The bytes are no manifest.
    #[error("{}", with_cause(.0))]
    Manifest(Arc<ManifestError>),
    /// The answer to a token request is none.
    #[error("the token server's answer has no usable token")]
    Token,
    /// Something said yes to a write, and no registry says it so: a proxy, or a login page.
    #[error("{} is not how a registry says that it has stored something", status_text(.0))]
    NotStored(StatusCode),
    /// A web page came where a registry was asked.
    #[error("a web page came, not a registry's answer")]
    WebPage,
    /// The answer has no header that it must have.
    #[error("the registry's answer has no usable {0} header")]
    Header(&'static str),
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

/// Returns so much of what a registry sent as a person reads; a header may have many thousand characters.
fn shown(text: &str) -> String {
    text.chars().take(HEADER_CHARS).collect()
}

/// Something that a manifest refers to and the repository that it was to be in does not have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Absent {
    /// What it is: `blob`, `foreign layer`, `manifest`.
    pub kind: &'static str,
    /// Its digest.
    pub digest: Digest,
    /// The repository that it was to come from, or the place on this machine.
    pub source: String,
    /// Whether that has it; nothing where that cannot be told.
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
