//! The registry client: reads, copies and publishes manifests over the distribution protocol.
//!
//! Each room is a folder, and uses only those below it:
//!
//! | room | holds |
//! | --- | --- |
//! | `publish` | releases: children and blobs first, then the tags; referrers |
//! | `client` | [`Client`]: manifests and configurations, read and written |
//! | `blob` | mounts, uploads and downloads of blobs |
//! | `session` | one conversation with each registry and its mirrors |
//! | `auth` | challenges, tokens, scopes, credentials |
//! | `http` | requests, responses, connections, TLS, proxies, retries |
//! | `observer` | [`Observer`]: what the client reports while it works |
//! | `error` | [`RegistryError`], and hints about it |
//! | `cache`, `host`, [`redact`], [`concurrent()`] | the cache between runs; hosts by name; text that may be shown; futures within bounds |
//! | [`limits`] | bounds on what is read and waited for |
//!
//! Deliberately absent: the environment, files, the terminal, and what a list is made of. All that is returned
//! has had its digest and size checked. Credentials go to the host that they are for, and to the token server that this
//! host names over TLS; a redirect never takes them along.

mod auth;
mod blob;
mod cache;
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
pub use blob::{Downloads, LocalBlobs};
pub use cache::{Cache, NoCache};
pub use client::{Client, ClientConfig};
pub use concurrent::concurrent;
pub use error::{
    Absent, Advice, Attempt, Cause, CertificateProblem, ContentProblem, ErrorResponse, Message,
    NetworkProblem, Operation, RegistryError, advice,
};
pub use http::{
    Certificates, HostCertificates, Identity, Insecure, Pem, Proxies, ProxySetting, RetryPolicy,
    Timeouts,
};
pub use observer::{
    ChallengeSource, Event, NoObserver, Observer, Progress, Request, Resuming, Retrying,
};
pub use publish::{
    Child, DryRun, ObservedTag, PlannedBlob, Precondition, Publication, Published, Referrers,
    Released, SkipReason, Skipped, TagResult, Tagged, TransferEstimate, WatchedTags,
};
pub use redact::Secret;
pub use session::{LocationError, Mirror, MirrorRule, Mirrors, PullFromMirror};
