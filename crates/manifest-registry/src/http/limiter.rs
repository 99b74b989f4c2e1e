//! The adaptive limit on requests at once on one host, learned from its refusals.
//!
//! A limit begins at its bound. A host that says "not now" (429, 503) halves it, one that refuses a connection beside others takes
//! it down to those that it has; what succeeds raises it again, step by step. A host that refuses all connections is not full but
//! down, and so its limit is what it was.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;

use crate::limits::LONGEST_RETRY_AFTER;

/// The part of a limit by which it grows once as much as it allows has succeeded: a half, so that a limit of one is back at 250
/// after some 13 round trips.
const GROWTH: usize = 2;

/// How many times as many requests have to succeed, where a connection was refused, before another is tried: hosts with a limit keep
/// it.
const CAUTION: usize = 16;

/// An adaptive limit on requests at once.
#[derive(Debug)]
pub(crate) struct Limiter {
    /// Has a permit for each that may begin.
    free: Arc<Semaphore>,
    state: Mutex<State>,
    /// How many run on the host in all, by this limit and its others.
    on_host: Arc<AtomicUsize>,
}

/// What a refused connection means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refused {
    /// The host has as many connections of this kind as it takes: there will be another permit once one of them is done.
    ForOthers,
    /// All its connections are of other kinds, and nothing tells when one of them is done.
    ForOtherKinds,
    /// There is no other connection: it is down.
    Alone,
}

#[derive(Debug)]
struct State {
    /// The bound, which the limit never passes.
    most: usize,
    limit: usize,
    running: usize,
    /// How many permits are taken back as soon as they are free: the limit was lowered while they were out.
    owed: usize,
    /// How many have succeeded since the limit last changed.
    succeeded: usize,
    /// What the limit was before a connection was refused.
    before_refusals: Option<usize>,
    /// When the limit was last halved. What began before that says nothing about the limit of now.
    halved: Option<Instant>,
    /// The end of the pause that the host asked for.
    paused: Option<Instant>,
}

impl Limiter {
    /// Makes a limit on some of what runs on a host, all of which `on_host` counts.
    pub(crate) fn new(most: usize, on_host: Arc<AtomicUsize>) -> Arc<Self> {
        Arc::new(Self {
            on_host,
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

    /// Raises the bound, and the limit with it, unless the host takes less than the bound anyway.
    pub(crate) fn raise(&self, by: usize) {
        let mut state = self.state();
        let is_at_bound = state.limit == state.most;
        state.most += by;
        if is_at_bound {
            self.add(&mut state, by);
        }
    }

    /// Tells whether the host takes less than the bound.
    pub(crate) fn is_lowered(&self) -> bool {
        let state = self.state();
        let is_paused = state.paused.is_some_and(|until| until > Instant::now());
        state.limit < state.most || is_paused
    }

    /// Waits until one more may run. A host that wants to be left alone for more than `patience` is asked all the same, and says so
    /// itself.
    pub(crate) async fn permit(self: &Arc<Self>, patience: Duration) -> Permit {
        loop {
            let permit = self.free.clone().acquire_owned().await;
            let paused = self.state().paused;
            let left = |until: Instant| until.saturating_duration_since(Instant::now());
            let waits = |until: &Instant| !left(*until).is_zero() && left(*until) <= patience;
            match paused.filter(waits) {
                Some(until) => {
                    drop(permit);
                    // Boxed: it seldom happens, and would make every request's future as large.
                    Box::pin(tokio::time::sleep_until(until)).await;
                }
                None => {
                    self.state().running += 1;
                    self.on_host.fetch_add(1, Ordering::Relaxed);
                    return Permit {
                        limiter: self.clone(),
                        began: Instant::now(),
                        permit: permit.ok(),
                    };
                }
            }
        }
    }

    /// Adds to the limit.
    fn add(&self, state: &mut State, by: usize) {
        state.limit += by;
        let kept = by.min(state.owed);
        state.owed -= kept;
        self.free.add_permits(by - kept);
    }

    /// Lowers the limit, to one at the least.
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

/// The permit of one request, until it is dropped.
#[derive(Debug)]
pub(crate) struct Permit {
    limiter: Arc<Limiter>,
    began: Instant,
    permit: Option<OwnedSemaphorePermit>,
}

impl Permit {
    /// Notes that the host took the request.
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

    /// Notes that the host said "not now", and for how long, if it says so.
    pub(crate) fn not_now(&self, wait: Option<Duration>) {
        let mut state = self.limiter.state();
        let is_news = state.halved.is_none_or(|halved| self.began > halved);
        if is_news {
            let half = state.limit.min(state.running) / 2;
            self.limiter.lower(&mut state, half);
            state.halved = Some(Instant::now());
        }
        if let Some(wait) = wait.filter(|wait| *wait <= LONGEST_RETRY_AFTER) {
            let until = Instant::now() + wait;
            state.paused = state.paused.max(Some(until));
        }
    }

    /// Notes that the host refused a connection, and tells what that means.
    pub(crate) fn refused(&self) -> Refused {
        let mut state = self.limiter.state();
        let others = state.running.saturating_sub(1);
        if others > 0 {
            let limit = state.limit;
            state.before_refusals.get_or_insert(limit);
            self.limiter.lower(&mut state, others);
            return Refused::ForOthers;
        }
        if self.limiter.on_host.load(Ordering::Relaxed) > 1 {
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
        self.limiter.on_host.fetch_sub(1, Ordering::Relaxed);
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
        // All began before the host said so: it is one piece of news.
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
        // One is left at the least.
        for _ in 0..10 {
            tokio::time::advance(Duration::from_millis(1)).await;
            now(limiter.permit(Duration::MAX)).unwrap().not_now(None);
        }
        assert_eq!(all(&limiter).len(), 1);
        assert!(limiter.is_lowered());
        // A bound that is raised says nothing of what the host takes.
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
        // Another is tried now and then, and not with each that succeeds.
        (0..4 * CAUTION - 1).for_each(|_| permits[0].succeeded());
        assert_eq!(all(&limiter).len(), 3);
        permits[0].succeeded();
        assert!(all(&limiter).len() > 3);
    }

    #[tokio::test(flavor = "current_thread", start_paused = true)]
    async fn a_host_that_refuses_all_is_down_rather_than_full() {
        let on_host = Arc::default();
        let limiter = Limiter::new(16, Arc::clone(&on_host));
        let other = Limiter::new(16, on_host);
        let mut permits = all(&limiter);
        while permits.len() > 1 {
            let refused = permits.pop().unwrap();
            assert_eq!(refused.refused(), Refused::ForOthers);
        }
        // Others of the host may be of another kind.
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
        // Who cannot wait so long hears it from the host.
        assert!(now(limiter.permit(Duration::from_secs(6))).is_some());
        let permit = limiter.permit(Duration::MAX).await;
        assert_eq!(started.elapsed(), Duration::from_secs(7));
        // Who asks for more than anybody waits has a quota.
        permit.not_now(Some(2 * LONGEST_RETRY_AFTER));
        drop(permit);
        assert!(now(limiter.permit(Duration::MAX)).is_some());
    }
}
