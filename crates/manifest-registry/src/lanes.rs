//! How many requests run at once on one host, and on which connection each of them goes.
//!
//! HTTP/1.1 has a connection for each request. HTTP/2 has one for all, until so much waits that another, which takes some round
//! trips to be made, is quicker. It is made beside the work, with a request that nothing depends on.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use http::Version;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::limits::{
    CONNECTIONS_PER_HOST_HTTP2, QUEUE_PER_HOST_HTTP2, REQUESTS_PER_HOST, REQUESTS_PER_HOST_HTTP2,
};

/// The connections to one host, or with HTTP/1.1 its pool of them.
pub(crate) struct Lanes {
    free: Arc<Semaphore>,
    state: Mutex<State>,
}

struct State {
    /// Each with a pool of its own, which makes one connection where the host speaks HTTP/2.
    lanes: Vec<Lane>,
    /// How many requests wait for their turn.
    waiting: usize,
    growth: Growth,
}

struct Lane {
    client: reqwest::Client,
    running: usize,
}

/// Whether there can be another connection.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Growth {
    /// It is not known what the host speaks.
    Unknown,
    /// It speaks HTTP/2.
    Possible,
    /// One is being made.
    Begun,
    /// There are as many as there may be, or the host does not want more.
    Over,
}

impl Lanes {
    pub(crate) fn new(client: reqwest::Client) -> Arc<Self> {
        Arc::new(Self {
            free: Arc::new(Semaphore::new(REQUESTS_PER_HOST)),
            state: Mutex::new(State {
                lanes: vec![Lane { client, running: 0 }],
                waiting: 0,
                growth: Growth::Unknown,
            }),
        })
    }

    /// Waits until a request may begin.
    pub(crate) async fn slot(self: &Arc<Self>) -> Slot {
        let waiting = Waiting::new(self);
        let permit = self.free.clone().acquire_owned().await;
        drop(waiting);
        let mut state = self.state();
        let numbered = state.lanes.iter_mut().enumerate();
        let lane = numbered
            .min_by_key(|(_, lane)| lane.running)
            .map(|(number, lane)| {
                lane.running += 1;
                number
            });
        Slot {
            lanes: self.clone(),
            lane: lane.unwrap_or_default(),
            _permit: permit.ok(),
        }
    }

    /// Notes what the host speaks.
    pub(crate) fn learn(&self, version: Version) {
        let mut state = self.state();
        if version == Version::HTTP_2 && state.growth == Growth::Unknown {
            state.growth = Growth::Possible;
            self.free
                .add_permits(REQUESTS_PER_HOST_HTTP2 - REQUESTS_PER_HOST);
        }
    }

    /// Tells whether another connection is worth being made. Who is told yes makes it, and says what came of it.
    pub(crate) fn wants_another(&self) -> bool {
        let mut state = self.state();
        let wants = state.growth == Growth::Possible && state.waiting >= QUEUE_PER_HOST_HTTP2;
        if wants {
            state.growth = Growth::Begun;
        }
        wants
    }

    /// Adds a connection that was made.
    pub(crate) fn add(&self, client: reqwest::Client) {
        let mut state = self.state();
        state.lanes.push(Lane { client, running: 0 });
        state.growth = if state.lanes.len() < CONNECTIONS_PER_HOST_HTTP2 {
            Growth::Possible
        } else {
            Growth::Over
        };
        self.free.add_permits(REQUESTS_PER_HOST_HTTP2);
    }

    /// Notes that the host has no other connection for us.
    pub(crate) fn add_none(&self) {
        self.state().growth = Growth::Over;
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Counts one that waits, for as long as it does.
struct Waiting<'a>(&'a Lanes);

impl<'a> Waiting<'a> {
    fn new(lanes: &'a Lanes) -> Self {
        lanes.state().waiting += 1;
        Self(lanes)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.state().waiting -= 1;
    }
}

/// The right to run one request, until it is dropped.
pub(crate) struct Slot {
    lanes: Arc<Lanes>,
    lane: usize,
    _permit: Option<OwnedSemaphorePermit>,
}

impl Slot {
    /// Returns what sends it.
    pub(crate) fn client(&self) -> reqwest::Client {
        self.lanes.state().lanes[self.lane].client.clone()
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.lanes.state().lanes[self.lane].running -= 1;
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

    fn client() -> reqwest::Client {
        let builder = reqwest::Client::builder().tls_certs_only([]).no_proxy();
        builder.build().unwrap()
    }

    #[test]
    fn another_connection_is_made_once_much_waits() {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let lanes = Lanes::new(client());
        let mut slots: Vec<Slot> = (0..REQUESTS_PER_HOST)
            .map(|_| now(lanes.slot()).unwrap())
            .collect();
        assert!(now(lanes.slot()).is_none());
        lanes.learn(Version::HTTP_11);
        assert!(now(lanes.slot()).is_none());
        lanes.learn(Version::HTTP_2);
        lanes.learn(Version::HTTP_2);
        while let Some(slot) = now(lanes.slot()) {
            slots.push(slot);
        }
        assert_eq!(slots.len(), REQUESTS_PER_HOST_HTTP2);
        let mut waiting: Vec<_> = (1..QUEUE_PER_HOST_HTTP2)
            .map(|_| Waiting::new(&lanes))
            .collect();
        assert!(!lanes.wants_another());
        waiting.push(Waiting::new(&lanes));
        assert!(lanes.wants_another());
        assert!(!lanes.wants_another(), "one is being made");
        lanes.add(client());
        let more: Vec<Slot> = std::iter::from_fn(|| now(lanes.slot())).collect();
        assert_eq!(more.len(), REQUESTS_PER_HOST_HTTP2);
        assert!(more.iter().all(|slot| slot.lane == 1));
        drop((slots, more));
        let spread = [now(lanes.slot()), now(lanes.slot())];
        assert_eq!(spread.map(|slot| slot.unwrap().lane), [0, 1]);
    }

    #[test]
    fn a_host_that_takes_no_more_is_left_alone() {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let lanes = Lanes::new(client());
        lanes.learn(Version::HTTP_2);
        let waiting: Vec<_> = (0..QUEUE_PER_HOST_HTTP2)
            .map(|_| Waiting::new(&lanes))
            .collect();
        assert!(lanes.wants_another());
        lanes.add_none();
        assert!(!lanes.wants_another());
        drop(waiting);
        assert_eq!(lanes.state().waiting, 0);
    }
}
