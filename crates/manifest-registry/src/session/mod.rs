mod authorization;
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
