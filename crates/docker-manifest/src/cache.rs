//! The cache: data that one run keeps for later runs, as files in the user's cache folder.
//!
//! ```text
//! ~/.cache/docker-manifest/     0700
//!   challenges/NAME             the token server that a registry named; NAME is the SHA-256 of its host
//!   content/NAME                a manifest or configuration; NAME is the SHA-256 of its repository and digest
//!   lists/NAME                  the digest of a list; NAME is the SHA-256 of everything that decides its content
//! ```
//!
//! Each file (0600) is written under a temporary name and renamed, so that concurrent runs never see a part of a file. A background
//! thread writes content. A run ends when everything is written; a killed run loses the unwritten rest. Nothing is locked or synced,
//! and failures are not reported, because the registry has all of the content. Credentials and tokens are never cached.

mod disk_cache;
mod folder;
mod known_lists;
mod writer;

pub use disk_cache::DiskCache;
pub use known_lists::KnownLists;

#[cfg(test)]
mod tests;
