//! Credentials: Docker's `config.json` and credential helpers.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use serde::Deserialize;

use crate::auth::credential_helper::{self, HelperError, HelperStop};
use crate::error::RegistryError;
use crate::host::is_docker_hub;
use crate::http::Deadline;
use crate::limits::MESSAGE_CHARS;
use crate::redact::{self, Secret};

/// The key under which Docker keeps the credentials of Docker Hub.
const DOCKER_HUB_KEY: &str = "https://index.docker.io/v1/";

/// The user name of a credential helper's output whose secret is an identity token (Docker's helper protocol).
const TOKEN_USER: &str = "<token>";

/// The credential of a user for a registry.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Credential {
    /// No credential.
    #[default]
    Anonymous,
    /// A user name and a password.
    Basic {
        /// The user name.
        username: String,
        /// The password.
        password: Secret,
    },
    /// A token that a token server exchanges for others (OAuth 2 refresh token).
    IdentityToken(Secret),
    /// A token that the registry itself accepts.
    RegistryToken(Secret),
}

/// The credentials in files of the format of Docker's `config.json`, and in the helpers that they name. Earlier files
/// take precedence. This type reads no files itself.
#[derive(Clone, Debug, Default)]
pub struct Credentials {
    files: Vec<Arc<File>>,
    /// The time limit for helpers.
    deadline: Deadline,
}

/// One file, or another source of the same format.
#[derive(Debug)]
struct File {
    /// The name of the file in errors.
    name: String,
    /// Whether it has a single login, so that its name alone says which one is meant.
    is_single_login: bool,
    config: Config,
    /// Whether any key is for a namespace of a host. It is checked for each request, and is rarely true.
    has_namespace_keys: bool,
}

/// The result of a search for the credential of a host.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FoundCredential {
    /// The credential.
    pub credential: Credential,
    /// The place of the credential, without secrets. `None` if there is none.
    pub source: Option<String>,
    /// Whether the place takes precedence over the last file, which is the file that `docker login` writes.
    pub overrides_docker_login: bool,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Config {
    #[serde(deserialize_with = "null_as_default")]
    auths: BTreeMap<String, Entry>,
    #[serde(deserialize_with = "null_as_default")]
    creds_store: String,
    #[serde(deserialize_with = "null_as_default")]
    cred_helpers: BTreeMap<String, String>,
}

/// One entry of `auths`.
#[derive(Clone, Default, Deserialize)]
#[serde(default)]
struct Entry {
    #[serde(deserialize_with = "null_as_default")]
    auth: String,
    #[serde(deserialize_with = "null_as_default")]
    username: String,
    #[serde(deserialize_with = "null_as_default")]
    password: String,
    #[serde(deserialize_with = "null_as_default")]
    identitytoken: String,
    #[serde(deserialize_with = "null_as_default")]
    registrytoken: String,
}

impl std::fmt::Debug for Entry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Entry(***)")
    }
}

fn null_as_default<'de, T, D>(deserializer: D) -> Result<T, D::Error>
where
    T: Default + Deserialize<'de>,
    D: serde::Deserializer<'de>,
{
    Ok(Option::<T>::deserialize(deserializer)?.unwrap_or_default())
}

/// The helper for a registry's credentials.
#[derive(Debug, PartialEq, Eq)]
struct Helper<'a> {
    /// The name of the binary, without `docker-credential-`.
    name: &'a str,
    /// The server URL or host on the helper's standard input.
    server: &'a str,
}

impl Credentials {
    /// Parses Docker's `config.json`. All fields but `auths`, `credsStore` and `credHelpers` are ignored.
    ///
    /// # Errors
    /// As [`Credentials::read`].
    pub fn from_config_json(json: &[u8]) -> Result<Self, RegistryError> {
        Self::read("Docker's config.json", json)
    }

