//! The diagnosis of a registry before the first push: the connection, the login, the permissions, and the features.
//!
//! | file | holds |
//! | --- | --- |
//! | `connection` | address, TLS, proxy, and the login that the registry demands |
//! | `access` | the login that is used; permissions on a repository; tags, referrers and rate limit |
//! | `writes` | features that only a write shows |
//! | `content` | what is written, which no image shares |
//! | `cleanup` | the deletion of it |
//! | `rate_limit` | the headers about rate limits |
//!
//! Everything but `writes` only sends GET and HEAD.

mod access;
mod cleanup;
mod connection;
mod content;
mod rate_limit;
mod writes;

pub use access::{Existence, LoginCheck, RepositoryCheck};
pub use cleanup::LeftBehind;
pub use connection::{Connection, LoginScheme, TlsConnection};
pub use rate_limit::RateLimit;
pub use writes::{Outcome, WriteCheck};
