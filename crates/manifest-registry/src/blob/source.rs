//! The sources of blobs.

use std::sync::Arc;

use manifest_core::reference::Repository;

use crate::blob::local::LocalBlobs;

/// The source that a blob is read from.
#[derive(Clone, Copy)]
pub(crate) enum BlobSource<'a> {
    /// A repository.
    Repository(&'a Repository),
    /// A store on this machine.
    Local(&'a Arc<dyn LocalBlobs>),
}
