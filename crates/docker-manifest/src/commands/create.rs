//! `create`: makes a draft of images that are in a registry, adds to one, or publishes a list immediately.
//!
//! | module | holds |
//! | --- | --- |
//! | `run` | running the command |
//! | `resolve` | resolving the sources that the arguments and flags name |
//! | `args` | the arguments and flags |

mod args;
mod resolve;
mod run;

pub use args::Args;
pub(crate) use run::run;
