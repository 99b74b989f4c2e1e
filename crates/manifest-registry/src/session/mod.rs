mod authorization;
mod first_request;
mod host;
mod mirrors;
mod registry_session;
mod request;

pub use mirrors::{LocationError, Mirror, MirrorRule, Mirrors, PullFromMirror};

pub(crate) use mirrors::{Asked, Nearest};
pub(crate) use registry_session::Session;
pub(crate) use request::{Call, Target};
