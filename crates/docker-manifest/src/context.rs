//! The context that commands run in: environment, Docker's configuration, drafts, registry client, output.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use manifest_core::Digest;
use manifest_registry::{
    Cache, Certificates, Client, ClientConfig, HostCertificates, Insecure, Mirrors, NoCache,
};
use manifest_store::Store;
use manifest_store::journal::Noted;

use crate::cache::{DiskCache, KnownLists};
use crate::environment::Environment;
use crate::failure::Failure;
use crate::flags::{Globals, RegistryFlags, RetryFlags};
use crate::interrupt;
use crate::journal::{RunJournal, TagNote};
use crate::names::PROGRAM;
use crate::observer::{ProgressGuard, TerminalObserver};
use crate::output::Output;
use crate::plugin::VERSION;
use crate::progress::{DisplayMode, ListProgress};
use crate::settings::config_json::{self, ConfigJson};
use crate::settings::{self, auth_files, certs_d, known_registries, proxies, registries_conf};
use crate::terminal::is_stderr_terminal;

/// The longest wait for another command that holds the lock on drafts.
const LOCK_WAIT: Duration = Duration::from_secs(60);

/// The folder of drafts in Docker's configuration folder.
const DRAFTS: &str = "manifests";

/// The variable that disables the cache.
const NO_CACHE: &str = "DOCKER_MANIFEST_NO_CACHE";

/// The variable with the form that `inspect` shows by default.
const INSPECT_FORMAT: &str = "DOCKER_MANIFEST_FORMAT";

/// A form that the user has set as the default.
#[derive(Debug)]
pub(crate) struct FormatSetting {
    /// The name of the setting.
    pub(crate) name: &'static str,
    /// Its value.
    pub(crate) text: String,
}

/// The context of a command.
#[derive(Debug)]
pub struct Context<'a> {
    /// The output of the command.
    pub output: &'a Output,
    environment: Environment,
    globals: Globals,
    observer: Arc<TerminalObserver>,
    journal: Arc<RunJournal>,
}

impl<'a> Context<'a> {
    /// Returns the context of a command. Reads nothing from disk yet.
    #[must_use]
    pub fn new(environment: Environment, globals: Globals, output: &'a Output) -> Self {
        let observer = Arc::new(TerminalObserver::new(globals.wants_debug()));
        Self {
            output,
            environment,
            globals,
            observer,
            journal: RunJournal::new(new_run_id(), PROGRAM).into(),
        }
    }

    /// Sets the name of the command, for the journal.
    #[must_use]
    pub fn for_command(self, command: &str) -> Self {
        Self {
            journal: RunJournal::new(self.run_id().to_owned(), command).into(),
            ..self
        }
    }

