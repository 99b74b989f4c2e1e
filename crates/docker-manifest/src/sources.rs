//! What `create` makes entries of: from the words that name it to entries.
//!
//! | module | holds |
//! | --- | --- |
//! | [`words`] | which sources a command line names: references, files with names in them, what CI left behind |
//! | [`flatten`] | the choice of a list's children |
//! | `resolve` | asking the registry, or the disk, what is behind each name |
//! | `disk` | image layouts and archives on this machine |
//! | [`metadata`] | BuildKit's metadata files |

pub(crate) mod disk;
pub mod flatten;
pub mod metadata;
mod resolve;
pub mod words;

pub(crate) use disk::Disk;
pub(crate) use resolve::{Resolved, Resolver, resolve_all};
