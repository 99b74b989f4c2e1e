//! Images and indexes for tests: the same bytes on every run.

mod builder;
mod built;
mod descriptor;
mod index;
mod json;
mod platform;

pub use self::builder::Image;
pub use self::built::{BuiltImage, Layer, Pushable};
pub use self::index::{BuiltIndex, Index, buildkit_index};
pub use self::platform::Platform;

#[cfg(test)]
mod tests;
