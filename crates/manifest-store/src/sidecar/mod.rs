//! The file beside each draft, for what Docker's files cannot hold.
//!
//! | module | holds |
//! | --- | --- |
//! | `file` | finding and reading the files |
//! | `json` | their serialised form, with a version; `settings_json` has the list's settings |
//! | `state` | their content |
//! | `error` | why one cannot be used |

mod error;
mod file;
mod json;
mod settings_json;
mod state;

pub(crate) use file::{SidecarRead, read, read_all};
pub(crate) use state::{DraftState, EntryRecord, Sidecar};
