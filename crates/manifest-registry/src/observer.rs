//! What the client tells while it works, to whoever wants to show it.

use std::fmt;
use std::time::Duration;

use crate::error::RegistryError;

/// Is told what a person who waits may want to know. The plugin writes it to standard error.
pub trait Observer: fmt::Debug + Send + Sync {
    /// A request failed and is about to be repeated. Called before the wait.
    fn retrying(&self, retry: &Retrying<'_>);
}

/// A request that is about to be repeated. `Display` is one line for a person.
#[derive(Clone, Copy, Debug)]
pub struct Retrying<'a> {
    /// Why it failed.
    pub error: &'a RegistryError,
    /// Which repetition of this request comes, counted from 1.
    pub number: u32,
    /// How many there are at most.
    pub of: u32,
    /// How long the client waits before.
    pub wait: Duration,
}

impl fmt::Display for Retrying<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            error,
            number,
            of,
            wait,
        } = self;
        write!(f, "{error}; retry {number} of {of} in {wait:.1?}")
    }
}

/// Tells nobody.
#[derive(Clone, Copy, Debug, Default)]
pub struct Silent;

impl Observer for Silent {
    fn retrying(&self, _: &Retrying<'_>) {}
}
