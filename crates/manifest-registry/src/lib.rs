//! The registry client: reads, copies and publishes manifests over the distribution protocol.
//!
//! Each module uses only the modules below it:
//!
//! | module | holds |
//! | --- | --- |
//! | `check` | the diagnosis of a registry before the first push |
//! | `publish` | releases: children and blobs first, then the tags; referrers |
//! | `client` | [`Client`]: reads and writes of manifests and configurations |
//! | `blob` | mounts, uploads and downloads of blobs |
//! | `session` | one conversation with each registry and its mirrors |
//! | `auth` | challenges, tokens, scopes, credentials |
//! | `http` | requests, responses, connections, TLS, proxies, retries |
//! | `observer` | [`Observer`]: receives events and progress of the client |
//! | `error` | [`RegistryError`], and hints about it |
//! | `cache`, `host`, [`redact`], [`concurrent()`] | the cache between runs; hosts by name; printable text; bounded concurrency |
//! | [`limits`] | bounds on sizes, counts and times |
//!
//! This crate deliberately does not use the environment, files or the terminal, and does not compose lists. It verifies the
//! digest and size of all content that it returns. It sends credentials only to the host that they are for, and to the token
//! server that this host names over TLS. A redirect never carries them to another host.

mod auth;
mod blob;
mod cache;
mod check;
mod client;
mod concurrent;
mod error;
#[doc(hidden)]
#[cfg(any(test, feature = "fuzzing"))]
pub mod fuzzing;
mod host;
mod http;
pub mod limits;
mod observer;
mod publish;
pub mod redact;
mod session;

pub use auth::{
    Credential, Credentials, FoundCredential, KnownRegistries, KnownRegistry, KnownRegistryError,
    stop_helpers,
};
pub use blob::{BlobState, Downloads, LocalBlobs};
pub use cache::{Cache, NoCache};
pub use check::{
    Connection, Existence, LeftBehind, LoginCheck, LoginScheme, Outcome, RateLimit,
    RepositoryCheck, TlsConnection, WriteCheck,
};
pub use client::{Client, ClientConfig, Deletion, ManifestMetadata, Tags};
pub use concurrent::concurrent;
pub use error::{
    Absent, Advice, Attempt, Cause, CertificateProblem, ContentProblem, ErrorResponse, Message,
    NetworkProblem, Operation, RegistryError, RejectedLogin, advice,
};
pub use http::{
    Certificates, HostCertificates, Identity, Insecure, InsecureReason, Pem, Proxies, ProxySetting,
    RetryPolicy, ServerCertificate, TimeLimitPause, Timeouts, Trust,
};
pub use observer::{
    ChallengeSource, Event, NoObserver, Observer, Progress, Request, Resuming, Retrying,
};
pub use publish::{
    Child, DryRun, ObservedTag, PlannedBlob, Precondition, Publication, Published, Referrers,
    ReleaseStep, Released, SkipReason, SkippedReferrer, TagResult, TagWrite, Tagged,
    TransferEstimate, WatchedTags,
};
pub use redact::Secret;
pub use session::{LocationError, Mirror, MirrorRule, Mirrors, PullFromMirror};
