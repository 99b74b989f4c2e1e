//! A CNCF distribution registry as a child process.

use std::fs;
use std::io::{self, BufRead, BufReader};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::environment::{on_path, target_dir, variable};
use crate::fetch::{self, FetchError};
use crate::tls::{Identity, TestCa};
use crate::token::TokenServer;

/// The time limit for a registry to listen.
const START_TIMEOUT: Duration = Duration::from_secs(30);

/// The text before the address in distribution's log.
const LISTENING: &str = "listening on ";

/// The reason why there is no real registry.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RealError {
    /// No registry was found, and none could be fetched.
    #[error("there is no registry to run, and none could be fetched")]
    Fetch(#[from] FetchError),
    /// `REGISTRY_BIN` is not a file.
    #[error("REGISTRY_BIN is {}, which is not a file", path.display())]
    NoFile {
        /// The value of REGISTRY_BIN.
        path: PathBuf,
    },
    /// Its folder or configuration could not be written, or it could not be started.
    #[error("cannot {what}")]
    Io {
        /// The operation.
        what: String,
        /// The reason of the failure.
        source: io::Error,
    },
    /// It ended before it listened, or did not listen in time.
    #[error("the registry {} does not listen; its log:\n{log}", program.display())]
    Silent {
        /// The program.
        program: PathBuf,
        /// Its log.
        log: String,
    },
}

/// Finds a registry program, or fetches one.
///
/// In this order: `REGISTRY_BIN`, `docker-registry` or `registry` on PATH, the program of [`fetch::docker_registry`].
pub fn locate() -> Result<PathBuf, RealError> {
    if let Some(path) = variable("REGISTRY_BIN").map(PathBuf::from) {
        return if path.is_file() {
            Ok(path)
        } else {
            Err(RealError::NoFile { path })
        };
    }
    match on_path("docker-registry").or_else(|| on_path("registry")) {
        Some(path) => Ok(path),
        None => Ok(fetch::docker_registry(&target_dir())?),
    }
}

/// A real registry; killed when dropped, and its storage removed.
#[derive(Debug)]
pub struct RealRegistry {
    host: String,
    secure: bool,
    child: Child,
    drain: Option<JoinHandle<()>>,
    output: Arc<Mutex<String>>,
    folder: TempDir,
}

impl RealRegistry {
    /// Starts a registry over plain HTTP, open to everybody.
    ///
    /// # Panics
    ///
    /// Panics if that fails; see [`RealBuilder::try_start`].
    #[must_use]
    pub fn start() -> Self {
        Self::builder().start()
    }

    /// Returns a builder.
    pub fn builder() -> RealBuilder {
        RealBuilder::default()
    }

    /// Returns `127.0.0.1:PORT`, as it stands in a reference.
    #[must_use]
    pub fn host(&self) -> String {
        self.host.clone()
    }

    /// Returns `http://127.0.0.1:PORT`, or `https://…` with TLS.
    #[must_use]
    pub fn url(&self) -> String {
        format!(
            "{}://{}",
            if self.secure { "https" } else { "http" },
            self.host
        )
    }

    /// Returns the registry's log.
    #[must_use]
    pub fn output(&self) -> String {
        self.output
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Returns the folder with its configuration, and its storage if that is on disk.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }
}

impl Drop for RealRegistry {
    fn drop(&mut self) {
        // Both fail only if the process is gone already.
        let _ = self.child.kill();
        let _ = self.child.wait();
        if let Some(drain) = self.drain.take() {
            let _ = drain.join();
        }
    }
}

/// Options of a [`RealRegistry`].
#[derive(Debug, Default)]
#[must_use]
pub struct RealBuilder {
    on_disk: bool,
    ipv6: bool,
    relative_locations: bool,
    no_delete: bool,
    identity: Option<Identity>,
    client_ca: Option<String>,
    /// Configuration of token authentication, and its certificate.
    tokens: Option<(Value, String)>,
}

impl RealBuilder {
    /// Stores its content in files, which it syncs one by one, instead of in memory.
    pub fn on_disk(mut self) -> Self {
        self.on_disk = true;
        self
    }

    /// Listens on `[::1]` in place of `127.0.0.1`.
    pub fn ipv6(mut self) -> Self {
        self.ipv6 = true;
        self
    }

    /// Sends Locations as paths in place of URLs.
    pub fn relative_locations(mut self) -> Self {
        self.relative_locations = true;
        self
    }

    /// Refuses deletions with 405, which is the default of distribution.
    pub fn no_delete(mut self) -> Self {
        self.no_delete = true;
        self
    }

    /// Serves over TLS, with a certificate for loopback of this authority.
    pub fn tls(mut self, ca: &TestCa) -> Self {
        self.identity = Some(ca.server());
        self
    }

    /// Demands a client certificate of this authority. Needs TLS.
    pub fn client_ca(mut self, ca: &TestCa) -> Self {
        self.client_ca = Some(ca.ca_pem());
        self
    }

    /// Demands tokens of this server. They must not be opaque.
    pub fn token_auth(self, tokens: &TokenServer) -> Self {
        self.token_auth_at(tokens, &tokens.realm())
    }

    /// Demands tokens of this server, and directs clients to this URL for them: through a proxy in front of the server.
    pub fn token_auth_at(mut self, tokens: &TokenServer, realm: &str) -> Self {
        let auth = json!({
            "realm": realm,
            "service": tokens.service(),
            "issuer": tokens.issuer(),
        });
        self.tokens = Some((auth, tokens.certificate_pem()));
        self
    }

