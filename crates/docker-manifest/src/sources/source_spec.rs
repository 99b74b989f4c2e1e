//! A source of a list.

use std::path::Path;

use manifest_core::{Digest, Reference, Source};
use manifest_layout::{ImageSelector, Location};

use crate::failure::Failure;

/// One source that the command line or a draft names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum SourceSpec {
    /// A reference in a registry.
    Registry(Reference),
    /// A layout or archive on this machine, with an absolute path.
    Layout(Location),
}

impl SourceSpec {
    /// Parses one name: a layout, a reference, or a digest in the repository of `list`. `place` is the file and line of a name that is
    /// not from the command line. Relative paths of layouts start from `current_dir`.
    ///
    /// # Errors
    /// Fails if it is none of these.
    pub(crate) fn parse(
        text: &str,
        place: Option<String>,
        list: &Reference,
        current_dir: &Path,
    ) -> Result<Self, Failure> {
        if let Some(location) = Location::parse(text) {
            return Ok(Self::Layout(location?.absolute(current_dir)?));
        }
        if let Ok(digest) = text.parse::<Digest>() {
            return Ok(Self::Registry(list.repository().at(digest)));
        }
        refuse_truncated_digest(text, place.as_deref())?;
        let reference = Reference::parse(text).map_err(|source| Failure::Reference {
            prefix: place.map(|place| format!("{place}: {text}")),
            source,
        })?;
        Ok(Self::Registry(reference))
    }

    /// Returns the source in the form of a draft.
    pub(crate) fn source(&self) -> Source {
        match self {
            Self::Registry(reference) => Source::Registry(reference.clone()),
            Self::Layout(location) => Source::Disk(location.to_string()),
        }
    }

    /// Reads a source from the form of a draft. Returns `None` if another program has written a different form.
    pub(crate) fn from_source(source: &Source) -> Option<Self> {
        match source {
            Source::Registry(reference) => Some(Self::Registry(reference.clone())),
            Source::Disk(text) => Some(Self::Layout(Location::parse(text)?.ok()?)),
        }
    }

    /// Tells whether the source is named by digest, so that it never changes.
    pub(crate) fn is_pinned(&self) -> bool {
        match self {
            Self::Registry(reference) => reference.digest().is_some(),
            Self::Layout(location) => matches!(location.name, ImageSelector::Digest(_)),
        }
    }

    /// Returns the reference of a source in a registry.
    pub(crate) fn reference(&self) -> Option<&Reference> {
        match self {
            Self::Registry(reference) => Some(reference),
            Self::Layout(_) => None,
        }
    }
}

/// Refuses a digest that has lost some of its digits. By Docker's grammar it is a name with a tag, on Docker Hub.
///
/// # Errors
/// Fails if `text` is the name of a digest algorithm followed by hexadecimal digits. It must not be a digest.
pub(crate) fn refuse_truncated_digest(text: &str, place: Option<&str>) -> Result<(), Failure> {
    let Some((algorithm, hex)) = text.split_once(':') else {
        return Ok(());
    };
    let digits = match algorithm {
        "sha256" => 64,
        "sha384" => 96,
        "sha512" => 128,
        _ => return Ok(()),
    };
    if hex.is_empty() || !hex.chars().all(|c| c.is_ascii_hexdigit()) {
        return Ok(());
    }
    Err(Failure::TruncatedDigest {
        text: match place {
            Some(place) => format!("{place}: {text}"),
            None => text.to_owned(),
        },
        name: text.to_owned(),
        digits,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn truncated_digests() {
        let is_refused = |text: &str| refuse_truncated_digest(text, None).is_err();
        for text in ["sha256:1234", "sha256:ABCD", "sha512:0"] {
            assert!(is_refused(text), "{text}");
        }
        assert!(is_refused(&format!("sha256:{}", "A".repeat(64))));
        for text in [
            "sha256:latest",
            "sha256",
            "app:1234",
            "sha256:",
            "q.io/sha256:1",
        ] {
            assert!(!is_refused(text), "{text}");
        }
    }
}
