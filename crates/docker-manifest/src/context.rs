//! What a command runs in: the environment, Docker's configuration, the drafts, the registry client, the output.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use manifest_registry::{Client, ClientConfig, Credentials, Insecure};
use manifest_store::Store;

use crate::cli::{Globals, Patience};
use crate::failure::Failure;
use crate::interrupt;
use crate::names::PROGRAM;
use crate::observer::Notices;
use crate::output::Output;
use crate::plugin::VERSION;

/// How long a command waits for another one that changes drafts.
const LOCK_WAIT: Duration = Duration::from_secs(60);

/// The process's environment: the only door to it.
#[derive(Clone, Debug, Default)]
pub struct Environment {
    variables: Vec<(OsString, OsString)>,
}

impl Environment {
    /// Reads the environment of this process.
    #[must_use]
    pub fn of_process() -> Self {
        Self {
            variables: std::env::vars_os().collect(),
        }
    }

    /// Returns a variable that is set and not empty.
    #[must_use]
    pub fn var(&self, name: &str) -> Option<&OsString> {
        let found = self.variables.iter().find(|(key, _)| key == name);
        found
            .map(|(_, value)| value)
            .filter(|value| !value.is_empty())
    }

    /// Returns the user's home folder.
    #[must_use]
    pub fn home(&self) -> Option<PathBuf> {
        directories::BaseDirs::new().map(|folders| folders.home_dir().to_owned())
    }
}

/// What a command runs in.
#[derive(Debug)]
pub struct Context<'a> {
    /// Where the command writes.
    pub output: &'a Output,
    environment: Environment,
    globals: Globals,
}

impl<'a> Context<'a> {
    /// Gathers what a command runs in. Reads nothing from disk yet.
    #[must_use]
    pub fn new(environment: Environment, globals: Globals, output: &'a Output) -> Self {
        Self {
            output,
            environment,
            globals,
        }
    }

    /// Returns the environment.
    #[must_use]
    pub fn environment(&self) -> &Environment {
        &self.environment
    }

    /// Returns the folder of Docker's client configuration: `--config`, `$DOCKER_CONFIG`, or `~/.docker`.
    ///
    /// # Errors
    /// Where none is given and the user has no home folder.
    pub fn config_folder(&self) -> Result<PathBuf, Failure> {
        if let Some(folder) = &self.globals.config {
            return Ok(folder.clone());
        }
        if let Some(folder) = self.environment.var("DOCKER_CONFIG") {
            return Ok(folder.into());
        }
        let home = self.environment.home().ok_or(Failure::NoHome)?;
        Ok(home.join(".docker"))
    }

    /// Returns the drafts.
    ///
    /// # Errors
    /// As [`Context::config_folder`].
    pub fn store(&self) -> Result<Store, Failure> {
        let store = Store::new(self.config_folder()?.join("manifests"));
        Ok(store.with_lock_wait(LOCK_WAIT, |lock: &Path| {
            Output::default().status(&format!(
                "waiting for another command to release {}",
                lock.display()
            ));
        }))
    }

    /// Returns a client with the user's credentials. `insecure` is the flag `--insecure`; the time limit of `patience` starts
    /// to run.
    ///
    /// # Errors
    /// Where the client cannot be set up.
    pub fn client(&self, insecure: bool, patience: &Patience) -> Result<Client, Failure> {
        let path = self.config_folder()?.join("config.json");
        let (credentials, hosts) = self.read_config(&path);
        if credentials.name_helpers() {
            interrupt::stop_helpers_too()?;
        }
        Ok(Client::new(ClientConfig {
            user_agent: format!("{PROGRAM}/{VERSION}"),
            credentials,
            insecure: Insecure {
                all: insecure,
                hosts,
            },
            retry: patience.retry(),
            observer: Arc::new(Notices),
            ..ClientConfig::default()
        })?)
    }

    /// Reads `config.json`. One that cannot be read is said and left aside, as Docker does.
    fn read_config(&self, path: &Path) -> (Credentials, Vec<String>) {
        let bytes = match std::fs::read(path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return <_>::default(),
            Err(error) => {
                self.warn_of_config(path, &error);
                return <_>::default();
            }
        };
        let config = Credentials::from_config_json(&bytes)
            .map_err(|error| error.to_string())
            .and_then(|credentials| {
                let insecure = insecure_registries(&bytes).map_err(|error| error.to_string())?;
                Ok((credentials, insecure))
            });
        config.unwrap_or_else(|error| {
            self.warn_of_config(path, &error);
            <_>::default()
        })
    }

    fn warn_of_config(&self, path: &Path, error: &dyn std::fmt::Display) {
        self.output.warning(&format!(
            "cannot load config file {}: {error}",
            path.display()
        ));
    }

    /// Returns the time, in seconds since 1970 (UTC).
    #[must_use]
    pub fn now(&self) -> u64 {
        SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .map_or(0, |elapsed| elapsed.as_secs())
    }

    /// Runs what is asynchronous to its end, on this thread.
    ///
    /// # Errors
    /// What `work` fails with.
    pub fn wait_for<T>(
        &self,
        work: impl Future<Output = Result<T, Failure>>,
    ) -> Result<T, Failure> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        runtime.block_on(work)
    }
}

#[derive(serde::Deserialize)]
struct ConfigFile {
    #[serde(rename = "insecure-registries", default)]
    insecure_registries: Vec<String>,
}

fn insecure_registries(config: &[u8]) -> Result<Vec<String>, serde_json::Error> {
    Ok(serde_json::from_slice::<ConfigFile>(config)?.insecure_registries)
}
