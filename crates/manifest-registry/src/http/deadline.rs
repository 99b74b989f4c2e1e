//! The time limit of all work of a client.

use std::time::Duration;

use tokio::time::Instant;

use crate::error::NetworkProblem;

/// The time at which a client must be done. The default is none.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Deadline(Option<(Instant, Duration)>);

impl Deadline {
    /// Sets the deadline to `timeout` from now.
    pub(crate) fn after(timeout: Option<Duration>) -> Self {
        // A timeout beyond the range of `Instant` is no limit.
        Self(timeout.and_then(|limit| Some((Instant::now().checked_add(limit)?, limit))))
    }

    /// Tells whether there is time left after a wait.
    pub(crate) fn allows_wait(self, wait: Duration) -> bool {
        self.0
            .is_none_or(|(end, _)| end.saturating_duration_since(Instant::now()) > wait)
    }

    /// Returns the time that is left.
    pub(crate) fn remaining(self) -> Duration {
        self.0.map_or(Duration::MAX, |(end, _)| {
            end.saturating_duration_since(Instant::now())
        })
    }

    /// Returns when the time is over, possibly never.
    pub(crate) async fn expired(self) -> NetworkProblem {
        match self.0 {
            Some((end, limit)) => {
                tokio::time::sleep_until(end).await;
                NetworkProblem::Deadline(limit)
            }
            None => std::future::pending().await,
        }
    }

    /// Runs `work` for at most `limit`, and not beyond the deadline.
    pub(crate) async fn run<T>(
        self,
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
}
