//! Bounds on what one verification reads and shows.

/// The most manifests below the list that are read. A list may have as many children; real ones have some 40.
pub(super) const MANIFESTS: usize = manifest_core::limits::LIST_ENTRIES;

/// The most bytes of manifests that are kept, in all: the content of some hundred thousand real ones.
pub(super) const MANIFEST_BYTES: u64 = 256 * 1024 * 1024;

/// The most blobs that are probed. Forty images with ten layers each have 400.
pub(super) const BLOBS: usize = 100_000;

/// The most findings that a table shows. JSON has all.
pub(super) const TABLE_FINDINGS: usize = 500;

/// The most characters of a text from the registry that a finding quotes. The longest name of a platform in use has some 40.
pub(super) const QUOTED_CHARS: usize = 100;
