//! The bound on blobs in flight: many small blobs or a few large blobs.

use manifest_core::Descriptor;
use tokio::sync::{Semaphore, SemaphorePermit};

use crate::limits::{BLOB_BYTES_IN_FLIGHT, LARGE_BLOB_IN_FLIGHT};

/// Limits the bytes of blobs that are in memory at once.
#[derive(Debug)]
pub(crate) struct BlobsInFlight(Semaphore);

impl Default for BlobsInFlight {
    fn default() -> Self {
        Self(Semaphore::new(BLOB_BYTES_IN_FLIGHT as usize))
    }
}

impl BlobsInFlight {
    /// Waits until there is room for a blob, and reserves it until the permit is dropped.
    pub(crate) async fn begin(&self, blob: &Descriptor) -> Option<SemaphorePermit<'_>> {
        let bytes = u32::try_from(blob.size).unwrap_or(u32::MAX);
        // The semaphore is never closed.
        self.0
            .acquire_many(bytes.min(LARGE_BLOB_IN_FLIGHT))
            .await
            .ok()
    }
}
