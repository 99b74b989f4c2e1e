//! The adaptive limit on concurrent requests to one host.
//!
//! A limit starts at its maximum. A response with 429 or 503 halves it. A refused connection lowers it to the number of
//! open ones. Successes raise it again, step by step. A host that refuses every connection is down, not overloaded, so
//! its former limit is restored.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;

use crate::limits::MAX_RETRY_AFTER;

/// The divisor of a limit's growth: after as many successes as the limit, it grows by half. A limit of one is back at
/// 250 after some 13 round trips.
const GROWTH_DIVISOR: usize = 2;

/// The factor by which growth slows down after a refused connection. Hosts with a connection limit keep that limit.
const REFUSAL_SLOWDOWN: usize = 16;

/// An adaptive limit on concurrent requests.
#[derive(Debug)]
pub(crate) struct Limiter {
    /// One permit for each request that may start.
    permits: Arc<Semaphore>,
    state: Mutex<State>,
    /// The number of requests in flight on the host, under all its limiters.
    host_in_flight: Arc<AtomicUsize>,
}

/// The meaning of a refused connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RefusalMeaning {
    /// The host accepts no more connections of this kind. A permit becomes free when one of them is done.
    AtCapacity,
    /// All connections to the host are of other kinds, and nothing signals when one of them is done.
    CapacityInOtherUse,
    /// There is no other connection: the host is down.
    HostDown,
}

#[derive(Debug)]
struct State {
    /// The maximum of the limit.
    max: usize,
    limit: usize,
    running: usize,
    /// The number of permits to drop when they are returned, because the limit was lowered while they were in use.
    permits_owed: usize,
    /// The number of successes since the limit last changed.
    successes: usize,
    /// The limit before the first refused connection.
    limit_before_refusals: Option<usize>,
    /// The time at which the limit was last halved. Requests that started earlier do not halve it again.
    last_halved: Option<Instant>,
    /// The end of the `Retry-After` pause.
    paused_until: Option<Instant>,
}

impl Limiter {
    /// Creates a limiter for one kind of requests to a host. `host_in_flight` counts those of all kinds.
    pub(crate) fn new(max: usize, host_in_flight: Arc<AtomicUsize>) -> Arc<Self> {
        Arc::new(Self {
            host_in_flight,
            permits: Arc::new(Semaphore::new(max)),
            state: Mutex::new(State {
                max,
                limit: max,
                running: 0,
                permits_owed: 0,
                successes: 0,
                limit_before_refusals: None,
                last_halved: None,
                paused_until: None,
            }),
        })
    }

    /// Raises the maximum. Raises the limit as well, unless the host has lowered it.
    pub(crate) fn raise(&self, by: usize) {
        let mut state = self.state();
        let is_at_bound = state.limit == state.max;
        state.max += by;
        if is_at_bound {
            self.add(&mut state, by);
        }
    }

    /// Tells whether the host accepts fewer requests than the maximum.
    pub(crate) fn is_lowered(&self) -> bool {
        let state = self.state();
        let is_paused = state
            .paused_until
            .is_some_and(|until| until > Instant::now());
        state.limit < state.max || is_paused
    }

    /// Waits until one more request may start. If the host's `Retry-After` exceeds `max_wait`, the request is sent
    /// anyway, so that its response can report the wait.
    pub(crate) async fn permit(self: &Arc<Self>, max_wait: Duration) -> Permit {
        loop {
            let permit = self.permits.clone().acquire_owned().await;
            let paused_until = self.state().paused_until;
            let left = |until: Instant| until.saturating_duration_since(Instant::now());
            let waits = |until: &Instant| !left(*until).is_zero() && left(*until) <= max_wait;
            match paused_until.filter(waits) {
                Some(until) => {
                    drop(permit);
                    // Boxed because it is rare, and would add its size to every request's future.
                    Box::pin(tokio::time::sleep_until(until)).await;
                }
                None => {
                    self.state().running += 1;
                    self.host_in_flight.fetch_add(1, Ordering::Relaxed);
                    return Permit {
                        limiter: self.clone(),
                        started: Instant::now(),
                        permit: permit.ok(),
                    };
                }
            }
        }
    }

