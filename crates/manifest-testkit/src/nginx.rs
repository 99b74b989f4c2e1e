//! nginx in front of a real registry: TLS and HTTP/2 as most registries serve them.

use std::fs;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::environment::{on_path, target_dir};
use crate::fetch::{self, FetchError, Tool};
use crate::real::with_causes;
use crate::tls::{Identity, TestCa};

/// The time limit for nginx to listen.
const START_TIMEOUT: Duration = Duration::from_secs(10);

/// The interval of connection attempts: nginx does not report when it listens.
const POLL_INTERVAL: Duration = Duration::from_millis(5);

/// The number of ports to try. nginx cannot pick one itself, and a free port may be taken before nginx binds it.
const PORTS: usize = 5;

/// The reason why there is no nginx.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NginxError {
    /// No nginx was found, and none could be fetched.
    #[error("there is no nginx to run, and none could be fetched")]
    Fetch(#[from] FetchError),
    /// Its folder or configuration could not be written, or it could not be started.
    #[error("cannot {what}")]
    Io {
        /// The operation.
        what: &'static str,
        /// The reason of the failure.
        source: io::Error,
    },
    /// It ended before it listened, or did not listen in time.
    #[error("nginx does not listen on {address}; its error log:\n{log}")]
    Silent {
        /// The address that it should listen on.
        address: SocketAddr,
        /// Its error log.
        log: String,
    },
}

/// nginx as a reverse proxy in front of a registry on plain HTTP; killed when dropped.
///
/// The configuration follows the documentation of registries. Everything else has its default, above all the flow-control window
/// of HTTP/2: 64 KiB for each upload. The Host header passes unchanged, so the registry's Locations lead back through nginx, and
/// through any proxy in front of it.
#[derive(Debug)]
pub struct NginxFront {
    address: SocketAddr,
    child: Child,
    folder: TempDir,
}

impl NginxFront {
    /// Returns a builder for nginx in front of `upstream`, which is `127.0.0.1:PORT`.
    pub fn builder(upstream: &str, ca: &TestCa) -> NginxBuilder {
        NginxBuilder {
            upstream: upstream.to_owned(),
            identity: ca.server(),
            ip: Ipv4Addr::LOCALHOST.into(),
            http2: true,
            max_requests: None,
        }
    }

    /// Returns nginx's own `IP:PORT`.
    #[must_use]
    pub fn host(&self) -> String {
        self.address.to_string()
    }

    /// Returns nginx's error log.
    #[must_use]
    pub fn error_log(&self) -> String {
        // No log means no error.
        fs::read_to_string(error_log(self.folder.path())).unwrap_or_default()
    }

    /// Waits until nginx accepts connections.
    fn wait_until_ready(&mut self) -> Result<(), NotReady> {
        let start = Instant::now();
        loop {
            let ended = self.child.try_wait().map_err(|_| NotReady::Silent)?;
            if let Some(status) = ended {
                return Err(NotReady::Ended(status));
            }
            if TcpStream::connect(self.address).is_ok() {
                return Ok(());
            }
            if start.elapsed() > START_TIMEOUT {
                return Err(NotReady::Silent);
            }
            std::thread::sleep(POLL_INTERVAL);
        }
    }
}

/// The reason why nginx does not accept connections.
enum NotReady {
    Ended(ExitStatus),
    Silent,
}

