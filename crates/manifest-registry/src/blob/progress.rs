//! Counting what is copied, for whoever waits. There is no clock here: who shows it has one.

use std::sync::{Arc, Mutex, PoisonError};

use crate::observer::{Observer, Progress};

/// Adds up the blobs of everything that is published in one go, and tells of each change.
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

    /// Notes what is to come.
    pub(crate) fn expect(&self, blobs: usize, bytes: u64) {
        if blobs > 0 || bytes > 0 {
            self.change(|progress| {
                progress.blobs += blobs;
                progress.bytes += bytes;
            });
        }
    }

    /// Begins to count a blob that was expected. Where it is `near`, so that a mount may do, its bytes were not.
    pub(crate) fn blob(self: &Arc<Self>, size: u64, near: bool) -> Arc<BlobProgress> {
        Arc::new(BlobProgress {
            progress: self.clone(),
            size,
            state: Mutex::new(State {
                moved: 0,
                is_expected: !near,
            }),
        })
    }

    fn change(&self, change: impl FnOnce(&mut Progress)) {
        // Held while it is told, so that nobody hears of an older state after a newer one.
        let mut progress = self.progress.lock().unwrap_or_else(PoisonError::into_inner);
        change(&mut progress);
        self.observer.progress(&progress);
    }
}

/// One blob on its way.
#[derive(Debug)]
pub(crate) struct BlobProgress {
    progress: Arc<TransferProgress>,
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
    /// Notes that it is streamed, now that there was no mount.
    pub(crate) fn expect_bytes(&self) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if !std::mem::replace(&mut state.is_expected, true) {
            self.progress.expect(0, self.size);
        }
    }

    /// Notes how many of its bytes have come by.
    pub(crate) fn advance(&self, bytes: u64) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let bytes = bytes.min(self.size);
        if state.is_expected && bytes > state.moved {
            let more = bytes - state.moved;
            state.moved = bytes;
            self.progress.change(|progress| progress.bytes_done += more);
        }
    }

    /// Notes that it is there, however that came.
    pub(crate) fn finish(&self) {
        self.advance(self.size);
        self.progress.change(|progress| progress.blobs_done += 1);
    }
}
