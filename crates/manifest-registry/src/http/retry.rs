//! Retries: the failures that are retried, the waits between attempts, and the number of attempts.
//!
//! Retried are responses with 408, 425, 429 or 5xx, closed connections, timeouts, and truncated bodies. Never retried
//! are other error responses and invalid certificates. A refused connection, or a host name without an address, is
//! retried only if the host has responded before in this process. Otherwise a typing error is far more likely than a
//! restart.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use http::StatusCode;
use tokio::time::Instant;

use crate::error::{Cause, NetworkProblem, RegistryError};
use crate::http::deadline::Deadline;
use crate::limits::{self, MAX_RETRY_AFTER};
use crate::observer::{Observer, Resuming, Retrying};

/// The retry policy of a client. The defaults are those of [`limits`].
#[derive(Clone, Copy, Debug)]
pub struct RetryPolicy {
    /// The maximum number of retries of one request: `--retry`, or [`limits::RETRIES`].
    pub max_retries: u32,
    /// The time limit of all work of the client, from its creation: `--timeout`. The default is none.
    pub timeout: Option<Duration>,
    /// [`limits::FIRST_BACKOFF`]
    pub first_backoff: Duration,
    /// [`limits::MAX_BACKOFF`]
    pub max_backoff: Duration,
    /// [`limits::LAG_WINDOW`]
    pub lag_window: Duration,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self {
            max_retries: limits::RETRIES,
            timeout: None,
            first_backoff: limits::FIRST_BACKOFF,
            max_backoff: limits::MAX_BACKOFF,
            lag_window: limits::LAG_WINDOW,
        }
    }
}

impl RetryPolicy {
    /// Returns the backoff before a retry, counted from 1. It doubles with each retry. Its second half is random, so
    /// that clients that failed together do not retry together.
    #[must_use]
    pub fn backoff(&self, number: u32) -> Duration {
        let factor = 2u32.saturating_pow(number.saturating_sub(1));
        let most = self.first_backoff.saturating_mul(factor);
        let most = most.min(self.max_backoff);
        most.mul_f64(0.5 + fastrand::f64() / 2.0)
    }
}

/// The attempts of one request. Those of its redirects, token requests and bodies count as well.
#[derive(Debug, Default)]
pub(crate) struct Attempts {
    used: AtomicU32,
    max_retries: Option<u32>,
}

impl Attempts {
    /// Allows a single attempt.
    pub(crate) fn single() -> Self {
        Self {
            max_retries: Some(0),
            ..Self::default()
        }
    }

    /// Returns the number of the current attempt, counted from 1.
    pub(crate) fn current(&self) -> u32 {
        self.used.load(Ordering::Relaxed).saturating_add(1)
    }
}

/// The contact with a host before a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Contact {
    /// The host has responded before.
    Responded,
    /// The host has not responded yet.
    NoResponse,
    /// The host has not responded yet, and there is another mode to try.
    Probing,
}

/// The decision about a failure.
#[derive(Debug, PartialEq)]
enum Verdict {
    /// Retry after this wait.
    Retry(Duration),
    /// The failure is final.
    Final,
    /// A retry would help, but there is no time for it.
    NoTime,
}

/// Decides about the retries of one client.
#[derive(Debug)]
pub(crate) struct Retrier {
    policy: RetryPolicy,
    pub(crate) deadline: Deadline,
    observer: Arc<dyn Observer>,
    /// The hosts that have responded.
    responded: Mutex<HashSet<String>>,
    /// The time of each write, by host and path.
    writes: Mutex<HashMap<String, Instant>>,
}

impl Retrier {
    /// `deadline` is that of the policy's time limit.
    pub(crate) fn new(
        policy: RetryPolicy,
        deadline: Deadline,
        observer: Arc<dyn Observer>,
    ) -> Self {
        Self {
            policy,
            deadline,
            observer,
            responded: Mutex::default(),
            writes: Mutex::default(),
        }
    }

    /// Records that a host has responded.
    pub(crate) fn record_contact(&self, host: &str) {
        let mut responded = lock(&self.responded);
        if !responded.contains(host) {
            responded.insert(host.to_owned());
        }
    }

    /// Returns how long a request may wait for a host's `Retry-After`. Zero if the request has no retries left.
    pub(crate) fn max_wait(&self, attempts: &Attempts) -> Duration {
        if attempts.current() > attempts.max_retries.unwrap_or(self.policy.max_retries) {
            return Duration::ZERO;
        }
        self.deadline.remaining()
    }

