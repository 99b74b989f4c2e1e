//! The cache: what one run learns for the next, as files in the user's cache folder.
//!
//! ```text
//! ~/.cache/docker-manifest/     0700
//!   challenges/NAME             the token server that a registry named; NAME is the SHA-256 of its host
//!   content/NAME                a manifest or configuration; NAME is the SHA-256 of its repository and digest
//! ```
//!
//! Each file (0600) is written beside its place and renamed, so that several runs at once do not see halves. Content is written
//! by a thread of its own, beside the work; a run ends once all is written, and one that is killed leaves out the rest. Nothing
//! here is locked or synced, and nothing that fails is said: the registry has it all. No login is ever in it, nor a token.

mod disk_cache;
mod folder;
mod writer;

pub use disk_cache::DiskCache;

#[cfg(test)]
mod tests;
