//! Types and rules of multi-platform images: what a reference, a digest, a manifest and a list *are*.
//!
//! | module | holds |
//! | --- | --- |
//! | [`digest`] | content digests, computed and checked |
//! | [`reference`] | image references, normalised as Docker does |
//! | [`media_type`] | the four manifest media types and what they imply |
//! | [`platform`] | os, architecture and variant; which pairs exist |
//! | [`platform_name`] | platforms as people write them, and which serves which |
//! | [`descriptor`] | a typed, sized, digested pointer to content |
//! | [`manifest`] | one manifest: the bytes that the registry sent, and a parsed view beside them |
//! | [`draft`] | a list that is being made, and its entries |
//! | [`edit`] | the rules for changing an entry: what `annotate` changes, and what of it stays |
//! | [`duplicates`] | entries that engines cannot tell apart, attestations without their image |
//! | [`entry_json`] | the JSON form in which Docker stores and shows an entry |
//! | [`list`] | the manifest list or image index that a draft becomes, byte for byte as Docker's |
//! | [`referrers`] | where a registry keeps what refers to an image, if it has no list of that |
//! | [`go_json`] | what Go's JSON encoder and decoder do differently from Rust's |
//! | [`go_duration`] | durations as Go writes them |
//! | [`settings`] | a list's annotations, type and order |
//! | [`parallel`] | the same with many things, on several threads |
//! | [`extra_fields`] | fields that are passed on unread |
//! | [`limits`] | the bounds on what is read |
//!
//! Deliberately absent: files, clocks, the network, the environment, asynchronous code. Everything here
//! is a function of its arguments, so that every rule can be tested in a table.

pub mod descriptor;
pub mod digest;
pub mod draft;
pub mod duplicates;
pub mod edit;
pub mod entry;
pub mod entry_json;
pub mod extra_fields;
#[doc(hidden)]
#[cfg(any(test, feature = "fuzzing"))]
pub mod fuzzing;
pub mod go_duration;
pub mod go_json;
pub mod limits;
pub mod list;
pub mod manifest;
pub mod media_type;
pub mod parallel;
pub mod platform;
pub mod platform_name;
pub mod reference;
pub mod referrers;
pub mod settings;

pub use descriptor::Descriptor;
pub use digest::{Digest, DigestError};
pub use draft::Draft;
pub use edit::PlatformEdit;
pub use entry::{Entry, Source};
pub use list::PublishedList;
pub use manifest::{Content, Manifest, ManifestError};
pub use media_type::MediaType;
pub use platform::{ImageConfig, Platform};
pub use platform_name::{NamedPlatform, PlatformNameError};
pub use reference::{Reference, ReferenceError};
pub use settings::{ListSettings, ListType, Order, TagState};
