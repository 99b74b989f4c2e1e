//! What a user has set for talking to registries, one file for each source. The registry client reads nothing itself: this reads,
//! and hands over plain data.
//!
//! | module | reads |
//! | --- | --- |
//! | [`auth_files`] | credentials in and by `DOCKER_AUTH_CONFIG` and `REGISTRY_AUTH_FILE` |
//! | [`certs_d`] | the folders of certificates, one for each host |
//! | [`config_json`] | Docker's `config.json`: credentials, insecure registries, proxies |
//! | [`known_registries`] | `DOCKER_MANIFEST_KNOWN_REGISTRIES` |
//! | [`proxies`] | `HTTPS_PROXY` and its kin |
//! | [`registries_conf`] | mirrors, as the containers tools have them |

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
/// Where one cannot be read.
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
