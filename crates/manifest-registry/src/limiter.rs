//! How much runs at once on one host: as much as it takes, learned from what it refuses.
//!
//! A limit begins at its bound. A host that says "not now" (429, 503) halves it, one that refuses a connection beside others takes
//! it down to those that it has; what succeeds raises it again, step by step.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;

use crate::limits::LONGEST_RETRY_AFTER;

/// The part of a limit by which it grows once as much as it allows has succeeded: a half, so that a limit of one is back at 250
/// after some 13 round trips.
const GROWTH: usize = 2;

/// How many times as much has to succeed where a connection was refused before another is tried: hosts with a limit keep it.
const CAUTION: usize = 16;

/// A limit on how much runs at once, which adapts.
#[derive(Debug)]
pub(crate) struct Limiter {
    /// Has a permit for each that may begin.
    free: Arc<Semaphore>,
    state: Mutex<State>,
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
    /// Whether a connection was refused.
    is_cautious: bool,
    /// When the limit was last halved. What began before that says nothing about the limit of now.
    halved: Option<Instant>,
    /// Until when the host wants to be left alone.
    paused: Option<Instant>,
}

impl Limiter {
    pub(crate) fn new(most: usize) -> Arc<Self> {
        Arc::new(Self {
            free: Arc::new(Semaphore::new(most)),
            state: Mutex::new(State {
                most,
                limit: most,
                running: 0,
                owed: 0,
                succeeded: 0,
                is_cautious: false,
                halved: None,
                paused: None,
            }),
        })
    }

    /// Raises the bound, and the limit with it.
    pub(crate) fn raise(&self, by: usize) {
        let mut state = self.state();
        state.most += by;
        self.add(&mut state, by);
    }

    /// Waits until one more may run.
    pub(crate) async fn permit(self: &Arc<Self>) -> Permit {
        loop {
            let permit = self.free.clone().acquire_owned().await;
            let paused = self.state().paused;
            match paused.filter(|until| *until > Instant::now()) {
                Some(until) => {
                    drop(permit);
                    // Boxed: it seldom happens, and would make every request's future as large.
                    Box::pin(tokio::time::sleep_until(until)).await;
                }
                None => {
                    self.state().running += 1;
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

/// The right to run one, until it is dropped.
#[derive(Debug)]
pub(crate) struct Permit {
    limiter: Arc<Limiter>,
    began: Instant,
    permit: Option<OwnedSemaphorePermit>,
}

impl Permit {
    /// Notes that the host took it.
    pub(crate) fn succeeded(&self) {
        let mut state = self.limiter.state();
        if state.limit == state.most {
            return;
        }
        state.succeeded += 1;
        let caution = if state.is_cautious { CAUTION } else { 1 };
        if state.succeeded >= state.limit * caution {
            state.succeeded = 0;
            let by = (state.limit / GROWTH).max(1).min(state.most - state.limit);
            self.limiter.add(&mut state, by);
        }
    }

    /// Notes that the host said "not now", and how long it wants to be left alone, if it says so.
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

    /// Notes that the host refused a connection, and tells whether that was for the others that it has: then it is worth
    /// another try once one of them is free.
    pub(crate) fn refused(&self) -> bool {
        let mut state = self.limiter.state();
        let others = state.running.saturating_sub(1);
        if others > 0 {
            self.limiter.lower(&mut state, others);
            state.is_cautious = true;
        }
        others > 0
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
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
        std::iter::from_fn(|| now(limiter.permit())).collect()
    }

    #[tokio::test(flavor = "current_thread", start_paused = true)]
    async fn what_is_too_much_halves_the_limit_once() {
        let limiter = Limiter::new(16);
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
        let limiter = Limiter::new(16);
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
            now(limiter.permit()).unwrap().not_now(None);
        }
        assert_eq!(all(&limiter).len(), 1);
        limiter.raise(4);
        assert_eq!(all(&limiter).len(), 5);
    }

    #[tokio::test(flavor = "current_thread", start_paused = true)]
    async fn connections_that_are_refused_leave_the_others() {
        let limiter = Limiter::new(16);
        let mut permits = all(&limiter);
        for refused in permits.split_off(4) {
            assert!(refused.refused());
        }
        assert!(now(limiter.permit()).is_none());
        permits.pop();
        assert!(now(limiter.permit()).is_some());
        permits.truncate(1);
        assert!(!permits[0].refused(), "there is no other");
        assert_eq!(all(&limiter).len(), 3);
        // Another is tried now and then, and not with each that succeeds.
        (0..4 * CAUTION - 1).for_each(|_| permits[0].succeeded());
        assert_eq!(all(&limiter).len(), 3);
        permits[0].succeeded();
        assert!(all(&limiter).len() > 3);
    }

    #[tokio::test(flavor = "current_thread", start_paused = true)]
    async fn a_host_that_wants_to_be_left_alone_is() {
        let limiter = Limiter::new(2);
        let started = Instant::now();
        now(limiter.permit())
            .unwrap()
            .not_now(Some(Duration::from_secs(7)));
        assert!(now(limiter.permit()).is_none());
        let permit = limiter.permit().await;
        assert_eq!(started.elapsed(), Duration::from_secs(7));
        // Who asks for more than anybody waits has a quota.
        permit.not_now(Some(2 * LONGEST_RETRY_AFTER));
        drop(permit);
        assert!(now(limiter.permit()).is_some());
    }
}
