//! What the registry client tells while it works, for a person to read.

use manifest_registry::{Event, Observer, Resuming, Retrying};

use crate::output::Output;

/// Writes a line to standard error for each request that is repeated and each upload that goes on, and for each request that is
/// made where that is wanted.
#[derive(Clone, Copy, Debug, Default)]
pub struct Notices {
    /// Whether `--debug` was given.
    pub debug: bool,
}

impl Observer for Notices {
    fn retrying(&self, retry: &Retrying<'_>) {
        Output::default().status(&retry.to_string());
    }

    fn resuming(&self, resumed: &Resuming<'_>) {
        Output::default().status(&resumed.to_string());
    }

    fn event(&self, event: &Event<'_>) {
        let output = Output::default();
        match event {
            // Somebody waited for it, and will the next time.
            Event::MirrorFailed { error, .. } if error.is_unavailable() => {
                output.status(&event.to_string());
            }
            _ if self.debug => output.debug(&event.to_string()),
            _ => {}
        }
    }
}
