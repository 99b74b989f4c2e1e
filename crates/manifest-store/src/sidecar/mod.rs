//! Sidecars: the file beside each draft, for data that Docker's files cannot hold.
//!
//! | module | holds |
//! | --- | --- |
//! | `file` | finding and reading the files |
//! | `json` | the serialised form, with a version |
//! | `state` | the content of a sidecar |
//! | `error` | the errors of decoding |

mod error;
mod file;
mod json;
mod state;

pub(crate) use file::{SidecarRead, read, read_all};
pub(crate) use state::{DraftState, EntryRecord, Sidecar};
