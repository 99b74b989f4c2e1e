//! Blobs: read, mounted, uploaded, and downloaded. What they belong to is not known here.
//!
//! | file | holds |
//! | --- | --- |
//! | `transfer` | mount, else upload |
//! | `upload`, `upload_session`, `single_post` | the bytes of an upload; its session; registries that need none |
//! | `target` | the repository that blobs are brought to |
//! | `download`, `read` | blobs in pieces; small blobs, from a mirror first |
//! | `content`, `digest_verifier` | bytes that are verified as they come |
//! | `source`, `local` | a repository or this machine |
//! | `in_flight`, `progress` | the bound on blobs in flight; how far they have come |

mod content;
mod digest_verifier;
mod download;
mod in_flight;
mod local;
mod progress;
mod read;
mod single_post;
mod source;
mod target;
mod transfer;
mod upload;
mod upload_session;

pub use download::Downloads;
pub use local::LocalBlobs;

pub(crate) use in_flight::BlobsInFlight;
pub(crate) use local::local_blob;
pub(crate) use progress::TransferProgress;
pub(crate) use read::BlobReader;
pub(crate) use single_post::SinglePostSupport;
pub(crate) use source::BlobSource;
pub(crate) use target::BlobTarget;
pub(crate) use transfer::BlobOutcome;
