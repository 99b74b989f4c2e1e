//! The progress of transfers. This module has no clock: the observer that shows the progress has one.

use std::sync::{Arc, Mutex, PoisonError};

use crate::observer::{Observer, Progress};

/// Tracks the common progress of several blobs, and reports each change to the observer.
#[derive(Debug)]
pub(crate) struct TransferProgress {
    observer: Arc<dyn Observer>,
    progress: Mutex<Progress>,
}

impl TransferProgress {
    pub(crate) fn new(observer: Arc<dyn Observer>) -> Arc<Self> {
        let progress = Mutex::default();
        Arc::new(Self { observer, progress })
    }

    /// Adds blobs and bytes to the expected totals.
    pub(crate) fn expect(&self, blobs: usize, bytes: u64) {
        if blobs > 0 || bytes > 0 {
            self.change(|progress| {
                progress.blobs += blobs;
                progress.bytes += bytes;
            });
        }
    }

    /// Starts the progress of an expected blob. If it may be mounted, its bytes are not part of the expected total yet.
    pub(crate) fn blob(self: &Arc<Self>, size: u64, may_mount: bool) -> Arc<BlobProgress> {
        Arc::new(BlobProgress {
            transfer: self.clone(),
            size,
            state: Mutex::new(State {
                moved: 0,
                is_expected: !may_mount,
            }),
        })
    }

    fn change(&self, change: impl FnOnce(&mut Progress)) {
        // Reports under the lock, so that the observer never sees an older state after a newer one.
        let mut progress = self.progress.lock().unwrap_or_else(PoisonError::into_inner);
        change(&mut progress);
        self.observer.progress(&progress);
    }
}

/// Tracks the progress of one blob.
#[derive(Debug)]
pub(crate) struct BlobProgress {
    transfer: Arc<TransferProgress>,
    size: u64,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    /// The highest offset so far, in bytes: bytes that are sent a second time do not count again.
    moved: u64,
    is_expected: bool,
}

impl BlobProgress {
    /// Adds the bytes of the blob to the expected total, if the mount did not happen.
    pub(crate) fn expect_bytes(&self) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if !std::mem::replace(&mut state.is_expected, true) {
            self.transfer.expect(0, self.size);
        }
    }

    /// Records that the first `bytes` bytes have been transferred.
    pub(crate) fn advance(&self, bytes: u64) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let bytes = bytes.min(self.size);
        if state.is_expected && bytes > state.moved {
            let more = bytes - state.moved;
            state.moved = bytes;
            self.transfer.change(|progress| progress.bytes_done += more);
        }
    }

    /// Records that the transfer is complete, whether by mount, by upload, or because the blob was present.
    pub(crate) fn finish(&self) {
        self.advance(self.size);
        self.transfer.change(|progress| progress.blobs_done += 1);
    }
}
