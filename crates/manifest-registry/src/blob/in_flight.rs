//! The bound on blobs in flight: many small ones, few large ones.

use manifest_core::Descriptor;
use tokio::sync::{Semaphore, SemaphorePermit};

use crate::limits::{BLOB_BYTES_IN_FLIGHT, LARGE_BLOB_IN_FLIGHT};

/// The bytes that blobs may have in memory at once.
#[derive(Debug)]
pub(crate) struct BlobsInFlight(Semaphore);

impl Default for BlobsInFlight {
    fn default() -> Self {
        Self(Semaphore::new(BLOB_BYTES_IN_FLIGHT as usize))
    }
}

impl BlobsInFlight {
    /// Waits until there is room for a blob, which has it as long as what is returned is held.
    pub(crate) async fn begin(&self, blob: &Descriptor) -> Option<SemaphorePermit<'_>> {
        let bytes = u32::try_from(blob.size).unwrap_or(u32::MAX);
        // The semaphore is never closed.
        self.0
            .acquire_many(bytes.min(LARGE_BLOB_IN_FLIGHT))
            .await
            .ok()
    }
}
