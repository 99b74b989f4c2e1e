//! A request to a registry, before it is known how the registry is reached.

use std::sync::Arc;

use http::Method;
use http::header::HeaderMap;
use url::Url;

use crate::auth::Scope;
use crate::error::Operation;
use crate::http::{Payload, Traffic};

/// A request to a registry, before it is known how the registry is reached.
pub(crate) struct Request<'a> {
    /// The registry, as references name it.
    pub(crate) domain: &'a str,
    pub(crate) operation: Operation,
    pub(crate) method: Method,
    pub(crate) target: Target,
    pub(crate) headers: HeaderMap,
    pub(crate) payload: Payload,
    pub(crate) traffic: Traffic,
    /// The scopes that it needs, in the order in which they are asked for.
    pub(crate) scopes: Vec<Scope>,
    /// The scopes, these among them, that it shares with other requests: one token for all of them is asked for first. Empty
    /// where there are none.
    pub(crate) shared_scopes: Arc<[Scope]>,
}

impl Request<'_> {
    /// Returns the first repository that it is about, without its host; empty where it is about none.
    pub(super) fn path(&self) -> &str {
        self.scopes.first().map_or("", Scope::path)
    }
}

/// The target of a request.
#[derive(Clone)]
pub(crate) enum Target {
    /// A path and query on the registry.
    Path(String),
    /// A URL that the registry sent. Credentials go with it only if it is on the registry.
    Url(Url),
}
