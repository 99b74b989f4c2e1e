//! A request as it goes over the wire.

use http::Method;
use http::header::{HeaderMap, HeaderValue};
use url::Url;

use crate::error::{Attempt, Operation};
use crate::http::endpoint::Mode;
use crate::http::payload::Payload;
use crate::http::retry::Attempts;
use crate::http::traffic::Traffic;

/// One request, as it goes over the wire.
#[derive(Clone)]
pub(crate) struct WireRequest<'a> {
    pub(crate) operation: &'a Operation,
    /// The host that the user named, for errors.
    pub(crate) host: &'a str,
    pub(crate) mode: Mode,
    pub(crate) method: Method,
    pub(crate) url: Url,
    pub(crate) headers: HeaderMap,
    /// The authorization for the origin of `url` only.
    pub(crate) authorization: Option<HeaderValue>,
    pub(crate) payload: &'a Payload,
    pub(crate) traffic: Traffic,
    /// The counter of attempts.
    pub(crate) attempts: &'a Attempts,
}

impl WireRequest<'_> {
    pub(crate) fn attempt(&self) -> Box<Attempt> {
        let mut attempt = Attempt::new(self.operation, &self.method, &self.url, self.host);
        attempt.attempts = self.attempts.current();
        attempt
    }
}
