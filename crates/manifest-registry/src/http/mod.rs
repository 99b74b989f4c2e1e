//! HTTP: requests and responses, connections, TLS, proxies, retries.
//!
//! | file | holds |
//! | --- | --- |
//! | `transport` | redirects and retries |
//! | `exchange` | one request, and the head of its response |
//! | `request`, `payload`, `traffic`, `response` | the parts of requests and responses |
//! | `pool`, `pool_error` | the connections and settings of each host |
//! | `connections`, `body_connections`, `limiter` | the connection of a request, and the limits on concurrent requests |
//! | `tunnel`, `connect_layer` | the HTTP library, or a client from its parts; reports of new connections |
//! | `tls`, `verifier`, `client_certificate`, `handshakes`, `certificates`, `server_certificate` | TLS for one host |
//! | `proxies`, `endpoint` | the proxy of a URL; the schemes and TLS modes of a host |
//! | `retry`, `deadline`, `timeouts`, `idle_timeout` | retries; time limits |

mod body_connections;
mod certificates;
mod client_certificate;
mod connect_layer;
mod connections;
mod deadline;
mod endpoint;
mod exchange;
mod handshakes;
mod idle_timeout;
mod limiter;
mod payload;
mod pool;
mod pool_error;
mod proxies;
mod request;
mod response;
mod retry;
mod server_certificate;
mod timeouts;
mod tls;
mod traffic;
mod transport;
mod tunnel;
mod verifier;

pub use certificates::{Certificates, HostCertificates, Identity, Pem};
pub use endpoint::{Insecure, InsecureReason};
pub use proxies::{Proxies, ProxySetting};
pub use retry::RetryPolicy;
pub use server_certificate::{ServerCertificate, Trust};
pub use timeouts::Timeouts;

pub(crate) use certificates::roots;
pub(crate) use deadline::Deadline;
pub use deadline::TimeLimitPause;
pub(crate) use endpoint::Mode;
pub(crate) use idle_timeout::IdleTimeout;
pub(crate) use payload::{Payload, SingleUseStream};
pub(crate) use pool::Pools;
pub(crate) use request::WireRequest;
pub(crate) use response::{DOCKER_CONTENT_DIGEST, Response, version_name};
pub(crate) use retry::{Attempts, Contact, Retrier};
pub(crate) use traffic::Traffic;
pub(crate) use transport::Transport;