    /// Returns this context with another output.
    pub(crate) fn with_output<'b>(&self, output: &'b Output) -> Context<'b> {
        Context {
            output,
            environment: self.environment.clone(),
            globals: self.globals.clone(),
            observer: self.observer.clone(),
            journal: self.journal.clone(),
        }
    }

    /// Returns the identifier of this run of the program: 12 hexadecimal digits.
    pub(crate) fn run_id(&self) -> &str {
        self.journal.run()
    }

    /// Notes writes of tags in the journal. A journal that cannot be written is warned of, once. A machine without
    /// a folder for it keeps none.
    pub(crate) fn note_tags(&self, notes: Vec<TagNote>) {
        let noted = match self.config_folder() {
            Ok(folder) => {
                let journal = Store::new(folder.join(DRAFTS)).journal();
                self.journal.note(&journal, self.now(), notes)
            }
            Err(_) => Ok(Noted::NoFolder),
        };
        match noted {
            Ok(Noted::Yes) => {}
            Ok(Noted::NoFolder) => self.debug("there is no folder for a journal, so none is kept"),
            Err(error) => {
                let failure = Failure::from(error);
                let hints = failure.hints().into_iter();
                let texts: Vec<String> = std::iter::once(failure.text()).chain(hints).collect();
                self.output.warning(&format!(
                    "the written tags are not noted in the journal, so `rollback` will not know them: {}",
                    texts.join("; ")
                ));
            }
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
    /// Fails if none is given and the user has no home folder.
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

    /// Returns the store of drafts.
    ///
    /// # Errors
    /// As [`Context::config_folder`].
    pub fn store(&self) -> Result<Store, Failure> {
        let store = Store::new(self.config_folder()?.join(DRAFTS));
        Ok(store.with_lock_wait(LOCK_WAIT, |lock: &Path| {
            Output::default().status(&format!(
                "waiting for another command to release {}",
                lock.display()
            ));
        }))
    }

    /// Returns a client with all settings of the user. `insecure` is the flag `--insecure`. The time limit of `retry` starts now.
    ///
    /// # Errors
    /// Fails if a file that a flag or variable names cannot be read, a variable is malformed, or the client cannot be set up.
    pub fn client(
        &self,
        insecure: bool,
        retry: &RetryFlags,
        registry: &RegistryFlags,
    ) -> Result<Client, Failure> {
        let config = self.config_json()?;
        let files = auth_files::read(&self.environment)?.or_else(config.credentials);
        let credentials = registry.credentials.clone().or_else(files);
        if credentials.uses_helpers() {
            interrupt::kill_helpers_on_signal()?;
        }
        let mut hosts = config.insecure_registries;
        hosts.extend(registry.insecure_hosts.iter().cloned());
        let file = registries_conf::read(&self.environment, self.output)?;
        Ok(Client::new(ClientConfig {
            user_agent: format!("{PROGRAM}/{VERSION}"),
            credentials,
            insecure: Insecure {
                all: insecure,
                hosts,
                plain_http: registry.plain_http,
            },
            certificates: Certificates {
                roots: settings::ca_certificates(&registry.ca_files)?,
                hosts: self.host_certificates()?,
            },
            proxies: proxies::read(&self.environment, &config.proxies),
            mirrors: Mirrors {
                rule_sets: vec![registry.mirror_rules.clone(), file],
            },
            retry: retry.retry(),
            known_registries: known_registries::read(&self.environment)?,
            cache: self.cache(registry),
            observer: self.observer.clone(),
            ..ClientConfig::default()
        })?)
    }

    /// Returns the cache, unless the user has disabled it or there can be none.
    fn cache(&self, registry: &RegistryFlags) -> Arc<dyn Cache> {
        let folder = self.cache_folder(registry);
        match folder.and_then(|folder| DiskCache::open(&folder, self.now())) {
            Some(cache) => Arc::new(cache),
            None => Arc::new(NoCache),
        }
    }

    /// Returns the digests of lists that were assembled before, unless the user has disabled the cache or there can be none.
    pub(crate) fn known_lists(&self, registry: &RegistryFlags) -> Option<KnownLists> {
        KnownLists::open(&self.cache_folder(registry)?, self.now())
    }

    fn cache_folder(&self, registry: &RegistryFlags) -> Option<PathBuf> {
        let is_off = |value: &OsString| value != "0" && value != "false";
        if registry.no_cache.is_on() || self.environment.var(NO_CACHE).is_some_and(is_off) {
            return None;
        }
        self.environment.cache_folder()
    }

    /// Shows the progress of copying for as long as the guard is held: in one line on a terminal, in a few elsewhere.
    pub(crate) fn show_progress(&self) -> ProgressGuard<'_> {
        self.observer.show_progress(self.display_mode())
    }

    /// Shows the progress of a run over many lists for as long as the guard is held.
    pub(crate) fn show_list_progress(&self) -> ProgressGuard<'_> {
        self.observer.show_list_progress(self.display_mode())
    }

    /// Reports the progress of a run over many lists.
    pub(crate) fn list_progress(&self, progress: ListProgress) {
        self.observer.list_progress(progress);
    }

    fn display_mode(&self) -> DisplayMode {
        let is_dumb = self
            .environment
            .var("TERM")
            .is_none_or(|term| term == "dumb");
        if is_stderr_terminal() && !is_dumb {
            DisplayMode::Terminal
        } else {
            DisplayMode::Log
        }
    }

    /// Hides the progress of copying while something else is written.
    pub(crate) fn suspend_progress<T>(&self, write: impl FnOnce() -> T) -> T {
        self.observer.suspend_progress(write)
    }

    fn host_certificates(&self) -> Result<BTreeMap<String, HostCertificates>, Failure> {
        let home = self.environment.home();
        let containers = self.environment.containers_folder();
        let folders = certs_d::folders(
            &self.config_folder()?,
            home.as_deref(),
            containers.as_deref(),
        );
        Ok(certs_d::read(&folders, &|line| self.debug(line)))
    }

    /// Writes a line with `--debug`.
    fn debug(&self, line: &str) {
        if self.globals.wants_debug() {
            self.output.debug(line);
        }
    }

    /// Reads `config.json`. A file that cannot be read is warned of and ignored, as Docker does.
    fn config_json(&self) -> Result<ConfigJson, Failure> {
        let path = match &self.globals.config_file {
            Some(file) => file.clone(),
            None => self.config_folder()?.join("config.json"),
        };
        Ok(config_json::read(&path).unwrap_or_else(|error| {
            let path = path.display();
            let message = format!("cannot load config file {path}: {error}");
            self.output.warning(&message);
            ConfigJson::default()
        }))
    }

    /// Returns the form that `inspect` shows by default, if the user has set one.
    ///
    /// # Errors
    /// As [`Context::config_folder`].
    pub(crate) fn inspect_format(&self) -> Result<Option<FormatSetting>, Failure> {
        let variable = self.environment.var(INSPECT_FORMAT);
        if let Some(text) = variable.filter(|text| !text.is_empty()) {
            return Ok(Some(FormatSetting {
                name: INSPECT_FORMAT,
                text: text.to_string_lossy().into_owned(),
            }));
        }
        let format = self.config_json()?.inspect_format;
        Ok(format.map(|text| FormatSetting {
            name: "inspectFormat in config.json",
            text,
        }))
    }

    /// Returns the folder that relative paths start from.
    ///
    /// # Errors
    /// Fails if the current folder has been deleted.
    pub fn current_dir(&self) -> Result<PathBuf, Failure> {
        std::env::current_dir().map_err(|source| Failure::ReadInput {
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

    /// Runs asynchronous work to its end, on this thread.
    ///
    /// # Errors
    /// Fails if `work` fails.
    pub fn block_on<T>(
        &self,
        work: impl Future<Output = Result<T, Failure>>,
    ) -> Result<T, Failure> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let result = runtime.block_on(work);
        // A name lookup or a credential helper may still run on another thread; nothing depends on it any more.
        runtime.shutdown_background();
        result
    }
}

/// Returns an identifier that no other run of the program has.
fn new_run_id() -> String {
    let elapsed = SystemTime::now().duration_since(UNIX_EPOCH);
    let nanoseconds = elapsed.map_or(0, |elapsed| elapsed.as_nanos());
    let process = std::process::id();
    let digest = Digest::sha256(format!("{nanoseconds} {process}").as_bytes());
    digest.hex().chars().take(12).collect()
}
