//! What `create` makes entries of: from the words that name it to entries.
//!
//! | module | holds |
//! | --- | --- |
//! | [`words`] | which sources a command line names: references, files with names in them, what CI left behind |
//! | [`flatten`] | the choice of a list's children |
//! | `resolve` | asking the registry what is behind each name |
//! | [`metadata`] | BuildKit's metadata files |

pub mod flatten;
pub mod metadata;
mod resolve;
pub mod words;

pub(crate) use resolve::{Resolved, Resolver};
