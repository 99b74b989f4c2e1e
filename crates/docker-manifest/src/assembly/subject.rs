//! The name of a list's subject.

use manifest_core::{Digest, Reference};

use crate::failure::Failure;
use crate::sources::refuse_truncated_digest;

/// Parses the name of a subject: a reference, or a digest in the repository of `list`.
///
/// # Errors
/// Fails if it is neither.
pub(crate) fn parse_subject(text: &str, list: &Reference) -> Result<Reference, Failure> {
    if let Ok(digest) = text.parse::<Digest>() {
        return Ok(list.repository().at(digest));
    }
    refuse_truncated_digest(text, Some("subject"))?;
    Reference::parse(text).map_err(|source| Failure::Reference {
        prefix: Some(format!("error parsing name for subject {text}")),
        source,
    })
}
