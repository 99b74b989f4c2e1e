//! The registry client: reads, copies and publishes manifests over the distribution protocol.
//!
//! | module | holds |
//! | --- | --- |
//! | [`client`] | [`Client`], what commands call |
//! | [`publish`] | [`Client::publish`]: children, blobs first, then the tag, once |
//! | [`release`] | [`Client::release`]: the same to several repositories, tags last everywhere |
//! | `child`, `prepared`, `bring` | what is published along; a publication of which it is known what is there; bringing what is not |
//! | `tag_state` | what a tag shows, asked beside other requests to its registry |
//! | `confirm`, `missing` | what the registry has under a name; why it refused what was to be there |
//! | `copy`, `upload` | one blob from repository to repository: by mount, else streamed |
//! | `upload_session`, `single_request` | where an upload goes on; registries that need none for a small blob |
//! | `in_flight` | how many blobs are under way at once |
//! | [`local`], `download` | blobs that come from this machine; blobs that go there |
//! | [`referrers`], `enlist` | what refers to what is published; where a registry without a list of that has it |
//! | `ahead` | looks at what is about to be published to, beside finding out what that will be |
//! | `rights` | what calls that belong together ask of the token server |
//! | [`concurrent()`] | many things at once, within bounds, results in order |
//! | [`mirrors`] | where something is read from first |
//! | [`cache`] | what is remembered from one run to the next |
//! | [`known`] | token servers of public registries, known in advance |
//! | `session` | one conversation per registry: scheme, challenge, the login that goes with each call |
//! | `auth`, `challenge`, `token` | from a challenge and credentials to a header; one token request per set of scopes |
//! | [`credentials`], `helper` | Docker's `config.json`; running credential helpers |
//! | [`endpoint`] | which schemes and TLS modes a host may be spoken to with |
//! | `transport`, `payload`, `answer` | the one way out, redirects; what a request carries; bounded bodies |
//! | `checked`, `hash` | the bytes of a blob, checked as they come; digests of what streams through |
//! | `pool`, `tls` | a connection pool for each host, with its TLS settings and its proxy |
//! | `tunnel` | what sends requests: the HTTP library, or for IPv6 addresses behind a proxy an HTTPS client of its parts |
//! | `lanes` | how many requests run at once on a host, and on which connection |
//! | `bodies` | the connections of a host for the bodies of blobs |
//! | `limiter` | a limit that adapts to what a host takes |
//! | [`certificates`], [`proxies`] | what the user wants of those |
//! | [`retry`], `retry_after`, `deadline` | what is tried again, when, and until when |
//! | [`observer`], `meter` | what the client tells while it works; how far copying has come |
//! | [`error`], [`error_response`], [`network`], `hint`, `host_kind` | what went wrong, and what to do about it |
//! | [`redact`] | what may be shown |
//! | [`limits`] | bounds on what is read and waited for |
//!
//! Deliberately absent: the environment, files, the terminal, and what a list is made of. All that is returned
//! has had its digest and size checked. Credentials go to the host that they are for, and to the token server that this
//! host names over TLS; a redirect never takes them along.

mod ahead;
mod answer;
mod auth;
mod bodies;
mod bring;
pub mod cache;
pub mod certificates;
mod challenge;
mod checked;
mod child;
pub mod client;
mod concurrent;
mod confirm;
mod copy;
pub mod credentials;
mod deadline;
mod download;
pub mod endpoint;
mod enlist;
pub mod error;
pub mod error_response;
#[doc(hidden)]
#[cfg(any(test, feature = "fuzzing"))]
pub mod fuzzing;
mod hash;
mod helper;
mod hint;
mod host_kind;
mod in_flight;
pub mod known;
mod lanes;
mod limiter;
pub mod limits;
pub mod local;
mod meter;
pub mod mirrors;
mod missing;
pub mod network;
pub mod observer;
mod payload;
mod pool;
mod prepared;
pub mod proxies;
pub mod publish;
pub mod redact;
pub mod referrers;
pub mod release;
pub mod retry;
mod retry_after;
mod rights;
mod session;
mod single_request;
mod tag_state;
mod tls;
mod token;
mod transport;
mod tunnel;
mod upload;
mod upload_session;

pub use cache::{Cache, NoCache};
pub use certificates::{CertificateProblem, Certificates, HostCertificates, Identity, Pem};
pub use child::Child;
pub use client::{Client, ClientConfig};
pub use concurrent::concurrent;
pub use credentials::{Credential, Credentials, FoundCredential};
pub use download::Downloads;
pub use endpoint::Insecure;
pub use error::RegistryError;
pub use helper::stop_helpers;
pub use known::{KnownRegistries, KnownRegistry, KnownRegistryError};
pub use local::LocalBlobs;
pub use mirrors::{Mirror, MirrorRule, Mirrors, PullFromMirror};
pub use observer::{ChallengeSource, Event, Observer, Progress, Resuming, Retrying};
pub use proxies::{Proxies, ProxySetting};
pub use publish::{
    ObservedTag, Precondition, Publication, Published, Tagged, TransferEstimate, WatchedTags,
};
pub use redact::Secret;
pub use referrers::{Referrers, SkipReason, Skipped};
pub use release::{DryRun, Released, TagResult};
pub use retry::RetryPolicy;
pub use transport::Timeouts;
