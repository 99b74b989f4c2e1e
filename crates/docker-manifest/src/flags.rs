//! Groups of flags that several commands have.

mod global;
mod help;
mod publish;
mod registry;
mod retry;
mod stage;

pub use global::{Globals, Rest};
pub use help::HelpFlag;
pub use publish::PublishFlags;
pub(crate) use publish::has_tag;
pub use registry::{MirrorFlags, RegistryFlags};
pub use retry::RetryFlags;
pub use stage::StageFlag;
