//! What a command runs in: the environment, Docker's configuration, the drafts, the registry client, the output.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use manifest_registry::{
    Cache, Certificates, Client, ClientConfig, HostCertificates, Insecure, Mirrors, NoCache,
};
use manifest_store::Store;

use crate::cli::{Globals, Patience, Reach};
use crate::failure::Failure;
use crate::interrupt;
use crate::memory::Remembered;
use crate::names::PROGRAM;
use crate::observer::{Notices, Watching};
use crate::output::Output;
use crate::plugin::VERSION;
use crate::progress::Place;
use crate::settings::config_json::{self, ConfigJson};
use crate::settings::{self, auth_files, certs_d, known_registries, proxies, registries_conf};

/// How long a command waits for another one that changes drafts.
const LOCK_WAIT: Duration = Duration::from_secs(60);

/// The variable that turns off what is remembered between runs.
const NO_CACHE: &str = "DOCKER_MANIFEST_NO_CACHE";

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

    /// Makes an environment of these variables.
    #[cfg(test)]
    pub(crate) fn of(variables: &[(&str, &str)]) -> Self {
        let variables = variables.iter();
        Self {
            variables: variables
                .map(|(name, value)| (name.into(), value.into()))
                .collect(),
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

    /// Returns the folder of what may be forgotten.
    #[must_use]
    pub fn cache(&self) -> Option<PathBuf> {
        let folders = directories::ProjectDirs::from("", "", PROGRAM)?;
        Some(folders.cache_dir().to_owned())
    }

    /// Returns the folder of the user's settings for the containers tools (podman, skopeo, buildah).
    #[must_use]
    pub fn containers(&self) -> Option<PathBuf> {
        let folder = match self.var("XDG_CONFIG_HOME") {
            Some(folder) => folder.into(),
            None => self.home()?.join(".config"),
        };
        Some(folder.join("containers"))
    }
}

/// What a command runs in.
#[derive(Debug)]
pub struct Context<'a> {
    /// Where the command writes.
    pub output: &'a Output,
    environment: Environment,
    globals: Globals,
    notices: Arc<Notices>,
}

impl<'a> Context<'a> {
    /// Gathers what a command runs in. Reads nothing from disk yet.
    #[must_use]
    pub fn new(environment: Environment, globals: Globals, output: &'a Output) -> Self {
        let notices = Arc::new(Notices::new(globals.wants_debug()));
        Self {
            output,
            environment,
            globals,
            notices,
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

    /// Returns a client with all that the user has set. `insecure` is the flag `--insecure`; the time limit of `patience` starts
    /// to run.
    ///
    /// # Errors
    /// Where a file that was named cannot be read, a variable is malformed, or the client cannot be set up.
    pub fn client(
        &self,
        insecure: bool,
        patience: &Patience,
        reach: &Reach,
    ) -> Result<Client, Failure> {
        let config = self.config_json()?;
        let credentials = auth_files::read(&self.environment)?.or_else(config.credentials);
        let credentials = credentials.with_timeout(patience.retry().timeout);
        if credentials.uses_helpers() {
            interrupt::stop_helpers_too()?;
        }
        let mut hosts = config.insecure_registries;
        hosts.extend(reach.insecure_hosts.iter().cloned());
        let file = registries_conf::read(&self.environment, self.output)?;
        Ok(Client::new(ClientConfig {
            user_agent: format!("{PROGRAM}/{VERSION}"),
            credentials,
            insecure: Insecure {
                all: insecure,
                hosts,
            },
            certificates: Certificates {
                roots: settings::authorities(reach)?,
                hosts: self.host_certificates()?,
            },
            proxies: proxies::read(&self.environment, &config.proxies),
            mirrors: Mirrors {
                places: vec![reach.mirror_rules.clone(), file],
            },
            retry: patience.retry(),
            known: known_registries::read(&self.environment)?,
            cache: self.memory(reach),
            observer: self.notices.clone(),
            ..ClientConfig::default()
        })?)
    }

    /// Returns what is remembered of earlier runs, unless the user wants it not to be.
    fn memory(&self, reach: &Reach) -> Arc<dyn Cache> {
        let is_off = |value: &OsString| value != "0" && value != "false";
        if reach.no_cache.is_on() || self.environment.var(NO_CACHE).is_some_and(is_off) {
            return Arc::new(NoCache);
        }
        let folder = self.environment.cache();
        match folder.and_then(|folder| Remembered::open(&folder, self.now())) {
            Some(remembered) => Arc::new(remembered),
            None => Arc::new(NoCache),
        }
    }

    /// Shows how far copying has come for as long as what is returned is held: in one line on a terminal, in a few elsewhere.
    pub(crate) fn watch_copying(&self) -> Watching<'_> {
        let is_dumb = self
            .environment
            .var("TERM")
            .is_none_or(|term| term == "dumb");
        let place = if std::io::stderr().is_terminal() && !is_dumb {
            Place::Terminal
        } else {
            Place::Log
        };
        self.notices.watch(place)
    }

    /// Writes something while copying may be shown.
    pub(crate) fn aside<T>(&self, write: impl FnOnce() -> T) -> T {
        self.notices.aside(write)
    }

    fn host_certificates(&self) -> Result<BTreeMap<String, HostCertificates>, Failure> {
        let home = self.environment.home();
        let containers = self.environment.containers();
        let folders = certs_d::folders(
            &self.config_folder()?,
            home.as_deref(),
            containers.as_deref(),
        );
        Ok(certs_d::read(&folders, &|line| self.debug(line)))
    }

    /// Says what is of interest where a person looks for the reason of something.
    fn debug(&self, line: &str) {
        if self.globals.wants_debug() {
            self.output.debug(line);
        }
    }

    /// Reads `config.json`. One that cannot be read is said and left aside, as Docker does.
    fn config_json(&self) -> Result<ConfigJson, Failure> {
        let path = self.config_folder()?.join("config.json");
        Ok(config_json::read(&path).unwrap_or_else(|error| {
            let path = path.display();
            let message = format!("cannot load config file {path}: {error}");
            self.output.warning(&message);
            ConfigJson::default()
        }))
    }

    /// Returns the folder that relative paths start from.
    ///
    /// # Errors
    /// Where the process is in a folder that is gone.
    pub fn here(&self) -> Result<PathBuf, Failure> {
        std::env::current_dir().map_err(|source| Failure::Input {
            path: PathBuf::from("."),
            source,
        })
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
        let result = runtime.block_on(work);
        // What still runs on other threads, a look for a name or a helper, is nothing that anybody waits for.
        runtime.shutdown_background();
        result
    }
}
