//! What the client tells while it works, to whoever wants to show it.

use std::fmt;
use std::time::Duration;

use manifest_core::Digest;
use manifest_core::reference::Repository;

use crate::error::RegistryError;

/// Is told what a person who waits may want to know. The plugin writes it to standard error.
pub trait Observer: fmt::Debug + Send + Sync {
    /// A request failed and is about to be repeated. Called before the wait.
    fn retrying(&self, retry: &Retrying<'_>);

    /// An upload that failed goes on. Called after the wait, when it is known from where.
    fn resuming(&self, _resumed: &Resuming<'_>) {}
}

/// An upload that goes on after it failed. `Display` is one line for a person.
#[derive(Clone, Copy, Debug)]
pub struct Resuming<'a> {
    /// Where the blob is uploaded to.
    pub target: &'a Repository,
    /// The blob.
    pub digest: &'a Digest,
    /// How many of its bytes the registry has already. None where it begins anew.
    pub offset: u64,
    /// How many bytes it has.
    pub size: u64,
}

impl fmt::Display for Resuming<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            target,
            digest,
            offset,
            size,
        } = self;
        write!(f, "the upload of blob {digest} to {target} ")?;
        match offset {
            0 => f.write_str("begins anew"),
            _ => write!(f, "goes on after {offset} of {size} bytes"),
        }
    }
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
