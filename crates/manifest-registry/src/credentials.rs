//! Whose credentials go where: Docker's `config.json` and credential helpers.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use serde::Deserialize;

use crate::endpoint::is_docker_hub;
use crate::error::RegistryError;
use crate::helper::{self, Problem};
use crate::limits::MESSAGE_CHARS;
use crate::redact::{self, Secret};

/// Under which name Docker keeps the credentials of Docker Hub.
const DOCKER_HUB_KEY: &str = "https://index.docker.io/v1/";

/// What a credential helper gives as user name where the secret is an identity token (Docker's helper protocol).
const TOKEN_USER: &str = "<token>";

/// What a registry knows its user by.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Credential {
    /// Nothing.
    #[default]
    Anonymous,
    /// A name and a password.
    Basic {
        /// The name.
        username: String,
        /// The password.
        password: Secret,
    },
    /// A token that a token server takes for others (OAuth 2 refresh token).
    IdentityToken(Secret),
    /// A token that the registry itself takes.
    RegistryToken(Secret),
}

/// The credentials that Docker's configuration holds or names. Reads nothing itself.
#[derive(Clone, Debug, Default)]
pub struct Credentials {
    config: Arc<Config>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Config {
    #[serde(deserialize_with = "or_default")]
    auths: BTreeMap<String, Entry>,
    #[serde(deserialize_with = "or_default")]
    creds_store: String,
    #[serde(deserialize_with = "or_default")]
    cred_helpers: BTreeMap<String, String>,
}

/// One entry of `auths`, as it stands there.
#[derive(Clone, Default, Deserialize)]
#[serde(default)]
struct Entry {
    #[serde(deserialize_with = "or_default")]
    auth: String,
    #[serde(deserialize_with = "or_default")]
    username: String,
    #[serde(deserialize_with = "or_default")]
    password: String,
    #[serde(deserialize_with = "or_default")]
    identitytoken: String,
    #[serde(deserialize_with = "or_default")]
    registrytoken: String,
}

impl std::fmt::Debug for Entry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Entry(***)")
    }
}

fn or_default<'de, T, D>(deserializer: D) -> Result<T, D::Error>
where
    T: Default + Deserialize<'de>,
    D: serde::Deserializer<'de>,
{
    Ok(Option::<T>::deserialize(deserializer)?.unwrap_or_default())
}

/// A helper that has to be asked for a registry's credentials.
#[derive(Debug, PartialEq, Eq)]
struct Helper<'a> {
    /// The binary's name without `docker-credential-`.
    name: &'a str,
    /// What to ask it for.
    server: &'a str,
}

impl Credentials {
    /// Reads Docker's `config.json`; all but `auths`, `credsStore` and `credHelpers` is left aside.
    ///
    /// # Errors
    /// Where it is not JSON of that form. The error never quotes a value.
    pub fn from_config_json(json: &[u8]) -> Result<Self, RegistryError> {
        let config = serde_json::from_slice(json).map_err(|error| RegistryError::Credentials {
            key: "the registries".to_owned(),
            reason: format!("line {}, column {}", error.line(), error.column()),
        })?;
        Ok(Self {
            config: Arc::new(config),
        })
    }

    /// Tells whether helpers may be run.
    #[must_use]
    pub fn name_helpers(&self) -> bool {
        !self.config.creds_store.is_empty() || !self.config.cred_helpers.is_empty()
    }

    /// Tells whether there is anything to be had for `host`, without asking a helper.
    #[must_use]
    pub fn know(&self, host: &str) -> bool {
        self.helper(host).is_some() || self.entry(host).is_some()
    }

    /// Finds the credentials of `host` (as references name it), in Docker's order: a helper of its own, the
    /// common helper, `auths`. A helper runs on a thread of its own.
    ///
    /// # Errors
    /// Where a helper cannot be run or fails and `auths` has nothing for the host, or an entry of `auths` is damaged.
    pub async fn find(&self, host: &str) -> Result<Credential, RegistryError> {
        let plain = || {
            self.entry(host)
                .map_or(Ok(Credential::Anonymous), |(key, entry)| entry.read(key))
        };
        let Some(helper) = self.helper(host) else {
            return plain();
        };
        let (name, server) = (helper.name.to_owned(), helper.server.to_owned());
        let answer = tokio::task::spawn_blocking(move || ask(&name, &server))
            .await
            .unwrap_or_else(|_| Err("it was stopped".to_owned()));
        match answer {
            Ok(Credential::Anonymous) => plain(),
            Ok(credential) => Ok(credential),
            Err(reason) => match plain() {
                Ok(Credential::Anonymous) | Err(_) => Err(RegistryError::Helper {
                    helper: format!("docker-credential-{}", redact::printable(helper.name)),
                    host: host.to_owned(),
                    reason,
                }),
                found => found,
            },
        }
    }

