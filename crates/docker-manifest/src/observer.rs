//! What the registry client tells while it works, for a person to read.

use manifest_registry::{Observer, Resuming, Retrying};

use crate::output::Output;

/// Writes a line to standard error for each request that is repeated, and each upload that goes on.
#[derive(Clone, Copy, Debug, Default)]
pub struct Notices;

impl Observer for Notices {
    fn retrying(&self, retry: &Retrying<'_>) {
        Output::default().status(&retry.to_string());
    }

    fn resuming(&self, resumed: &Resuming<'_>) {
        Output::default().status(&resumed.to_string());
    }
}