    /// Parses a file in the format of Docker's `config.json`. `name` is its name in errors.
    ///
    /// # Errors
    /// Returns an error if the file is not JSON of that format. The error never quotes a value.
    pub fn read(name: &str, json: &[u8]) -> Result<Self, RegistryError> {
        let config: Config =
            serde_json::from_slice(json).map_err(|error| RegistryError::Credentials {
                key: "the registries".to_owned(),
                file: name.to_owned(),
                reason: redact::json_error(&error),
            })?;
        let mut keys = config.auths.keys();
        let has_namespace_keys = keys.any(|key| key.contains('/') && !key.contains("://"));
        Ok(Self::of_file(File {
            name: name.to_owned(),
            is_single_login: false,
            config,
            has_namespace_keys,
        }))
    }

    /// Returns the login of one host, as references name it. `name` is its place in errors, such as the names of flags.
    #[must_use]
    pub fn of_login(name: &str, host: &str, username: &str, password: &Secret) -> Self {
        let entry = Entry {
            username: username.to_owned(),
            password: password.expose().to_owned(),
            ..Entry::default()
        };
        Self::of_file(File {
            name: name.to_owned(),
            is_single_login: true,
            config: Config {
                auths: [(host.to_owned(), entry)].into(),
                ..Config::default()
            },
            has_namespace_keys: false,
        })
    }

    fn of_file(file: File) -> Self {
        Self {
            files: vec![Arc::new(file)],
            deadline: Deadline::default(),
        }
    }

    /// Sets the time limit for helpers. The default is none, because some helpers wait for the user.
    pub(crate) fn with_deadline(mut self, deadline: Deadline) -> Self {
        self.deadline = deadline;
        self
    }

    /// Tells whether a lookup may run helpers.
    #[must_use]
    pub fn uses_helpers(&self) -> bool {
        self.files
            .iter()
            .any(|file| !file.config.creds_store.is_empty() || !file.config.cred_helpers.is_empty())
    }

    /// Adds files that are searched if these have no credential for a host. The time limit of `self` applies to all.
    #[must_use]
    pub fn or_else(mut self, others: Self) -> Self {
        self.files.extend(others.files);
        self
    }

    /// Returns all entries of `auths`, whatever their keys.
    #[cfg(any(test, feature = "fuzzing"))]
    pub(crate) fn entries(
        &self,
    ) -> impl Iterator<Item = (&str, Result<Credential, RegistryError>)> {
        self.files.iter().flat_map(|file| {
            let auths = file.config.auths.iter();
            auths.map(|(key, entry)| (key.as_str(), entry.read(key, &file.name)))
        })
    }

    /// Tells whether there may be credentials for a repository of `host`, without running a helper.
    #[must_use]
    pub fn has_for(&self, host: &str, path: &str) -> bool {
        let may_have =
            |file: &Arc<File>| file.helper(host).is_some() || file.entry(host, path).is_some();
        self.files.iter().any(may_have)
    }

    /// Returns the keys of the namespace entries that apply to this repository. Repositories of one host with the same
    /// keys have the same credentials.
    pub(crate) fn namespace_keys(&self, host: &str, path: &str) -> Vec<&str> {
        let entries = self
            .files
            .iter()
            .filter_map(|file| file.namespace_entry(host, path));
        entries.map(|(key, _)| key).collect()
    }

    /// Finds the credentials for the repository `path` of `host` (as references name it).
    ///
    /// The files are searched in order, each in Docker's order: the helper of the host, the default helper, `auths`. A
    /// helper runs on a thread of its own.
    ///
    /// # Errors
    /// Returns an error if a helper cannot be run or fails and `auths` has no entry for the host, or if an entry of
    /// `auths` is malformed.
    pub async fn find(&self, host: &str, path: &str) -> Result<FoundCredential, RegistryError> {
        for (place, file) in self.files.iter().enumerate() {
            let found = file.find(host, path, &self.deadline).await?;
            if found.credential != Credential::Anonymous {
                let is_last = place + 1 == self.files.len();
                return Ok(FoundCredential {
                    overrides_docker_login: file.is_single_login || !is_last,
                    ..found
                });
            }
        }
        Ok(FoundCredential::default())
    }
}

