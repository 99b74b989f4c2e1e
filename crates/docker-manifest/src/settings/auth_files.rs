//! Credentials from the environment, which take precedence over those of `config.json`.
//!
//! `DOCKER_AUTH_CONFIG` is JSON in the form of `config.json` (Docker 28.3, GitLab's runners); `REGISTRY_AUTH_FILE` names a file of
//! that form (containers-auth.json(5): podman, skopeo, buildah). A variable that is set must be used: if it cannot be read, that is an
//! error, and access never falls back to anonymous.

use std::path::PathBuf;

use manifest_registry::Credentials;

use crate::environment::Environment;
use crate::failure::Failure;

const INLINE: &str = "DOCKER_AUTH_CONFIG";
const FILE: &str = "REGISTRY_AUTH_FILE";

/// Reads both variables; the first takes precedence.
///
/// # Errors
/// Fails if one is set and cannot be read. The error quotes no value.
pub fn read(environment: &Environment) -> Result<Credentials, Failure> {
    let mut credentials = Credentials::default();
    if let Some(json) = environment.var(INLINE) {
        credentials = Credentials::read(INLINE, json.as_encoded_bytes())?;
    }
    if let Some(path) = environment.var(FILE) {
        let path = PathBuf::from(path);
        let bytes = std::fs::read(&path).map_err(|source| Failure::SettingFile {
            setting: FILE,
            path: path.clone(),
            source,
        })?;
        let name = path.display().to_string();
        credentials = credentials.or_else(Credentials::read(&name, &bytes)?);
    }
    Ok(credentials)
}
