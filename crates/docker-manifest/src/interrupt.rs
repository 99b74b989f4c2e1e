//! Signals: credential helpers end along with this program, and a run over many lists ends with a report.
//!
//! No clean-up is needed: drafts change by one rename, and a registry has a tag whole or not at all. So a signal ends the program
//! immediately, by its default action, and a shell sees that. Only credential helpers would survive a signal that was sent to this
//! process alone and not to the whole terminal.
//!
//! A command with something to report can [defer](Deferral) the first signal. The second one ends the program immediately.

use std::io;
use std::sync::atomic::{AtomicI32, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::thread;

use manifest_registry::stop_helpers;
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;
use signal_hook::low_level::emulate_default_handler;
use tokio::sync::Notify;

/// The deferral that the next signal goes to.
static DEFERRED: Mutex<Option<Arc<Received>>> = Mutex::new(None);

/// The signal that a deferral received.
#[derive(Debug, Default)]
struct Received {
    /// Its number, or 0.
    signal: AtomicI32,
    arrived: Notify,
}

/// A command that ends by itself when the first `SIGINT` or `SIGTERM` arrives. Dropping it restores the default.
#[derive(Debug)]
pub struct Deferral {
    received: Arc<Received>,
}

impl Deferral {
    /// Defers the next signal.
    ///
    /// # Errors
    /// Fails if no handler can be installed.
    pub fn start() -> io::Result<Self> {
        kill_helpers_on_signal()?;
        let received = Arc::new(Received::default());
        *deferred() = Some(Arc::clone(&received));
        Ok(Self { received })
    }

    /// Waits until a signal has arrived.
    pub async fn arrived(&self) {
        while self.signal().is_none() {
            self.received.arrived.notified().await;
        }
    }

    /// Returns the number of the signal that has arrived.
    #[must_use]
    pub fn signal(&self) -> Option<i32> {
        let signal = self.received.signal.load(Ordering::Acquire);
        (signal != 0).then_some(signal)
    }

    /// Ends the program by the signal that has arrived, if one has.
    pub fn end(self) {
        if let Some(signal) = self.signal() {
            stop_helpers();
            let _ = emulate_default_handler(signal);
        }
    }
}

impl Drop for Deferral {
    fn drop(&mut self) {
        *deferred() = None;
    }
}

fn deferred() -> std::sync::MutexGuard<'static, Option<Arc<Received>>> {
    DEFERRED.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Installs the handler that also kills credential helpers on `SIGINT` and `SIGTERM`.
///
/// # Errors
/// Fails if no handler can be installed.
pub fn kill_helpers_on_signal() -> io::Result<()> {
    static STARTED: OnceLock<()> = OnceLock::new();
    // A shell without job control sets background commands to ignore Ctrl-C; that is respected.
    let signals = [SIGINT, SIGTERM];
    let signals = signals.into_iter().filter(|&signal| !is_ignored(signal));
    if STARTED.set(()).is_err() {
        return Ok(());
    }
    let mut signals = Signals::new(signals)?;
    thread::Builder::new()
        .name("signals".to_owned())
        .spawn(move || {
            for signal in signals.forever() {
                if let Some(received) = deferred().take() {
                    received.signal.store(signal, Ordering::Release);
                    received.arrived.notify_one();
                    continue;
                }
                stop_helpers();
                // Ends the process.
                let _ = emulate_default_handler(signal);
            }
        })?;
    Ok(())
}

/// Tells whether the parent process has set a signal to be ignored, if the system reports it.
fn is_ignored(signal: i32) -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mut lines = status.lines();
    let mask = lines.find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok())
        .is_some_and(|mask| mask >> (signal - 1) & 1 == 1)
}
