//! The observer: events, retries and progress that the client reports while it works.

use std::fmt;
use std::time::Duration;

use http::Method;
use manifest_core::reference::Repository;
use manifest_core::{Digest, Reference};

use crate::error::{Cause, NetworkProblem, RegistryError};

/// Receives events that a waiting user may want to see. The plugin writes them to standard error.
pub trait Observer: fmt::Debug + Send + Sync {
    /// Called before the wait for a retry of a failed request.
    fn retrying(&self, retry: &Retrying<'_>);

    /// Called when a failed upload is resumed: after the wait, once the offset is known.
    fn resuming(&self, _resumed: &Resuming<'_>) {}

    /// Called when the transfer of blobs progresses: at the start, for each chunk of bytes, and for each finished blob.
    ///
    /// Never called if no blobs are transferred. Must not block.
    fn progress(&self, _: &Progress) {}

    /// Called for a step that helps to diagnose a problem. Events contain no secrets.
    fn event(&self, _: &Event<'_>) {}
}

/// The progress of the blobs of one publication, or of several publications in one run.
///
/// The numbers never decrease, and every blob is done at the end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// The number of blobs to transfer, by mount or by copy.
    pub blobs: usize,
    /// The number of blobs that are done.
    pub blobs_done: usize,
    /// The number of bytes to copy. The size of a blob is added once the registry is known to refuse its mount.
    pub bytes: u64,
    /// The number of bytes that are copied.
    pub bytes_done: u64,
}

impl Progress {
    /// Tells whether all blobs are done.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.blobs_done >= self.blobs
    }
}

/// A step of the client. `Display` writes one line for a person.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Event<'a> {
    /// A request got a response.
    Response {
        /// The request.
        request: &'a Request<'a>,
        /// The status of the response.
        status: u16,
        /// The TLS version (`TLSv1.3`), or `http` for a connection without TLS. `None` if it is unknown.
        mode: Option<&'a str>,
        /// The HTTP version: `HTTP/2`, `HTTP/1.1`.
        version: &'a str,
    },
    /// A request got no response.
    Failed {
        /// The request.
        request: &'a Request<'a>,
        /// The reason why there is no response.
        problem: NetworkProblem,
        /// The underlying error.
        cause: Option<&'a Cause>,
    },
    /// The credentials for a host were looked up.
    Credentials {
        /// The host, as references name it.
        host: &'a str,
        /// The place of the credentials. `None` if there are none.
        source: Option<&'a str>,
    },
    /// A token is requested before the registry sends a challenge.
    EarlyToken {
        /// The registry, as references name it.
        host: &'a str,
        /// The source of the expected challenge.
        source: ChallengeSource,
    },
    /// A token is about to be requested.
    Token {
        /// The registry that the token is for, as references name it.
        host: &'a str,
        /// The token server's URL, without secrets.
        realm: &'a str,
        /// The requested scopes: `repository:app:pull`.
        scopes: &'a [String],
    },
    /// A host has its own certificates.
    Certificates {
        /// The host.
        host: &'a str,
        /// The folders with the certificates.
        folders: &'a [String],
        /// The number of files with CA certificates.
        roots: usize,
        /// The number of client certificates.
        identities: usize,
    },
    /// A host is reached through a proxy.
    Proxy {
        /// The host.
        host: &'a str,
        /// The proxy's URL, without its credentials.
        proxy: &'a str,
        /// The setting that names the proxy.
        setting: &'a str,
    },
    /// Content came from the cache.
    CacheHit {
        /// The repository from which the content was first read.
        repository: &'a Repository,
        /// The content's digest, which is verified again.
        digest: &'a Digest,
    },
    /// A mirror is tried before the registry.
    Mirror {
        /// The requested manifest or blob.
        reference: &'a Reference,
        /// Its reference on the mirror.
        mirror: &'a Reference,
    },
    /// A mirror does not have the content, or failed.
    MirrorFailed {
        /// The reference on the mirror.
        mirror: &'a Reference,
        /// The reason to go on to the next mirror or the registry.
        error: &'a RegistryError,
    },
}

/// The source of a challenge that is known before the registry sends one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChallengeSource {
    /// The registry sent it in an earlier run.
    Cache,
    /// The registry is in the table of known registries.
    KnownRegistry,
}

