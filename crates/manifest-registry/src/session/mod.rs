mod mirrors;
mod registry_session;

pub use mirrors::{LocationError, Mirror, MirrorRule, Mirrors, PullFromMirror};

pub(crate) use mirrors::{Asked, Nearest};
pub(crate) use registry_session::{Call, Host, Session, Target};
