//! The places that a blob is read from.

use std::sync::Arc;

use manifest_core::reference::Repository;

use crate::blob::local::LocalBlobs;

/// A place that a blob is read from.
#[derive(Clone, Copy)]
pub(crate) enum BlobSource<'a> {
    /// A repository.
    Repository(&'a Repository),
    /// A place on this machine.
    Local(&'a Arc<dyn LocalBlobs>),
}
