//! `create`: makes a draft of images that are in a registry, adds to one, or publishes a list immediately.
//!
//! | module | holds |
//! | --- | --- |
//! | `run` | running the command |
//! | `resolve` | resolving the sources that the arguments and flags name |
//! | `from_files` | `--file`: drafts of the lists that spec files describe |
//! | `named_images` | the images that the command line names |
//! | `args` | the arguments and flags |

mod args;
mod from_files;
mod named_images;
mod resolve;
mod run;

pub use args::Args;
pub(crate) use run::run;
