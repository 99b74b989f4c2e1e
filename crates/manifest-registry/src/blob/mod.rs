//! Blobs: reads, mounts, uploads and downloads. This module knows nothing of the images that blobs belong to.
//!
//! | file | holds |
//! | --- | --- |
//! | `transfer` | mount, else upload |
//! | `upload`, `upload_session`, `single_post` | the body of an upload; its session; uploads without a session |
//! | `target` | the target repository of mounts and uploads |
//! | `download`, `read` | blobs in chunks; small blobs in memory, from a mirror first |
//! | `content`, `digest_verifier` | verified streams of bytes |
//! | `source`, `local`, `memory` | the source of a blob: a repository, this machine, or bytes in memory |
//! | `in_flight`, `progress` | the bound on blobs in flight; the progress of transfers |

mod content;
mod digest_verifier;
mod download;
mod in_flight;
mod local;
mod memory;
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
pub use read::BlobState;

pub(crate) use in_flight::BlobsInFlight;
pub(crate) use local::local_blob;
pub(crate) use memory::MemoryBlob;
pub(crate) use progress::TransferProgress;
pub(crate) use read::BlobReader;
pub(crate) use single_post::{SinglePost, SinglePostSupport};
pub(crate) use source::BlobSource;
pub(crate) use target::BlobTarget;
pub(crate) use transfer::BlobOutcome;
pub(crate) use upload_session::UploadSession;
