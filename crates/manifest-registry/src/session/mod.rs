//! The session: one conversation with each registry, and with the mirrors of it.
//!
//! | file | holds |
//! | --- | --- |
//! | `mirrored`, `mirrors` | reads that try mirrors first; the rules for them |
//! | `first_request` | the request that determines scheme, TLS mode and challenge |
//! | `contact` | the first request of a diagnosis, and the login of the next |
//! | `authorization` | the `Authorization` of a request, from credentials and challenge |
//! | `registry_session` | `Session`: a request with retries and authorization |
//! | `host`, `request` | the state of a registry; a request to one |

mod authorization;
mod contact;
mod first_request;
mod host;
mod mirrored;
mod mirrors;
mod registry_session;
mod request;

pub use mirrors::{LocationError, Mirror, MirrorRule, Mirrors, PullFromMirror};

pub(crate) use mirrored::MirroredSession;
pub(crate) use registry_session::Session;
pub(crate) use request::{Request, Target};
