//! The metadata that Docker's CLI asks plugins for (docker/cli, `cli-plugins/metadata`).

use serde::Serialize;

use crate::names::PROGRAM;

/// The program's version.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The commit that the program was built from, abbreviated; `unknown` outside of a repository. The build script finds it.
pub const COMMIT: &str = env!("DOCKER_MANIFEST_COMMIT");

/// Returns the output of `--version`, in the form of Docker's.
#[must_use]
pub fn version_line() -> String {
    format!("{PROGRAM} version {VERSION}, build {COMMIT}")
}

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
