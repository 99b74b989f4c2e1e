//! Types and rules of multi-platform images: what a reference, a digest, a manifest and a list *are*.
//!
//! | module | holds |
//! | --- | --- |
//! | [`list`] | the manifest list or image index of a draft, byte for byte as Docker or `manifest-tool` writes it |
//! | [`draft`] | a list before it is published |
//! | [`settings`] | a list's annotations, type and order |
//! | [`edit`] | the rules of `annotate`, and the annotations that survive when an entry is replaced |
//! | [`duplicates`] | entries that engines cannot tell apart, attestations without their image |
//! | [`entry_json`] | the JSON form in which Docker stores and shows an entry |
//! | [`entry`] | one entry of a list, and its origin |
//! | [`referrers`] | the tags under which registries without a referrers API keep referrers |
//! | [`manifest`] | one manifest: the bytes that the registry sent, and a parsed view beside them |
//! | [`descriptor`] | a typed, sized, digested pointer to content |
//! | [`platform_match`] | the image that an engine chooses from a list |
//! | [`platform_name`] | platforms as people write them, and their comparison |
//! | [`platform`] | os, architecture and variant, and the pairs that exist |
//! | [`reference`](mod@reference) | image references, normalised as Docker does |
//! | [`digest`] | content digests, computed and checked |
//! | [`media_type`] | the four manifest media types |
//! | [`extra_fields`] | JSON fields that are passed on unread |
//! | [`go_json`] | Go's JSON encoder and decoder where they differ from Rust's |
//! | [`go_duration`] | durations in Go's syntax |
//! | [`mod@printable`] | text of others, escaped for terminals |
//! | [`parallel`] | a map over many items on several threads |
//! | [`limits`] | bounds on input |
//!
//! Deliberately absent: files, clocks, the network, the environment, asynchronous code. Everything here is a function of its
//! arguments, so that every rule can be tested in a table.

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
pub mod platform_match;
pub mod platform_name;
pub mod printable;
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
pub use settings::{ListFormat, ListSettings, ListType, Order, TagState};
