//! Bounds on input. Each is generous to real layouts and final to hostile ones.

/// The largest `oci-layout` file that is read, in bytes. Real ones have 30.
pub const VERSION_BYTES: usize = 4 * 1024;

/// The largest `index.json` or `manifest.json` that is read, in bytes: the limit for manifests.
pub const INDEX_BYTES: usize = manifest_core::limits::MANIFEST_BYTES;

/// The most files in an archive. Real ones have some 10 for each image.
pub const ARCHIVE_ENTRIES: usize = 1_000_000;

/// The largest extended header of a file in an archive, in bytes. Real ones have some 100.
pub const EXTENDED_HEADER_BYTES: u64 = 64 * 1024;

/// The most links in an archive that are followed to one file. Docker wrote one, to a layer that two images share.
pub const LINKS: usize = 4;

/// The most names in an error message.
pub const NAMES: usize = 10;

/// The most manifests of one layout that are searched for referrers. Layouts of whole repositories have some thousands.
pub const MANIFESTS: usize = 100_000;

/// The deepest chain of referrers to referrers. Real ones are two deep: the signature of an SBOM.
pub const REFERRER_DEPTH: usize = 4;
