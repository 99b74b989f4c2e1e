mod cached;
mod config;
mod download;
mod early_probes;
mod probe;
mod publishing;
mod put;
mod read;
mod referrers_api;
mod registry_client;
mod requests;
mod stated_digest;
mod tag_state;

pub use config::ClientConfig;
pub use registry_client::Client;

pub(crate) use probe::{Probe, probe_manifest};
pub(crate) use put::Stored;
pub(crate) use referrers_api::too_many;
pub(crate) use requests::manifest_request;
