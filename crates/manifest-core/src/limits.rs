//! Bounds on input. Each is generous to real images and final to hostile ones.

/// The largest manifest that is read, in bytes: 4 MiB, the size that the distribution specification asks registries to accept at
/// least ("Pushing Manifests").
pub const MANIFEST_BYTES: usize = 4 * 1024 * 1024;

/// The largest image configuration that is read, in bytes: 4 MiB. Real ones have some 10 KiB.
pub const CONFIG_BYTES: usize = 4 * 1024 * 1024;

/// The most children of a list, and the most layers of an image. Real lists have up to some 40 with attestations, real images up
/// to 127.
pub const LIST_ENTRIES: usize = 10_000;

/// The deepest nesting of JSON. Real manifests and configurations have some 6 levels. Each level lengthens the lines of the
/// indented output, so that unbounded nesting could fill any memory.
pub const JSON_DEPTH: usize = 64;

/// The deepest nesting of lists in lists that is followed. Real ones are two deep.
pub const LIST_DEPTH: usize = 8;

/// The longest repository name, in characters, as in the reference grammar of the distribution project.
pub const REPOSITORY_NAME_CHARS: usize = 255;

/// The largest draft document that is read or written, in bytes: 64 MiB hold 10 000 entries with manifests of 2 KiB. A draft of
/// forty images has some 200 KiB.
pub const DRAFT_DOCUMENT_BYTES: usize = 64 * 1024 * 1024;
