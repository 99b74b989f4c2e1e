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
const GROWTH: usize = 2;

/// The factor by which growth slows down after a refused connection. Hosts with a connection limit keep that limit.
const CAUTION: usize = 16;

/// An adaptive limit on concurrent requests.
#[derive(Debug)]
pub(crate) struct Limiter {
    /// One permit for each request that may start.
    free: Arc<Semaphore>,
    state: Mutex<State>,
    /// The number of requests in flight on the host, under all its limiters.
    host_in_flight: Arc<AtomicUsize>,
}

/// The meaning of a refused connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refused {
    /// The host accepts no more connections of this kind. A permit becomes free when one of them is done.
    ForOthers,
    /// All connections to the host are of other kinds, and nothing signals when one of them is done.
    ForOtherKinds,
    /// There is no other connection: the host is down.
    Alone,
}

#[derive(Debug)]
struct State {
    /// The maximum of the limit.
    most: usize,
    limit: usize,
    running: usize,
    /// The number of permits to drop when they are returned, because the limit was lowered while they were in use.
    owed: usize,
    /// The number of successes since the limit last changed.
    succeeded: usize,
    /// The limit before the first refused connection.
    before_refusals: Option<usize>,
    /// The time at which the limit was last halved. Requests that started earlier do not halve it again.
    halved: Option<Instant>,
    /// The end of the `Retry-After` pause.
    paused: Option<Instant>,
}

impl Limiter {
    /// Creates a limiter for one kind of requests to a host. `host_in_flight` counts those of all kinds.
    pub(crate) fn new(most: usize, host_in_flight: Arc<AtomicUsize>) -> Arc<Self> {
        Arc::new(Self {
            host_in_flight,
            free: Arc::new(Semaphore::new(most)),
            state: Mutex::new(State {
                most,
                limit: most,
                running: 0,
                owed: 0,
                succeeded: 0,
                before_refusals: None,
                halved: None,
                paused: None,
            }),
        })
    }

    /// Raises the maximum. Raises the limit as well, unless the host has lowered it.
    pub(crate) fn raise(&self, by: usize) {
        let mut state = self.state();
        let is_at_bound = state.limit == state.most;
        state.most += by;
        if is_at_bound {
            self.add(&mut state, by);
        }
    }

    /// Tells whether the host accepts fewer requests than the maximum.
    pub(crate) fn is_lowered(&self) -> bool {
        let state = self.state();
        let is_paused = state.paused.is_some_and(|until| until > Instant::now());
        state.limit < state.most || is_paused
    }

