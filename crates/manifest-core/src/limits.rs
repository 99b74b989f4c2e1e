//! Bounds on what is read. Each is generous to real images and final to hostile ones.

/// The largest manifest that is read, in bytes: 4 MiB, the size that the distribution specification asks
/// registries to accept at least ("Pushing Manifests").
pub const MANIFEST_BYTES: usize = 4 * 1024 * 1024;

/// The largest image configuration that is read, in bytes: 4 MiB. Real ones are some 10 KiB.
pub const CONFIG_BYTES: usize = 4 * 1024 * 1024;

/// The most children that a list, or layers that an image may have. Real ones have some 40 with attestations, and 127.
pub const LIST_ENTRIES: usize = 10_000;

/// How deep JSON may be nested. Real manifests and configurations have some 6 levels; each level makes the lines that show it
/// longer, so that nesting without a bound could fill any memory.
pub const JSON_DEPTH: usize = 64;

/// How deep lists in lists are followed. Real ones are two deep.
pub const LIST_DEPTH: usize = 8;

/// The longest repository name, in characters, as the reference grammar of the distribution project has it.
pub const REPOSITORY_NAME_CHARS: usize = 255;
