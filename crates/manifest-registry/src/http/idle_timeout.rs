//! The idle timeout of a streamed body.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// The idle timeout of a streamed body: the time of its last progress, and the longest pause.
#[derive(Clone, Debug)]
pub(crate) struct IdleTimeout(Arc<Mutex<(Instant, Duration)>>);

impl IdleTimeout {
    pub(crate) fn new(limit: Duration) -> Self {
        Self(Arc::new(Mutex::new((Instant::now(), limit))))
    }

    /// Restarts the timeout with the same limit, so that the wait for a connection does not count.
    pub(crate) fn restart(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).0 = Instant::now();
    }

    /// Records progress, and sets the limit for the next pause.
    pub(crate) fn reset(&self, limit: Duration) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = (Instant::now(), limit);
    }

    /// Returns the limit once the stream has been idle for that long.
    pub(crate) async fn expired(&self) -> Duration {
        loop {
            let (last, limit) = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
            if last.elapsed() >= limit {
                return limit;
            }
            tokio::time::sleep_until(last + limit).await;
        }
    }
}
