//! Spec files: lists of images that are described in YAML, in templates, or by `docker buildx bake --print`.
//!
//! | module | holds |
//! | --- | --- |
//! | [`model`] | a described list, with all variables and templates filled in |
//! | [`position`] | a place in a file, for errors |
//!
//! Deliberately absent: the network, the environment, the terminal. Variables are passed in.

pub mod model;
pub mod position;

pub use model::{ImageSpec, ListSpec, PlatformSpec};
pub use position::Position;
