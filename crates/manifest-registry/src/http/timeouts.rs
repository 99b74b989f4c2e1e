//! The timeouts of a request's steps.

use std::time::Duration;

use crate::limits;

/// The timeouts of a request's steps. The defaults are those of [`limits`].
#[derive(Clone, Copy, Debug)]
pub struct Timeouts {
    /// [`limits::CONNECT_TIMEOUT`]
    pub connect: Duration,
    /// [`limits::RESPONSE_TIMEOUT`]
    pub response: Duration,
    /// [`limits::COMMIT_TIMEOUT`]
    pub commit: Duration,
    /// [`limits::IDLE_TIMEOUT`]
    pub idle: Duration,
    /// [`limits::BODY_TIMEOUT`]
    pub body: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            connect: limits::CONNECT_TIMEOUT,
            response: limits::RESPONSE_TIMEOUT,
            commit: limits::COMMIT_TIMEOUT,
            idle: limits::IDLE_TIMEOUT,
            body: limits::BODY_TIMEOUT,
        }
    }
}
