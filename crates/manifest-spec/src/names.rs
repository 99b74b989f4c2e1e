//! Names of lists and images.

use manifest_core::Reference;

use crate::error::{Problem, quoted, reason};

/// The beginnings of images that are on this machine, as `create` takes them.
const LOCAL_PREFIXES: &[&str] = &["oci-layout:", "oci:", "oci-archive:", "docker-archive:"];

/// Parses a reference.
///
/// # Errors
/// Returns an error if the text is none.
pub(crate) fn reference(text: &str) -> Result<Reference, Problem> {
    Reference::parse(text).map_err(|error| {
        Problem::new(
            format!("{}: {}", quoted(text), reason(&error)),
            "write HOST/REPOSITORY:TAG in lower case, such as `ghcr.io/you/app:1.0`",
        )
    })
}

/// Checks the name of an image: a reference, or an image on this machine.
///
/// # Errors
/// Returns an error if the text is neither.
pub(crate) fn check_image(text: &str) -> Result<(), Problem> {
    let is_local = |prefix: &&str| text.starts_with(prefix);
    if LOCAL_PREFIXES.iter().any(is_local) {
        return Ok(());
    }
    reference(text).map(drop)
}

/// Parses the name of a list, and tells whether it has no tag.
///
/// # Errors
/// Returns an error if the text is not a reference, or has a digest.
pub(crate) fn target(text: &str) -> Result<(Reference, bool), Problem> {
    let reference = without_digest(reference(text)?, text)?;
    let last = text.rfind('/').map_or(0, |slash| slash + 1);
    Ok((reference, !text[last..].contains(':')))
}

/// Parses a further name of a list: a tag of the list's repository if it is a word, otherwise a whole reference.
///
/// # Errors
/// Returns an error if the text is neither, or has a digest.
pub(crate) fn tag_or_reference(list: &Reference, text: &str) -> Result<Reference, Problem> {
    if text.contains(['/', ':', '@']) {
        without_digest(reference(text)?, text)
    } else {
        tag(list, text)
    }
}

/// Parses a tag of a list's repository.
///
/// # Errors
/// Returns an error if the text is no tag.
pub(crate) fn tag(list: &Reference, text: &str) -> Result<Reference, Problem> {
    list.repository().tagged(text).ok_or_else(|| {
        Problem::new(
            format!("{} is not a tag", quoted(text)),
            "a tag has up to 128 letters, digits, `_`, `.` and `-`, and begins with none of the last two",
        )
    })
}

fn without_digest(reference: Reference, text: &str) -> Result<Reference, Problem> {
    if reference.digest().is_none() {
        return Ok(reference);
    }
    Err(Problem::new(
        format!(
            "{} has a digest, but a list is published by tag",
            quoted(text)
        ),
        "write the repository with a tag: the digest follows from the content",
    ))
}
