//! Docker's `config.json`.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use manifest_registry::redact::{self, Secret};
use manifest_registry::{Credentials, ProxySetting, RegistryError};
use serde::Deserialize;

/// The names of this program in the section `plugins`, the first one that has a setting wins.
const PLUGIN_NAMES: [&str; 2] = ["manifest", "manifestx"];

/// The settings that this program reads from the file.
#[derive(Debug, Default)]
pub struct ConfigJson {
    /// `auths`, `credsStore`, `credHelpers`
    pub credentials: Credentials,
    /// `insecure-registries`
    pub insecure_registries: Vec<String>,
    /// `proxies`
    pub proxies: ConfigProxies,
    /// `inspectFormat` of this program in `plugins`
    pub inspect_format: Option<String>,
}

/// The proxies for containers. They are used for registries if the environment names none.
#[derive(Clone, Debug, Default)]
pub struct ConfigProxies {
    /// `httpsProxy`
    pub https: Option<ProxySetting>,
    /// `httpProxy`
    pub http: Option<ProxySetting>,
    /// `allProxy`
    pub all: Option<ProxySetting>,
    /// `noProxy`
    pub no_proxy: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct File {
    #[serde(rename = "insecure-registries")]
    insecure_registries: Option<Vec<String>>,
    proxies: Option<Proxies>,
    plugins: Option<BTreeMap<String, serde_json::Value>>,
}

/// Docker has one set for each daemon, by its address. This program contacts no daemon, and reads the default.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Proxies {
    default: Option<Proxy>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Proxy {
    http_proxy: Option<String>,
    https_proxy: Option<String>,
    no_proxy: Option<String>,
    all_proxy: Option<String>,
}

/// Reads the file; a missing one counts as empty.
///
/// # Errors
/// Fails if it cannot be read, or is malformed. The error quotes no value.
pub fn read(path: &Path) -> Result<ConfigJson, String> {
    let bytes = match std::fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(ConfigJson::default()),
        Err(error) => return Err(error.to_string()),
    };
    let name = path.display().to_string();
    let credentials = Credentials::read(&name, &bytes).map_err(|error| match error {
        RegistryError::Credentials { reason, .. } => reason,
        error => error.to_string(),
    })?;
    let File {
        insecure_registries,
        proxies,
        plugins,
    } = serde_json::from_slice(&bytes).map_err(|error| redact::json_error(&error))?;
    let proxy = proxies
        .and_then(|proxies| proxies.default)
        .unwrap_or_default();
    let setting = |key: &str, url: Option<String>| {
        url.filter(|url| !url.is_empty()).map(|url| ProxySetting {
            name: format!("{key} in {name}"),
            url: Secret::new(url),
        })
    };
    let plugins = plugins.unwrap_or_default();
    let inspect_format = PLUGIN_NAMES.iter().find_map(|name| {
        match plugins.get(*name)?.get("inspectFormat")? {
            serde_json::Value::String(format) => Some(format.clone()),
            serde_json::Value::Null => None,
            // It is refused as any other text that is no form.
            other => Some(other.to_string()),
        }
    });
    Ok(ConfigJson {
        credentials,
        inspect_format,
        insecure_registries: insecure_registries.unwrap_or_default(),
        proxies: ConfigProxies {
            https: setting("httpsProxy", proxy.https_proxy),
            http: setting("httpProxy", proxy.http_proxy),
            all: setting("allProxy", proxy.all_proxy),
            no_proxy: proxy.no_proxy.unwrap_or_default(),
        },
    })
}
