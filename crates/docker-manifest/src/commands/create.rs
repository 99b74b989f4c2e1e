//! `create`: makes a draft of images that are in a registry, adds to one, or publishes a list immediately.
//!
//! | module | holds |
//! | --- | --- |
//! | `run` | running the command |
//! | `draft` | composing the draft |
//! | `resolve` | resolving all sources |
//! | `args` | the arguments and flags |

mod args;
mod draft;
mod resolve;
mod run;

pub use args::Args;
pub(crate) use run::run;
