//! The result of a publication.

use manifest_core::Digest;

use super::report::TargetReport;

/// A list or image that was published.
#[derive(Clone, Debug)]
pub(crate) struct Published {
    /// Its digest in the registry.
    pub(crate) digest: Digest,
    /// Its size, in bytes.
    pub(crate) size: usize,
    /// Its names, in the order given, with the digest that each pointed to before.
    pub(crate) targets: Vec<TargetReport>,
}
