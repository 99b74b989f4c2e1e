//! The observer: events, retries and progress that the client reports while it works.

use std::fmt;
use std::time::Duration;

use http::Method;
use manifest_core::reference::Repository;
use manifest_core::{Digest, Reference};

use crate::error::{Cause, NetworkProblem, RegistryError};

/// Receives the news that a waiting user may want to see. The plugin writes them to standard error.
pub trait Observer: fmt::Debug + Send + Sync {
    /// A request failed and is about to be retried. Called before the wait.
    fn retrying(&self, retry: &Retrying<'_>);

    /// An upload that failed is resumed. Called after the wait, when the offset is known.
    fn resuming(&self, _resumed: &Resuming<'_>) {}

    /// Blobs are transferred: called at the beginning, with each piece that has moved, and for each blob that is there. Never called
    /// where there is nothing to transfer. Must not wait.
    fn progress(&self, _: &Progress) {}

    /// Something happened that helps to find the reason of a problem. Nothing in it is secret.
    fn event(&self, _: &Event<'_>) {}
}

/// The progress of the blobs of one publication, or of several that go together. No number ever becomes less, and at the end all is
/// done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// How many blobs are transferred, by mount or by copy.
    pub blobs: usize,
    /// How many of them are there.
    pub blobs_done: usize,
    /// How many bytes are to be copied. A blob that a registry will not mount is added when that is known.
    pub bytes: u64,
    /// How many of them have been.
    pub bytes_done: u64,
}

impl Progress {
    /// Tells whether all is there.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.blobs_done >= self.blobs
    }
}

/// A step of the client. `Display` is one line for a person.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Event<'a> {
    /// A request was answered.
    Response {
        /// The request.
        request: &'a Request<'a>,
        /// The status of the response.
        status: u16,
        /// `TLSv1.3`, `http`; nothing where that is not known.
        mode: Option<&'a str>,
        /// `HTTP/2.0`
        version: &'a str,
    },
    /// A request was not answered.
    Failed {
        /// The request.
        request: &'a Request<'a>,
        /// Why there is no response.
        problem: NetworkProblem,
        /// The cause.
        cause: Option<&'a Cause>,
    },
    /// The credentials for a host were looked for.
    Credentials {
        /// The host, as references name it.
        host: &'a str,
        /// Where they were found; nothing where there are none.
        source: Option<&'a str>,
    },
    /// A token is asked for before the registry has said that it wants one.
    EarlyToken {
        /// The registry, as references name it.
        host: &'a str,
        /// Why it is expected to want one.
        source: ChallengeSource,
    },
    /// A token is about to be asked for.
    Token {
        /// The registry that it is for, as references name it.
        host: &'a str,
        /// The token server's URL, without secrets.
        realm: &'a str,
        /// The scopes that are asked for: `repository:app:pull`.
        scopes: &'a [String],
    },
    /// A host has certificates of its own.
    Certificates {
        /// The host.
        host: &'a str,
        /// The folders that they are in.
        folders: &'a [String],
        /// How many files of authorities there are.
        roots: usize,
        /// How many client certificates there are.
        identities: usize,
    },
    /// A host is reached by a proxy.
    Proxy {
        /// The host.
        host: &'a str,
        /// The proxy's URL, without its login.
        proxy: &'a str,
        /// Where it is named.
        setting: &'a str,
    },
    /// Content came from the cache.
    CacheHit {
        /// Where it was read from once.
        repository: &'a Repository,
        /// Its digest, which was checked again.
        digest: &'a Digest,
    },
    /// A mirror is asked first.
    Mirror {
        /// What was asked for.
        reference: &'a Reference,
        /// Where it is looked for.
        mirror: &'a Reference,
    },
    /// A mirror did not have it, or failed.
    MirrorFailed {
        /// Where it was looked for.
        mirror: &'a Reference,
        /// Why it is looked for elsewhere.
        error: &'a RegistryError,
    },
}

/// The source of a challenge that is known before the registry sends it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChallengeSource {
    /// The registry sent it in an earlier run.
    Cache,
    /// The registry is in the table of known ones.
    KnownRegistry,
}

/// A request as it may be shown.
#[derive(Clone, Debug)]
pub struct Request<'a> {
    /// The method.
    pub method: &'a Method,
    /// The URL, without secrets.
    pub url: &'a str,
    /// The number of this attempt, counted from 1.
    pub attempt: u32,
    /// The scheme of the login that goes with it: `Basic`, `Bearer`.
    pub login: Option<&'a str>,
    /// How long it has taken.
    pub elapsed: Duration,
}

impl fmt::Display for Request<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method, self.url)
    }
}

impl Request<'_> {
    /// Writes the details that follow the outcome.
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
                None => write!(f, "credentials for {host}: none, so anonymous"),
            },
            Self::EarlyToken { host, source } => {
                let reason = match source {
                    ChallengeSource::Cache => "its token server is in the cache",
                    ChallengeSource::KnownRegistry => "it is a known registry",
                };
                write!(f, "token for {host} in advance: {reason}")
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
                write!(f, "mirror {mirror} is passed over: {error}")
            }
        }
    }
}

/// An upload that is resumed after it failed. `Display` is one line for a person.
#[derive(Clone, Copy, Debug)]
pub struct Resuming<'a> {
    /// Where the blob is uploaded to.
    pub target: &'a Repository,
    /// The blob.
    pub digest: &'a Digest,
    /// How many of its bytes the registry has already. None where it begins anew.
    pub offset: u64,
    /// How many bytes it has.
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
            0 => f.write_str("begins anew"),
            _ => write!(f, "goes on after {offset} of {size} bytes"),
        }
    }
}

/// A request that is about to be retried. `Display` is one line for a person.
#[derive(Clone, Copy, Debug)]
pub struct Retrying<'a> {
    /// Why it failed.
    pub error: &'a RegistryError,
    /// The number of the coming retry, counted from 1.
    pub number: u32,
    /// How many there are at most.
    pub of: u32,
    /// How long the client waits before.
    pub wait: Duration,
}

impl fmt::Display for Retrying<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            error,
            number,
            of,
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
