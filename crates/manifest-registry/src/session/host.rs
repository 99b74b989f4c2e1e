//! The state of one registry: its TLS mode, its challenge, and the credentials for it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use http::StatusCode;
use tokio::sync::{OnceCell, Semaphore};
use url::Url;

use crate::auth::{Challenge, FoundCredential};
use crate::error::{Attempt, RegistryError};
use crate::host::{api_host, is_same_origin};
use crate::http::{Mode, Response};
use crate::session::request::{Request, Target};

/// The result of the search for credentials.
pub(super) type CredentialResult = Result<FoundCredential, RegistryError>;

/// The state of one registry.
pub(crate) struct Host {
    /// The registry, as references name it.
    pub(crate) domain: String,
    pub(super) mode: OnceCell<Result<Mode, RegistryError>>,
    /// Closed once the first request has got a response or failed.
    pub(super) first_request_done: Semaphore,
    /// Closed once a second request is sent, because the first did not suffice.
    pub(super) second_request_sent: Semaphore,
    /// The root URL of the registry, once its mode is determined.
    pub(super) base: OnceLock<Url>,
    challenge: Mutex<Option<Challenge>>,
    /// The credentials by namespace. Most are for the whole host.
    pub(super) credentials: Mutex<HashMap<String, Arc<OnceCell<CredentialResult>>>>,
    pub(super) pinged: OnceCell<()>,
}

impl Host {
    pub(super) fn new(domain: &str) -> Self {
        Self {
            domain: domain.to_owned(),
            mode: OnceCell::new(),
            first_request_done: Semaphore::new(0),
            second_request_sent: Semaphore::new(0),
            base: OnceLock::new(),
            challenge: Mutex::new(None),
            credentials: Mutex::default(),
            pinged: OnceCell::new(),
        }
    }

    /// Returns the TLS mode. [`Mode::Verified`] until it is determined.
    pub(crate) fn mode(&self) -> Mode {
        match self.mode.get() {
            Some(Ok(mode)) => *mode,
            _ => Mode::Verified,
        }
    }

    pub(super) fn url(&self, mode: Mode, path: &str) -> Result<Url, RegistryError> {
        let url = match self.base.get() {
            // Joining a path is faster than parsing a whole URL.
            Some(base) if base.scheme() == mode.scheme() => base.join(path),
            _ => {
                let root = format!("{}://{}", mode.scheme(), api_host(&self.domain));
                Url::parse(&format!("{root}{path}"))
            }
        };
        url.map_err(|error| RegistryError::Host {
            host: self.domain.clone(),
            source: error,
        })
    }

    /// Returns the root URL of the registry, and fixes its mode.
    pub(super) fn base(&self, mode: Mode) -> Result<&Url, RegistryError> {
        let base = match self.base.get() {
            Some(base) => return Ok(base),
            None => self.url(mode, "/")?,
        };
        Ok(self.base.get_or_init(|| base))
    }

    /// Returns the URL of a request.
    pub(super) fn target(&self, request: &Request<'_>, mode: Mode) -> Result<Url, RegistryError> {
        match &request.target {
            Target::Path(path) => self.url(mode, path),
            Target::Url(url) => Ok(url.clone()),
        }
    }

    /// Describes a request for errors.
    pub(super) fn attempt(
        &self,
        request: &Request<'_>,
        mode: Mode,
    ) -> Result<Box<Attempt>, RegistryError> {
        let url = self.target(request, mode)?;
        Ok(Attempt::new(
            &request.operation,
            &request.method,
            &url,
            &self.domain,
        ))
    }

    pub(super) fn challenge(&self) -> Option<Challenge> {
        self.challenge
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Records the challenge of a response, if the registry itself sent it.
    pub(super) fn record_challenge(&self, response: &Response, base: &Url) {
        if response.status() == StatusCode::UNAUTHORIZED
            && is_same_origin(response.url(), base)
            && let Some(challenge) = Challenge::from_headers(response.headers())
        {
            *self
                .challenge
                .lock()
                .unwrap_or_else(PoisonError::into_inner) = Some(challenge);
        }
    }
}

/// The URL of a request, and the registry that the request is for.
#[derive(Clone, Copy)]
pub(super) struct Destination<'a> {
    pub(super) host: &'a Host,
    pub(super) mode: Mode,
    /// The root URL of the registry.
    pub(super) base: &'a Url,
    pub(super) url: &'a Url,
}
