//! Events of the registry client, as text on standard error.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use manifest_registry::{Event, Observer, Progress, Resuming, Retrying};

use crate::output::Output;
use crate::progress::{DisplayMode, ListProgress, ProgressDisplay};

/// Writes a line to standard error for each retry and each resumed upload, and with `--debug` for each request. Shows the progress of
/// copying while a `ProgressGuard` is held.
#[derive(Debug, Default)]
pub struct TerminalObserver {
    debug: bool,
    display: Mutex<Option<ProgressDisplay>>,
    /// Whether the progress is that of many lists, so that the copying for one of them is not shown.
    shows_lists: AtomicBool,
}

/// Shows progress for as long as it is held.
#[derive(Debug)]
#[must_use]
pub(crate) struct ProgressGuard<'a>(&'a TerminalObserver);

impl Drop for ProgressGuard<'_> {
    fn drop(&mut self) {
        if let Some(mut display) = self.0.display().take() {
            display.clear();
        }
        self.0.shows_lists.store(false, Ordering::Relaxed);
    }
}

impl TerminalObserver {
    /// Returns an observer. `debug` is `--debug`.
    #[must_use]
    pub fn new(debug: bool) -> Self {
        Self {
            debug,
            ..Self::default()
        }
    }

    /// Shows the progress of copying until the guard is dropped.
    pub(crate) fn show_progress(&self, mode: DisplayMode) -> ProgressGuard<'_> {
        *self.display() = Some(ProgressDisplay::new(mode));
        ProgressGuard(self)
    }

    /// Shows the progress of a run over many lists until the guard is dropped, as [`Self::list_progress`] reports it.
    pub(crate) fn show_list_progress(&self, mode: DisplayMode) -> ProgressGuard<'_> {
        self.shows_lists.store(true, Ordering::Relaxed);
        self.show_progress(mode)
    }

    /// Reports the progress of a run over many lists.
    pub(crate) fn list_progress(&self, progress: ListProgress) {
        if let Some(display) = &mut *self.display() {
            display.show_lists(progress);
        }
    }

    /// Hides a bar while other output is written, so that both do not end up in one line.
    pub(crate) fn suspend_progress<T>(&self, write: impl FnOnce() -> T) -> T {
        match &*self.display() {
            Some(display) => display.suspend(write),
            None => write(),
        }
    }

    fn status(&self, line: &str) {
        self.suspend_progress(|| Output::default().status(line));
    }

    fn display(&self) -> MutexGuard<'_, Option<ProgressDisplay>> {
        self.display.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Observer for TerminalObserver {
    fn retrying(&self, retry: &Retrying<'_>) {
        self.status(&retry.to_string());
    }

    fn resuming(&self, resumed: &Resuming<'_>) {
        self.status(&resumed.to_string());
    }

    fn progress(&self, progress: &Progress) {
        if self.shows_lists.load(Ordering::Relaxed) {
            return;
        }
        if let Some(display) = &mut *self.display() {
            display.show(progress);
        }
    }

    fn event(&self, event: &Event<'_>) {
        match event {
            // The user has waited for the mirror, and will wait again the next time.
            Event::MirrorFailed { error, .. } if error.is_unavailable() => {
                self.status(&event.to_string());
            }
            _ if self.debug => {
                self.suspend_progress(|| Output::default().debug(&event.to_string()));
            }
            _ => {}
        }
    }
}
