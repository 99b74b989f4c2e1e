//! The cache: what one run learns for the next, as files in the user's cache folder.
//!
//! ```text
//! ~/.cache/docker-manifest/     0700
//!   challenges/NAME             the token server that a registry named; NAME is the SHA-256 of its host
//!   content/NAME                a manifest or configuration; NAME is the SHA-256 of its repository and digest
//! ```
//!
//! Each file (0600) is written beside its place and renamed, so that concurrent runs never see a part of a file. Content is written
//! by a thread of its own, beside the work. A run ends when everything is written; a killed run leaves the rest out. Nothing is locked
//! or synced, and failures are not reported: the registry has all of it. Credentials and tokens are never cached.

mod disk_cache;
mod folder;
mod writer;

pub use disk_cache::DiskCache;

#[cfg(test)]
mod tests;
