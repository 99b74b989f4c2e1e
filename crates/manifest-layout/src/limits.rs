//! Bounds on what is read. Each is generous to real layouts and final to hostile ones.

/// The largest `oci-layout` file that is read, in bytes. Real ones have 30.
pub const VERSION_BYTES: usize = 4 * 1024;

/// The largest `index.json` or `manifest.json` that is read, in bytes: as much as of a manifest.
pub const INDEX_BYTES: usize = manifest_core::limits::MANIFEST_BYTES;

/// The most files that an archive may have. Real ones have some 10 for each image.
pub const ARCHIVE_ENTRIES: usize = 1_000_000;

/// The largest extended header of an archive's file that is read, in bytes. Real ones have some 100.
pub const EXTENDED_HEADER_BYTES: u64 = 64 * 1024;

/// How many links in an archive are followed to one file. Docker wrote one, to a layer that two images share.
pub const LINKS: usize = 4;

/// How many names a message lists.
pub const NAMES: usize = 10;

/// How many manifests of one layout are looked at for what they refer to. Layouts of whole repositories have some thousands.
pub const MANIFESTS: usize = 100_000;

/// How deep what refers to a referrer is followed. Real ones are two deep: a signature of a bill of materials.
pub const REFERRER_DEPTH: usize = 4;
