//! A source of a list.

use manifest_core::{Reference, Source};
use manifest_layout::{ImageSelector, Location};

/// One source that the command line or a draft names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum SourceSpec {
    /// A reference in a registry.
    Registry(Reference),
    /// A layout or archive on this machine, with an absolute path.
    Layout(Location),
}

impl SourceSpec {
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
