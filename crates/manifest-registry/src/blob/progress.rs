//! The progress of transfers. There is no clock here: the observer that shows it has one.

use std::sync::{Arc, Mutex, PoisonError};

use crate::observer::{Observer, Progress};

/// The progress of all blobs that are published in one go. Reports each change.
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

    /// Announces blobs and bytes.
    pub(crate) fn expect(&self, blobs: usize, bytes: u64) {
        if blobs > 0 || bytes > 0 {
            self.change(|progress| {
                progress.blobs += blobs;
                progress.bytes += bytes;
            });
        }
    }

    /// Begins to count a blob that was expected. Where it may be mounted, its bytes were not.
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
        // Locked while it is reported, so that no older state is reported after a newer one.
        let mut progress = self.progress.lock().unwrap_or_else(PoisonError::into_inner);
        change(&mut progress);
        self.observer.progress(&progress);
    }
}

/// The progress of one blob.
#[derive(Debug)]
pub(crate) struct BlobProgress {
    transfer: Arc<TransferProgress>,
    size: u64,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    /// How far it has come at most: what is sent a second time does not count again.
    moved: u64,
    is_expected: bool,
}

impl BlobProgress {
    /// Announces its bytes, now that there was no mount.
    pub(crate) fn expect_bytes(&self) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if !std::mem::replace(&mut state.is_expected, true) {
            self.transfer.expect(0, self.size);
        }
    }

    /// Notes how many of its bytes have been transferred.
    pub(crate) fn advance(&self, bytes: u64) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let bytes = bytes.min(self.size);
        if state.is_expected && bytes > state.moved {
            let more = bytes - state.moved;
            state.moved = bytes;
            self.transfer.change(|progress| progress.bytes_done += more);
        }
    }

    /// Notes that the repository has it, by whichever way.
    pub(crate) fn finish(&self) {
        self.advance(self.size);
        self.transfer.change(|progress| progress.blobs_done += 1);
    }
}