    /// Raises the limit.
    fn add(&self, state: &mut State, by: usize) {
        state.limit += by;
        let kept = by.min(state.permits_owed);
        state.permits_owed -= kept;
        self.permits.add_permits(by - kept);
    }

    /// Lowers the limit, to no less than one.
    fn lower(&self, state: &mut State, to: usize) {
        let to = to.max(1);
        let by = state.limit.saturating_sub(to);
        state.limit -= by;
        state.successes = 0;
        state.permits_owed += by - self.permits.forget_permits(by);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The permit for one request. Dropping it releases the permit.
#[derive(Debug)]
pub(crate) struct Permit {
    limiter: Arc<Limiter>,
    started: Instant,
    permit: Option<OwnedSemaphorePermit>,
}

impl Permit {
    /// Records that the host accepted the request.
    pub(crate) fn record_success(&self) {
        let mut state = self.limiter.state();
        if state.limit == state.max {
            state.limit_before_refusals = None;
            return;
        }
        state.successes += 1;
        let slowdown = match state.limit_before_refusals {
            Some(_) => REFUSAL_SLOWDOWN,
            None => 1,
        };
        if state.successes >= state.limit * slowdown {
            state.successes = 0;
            let by = (state.limit / GROWTH_DIVISOR)
                .max(1)
                .min(state.max - state.limit);
            self.limiter.add(&mut state, by);
        }
    }

    /// Records a 429 or 503 response, and its `Retry-After`, if any.
    pub(crate) fn record_overload(&self, wait: Option<Duration>) {
        let mut state = self.limiter.state();
        let is_new = state
            .last_halved
            .is_none_or(|last_halved| self.started > last_halved);
        if is_new {
            let half = state.limit.min(state.running) / 2;
            self.limiter.lower(&mut state, half);
            state.last_halved = Some(Instant::now());
        }
        if let Some(wait) = wait.filter(|wait| *wait <= MAX_RETRY_AFTER) {
            let until = Instant::now() + wait;
            state.paused_until = state.paused_until.max(Some(until));
        }
    }

    /// Records a refused connection, and tells what it means.
    pub(crate) fn record_refusal(&self) -> RefusalMeaning {
        let mut state = self.limiter.state();
        let others = state.running.saturating_sub(1);
        if others > 0 {
            let limit = state.limit;
            state.limit_before_refusals.get_or_insert(limit);
            self.limiter.lower(&mut state, others);
            return RefusalMeaning::AtCapacity;
        }
        if self.limiter.host_in_flight.load(Ordering::Relaxed) > 1 {
            return RefusalMeaning::CapacityInOtherUse;
        }
        if let Some(before) = state.limit_before_refusals.take() {
            let by = before.saturating_sub(state.limit);
            self.limiter.add(&mut state, by);
        }
        RefusalMeaning::HostDown
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.limiter.host_in_flight.fetch_sub(1, Ordering::Relaxed);
        let mut state = self.limiter.state();
        state.running -= 1;
        if state.permits_owed > 0
            && let Some(permit) = self.permit.take()
        {
            state.permits_owed -= 1;
            permit.forget();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn poll_once<T>(future: impl Future<Output = T>) -> Option<T> {
        let mut context = std::task::Context::from_waker(std::task::Waker::noop());
        match std::pin::pin!(future).poll(&mut context) {
            std::task::Poll::Ready(value) => Some(value),
            std::task::Poll::Pending => None,
        }
    }

    fn acquire_all(limiter: &Arc<Limiter>) -> Vec<Permit> {
        std::iter::from_fn(|| poll_once(limiter.permit(Duration::MAX))).collect()
    }

    #[tokio::test(flavor = "current_thread", start_paused = true)]
    async fn overload_halves_the_limit_once() {
        let limiter = Limiter::new(16, Arc::default());
        let permits = acquire_all(&limiter);
        assert_eq!(permits.len(), 16);
        // All requests started before the first response, so the limit is halved once.
        permits
            .iter()
            .for_each(|permit| permit.record_overload(None));
        drop(permits);
        let permits = acquire_all(&limiter);
        assert_eq!(permits.len(), 8);
        tokio::time::advance(Duration::from_millis(1)).await;
        drop(permits);
        let permits = acquire_all(&limiter);
        permits[0].record_overload(None);
        permits[1].record_overload(None);
        drop(permits);
        assert_eq!(acquire_all(&limiter).len(), 4);
    }

    #[tokio::test(flavor = "current_thread", start_paused = true)]
    async fn successes_raise_the_limit_to_its_maximum() {
        let limiter = Limiter::new(16, Arc::default());
        let permits = acquire_all(&limiter);
        permits[0].record_overload(None);
        drop(permits);
        let mut sizes = Vec::new();
        for _ in 0..4 {
            let permits = acquire_all(&limiter);
            sizes.push(permits.len());
            permits.iter().for_each(Permit::record_success);
        }
        assert_eq!(sizes, [8, 12, 16, 16]);
        // The limit is never less than one.
        for _ in 0..10 {
            tokio::time::advance(Duration::from_millis(1)).await;
            poll_once(limiter.permit(Duration::MAX))
                .unwrap()
                .record_overload(None);
        }
        assert_eq!(acquire_all(&limiter).len(), 1);
        assert!(limiter.is_lowered());
        // A raised maximum does not change the limits of the host.
        limiter.raise(4);
        assert_eq!(acquire_all(&limiter).len(), 1);
    }

    #[tokio::test(flavor = "current_thread", start_paused = true)]
    async fn refused_connections_lower_the_limit_to_the_open_ones() {
        let limiter = Limiter::new(16, Arc::default());
        let mut permits = acquire_all(&limiter);
        for refused in permits.split_off(4) {
            assert_eq!(refused.record_refusal(), RefusalMeaning::AtCapacity);
        }
        assert!(poll_once(limiter.permit(Duration::MAX)).is_none());
        permits.pop();
        assert!(poll_once(limiter.permit(Duration::MAX)).is_some());
        permits.truncate(1);
        // Another connection is tried now and then, not after each success.
        (0..4 * REFUSAL_SLOWDOWN - 1).for_each(|_| permits[0].record_success());
        assert_eq!(acquire_all(&limiter).len(), 3);
        permits[0].record_success();
        assert!(acquire_all(&limiter).len() > 3);
    }

    #[tokio::test(flavor = "current_thread", start_paused = true)]
    async fn refusal_of_every_connection_restores_the_limit() {
        let host_in_flight = Arc::default();
        let limiter = Limiter::new(16, Arc::clone(&host_in_flight));
        let other = Limiter::new(16, host_in_flight);
        let mut permits = acquire_all(&limiter);
        while permits.len() > 1 {
            let refused = permits.pop().unwrap();
            assert_eq!(refused.record_refusal(), RefusalMeaning::AtCapacity);
        }
        // Connections of another kind may use up the host's limit.
        let elsewhere = poll_once(other.permit(Duration::MAX)).unwrap();
        assert_eq!(
            permits[0].record_refusal(),
            RefusalMeaning::CapacityInOtherUse
        );
        drop(elsewhere);
        assert_eq!(permits[0].record_refusal(), RefusalMeaning::HostDown);
        assert_eq!(acquire_all(&limiter).len(), 15);
    }

    #[tokio::test(flavor = "current_thread", start_paused = true)]
    async fn retry_after_pauses_requests() {
        let limiter = Limiter::new(2, Arc::default());
        let started = Instant::now();
        poll_once(limiter.permit(Duration::MAX))
            .unwrap()
            .record_overload(Some(Duration::from_secs(7)));
        assert!(poll_once(limiter.permit(Duration::MAX)).is_none());
        // With a shorter maximum wait the request is sent, and its response reports the wait.
        assert!(poll_once(limiter.permit(Duration::from_secs(6))).is_some());
        let permit = limiter.permit(Duration::MAX).await;
        assert_eq!(started.elapsed(), Duration::from_secs(7));
        // A wait over the limit means a quota. It does not pause requests.
        permit.record_overload(Some(2 * MAX_RETRY_AFTER));
        drop(permit);
        assert!(poll_once(limiter.permit(Duration::MAX)).is_some());
    }
}
