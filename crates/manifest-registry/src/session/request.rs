//! A request to a registry, independent of how the registry is reached.

use std::sync::Arc;

use http::Method;
use http::header::HeaderMap;
use url::Url;

use crate::auth::Scope;
use crate::error::Operation;
use crate::http::{Payload, Traffic};

/// A request to a registry, independent of how the registry is reached.
pub(crate) struct Request<'a> {
    /// The registry, as references name it.
    pub(crate) domain: &'a str,
    pub(crate) operation: Operation,
    pub(crate) method: Method,
    pub(crate) target: Target,
    pub(crate) headers: HeaderMap,
    pub(crate) payload: Payload,
    pub(crate) traffic: Traffic,
    /// The scopes that the request needs, in the order in which the token server receives them.
    pub(crate) scopes: Vec<Scope>,
    /// The scopes that the request shares with others, including its own. One token for all of them is requested first.
    /// Empty if there are none.
    pub(crate) shared_scopes: Arc<[Scope]>,
}

impl Request<'_> {
    /// Returns the first repository of the request, without its host. Empty if there is none.
    pub(super) fn path(&self) -> &str {
        self.scopes.first().map_or("", Scope::path)
    }
}

/// The target of a request.
#[derive(Clone)]
pub(crate) enum Target {
    /// A path and query on the registry.
    Path(String),
    /// A URL from the registry. Credentials are sent only if it has the registry's origin.
    Url(Url),
}
