//! Bounds on staged drafts.

/// The largest document that is embedded in its manifest, in bytes. In base64 it leaves most of the 4 MiB that registries accept for a
/// manifest. A larger one is in a blob alone, which costs its readers another request.
pub(super) const EMBEDDED_BYTES: usize = 1024 * 1024;

/// The most parts that are read at once. A draft of forty images has some fifty parts.
pub(super) const PARTS: usize = 10_000;