    /// Starts the registry.
    ///
    /// # Panics
    ///
    /// Panics if that fails; see [`RealBuilder::try_start`].
    #[must_use]
    pub fn start(self) -> RealRegistry {
        self.try_start()
            .unwrap_or_else(|error| panic!("{}", with_causes(&error)))
    }

    /// Starts the registry and waits until it listens.
    pub fn try_start(self) -> Result<RealRegistry, RealError> {
        let program = locate()?;
        let folder = tempfile::Builder::new()
            .prefix("testkit-registry-")
            .tempdir()
            .map_err(failed("create a folder for a registry"))?;
        let config = folder.path().join("config.yml");
        let secure = self.identity.is_some();
        let text = self.configuration(folder.path())?;
        fs::write(&config, text).map_err(failed("write the registry's configuration"))?;
        let mut child = Command::new(&program)
            .arg("serve")
            .arg(&config)
            .env_clear()
            // Version 3 would export traces to a collector on this machine.
            .env("OTEL_TRACES_EXPORTER", "none")
            .current_dir(folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(failed(&format!("run {}", program.display())))?;
        let stderr = child.stderr.take().expect("stderr is a pipe");
        let output = Arc::new(Mutex::new(String::new()));
        let (found, address) = mpsc::channel();
        let drain = std::thread::spawn({
            let output = output.clone();
            move || drain(stderr, &output, &found)
        });
        // From here on, dropping the registry ends the process.
        let mut registry = RealRegistry {
            host: String::new(),
            secure,
            child,
            drain: Some(drain),
            output,
            folder,
        };
        let Ok(host) = address.recv_timeout(START_TIMEOUT) else {
            return Err(RealError::Silent {
                program,
                log: registry.output(),
            });
        };
        TcpStream::connect(&host).map_err(failed(&format!("connect to the registry on {host}")))?;
        registry.host = host;
        Ok(registry)
    }

    /// Returns the configuration as JSON, which is YAML. Writes the files that it names.
    fn configuration(&self, folder: &Path) -> Result<String, RealError> {
        let write = |name: &str, text: &str| {
            let path = folder.join(name);
            fs::write(&path, text).map_err(failed("write the registry's certificates"))?;
            Ok::<Value, RealError>(path.to_string_lossy().into())
        };
        let mut http = json!({
            "addr": if self.ipv6 { "[::1]:0" } else { "127.0.0.1:0" },
            "secret": "testkit",
            "relativeurls": self.relative_locations,
        });
        if let Some(identity) = &self.identity {
            http["tls"] = json!({
                "certificate": write("tls.crt", &identity.cert_pem)?,
                "key": write("tls.key", &identity.key_pem)?,
            });
            if let Some(pem) = &self.client_ca {
                http["tls"]["clientcas"] = json!([write("client-ca.crt", pem)?]);
            }
        }
        let mut storage = json!({
            "delete": { "enabled": !self.no_delete },
            "maintenance": { "uploadpurging": { "enabled": false } },
        });
        if self.on_disk {
            storage["filesystem"] = json!({ "rootdirectory": folder.join("data") });
        } else {
            storage["inmemory"] = json!({});
        }
        let mut config = json!({
            "version": 0.1,
            "log": { "level": "info", "formatter": "text", "accesslog": { "disabled": true } },
            "storage": storage,
            "http": http,
            // Without this it refuses manifests with a foreign layer.
            "validation": { "manifests": { "urls": { "allow": ["^https?://"] } } },
        });
        if let Some((auth, certificate)) = &self.tokens {
            let mut auth = auth.clone();
            auth["rootcertbundle"] = write("tokens.crt", certificate)?;
            config["auth"] = json!({ "token": auth });
        }
        Ok(config.to_string())
    }
}

/// Reads the registry's log to its end, so that the registry never blocks on a full pipe.
fn drain(stderr: impl io::Read, output: &Mutex<String>, found: &mpsc::Sender<String>) {
    for line in BufReader::new(stderr).lines() {
        let Ok(line) = line else { return };
        if let Some(address) = listening(&line) {
            // The receiver waits for the first address only.
            let _ = found.send(address);
        }
        let mut output = output.lock().unwrap_or_else(PoisonError::into_inner);
        output.push_str(&line);
        output.push('\n');
    }
}

/// Finds the address in a line such as `… msg="listening on 127.0.0.1:45881, tls" …`.
fn listening(line: &str) -> Option<String> {
    let (_, rest) = line.split_once(LISTENING)?;
    let end = rest.find(['"', ',', ' ']).unwrap_or(rest.len());
    Some(rest[..end].to_owned())
}

fn failed(what: &str) -> impl FnOnce(io::Error) -> RealError + use<> {
    let what = what.to_owned();
    move |source| RealError::Io { what, source }
}

/// Formats an error with all its causes, on one line.
pub(crate) fn with_causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(&format!(": {error}"));
        cause = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::listening;

    #[test]
    fn addresses_are_read_from_the_log() {
        let check = |line: &str, expect: &str| assert_eq!(listening(line).as_deref(), Some(expect));
        check(
            r#"level=info msg="listening on 127.0.0.1:45881" version=2"#,
            "127.0.0.1:45881",
        );
        check(
            r#"level=info msg="listening on [::1]:5000, tls" version=2"#,
            "[::1]:5000",
        );
    }
}
