//! Composing a draft of resolved sources.
//!
//! | module | holds |
//! | --- | --- |
//! | `refresh` | resolving the sources of a draft again |
//! | `merge` | merging resolved sources into a draft |
//! | `join` | joining two drafts of one list |
//! | `annotations` | annotations of the list and of its images |
//! | `change` | changes of the draft on disk |

mod annotations;
mod change;
mod join;
mod merge;
mod refresh;

pub(crate) use annotations::{annotate, common_annotations};
pub(crate) use change::{change, replacement};
pub(crate) use join::join;
pub(crate) use merge::{merge, source_of};
pub(crate) use refresh::{refresh, resolve_again};
