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
