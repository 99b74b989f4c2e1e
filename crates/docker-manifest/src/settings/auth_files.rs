//! Credentials that the environment holds or names, which go before those of `config.json`.
//!
//! `DOCKER_AUTH_CONFIG` is JSON in the form of `config.json` (Docker 28.3, GitLab's runners); `REGISTRY_AUTH_FILE` names a file of
//! that form (containers-auth.json(5): podman, skopeo, buildah). A user who sets one wants it to be used: one that cannot be read
//! is an error, not a reason to go on as a stranger.

use std::path::PathBuf;

use manifest_registry::Credentials;

use crate::context::Environment;
use crate::failure::Failure;

const INLINE: &str = "DOCKER_AUTH_CONFIG";
const FILE: &str = "REGISTRY_AUTH_FILE";

/// Reads both; the first one goes before the second.
///
/// # Errors
/// Where one is set and cannot be read. No value of it is quoted.
pub fn read(environment: &Environment) -> Result<Credentials, Failure> {
    let mut credentials = Credentials::default();
    if let Some(json) = environment.var(INLINE) {
        credentials = Credentials::read(INLINE, json.as_encoded_bytes())?;
    }
    if let Some(path) = environment.var(FILE) {
        let path = PathBuf::from(path);
        let bytes = std::fs::read(&path).map_err(|source| Failure::Setting {
            setting: FILE,
            path: path.clone(),
            source,
        })?;
        let name = path.display().to_string();
        credentials = credentials.or_else(Credentials::read(&name, &bytes)?);
    }
    Ok(credentials)
}