impl File {
    async fn find(
        &self,
        host: &str,
        path: &str,
        deadline: &Deadline,
    ) -> Result<FoundCredential, RegistryError> {
        let from_auths = || match self.entry(host, path) {
            Some((key, entry)) => Ok(FoundCredential {
                credential: entry.read(key, &self.name)?,
                source: Some(self.place_of(key)),
                ..FoundCredential::default()
            }),
            None => Ok(FoundCredential::default()),
        };
        // An entry for a namespace takes precedence over those for the whole host.
        if self.namespace_entry(host, path).is_some() {
            return from_auths();
        }
        let Some(helper) = self.helper(host) else {
            return from_auths();
        };
        let (name, server) = (helper.name.to_owned(), helper.server.to_owned());
        let helper = format!("docker-credential-{}", redact::printable(helper.name));
        let stop = HelperStop::default();
        let stop_handle = stop.clone();
        let task = tokio::task::spawn_blocking(move || run_helper(&name, &server, &stop_handle));
        let result = tokio::select! {
            answer = task => answer.unwrap_or_else(|_| Err("it was stopped".to_owned())),
            problem = deadline.expired() => {
                stop.stop();
                return Err(RegistryError::Helper {
                    helper,
                    host: host.to_owned(),
                    reason: problem.to_string(),
                    timed_out: true,
                });
            }
        };
        match result {
            Ok(Credential::Anonymous) => from_auths(),
            Ok(credential) => Ok(FoundCredential {
                credential,
                source: Some(format!("{helper}, named in {}", self.name)),
                ..FoundCredential::default()
            }),
            Err(reason) => match from_auths() {
                Ok(found) if found.credential != Credential::Anonymous => Ok(found),
                _ => Err(RegistryError::Helper {
                    helper,
                    host: host.to_owned(),
                    reason,
                    timed_out: false,
                }),
            },
        }
    }

    /// Names the place of an entry.
    fn place_of(&self, key: &str) -> String {
        let name = &self.name;
        if self.is_single_login {
            name.clone()
        } else {
            format!("the entry {} in {name}", redact::printable(key))
        }
    }

    fn helper<'a>(&'a self, host: &'a str) -> Option<Helper<'a>> {
        let server = if is_docker_hub(host) {
            DOCKER_HUB_KEY
        } else {
            host
        };
        let own = find_key(&self.config.cred_helpers, host).map(|(_, name)| name.as_str());
        // An empty helper name excludes a host from the default helper.
        let name = own.unwrap_or(&self.config.creds_store);
        (!name.is_empty()).then_some(Helper { name, server })
    }

    fn entry(&self, host: &str, path: &str) -> Option<(&str, &Entry)> {
        self.namespace_entry(host, path)
            .or_else(|| find_key(&self.config.auths, host).filter(|(_, entry)| !entry.is_empty()))
    }

    /// Returns the entry with the longest key of the form host and path prefix, as in containers-auth.json(5):
    /// `quay.io/org/app`, `quay.io/org`.
    fn namespace_entry(&self, host: &str, path: &str) -> Option<(&str, &Entry)> {
        let mut path = Some(path).filter(|path| self.has_namespace_keys && !path.is_empty());
        while let Some(prefix) = path {
            let key = format!("{host}/{prefix}");
            let found = self.config.auths.get_key_value(&key);
            if let Some((key, entry)) = found.filter(|(_, entry)| !entry.is_empty()) {
                return Some((key, entry));
            }
            path = prefix.rsplit_once('/').map(|(parent, _)| parent);
        }
        None
    }
}

