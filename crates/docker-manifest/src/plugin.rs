//! The metadata that Docker's CLI asks plugins for (docker/cli, `cli-plugins/metadata`).

use serde::Serialize;

/// The program's version.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Metadata {
    schema_version: &'static str,
    vendor: &'static str,
    version: &'static str,
    short_description: &'static str,
}

/// Returns the plugin's metadata as JSON.
#[must_use]
pub fn metadata() -> Vec<u8> {
    manifest_core::go_json::encode(&Metadata {
        schema_version: "0.1.0",
        vendor: "docker-manifest authors",
        version: VERSION,
        short_description: "Manage Docker image manifests and manifest lists",
    })
}