    /// Waits until one more request may start. If the host's `Retry-After` exceeds `max_wait`, the request is sent
    /// anyway, so that its response can report the wait.
    pub(crate) async fn permit(self: &Arc<Self>, max_wait: Duration) -> Permit {
        loop {
            let permit = self.free.clone().acquire_owned().await;
            let paused = self.state().paused;
            let left = |until: Instant| until.saturating_duration_since(Instant::now());
            let waits = |until: &Instant| !left(*until).is_zero() && left(*until) <= max_wait;
            match paused.filter(waits) {
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
                        began: Instant::now(),
                        permit: permit.ok(),
                    };
                }
            }
        }
    }

    /// Raises the limit.
    fn add(&self, state: &mut State, by: usize) {
        state.limit += by;
        let kept = by.min(state.owed);
        state.owed -= kept;
        self.free.add_permits(by - kept);
    }

    /// Lowers the limit, to no less than one.
    fn lower(&self, state: &mut State, to: usize) {
        let to = to.max(1);
        let by = state.limit.saturating_sub(to);
        state.limit -= by;
        state.succeeded = 0;
        state.owed += by - self.free.forget_permits(by);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The permit for one request. Dropping it releases the permit.
#[derive(Debug)]
pub(crate) struct Permit {
    limiter: Arc<Limiter>,
    began: Instant,
    permit: Option<OwnedSemaphorePermit>,
}

impl Permit {
    /// Records that the host accepted the request.
    pub(crate) fn succeeded(&self) {
        let mut state = self.limiter.state();
        if state.limit == state.most {
            state.before_refusals = None;
            return;
        }
        state.succeeded += 1;
        let caution = match state.before_refusals {
            Some(_) => CAUTION,
            None => 1,
        };
        if state.succeeded >= state.limit * caution {
            state.succeeded = 0;
            let by = (state.limit / GROWTH).max(1).min(state.most - state.limit);
            self.limiter.add(&mut state, by);
        }
    }

    /// Records a 429 or 503 response, and its `Retry-After`, if any.
    pub(crate) fn not_now(&self, wait: Option<Duration>) {
        let mut state = self.limiter.state();
        let is_news = state.halved.is_none_or(|halved| self.began > halved);
        if is_news {
            let half = state.limit.min(state.running) / 2;
            self.limiter.lower(&mut state, half);
            state.halved = Some(Instant::now());
        }
        if let Some(wait) = wait.filter(|wait| *wait <= MAX_RETRY_AFTER) {
            let until = Instant::now() + wait;
            state.paused = state.paused.max(Some(until));
        }
    }

    /// Records a refused connection, and tells what it means.
    pub(crate) fn refused(&self) -> Refused {
        let mut state = self.limiter.state();
        let others = state.running.saturating_sub(1);
        if others > 0 {
            let limit = state.limit;
            state.before_refusals.get_or_insert(limit);
            self.limiter.lower(&mut state, others);
            return Refused::ForOthers;
        }
        if self.limiter.host_in_flight.load(Ordering::Relaxed) > 1 {
            return Refused::ForOtherKinds;
        }
        if let Some(before) = state.before_refusals.take() {
            let by = before.saturating_sub(state.limit);
            self.limiter.add(&mut state, by);
        }
        Refused::Alone
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.limiter.host_in_flight.fetch_sub(1, Ordering::Relaxed);
        let mut state = self.limiter.state();
        state.running -= 1;
        if state.owed > 0
            && let Some(permit) = self.permit.take()
        {
            state.owed -= 1;
            permit.forget();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now<T>(future: impl Future<Output = T>) -> Option<T> {
        let mut context = std::task::Context::from_waker(std::task::Waker::noop());
        match std::pin::pin!(future).poll(&mut context) {
            std::task::Poll::Ready(value) => Some(value),
            std::task::Poll::Pending => None,
        }
    }

    fn all(limiter: &Arc<Limiter>) -> Vec<Permit> {
        std::iter::from_fn(|| now(limiter.permit(Duration::MAX))).collect()
    }

    #[tokio::test(flavor = "current_thread", start_paused = true)]
    async fn what_is_too_much_halves_the_limit_once() {
        let limiter = Limiter::new(16, Arc::default());
        let permits = all(&limiter);
        assert_eq!(permits.len(), 16);
        // All requests started before the first response, so the limit is halved once.
        permits.iter().for_each(|permit| permit.not_now(None));
        drop(permits);
        let permits = all(&limiter);
        assert_eq!(permits.len(), 8);
        tokio::time::advance(Duration::from_millis(1)).await;
        drop(permits);
        let permits = all(&limiter);
        permits[0].not_now(None);
        permits[1].not_now(None);
        drop(permits);
        assert_eq!(all(&limiter).len(), 4);
    }

    #[tokio::test(flavor = "current_thread", start_paused = true)]
    async fn what_succeeds_raises_it_to_its_bound() {
        let limiter = Limiter::new(16, Arc::default());
        let permits = all(&limiter);
        permits[0].not_now(None);
        drop(permits);
        let mut sizes = Vec::new();
        for _ in 0..4 {
            let permits = all(&limiter);
            sizes.push(permits.len());
            permits.iter().for_each(Permit::succeeded);
        }
        assert_eq!(sizes, [8, 12, 16, 16]);
        // The limit is never less than one.
        for _ in 0..10 {
            tokio::time::advance(Duration::from_millis(1)).await;
            now(limiter.permit(Duration::MAX)).unwrap().not_now(None);
        }
        assert_eq!(all(&limiter).len(), 1);
        assert!(limiter.is_lowered());
        // A raised maximum does not change the limits of the host.
        limiter.raise(4);
        assert_eq!(all(&limiter).len(), 1);
    }

    #[tokio::test(flavor = "current_thread", start_paused = true)]
    async fn connections_that_are_refused_leave_the_others() {
        let limiter = Limiter::new(16, Arc::default());
        let mut permits = all(&limiter);
        for refused in permits.split_off(4) {
            assert_eq!(refused.refused(), Refused::ForOthers);
        }
        assert!(now(limiter.permit(Duration::MAX)).is_none());
        permits.pop();
        assert!(now(limiter.permit(Duration::MAX)).is_some());
        permits.truncate(1);
        // Another connection is tried now and then, not after each success.
        (0..4 * CAUTION - 1).for_each(|_| permits[0].succeeded());
        assert_eq!(all(&limiter).len(), 3);
        permits[0].succeeded();
        assert!(all(&limiter).len() > 3);
    }

    #[tokio::test(flavor = "current_thread", start_paused = true)]
    async fn a_host_that_refuses_all_is_down_rather_than_full() {
        let host_in_flight = Arc::default();
        let limiter = Limiter::new(16, Arc::clone(&host_in_flight));
        let other = Limiter::new(16, host_in_flight);
        let mut permits = all(&limiter);
        while permits.len() > 1 {
            let refused = permits.pop().unwrap();
            assert_eq!(refused.refused(), Refused::ForOthers);
        }
        // Connections of another kind may use up the host's limit.
        let elsewhere = now(other.permit(Duration::MAX)).unwrap();
        assert_eq!(permits[0].refused(), Refused::ForOtherKinds);
        drop(elsewhere);
        assert_eq!(permits[0].refused(), Refused::Alone);
        assert_eq!(all(&limiter).len(), 15);
    }

    #[tokio::test(flavor = "current_thread", start_paused = true)]
    async fn a_host_that_wants_to_be_left_alone_is() {
        let limiter = Limiter::new(2, Arc::default());
        let started = Instant::now();
        now(limiter.permit(Duration::MAX))
            .unwrap()
            .not_now(Some(Duration::from_secs(7)));
        assert!(now(limiter.permit(Duration::MAX)).is_none());
        // With a shorter maximum wait the request is sent, and its response reports the wait.
        assert!(now(limiter.permit(Duration::from_secs(6))).is_some());
        let permit = limiter.permit(Duration::MAX).await;
        assert_eq!(started.elapsed(), Duration::from_secs(7));
        // A wait over the limit means a quota. It does not pause requests.
        permit.not_now(Some(2 * MAX_RETRY_AFTER));
        drop(permit);
        assert!(now(limiter.permit(Duration::MAX)).is_some());
    }
}
