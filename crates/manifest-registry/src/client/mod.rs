//! The client: reads and writes of manifests and configurations.
//!
//! | file | holds |
//! | --- | --- |
//! | `read`, `put`, `put_blob`, `delete`, `download` | manifests, children, configurations, blobs |
//! | `existence` | whether a manifest exists, and its metadata, by HEAD |
//! | `registry_content` | the registry's own content, past the cache and all mirrors |
//! | `publishing`, `tag_state` | probes of targets and of a tag, concurrent with other work |
//! | `cached`, `pinned` | content from the cache; reads that take as much as possible from there |
//! | `referrers_api`, `tags`, `next_page` | the paginated lists of referrers and of tags |
//! | `registry_client`, `config` | `Client` and its settings |
//! | `early_probes`, `probe` | the probes in progress; a single probe |
//! | `recent_reads` | the manifests that were read a moment ago |
//! | `requests`, `stated_digest` | requests for manifests; `Docker-Content-Digest` |

mod cached;
mod config;
mod delete;
mod download;
mod early_probes;
mod existence;
mod next_page;
mod pinned;
mod probe;
mod publishing;
mod put;
mod put_blob;
mod read;
mod recent_reads;
mod referrers_api;
mod registry_client;
mod registry_content;
mod requests;
mod stated_digest;
mod tag_state;
mod tags;

pub use config::ClientConfig;
pub use delete::Deletion;
pub use existence::ManifestMetadata;
pub use registry_client::Client;
pub use tags::Tags;

pub(crate) use probe::{Probe, probe_manifest};
pub(crate) use put::Stored;
pub(crate) use referrers_api::too_many;
pub(crate) use requests::manifest_request;
