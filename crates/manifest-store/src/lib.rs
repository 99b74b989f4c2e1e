//! Drafts of manifest lists on disk, in Docker's layout, so that Docker's CLI can work on the same drafts.
//!
//! Everything is in one folder, the store's *root*, which is `manifests` in Docker's configuration folder:
//!
//! | path in the root | what it is | who writes it | lock |
//! | --- | --- | --- | --- |
//! | `<list>/` | the folder of a draft; its name is the list's reference, `:` as `-` and `/` as `_` | this crate and Docker's CLI | ours exclusive; Docker's none |
//! | `<list>/<image>` | one entry ([`manifest_core::entry_json`]), named likewise | this crate and Docker's CLI | the same |
//! | `<list>~<hash>/`, `<list>/<image>~<hash>` | the same, where another reference has Docker's name, or that is too long | this crate | exclusive |
//! | `.docker-manifest/lock` | the lock (`flock`); holds the number of the process that has it for writing | this crate | is the lock |
//! | `.docker-manifest/extras/<list>.json` | what Docker's files cannot hold, with a version | this crate | exclusive |
//! | `.docker-manifest/extras/<list>.json.damaged` | extras that could not be read, put aside | this crate | exclusive |
//! | `.docker-manifest/staging/*` | what is about to be renamed into place, or was replaced | this crate | exclusive |
//!
//! Readers take the lock shared, where there is one to be taken. Docker counts everything in `<list>/` as an
//! entry, so nothing else is ever there. `docs/store-format.md` tells the whole story.
//!
//! | module | holds |
//! | --- | --- |
//! | `store` | the questions and the changes: [`Store`] |
//! | `layout` | names and paths |
//! | `folder` | a draft's folder as it is on disk |
//! | `format` | the form of the extras; `extras_file` reads them |
//! | `outline` | what a draft is made of, told from its extras alone |
//! | `found` | a draft as it was found: folder and extras joined |
//! | `writer` | changes, each whole or not at all |
//! | `atomic` | the steps that changes are made of |
//! | `lock` | the lock |
//! | `error` | [`StoreError`], and what to do about it |
//!
//! Deliberately absent: the environment, clocks, the terminal, the network, asynchronous code. It is for Unix: locks
//! and folders are told apart by inode numbers.

mod atomic;
mod error;
mod extras_file;
mod folder;
mod format;
mod found;
#[doc(hidden)]
#[cfg(any(test, feature = "fuzzing"))]
pub mod fuzzing;
mod layout;
mod lock;
mod outline;
mod store;
mod writer;

#[doc(hidden)]
pub use atomic::Capabilities;
pub use error::StoreError;
pub use found::in_storage_order;
pub use outline::Outline;
pub use store::{Change, DraftSummary, EntryResult, Removal, Store};