/// A request as events show it.
#[derive(Clone, Debug)]
pub struct Request<'a> {
    /// The method.
    pub method: &'a Method,
    /// The URL, without secrets.
    pub url: &'a str,
    /// The number of this attempt, counted from 1.
    pub attempt: u32,
    /// The authentication scheme of the request: `Basic`, `Bearer`.
    pub login: Option<&'a str>,
    /// The time since the request was sent.
    pub elapsed: Duration,
}

impl fmt::Display for Request<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method, self.url)
    }
}

impl Request<'_> {
    /// Returns the details that follow the outcome.
    fn details(&self) -> String {
        let mut text = format!("{} ms", self.elapsed.as_millis());
        if let Some(login) = self.login {
            text.push_str(", with ");
            text.push_str(login);
        }
        if self.attempt > 1 {
            text.push_str(&format!(", attempt {}", self.attempt));
        }
        text
    }
}

impl fmt::Display for Event<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Response {
                request,
                status,
                mode,
                version,
            } => {
                let mode = mode.map(|mode| format!("{mode}, ")).unwrap_or_default();
                let details = request.details();
                write!(f, "{request}: {status} ({mode}{version}, {details})")
            }
            Self::Failed {
                request,
                problem,
                cause,
            } => {
                let cause = cause.map(|cause| format!(": {cause}")).unwrap_or_default();
                write!(f, "{request}: {problem}{cause} ({})", request.details())
            }
            Self::Credentials { host, source } => match source {
                Some(source) => write!(f, "credentials for {host}: {source}"),
                None => write!(f, "credentials for {host}: none (anonymous)"),
            },
            Self::EarlyToken { host, source } => {
                let reason = match source {
                    ChallengeSource::Cache => "its token server is in the cache",
                    ChallengeSource::KnownRegistry => "it is a known registry",
                };
                write!(f, "early token for {host}: {reason}")
            }
            Self::Token {
                host,
                realm,
                scopes,
            } => write!(f, "token for {host} from {realm}: {}", scopes.join(" ")),
            Self::Certificates {
                host,
                folders,
                roots,
                identities,
            } => write!(
                f,
                "certificates for {host}: {roots} of authorities, {identities} to show, from {}",
                folders.join(", ")
            ),
            Self::Proxy {
                host,
                proxy,
                setting,
            } => write!(f, "proxy for {host}: {proxy}, from {setting}"),
            Self::CacheHit { repository, digest } => {
                write!(f, "remembered: {repository}@{digest}")
            }
            Self::Mirror { reference, mirror } => {
                write!(f, "mirror for {reference}: {mirror}")
            }
            Self::MirrorFailed { mirror, error } => {
                write!(f, "mirror {mirror} skipped: {error}")
            }
        }
    }
}

/// A failed upload that is resumed. `Display` writes one line for a person.
#[derive(Clone, Copy, Debug)]
pub struct Resuming<'a> {
    /// The repository to which the blob is uploaded.
    pub target: &'a Repository,
    /// The blob.
    pub digest: &'a Digest,
    /// The number of bytes that the registry already has. 0 if the upload starts over.
    pub offset: u64,
    /// The size of the blob in bytes.
    pub size: u64,
}

impl fmt::Display for Resuming<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            target,
            digest,
            offset,
            size,
        } = self;
        write!(f, "the upload of blob {digest} to {target} ")?;
        match offset {
            0 => f.write_str("starts over"),
            _ => write!(f, "continues after {offset} of {size} bytes"),
        }
    }
}

/// A request that is about to be retried. `Display` writes one line for a person.
#[derive(Clone, Copy, Debug)]
pub struct Retrying<'a> {
    /// The error of the failed attempt.
    pub error: &'a RegistryError,
    /// The number of the coming retry, counted from 1.
    pub number: u32,
    /// The maximum number of retries.
    pub max_retries: u32,
    /// The wait before the retry.
    pub wait: Duration,
}

impl fmt::Display for Retrying<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            error,
            number,
            max_retries: of,
            wait,
        } = self;
        let seconds = wait.as_secs_f64();
        write!(f, "retrying in {seconds:.1} s ({number} of {of}): {error}")
    }
}

/// Ignores everything.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoObserver;

impl Observer for NoObserver {
    fn retrying(&self, _: &Retrying<'_>) {}
}
