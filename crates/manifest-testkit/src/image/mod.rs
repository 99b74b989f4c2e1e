//! Images and indexes for tests: the same bytes on every run.
//!
//! | module | holds |
//! | --- | --- |
//! | `index` | the builder of an index |
//! | `builder` | the builder of an image |
//! | `built` | images that are ready to be pushed |
//! | `platform` | the platform of an image |
//! | `descriptor`, `json` | their JSON, with ordered keys |

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