/// Finds the value for `host` in a map of Docker's configuration: under Docker Hub's key, the exact host, or a key that
/// is the host without scheme and path.
fn find_key<'a, T>(map: &'a BTreeMap<String, T>, host: &str) -> Option<(&'a str, &'a T)> {
    let is_hub = is_docker_hub(host);
    let exact = if is_hub {
        map.get_key_value(DOCKER_HUB_KEY)
    } else {
        None
    };
    let found = exact.or_else(|| map.get_key_value(host)).or_else(|| {
        map.iter().find(|(key, _)| {
            let key = host_of_key(key);
            key == host || is_hub && is_docker_hub(key)
        })
    });
    found.map(|(key, value)| (key.as_str(), value))
}

fn host_of_key(key: &str) -> &str {
    let key = key
        .strip_prefix("https://")
        .or_else(|| key.strip_prefix("http://"))
        .unwrap_or(key);
    key.split('/').next().unwrap_or_default()
}

impl Entry {
    fn is_empty(&self) -> bool {
        [
            &self.auth,
            &self.username,
            &self.password,
            &self.identitytoken,
            &self.registrytoken,
        ]
        .iter()
        .all(|text| text.is_empty())
    }

    fn read(&self, key: &str, file: &str) -> Result<Credential, RegistryError> {
        if !self.registrytoken.is_empty() {
            return Ok(Credential::RegistryToken(Secret::new(&self.registrytoken)));
        }
        if !self.identitytoken.is_empty() {
            return Ok(Credential::IdentityToken(Secret::new(&self.identitytoken)));
        }
        let (username, password) = if self.auth.is_empty() {
            (self.username.clone(), self.password.clone())
        } else {
            decode_auth(&self.auth).ok_or_else(|| RegistryError::Credentials {
                key: redact::printable(key),
                file: file.to_owned(),
                reason: "\"auth\" is not the base64 form of user:password".to_owned(),
            })?
        };
        Ok(credential_of(username, password))
    }
}

fn credential_of(username: String, password: String) -> Credential {
    match (username.as_str(), password.as_str()) {
        ("", "") => Credential::Anonymous,
        (TOKEN_USER, _) => Credential::IdentityToken(Secret::new(password)),
        _ => Credential::Basic {
            username,
            password: Secret::new(password),
        },
    }
}

fn decode_auth(auth: &str) -> Option<(String, String)> {
    let config =
        GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
    let engine = GeneralPurpose::new(&base64::alphabet::STANDARD, config);
    let text = String::from_utf8(engine.decode(auth.trim()).ok()?).ok()?;
    let (username, password) = text.split_once(':')?;
    // Docker pads the password with zero bytes when it writes, and trims them when it reads.
    Some((
        username.to_owned(),
        password.trim_end_matches('\0').to_owned(),
    ))
}

/// Runs a helper. A server that the helper does not know is anonymous. The error describes the failure without secrets.
fn run_helper(helper: &str, server: &str, stop: &HelperStop) -> Result<Credential, String> {
    match credential_helper::get(helper, server, stop) {
        Ok(result) => {
            let (username, secret) = result.into_parts();
            Ok(credential_of(username, secret.expose().to_owned()))
        }
        Err(HelperError::Start(error)) => Err(match error.kind() {
            io::ErrorKind::NotFound => "it is not on PATH".to_owned(),
            _ => format!("it cannot be run: {error}"),
        }),
        Err(HelperError::Failed(message))
            if message
                .to_ascii_lowercase()
                .contains("credentials not found") =>
        {
            Ok(Credential::Anonymous)
        }
        Err(HelperError::Failed(message)) => {
            let message: String = message.trim().chars().take(MESSAGE_CHARS).collect();
            Err(format!("it failed: {}", redact::printable(&message)))
        }
        Err(HelperError::InvalidOutput) => {
            Err("its output is not the JSON of Docker's credential helpers".to_owned())
        }
    }
}

#[cfg(test)]
mod tests;
