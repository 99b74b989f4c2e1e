//! What the registry client tells while it works, for a person to read.

use manifest_registry::{Event, Observer, Retrying};

use crate::output::Output;

/// Writes a line to standard error for each request that is repeated, and for each that is made where that is wanted.
#[derive(Clone, Copy, Debug, Default)]
pub struct Notices {
    /// Whether `--debug` was given.
    pub debug: bool,
}

impl Observer for Notices {
    fn retrying(&self, retry: &Retrying<'_>) {
        Output::default().status(&retry.to_string());
    }

    fn event(&self, event: &Event<'_>) {
        if self.debug {
            Output::default().debug(&event.to_string());
        }
    }
}
