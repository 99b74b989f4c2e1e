//! The watchdog over a streamed body.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// The watchdog over a streamed body: when it last moved, and how long it may stand still.
#[derive(Clone, Debug)]
pub(crate) struct IdleTimeout(Arc<Mutex<(Instant, Duration)>>);

impl IdleTimeout {
    pub(crate) fn new(limit: Duration) -> Self {
        Self(Arc::new(Mutex::new((Instant::now(), limit))))
    }

    /// Starts anew, with the same limit: the time before it was the stream's turn does not count.
    pub(crate) fn restart(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).0 = Instant::now();
    }

    /// Notes that the stream moved, and sets how long it may stand still now.
    pub(crate) fn reset(&self, limit: Duration) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = (Instant::now(), limit);
    }

    /// Returns once the stream has stood still for too long, with the limit.
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
