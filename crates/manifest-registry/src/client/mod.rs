mod early_probes;
mod registry_client;
mod tag_state;

pub use registry_client::{Client, ClientConfig};

pub(crate) use registry_client::{DOCKER_CONTENT_DIGEST, Shared, Stored, manifest_call};
