//! The user's settings for registries, one module for each source. The registry client reads no settings itself: it gets plain data from
//! here.
//!
//! | module | reads |
//! | --- | --- |
//! | [`auth_files`] | credentials from `DOCKER_AUTH_CONFIG` and `REGISTRY_AUTH_FILE` |
//! | [`certs_d`] | the folders of certificates for each host |
//! | [`config_json`] | Docker's `config.json`: credentials, insecure registries, proxies |
//! | [`known_registries`] | `DOCKER_MANIFEST_KNOWN_REGISTRIES` |
//! | [`proxies`] | `HTTPS_PROXY` and similar variables |
//! | [`registries_conf`] | mirrors, from the configuration of the containers tools |

pub mod auth_files;
pub mod certs_d;
pub mod config_json;
pub mod known_registries;
pub mod proxies;
pub mod registries_conf;

use std::path::PathBuf;

use manifest_registry::Pem;

use crate::failure::Failure;

/// Reads the files of `--ca-file`.
///
/// # Errors
/// Fails if one cannot be read.
pub fn ca_certificates(paths: &[PathBuf]) -> Result<Vec<Pem>, Failure> {
    let read = |path: &PathBuf| match std::fs::read(path) {
        Ok(bytes) => Ok(Pem {
            name: path.display().to_string(),
            bytes,
        }),
        Err(source) => Err(Failure::SettingFile {
            setting: "--ca-file",
            path: path.clone(),
            source,
        }),
    };
    paths.iter().map(read).collect()
}
