//! What the registry client tells while it works, for a person to read.

use std::sync::{Mutex, MutexGuard, PoisonError};

use manifest_registry::{Event, Observer, Progress, Resuming, Retrying};

use crate::output::Output;
use crate::progress::{Display, Place};

/// Writes a line to standard error for each request that is repeated and each upload that goes on, and for each request that is
/// made where that is wanted. While somebody watches, it shows how far copying has come.
#[derive(Debug, Default)]
pub struct Notices {
    debug: bool,
    display: Mutex<Option<Display>>,
}

/// Progress is shown for as long as this is held.
#[derive(Debug)]
#[must_use]
pub(crate) struct Watching<'a>(&'a Notices);

impl Drop for Watching<'_> {
    fn drop(&mut self) {
        if let Some(mut display) = self.0.display().take() {
            display.clear();
        }
    }
}

impl Notices {
    /// Makes one; `debug` tells whether `--debug` was given.
    #[must_use]
    pub fn new(debug: bool) -> Self {
        let display = Mutex::default();
        Self { debug, display }
    }

    /// Shows how far copying has come.
    pub(crate) fn watch(&self, place: Place) -> Watching<'_> {
        *self.display() = Some(Display::new(place));
        Watching(self)
    }

    /// Writes something that is not to end up in the same line as a bar.
    pub(crate) fn aside<T>(&self, write: impl FnOnce() -> T) -> T {
        match &*self.display() {
            Some(display) => display.aside(write),
            None => write(),
        }
    }

    fn status(&self, line: &str) {
        self.aside(|| Output::default().status(line));
    }

    fn display(&self) -> MutexGuard<'_, Option<Display>> {
        self.display.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Observer for Notices {
    fn retrying(&self, retry: &Retrying<'_>) {
        self.status(&retry.to_string());
    }

    fn resuming(&self, resumed: &Resuming<'_>) {
        self.status(&resumed.to_string());
    }

    fn progress(&self, progress: &Progress) {
        if let Some(display) = &mut *self.display() {
            display.show(progress);
        }
    }

    fn event(&self, event: &Event<'_>) {
        match event {
            // Somebody waited for it, and will the next time.
            Event::MirrorFailed { error, .. } if error.is_unavailable() => {
                self.status(&event.to_string());
            }
            _ if self.debug => self.aside(|| Output::default().debug(&event.to_string())),
            _ => {}
        }
    }
}
