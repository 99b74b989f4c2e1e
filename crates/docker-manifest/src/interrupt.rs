//! Signals: credential helpers end along with this program.
//!
//! No clean-up is needed: drafts change by one rename, and a registry has a tag whole or not at all. So a signal ends the program
//! immediately, by its default action, and a shell sees that. Only credential helpers would survive a signal that was sent to this
//! process alone and not to the whole terminal.

use std::io;
use std::sync::OnceLock;
use std::thread;

use manifest_registry::stop_helpers;
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;
use signal_hook::low_level::emulate_default_handler;

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