    fn helper<'a>(&'a self, host: &'a str) -> Option<Helper<'a>> {
        let server = if is_docker_hub(host) {
            DOCKER_HUB_KEY
        } else {
            host
        };
        let own = find_key(&self.config.cred_helpers, host).map(|(_, name)| name.as_str());
        // An empty name of its own keeps a host out of the common helper.
        let name = own.unwrap_or(&self.config.creds_store);
        (!name.is_empty()).then_some(Helper { name, server })
    }

    /// Reads all entries of `auths`, whose keys may be anything.
    #[cfg(any(test, feature = "fuzzing"))]
    pub(crate) fn entries(
        &self,
    ) -> impl Iterator<Item = (&str, Result<Credential, RegistryError>)> {
        let auths = self.config.auths.iter();
        auths.map(|(key, entry)| (key.as_str(), entry.read(key)))
    }

    fn entry(&self, host: &str) -> Option<(&str, &Entry)> {
        find_key(&self.config.auths, host).filter(|(_, entry)| !entry.is_empty())
    }
}

/// Finds what a map of Docker's configuration has for `host`: under Docker's own key, the host as it is, or a key that is
/// the host once scheme and path are taken away.
fn find_key<'a, T>(map: &'a BTreeMap<String, T>, host: &str) -> Option<(&'a str, &'a T)> {
    let is_hub = is_docker_hub(host);
    let exact = if is_hub {
        map.get_key_value(DOCKER_HUB_KEY)
    } else {
        None
    };
    let found = exact.or_else(|| map.get_key_value(host)).or_else(|| {
        map.iter().find(|(key, _)| {
            let key = bare_host(key);
            key == host || is_hub && is_docker_hub(key)
        })
    });
    found.map(|(key, value)| (key.as_str(), value))
}

fn bare_host(key: &str) -> &str {
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

    fn read(&self, key: &str) -> Result<Credential, RegistryError> {
        if !self.registrytoken.is_empty() {
            return Ok(Credential::RegistryToken(Secret::new(&self.registrytoken)));
        }
        if !self.identitytoken.is_empty() {
            return Ok(Credential::IdentityToken(Secret::new(&self.identitytoken)));
        }
        let (username, password) = if self.auth.is_empty() {
            (self.username.clone(), self.password.clone())
        } else {
            decode(&self.auth).ok_or_else(|| RegistryError::Credentials {
                key: redact::printable(key),
                reason: "\"auth\" is not the base64 form of user:password".to_owned(),
            })?
        };
        Ok(login(username, password))
    }
}

fn login(username: String, password: String) -> Credential {
    match (username.as_str(), password.as_str()) {
        ("", "") => Credential::Anonymous,
        (TOKEN_USER, _) => Credential::IdentityToken(Secret::new(password)),
        _ => Credential::Basic {
            username,
            password: Secret::new(password),
        },
    }
}

fn decode(auth: &str) -> Option<(String, String)> {
    let config =
        GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
    let engine = GeneralPurpose::new(&base64::alphabet::STANDARD, config);
    let text = String::from_utf8(engine.decode(auth.trim()).ok()?).ok()?;
    let (username, password) = text.split_once(':')?;
    // Docker's own writer leaves zero bytes at the end, and its reader takes them away.
    Some((
        username.to_owned(),
        password.trim_end_matches('\0').to_owned(),
    ))
}

