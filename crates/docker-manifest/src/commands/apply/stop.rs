//! The end of a run before all lists are done.

use std::cell::Cell;

use tokio::sync::Notify;

/// Tells the lists of a run to stop.
#[derive(Debug, Default)]
pub(super) struct Stop {
    state: Cell<State>,
    changed: Notify,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    #[default]
    Running,
    /// No further list is begun.
    BeginsNone,
    /// No further list is begun, and none that was begun is completed, except for those whose tags are being written.
    CompletesNone,
}

impl Stop {
    /// Stops the run after the failure of a list: those that were begun are completed.
    pub(super) fn after_failure(&self) {
        self.advance(State::BeginsNone);
    }

    /// Stops the run by a signal: only those whose tags are being written are completed.
    pub(super) fn by_signal(&self) {
        self.advance(State::CompletesNone);
    }

    fn advance(&self, state: State) {
        if self.state.get() != State::CompletesNone {
            self.state.set(state);
        }
        self.changed.notify_waiters();
    }

    /// Tells whether no further list is begun.
    pub(super) fn begins_none(&self) -> bool {
        self.state.get() != State::Running
    }

    /// Waits until no further list is begun.
    pub(super) async fn stopped(&self) {
        self.wait_for(|state| state != State::Running).await;
    }

    /// Waits until no list is completed whose tags are not being written.
    pub(super) async fn interrupted(&self) {
        self.wait_for(|state| state == State::CompletesNone).await;
    }

    async fn wait_for(&self, is_reached: impl Fn(State) -> bool) {
        loop {
            let changed = self.changed.notified();
            if is_reached(self.state.get()) {
                return;
            }
            changed.await;
        }
    }
}