impl Drop for NginxFront {
    fn drop(&mut self) {
        // Both fail only if the process is gone already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Options of an [`NginxFront`].
#[derive(Debug)]
#[must_use]
pub struct NginxBuilder {
    upstream: String,
    identity: Identity,
    ip: IpAddr,
    http2: bool,
    max_requests: Option<u32>,
}

impl NginxBuilder {
    /// Serves with this certificate in place of one for loopback.
    pub fn tls_identity(mut self, identity: Identity) -> Self {
        self.identity = identity;
        self
    }

    /// Listens on this address of the machine instead of `127.0.0.1`.
    pub fn listen_on(mut self, ip: IpAddr) -> Self {
        self.ip = ip;
        self
    }

    /// Does not offer HTTP/2.
    pub fn http1_only(mut self) -> Self {
        self.http2 = false;
        self
    }

    /// Handles at most this many requests of one client at once, and answers others with 503 (`limit_conn`).
    ///
    /// Over HTTP/1.1 this limits active connections. nginx counts each HTTP/2 stream as one as well.
    pub fn max_requests(mut self, count: u32) -> Self {
        self.max_requests = Some(count);
        self
    }

    /// Starts nginx.
    ///
    /// # Panics
    ///
    /// Panics if that fails; see [`NginxBuilder::try_start`].
    #[must_use]
    pub fn start(self) -> NginxFront {
        self.try_start()
            .unwrap_or_else(|error| panic!("{}", with_causes(&error)))
    }

    /// Starts nginx, the one on PATH or else Debian's, and waits until it accepts connections.
    pub fn try_start(self) -> Result<NginxFront, NginxError> {
        let tool = locate()?;
        let mut tries = 1;
        loop {
            let mut front = self.spawn(&tool)?;
            let log = match front.wait_until_ready() {
                Ok(()) => return Ok(front),
                Err(NotReady::Silent) => front.error_log(),
                Err(NotReady::Ended(status)) => {
                    let log = front.error_log();
                    if log.contains("Address already in use") && tries < PORTS {
                        tries += 1;
                        continue;
                    }
                    format!("{log}({status})")
                }
            };
            let address = front.address;
            return Err(NginxError::Silent { address, log });
        }
    }

    fn spawn(&self, tool: &Tool) -> Result<NginxFront, NginxError> {
        let folder = tempfile::Builder::new()
            .prefix("testkit-nginx-")
            .tempdir()
            .map_err(failed("create a folder for nginx"))?;
        let address = TcpListener::bind((self.ip, 0))
            .and_then(|free| free.local_addr())
            .map_err(failed("find a free port"))?;
        let write = |name: &str, text: &str| {
            fs::write(folder.path().join(name), text).map_err(failed("write nginx's configuration"))
        };
        write("tls.crt", &self.identity.cert_pem)?;
        write("tls.key", &self.identity.key_pem)?;
        write("nginx.conf", &self.configuration(address))?;
        let child = Command::new(&tool.program)
            .arg("-p")
            .arg(folder.path())
            .args(["-c", "nginx.conf", "-e"])
            .arg(error_log(folder.path()))
            .env_clear()
            .env("LD_LIBRARY_PATH", &tool.libraries)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .map_err(failed("run nginx"))?;
        Ok(NginxFront {
            address,
            child,
            folder,
        })
    }

    /// Returns the configuration. Its paths are relative to nginx's folder.
    fn configuration(&self, address: SocketAddr) -> String {
        let upstream = &self.upstream;
        let http2 = if self.http2 { " http2" } else { "" };
        let (zone, limit) = match self.max_requests {
            None => (String::new(), String::new()),
            Some(count) => (
                "limit_conn_zone $binary_remote_addr zone=clients:1m;".to_owned(),
                format!("limit_conn clients {count};"),
            ),
        };
        // Without a master process, killing the one process ends nginx. The protocols are the default since nginx 1.23.4, and
        // that of Debian's configuration before. Without TLS 1.3 a handshake takes one more round trip.
        format!(
            "daemon off;
master_process off;
worker_processes 1;
pid nginx.pid;
events {{ worker_connections 4096; }}
http {{
    access_log off;
    client_body_temp_path client_body;
    proxy_temp_path proxy;
    fastcgi_temp_path fastcgi;
    uwsgi_temp_path uwsgi;
    scgi_temp_path scgi;
    {zone}
    upstream registry {{
        server {upstream};
        keepalive 64;
    }}
    server {{
        listen {address} ssl{http2};
        ssl_protocols TLSv1.2 TLSv1.3;
        ssl_certificate tls.crt;
        ssl_certificate_key tls.key;
        {limit}
        client_max_body_size 0;
        chunked_transfer_encoding on;
        location / {{
            proxy_pass http://registry;
            proxy_http_version 1.1;
            proxy_set_header Connection \"\";
            proxy_set_header Host $http_host;
            proxy_set_header X-Real-IP $remote_addr;
            proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
            proxy_set_header X-Forwarded-Proto https;
            proxy_request_buffering off;
            proxy_read_timeout 900;
        }}
    }}
}}
"
        )
    }
}

/// Finds nginx, or fetches it.
fn locate() -> Result<Tool, NginxError> {
    match on_path("nginx") {
        Some(program) => Ok(Tool {
            program,
            libraries: std::ffi::OsString::new(),
        }),
        None => Ok(fetch::nginx(&target_dir())?),
    }
}

fn error_log(folder: &Path) -> PathBuf {
    folder.join("error.log")
}

fn failed(what: &'static str) -> impl FnOnce(io::Error) -> NginxError {
    move |source| NginxError::Io { what, source }
}