/// Asks a helper. What it does not know is anonymous; else the error says what it did, without its secrets.
fn ask(helper: &str, server: &str) -> Result<Credential, String> {
    match helper::get(helper, server) {
        Ok(answer) => {
            let (username, secret) = answer.into_parts();
            Ok(login(username, secret.expose().to_owned()))
        }
        Err(Problem::Start(error)) => Err(match error.kind() {
            io::ErrorKind::NotFound => "it is not on PATH".to_owned(),
            _ => format!("it cannot be run: {error}"),
        }),
        Err(Problem::Failed(said))
            if said.to_ascii_lowercase().contains("credentials not found") =>
        {
            Ok(Credential::Anonymous)
        }
        Err(Problem::Failed(said)) => {
            let said: String = said.trim().chars().take(MESSAGE_CHARS).collect();
            Err(format!("it failed: {}", redact::printable(&said)))
        }
        Err(Problem::Garbled) => {
            Err("its answer is not the JSON that Docker's helpers give".to_owned())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(json: &str, host: &str) -> Credential {
        let credentials = Credentials::from_config_json(json.as_bytes()).unwrap();
        assert_eq!(credentials.helper(host), None);
        credentials
            .entry(host)
            .map_or(Credential::Anonymous, |(key, entry)| {
                entry.read(key).unwrap()
            })
    }

    fn basic(username: &str, password: &str) -> Credential {
        Credential::Basic {
            username: username.into(),
            password: Secret::new(password),
        }
    }

    #[test]
    fn entries() {
        let me = r#"{"auth":"bWU6cGFzczp3b3Jk"}"#; // me:pass:word
        for (key, host, found) in [
            ("reg.io", "reg.io", true),
            ("https://reg.io", "reg.io", true),
            ("http://reg.io/v2/", "reg.io", true),
            ("reg.io/path", "reg.io", true),
            ("reg.io:443", "reg.io", false),
            ("reg.io:5000", "reg.io:5000", true),
            ("reg.io", "reg.io:5000", false),
            ("reg.io", "my.reg.io", false),
            ("https://index.docker.io/v1/", "docker.io", true),
            ("https://index.docker.io/v1/", "registry-1.docker.io", true),
            ("index.docker.io", "docker.io", true),
            ("docker.io", "docker.io", true),
            ("https://registry-1.docker.io/v2/", "docker.io", true),
            ("https://index.docker.io/v1/", "quay.io", false),
            ("[::1]:5000", "[::1]:5000", true),
        ] {
            let json = format!(r#"{{"auths":{{"{key}":{me}}},"other":[1]}}"#);
            let expected = if found {
                basic("me", "pass:word")
            } else {
                Credential::Anonymous
            };
            assert_eq!(plain(&json, host), expected, "{key} for {host}");
        }
    }

    #[test]
    fn forms_of_an_entry() {
        for (entry, expected) in [
            (r#"{"username":"a","password":"b"}"#, basic("a", "b")),
            (
                r#"{"auth":"YTpi","username":"x","password":"y"}"#,
                basic("a", "b"),
            ),
            (r#"{"auth":"YTpiAAA="}"#, basic("a", "b")),
            (
                r#"{"auth":"YTpi","identitytoken":"t"}"#,
                Credential::IdentityToken(Secret::new("t")),
            ),
            (
                r#"{"username":"<token>","password":"t"}"#,
                Credential::IdentityToken(Secret::new("t")),
            ),
            (
                r#"{"registrytoken":"r"}"#,
                Credential::RegistryToken(Secret::new("r")),
            ),
            (r#"{"auth":null}"#, Credential::Anonymous),
            ("{}", Credential::Anonymous),
        ] {
            let json = format!(r#"{{"auths":{{"reg.io":{entry}}}}}"#);
            assert_eq!(plain(&json, "reg.io"), expected, "{entry}");
        }
        assert_eq!(
            plain(r#"{"auths":null,"credsStore":null}"#, "reg.io"),
            Credential::Anonymous
        );
    }

    #[test]
    fn damaged_entries_are_named_and_not_quoted() {
        let json = br#"{"auths":{"reg.io":{"auth":"c2VjcmV0"},"ok.io":{"auth":"YTpi"}}}"#;
        let credentials = Credentials::from_config_json(json).unwrap();
        let (key, entry) = credentials.entry("reg.io").unwrap();
        let error = entry.read(key).unwrap_err().to_string();
        assert!(
            error.contains("reg.io") && !error.contains("c2VjcmV0"),
            "{error}"
        );
        assert!(!format!("{credentials:?}").contains("c2VjcmV0"));
        let error = Credentials::from_config_json(br#"{"auths":{"a":{"auth":["c2VjcmV0"]}}}"#);
        assert!(!error.unwrap_err().to_string().contains("c2VjcmV0"));
    }

    #[test]
    fn helpers_come_first() {
        let json = br#"{"credsStore":"all","credHelpers":{"gcr.io":"gcloud","quay.io":"",
            "docker.io":"hub"},"auths":{"gcr.io":{"auth":"YTpi"}}}"#;
        let credentials = Credentials::from_config_json(json).unwrap();
        for (host, helper) in [
            ("gcr.io", Some(("gcloud", "gcr.io"))),
            ("ghcr.io", Some(("all", "ghcr.io"))),
            ("quay.io", None),
            ("docker.io", Some(("hub", DOCKER_HUB_KEY))),
        ] {
            let expected = helper.map(|(name, server)| Helper { name, server });
            assert_eq!(credentials.helper(host), expected, "{host}");
        }
        assert!(credentials.know("gcr.io") && !credentials.know("quay.io"));
    }
}
