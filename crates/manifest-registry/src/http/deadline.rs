//! The time limit of all work of a client.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;

use crate::error::NetworkProblem;

/// The time at which a client must be done. Its clones are one deadline. The default is none.
#[derive(Clone, Debug, Default)]
pub(crate) struct Deadline(Option<Arc<Limit>>);

#[derive(Debug)]
struct Limit {
    timeout: Duration,
    clock: watch::Sender<Clock>,
}

/// The clock of a deadline, which can be stopped.
#[derive(Clone, Copy, Debug)]
struct Clock {
    /// When the time is over, if the clock runs until then.
    end: Instant,
    /// The number of pauses in progress.
    pauses: usize,
    /// When the first of these began.
    paused: Option<Instant>,
}

impl Clock {
    /// Returns the time that is left.
    fn remaining(self) -> Duration {
        let now = self.paused.unwrap_or_else(Instant::now);
        self.end.saturating_duration_since(now)
    }

    fn pause(&mut self) {
        self.pauses += 1;
        self.paused.get_or_insert_with(Instant::now);
    }

    fn resume(&mut self) {
        self.pauses = self.pauses.saturating_sub(1);
        if self.pauses == 0
            && let Some(paused) = self.paused.take()
        {
            self.end += paused.elapsed();
        }
    }
}

/// Stops the clock of a client's time limit for as long as it is held.
#[derive(Debug)]
#[must_use = "the clock runs again once this is dropped"]
pub struct TimeLimitPause(Deadline);

impl Drop for TimeLimitPause {
    fn drop(&mut self) {
        if let Some(limit) = &self.0.0 {
            limit.clock.send_modify(Clock::resume);
        }
    }
}

impl Deadline {
    /// Sets the deadline to `timeout` from now.
    pub(crate) fn after(timeout: Option<Duration>) -> Self {
        // A timeout beyond the range of `Instant` is no limit.
        let limit = timeout.and_then(|timeout| {
            let clock = Clock {
                end: Instant::now().checked_add(timeout)?,
                pauses: 0,
                paused: None,
            };
            let clock = watch::Sender::new(clock);
            Some(Arc::new(Limit { timeout, clock }))
        });
        Self(limit)
    }

    /// Stops the clock until the pause is dropped. Several pauses at once count as one.
    pub(crate) fn pause(&self) -> TimeLimitPause {
        if let Some(limit) = &self.0 {
            limit.clock.send_modify(Clock::pause);
        }
        TimeLimitPause(self.clone())
    }

    /// Tells whether there is time left after a wait.
    pub(crate) fn allows_wait(&self, wait: Duration) -> bool {
        self.0.is_none() || self.remaining() > wait
    }

    /// Returns the time that is left.
    pub(crate) fn remaining(&self) -> Duration {
        self.0
            .as_ref()
            .map_or(Duration::MAX, |limit| limit.clock.borrow().remaining())
    }

    /// Returns when the time is over, possibly never.
    pub(crate) async fn expired(&self) -> NetworkProblem {
        let Some(limit) = &self.0 else {
            return std::future::pending().await;
        };
        let mut changes = limit.clock.subscribe();
        loop {
            let clock = *changes.borrow_and_update();
            let is_over = async {
                match clock.paused {
                    None => tokio::time::sleep_until(clock.end).await,
                    Some(_) => std::future::pending().await,
                }
            };
            tokio::select! {
                biased;
                () = is_over => return NetworkProblem::Deadline(limit.timeout),
                _ = changes.changed() => {}
            }
        }
    }

    /// Runs `work` for at most `limit`, and not beyond the deadline.
    pub(crate) async fn run<T>(
        &self,
        limit: Duration,
        work: impl Future<Output = T>,
    ) -> Result<T, NetworkProblem> {
        tokio::select! {
            biased;
            output = work => Ok(output),
            problem = self.expired() => Err(problem),
            () = tokio::time::sleep(limit) => Err(NetworkProblem::Timeout(limit)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(flavor = "current_thread", start_paused = true)]
    async fn earlier_limit_applies() {
        let second = Duration::from_secs(1);
        let never = std::future::pending::<()>;
        let deadline = Deadline::after(Some(10 * second));
        assert_eq!(deadline.run(second, async { 7 }).await, Ok(7));
        assert_eq!(
            deadline.run(second, never()).await,
            Err(NetworkProblem::Timeout(second))
        );
        assert!(deadline.allows_wait(8 * second) && !deadline.allows_wait(9 * second));
        let started = Instant::now();
        assert_eq!(
            deadline.run(60 * second, never()).await,
            Err(NetworkProblem::Deadline(10 * second))
        );
        assert_eq!(started.elapsed(), 9 * second);
        // Work that is ready at once succeeds even after the deadline.
        assert_eq!(deadline.run(second, async { 7 }).await, Ok(7));
        for none in [None, Some(Duration::MAX)] {
            let none = Deadline::after(none);
            assert!(none.allows_wait(Duration::MAX));
            assert_eq!(
                none.run(second, never()).await,
                Err(NetworkProblem::Timeout(second))
            );
        }
    }

    #[tokio::test(flavor = "current_thread", start_paused = true)]
    async fn the_clock_can_be_stopped() {
        let second = Duration::from_secs(1);
        let started = Instant::now();
        let deadline = Deadline::after(Some(10 * second));
        let expiry = tokio::spawn({
            let deadline = deadline.clone();
            async move { deadline.expired().await }
        });
        tokio::time::sleep(4 * second).await;
        let (first, other) = (deadline.pause(), deadline.pause());
        tokio::time::sleep(60 * second).await;
        drop(first);
        tokio::time::sleep(60 * second).await;
        assert_eq!(deadline.remaining(), 6 * second);
        assert!(deadline.allows_wait(5 * second) && !deadline.allows_wait(6 * second));
        drop(other);
        assert_eq!(expiry.await.unwrap(), NetworkProblem::Deadline(10 * second));
        assert_eq!(started.elapsed(), 130 * second);
        // A deadline in the past stays there.
        drop(deadline.pause());
        assert_eq!(deadline.remaining(), Duration::ZERO);
        drop(Deadline::default().pause());
    }
}