    /// Tells whether a host has responded.
    pub(crate) fn has_answered(&self, host: &str) -> bool {
        lock(&self.responded).contains(host)
    }

    /// Returns the contact with a host. `is_last` is true if there is no other mode to try.
    pub(crate) fn contact(&self, host: &str, is_last: bool) -> Contact {
        if self.has_answered(host) {
            Contact::Responded
        } else if is_last {
            Contact::NoResponse
        } else {
            Contact::Probing
        }
    }

    /// Returns the time after a write during which a 404 is retried.
    pub(crate) fn lag_window(&self) -> Duration {
        self.policy.lag_window
    }

    /// Records a write, so that a 404 for its content is retried for some time.
    pub(crate) fn record_write(&self, content: String) {
        lock(&self.writes).insert(content, Instant::now());
    }

    /// Waits for the next attempt of a failed request. Returns `false` if there is none.
    pub(crate) async fn retry(
        &self,
        attempts: &Attempts,
        error: &mut RegistryError,
        contact: Contact,
    ) -> bool {
        let verdict = if is_transient(error, contact) {
            self.verdict(attempts, error.requested_wait())
        } else {
            Verdict::Final
        };
        self.apply(verdict, attempts, error).await
    }

    /// Waits for the next attempt of a request for content that is not found, although this process has just written
    /// it. Returns `false` if there is none.
    pub(crate) async fn retry_after_write(
        &self,
        attempts: &Attempts,
        error: &mut RegistryError,
        content: &str,
    ) -> bool {
        let since = lock(&self.writes).get(content).copied();
        let is_fresh = since.is_some_and(|since| since.elapsed() < self.policy.lag_window);
        let verdict = if is_fresh && error.is_not_found() {
            self.verdict(attempts, None)
        } else {
            Verdict::Final
        };
        self.apply(verdict, attempts, error).await
    }

    /// Reports that an upload is resumed.
    pub(crate) fn resuming(&self, resumed: &Resuming<'_>) {
        self.observer.resuming(resumed);
    }

    fn verdict(&self, attempts: &Attempts, requested: Option<Duration>) -> Verdict {
        let number = attempts.current();
        if number > attempts.max_retries.unwrap_or(self.policy.max_retries)
            || requested.is_some_and(|requested| requested > MAX_RETRY_AFTER)
        {
            return Verdict::Final;
        }
        // The registry's `Retry-After` is a minimum. That of GHCR is some milliseconds, after which all clients would
        // retry at once.
        let wait = self
            .policy
            .backoff(number)
            .max(requested.unwrap_or_default());
        if self.deadline.allows_wait(wait) {
            Verdict::Retry(wait)
        } else {
            Verdict::NoTime
        }
    }

    async fn apply(
        &self,
        verdict: Verdict,
        attempts: &Attempts,
        error: &mut RegistryError,
    ) -> bool {
        match verdict {
            Verdict::Final => false,
            Verdict::NoTime => {
                error.mark_out_of_time();
                false
            }
            Verdict::Retry(wait) => {
                let number = attempts.used.fetch_add(1, Ordering::Relaxed) + 1;
                self.observer.retrying(&Retrying {
                    error: &error.as_single_attempt(),
                    number,
                    max_retries: self.policy.max_retries,
                    wait,
                });
                tokio::time::sleep(wait).await;
                true
            }
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Tells whether a status is a transient error.
pub(crate) fn is_transient_status(status: StatusCode) -> bool {
    matches!(status.as_u16(), 408 | 425 | 429) || status.is_server_error()
}

fn is_transient(error: &RegistryError, contact: Contact) -> bool {
    match error {
        RegistryError::ErrorResponse { error_response, .. } => {
            is_transient_status(error_response.status)
        }
        RegistryError::Network {
            problem, source, ..
        } => match problem {
            NetworkProblem::ConnectionClosed
            | NetworkProblem::Timeout(_)
            | NetworkProblem::TooSlow(_) => {
                // The other mode is tried first.
                let connecting = source.as_ref().is_some_and(Cause::is_connect);
                contact != Contact::Probing || !connecting
            }
            NetworkProblem::ConnectionRefused | NetworkProblem::Dns | NetworkProblem::Proxy => {
                contact == Contact::Responded
            }
            _ => false,
        },
        _ => false,
    }
}

#[cfg(test)]
mod tests;
