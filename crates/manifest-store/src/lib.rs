//! Drafts of manifest lists on disk, in Docker's layout, so that Docker's CLI can work on the same drafts.
//!
//! Everything is in one folder, the store's *root*, which is `manifests` in Docker's configuration folder:
//!
//! | path in the root | content | written by | lock |
//! | --- | --- | --- | --- |
//! | `<list>/` | the folder of a draft; its name is the list's reference, `:` as `-` and `/` as `_` | this crate and Docker's CLI | ours exclusive; Docker's none |
//! | `<list>/<image>` | one entry ([`manifest_core::entry_json`]), named by the same rule | this crate and Docker's CLI | the same |
//! | `<list>~<hash>/`, `<list>/<image>~<hash>` | the same, if another reference has Docker's name, or that name is too long | this crate | exclusive |
//! | `.docker-manifest/lock` | the lock (`flock`); holds the ID of the process that has it for writing | this crate | is the lock |
//! | `.docker-manifest/extras/<list>.json` | the sidecar of a draft: data that Docker's files cannot hold, with a version | this crate | exclusive |
//! | `.docker-manifest/extras/<list>.json.damaged` | a sidecar that could not be read, set aside | this crate | exclusive |
//! | `.docker-manifest/journal` | the tags that this program wrote ([`journal`]) | this crate | `journal.lock`, exclusive |
//! | `.docker-manifest/journal.lock` | the lock of the journal | this crate | is the lock |
//! | `.docker-manifest/journal.new` | a shortened journal before it is renamed into place | this crate | `journal.lock` |
//! | `.docker-manifest/staging/*` | files and folders before they are renamed into place, and replaced ones | this crate | exclusive |
//!
//! Readers take the lock shared, if there is one to take. Docker counts everything in `<list>/` as an entry, so nothing else is
//! ever stored there. `docs/store-format.md` describes the format in full.
//!
//! | module | holds |
//! | --- | --- |
//! | `listing` | all drafts, and the removal of one as it was listed: [`DraftSummary`] |
//! | `change` | changes to drafts, each whole or not at all: [`Change`] |
//! | [`journal`] | the tags that this program wrote: [`Journal`](journal::Journal) |
//! | `outline` | the images of drafts, read from the sidecars alone |
//! | `store` | reading drafts: [`Store`] |
//! | `writer` | a change on disk, under the exclusive lock |
//! | `stored_draft` | a draft on disk: the folder joined with its sidecar |
//! | `state_match` | choosing the state in a sidecar that a folder is in |
//! | `folder` | a draft's folder and its entry files |
//! | `atomic` | synced writes and atomic renames |
//! | `sidecar` | the file beside each draft: its content, its format, reading it |
//! | `list_name` | the list of a folder of Docker's CLI, by its images |
//! | `entry_order` | the order of a draft's entries |
//! | `lock` | the lock |
//! | `paths` | file names and paths |
//! | `file_bytes` | the bytes of a file, up to a limit |
//! | `folder_id` | the identity of a folder |
//! | `error` | [`StoreError`], and its hints |
//! | [`limits`] | the bounds on the journal |
//!
//! Deliberately absent: the environment, clocks, the terminal, the network, asynchronous code. The crate is for Unix: it tells
//! locks and folders apart by inode numbers.

mod atomic;
mod change;
mod entry_order;
mod error;
mod file_bytes;
mod folder;
mod folder_id;
#[doc(hidden)]
#[cfg(any(test, feature = "fuzzing"))]
pub mod fuzzing;
pub mod journal;
pub mod limits;
mod list_name;
mod listing;
mod lock;
mod outline;
mod paths;
mod sidecar;
mod state_match;
mod store;
mod stored_draft;
mod writer;

#[doc(hidden)]
pub use atomic::Capabilities;
pub use change::{Change, Removal};
pub use entry_order::in_storage_order;
pub use error::StoreError;
pub use listing::{DraftSummary, SummaryResult};
pub use outline::Outline;
pub use store::{EntryResult, Store};
