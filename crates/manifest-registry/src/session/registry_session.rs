//! One session with each registry: its scheme, its challenge, and the authorization of each request.
//!
//! The first request to a host is sent alone. It determines the scheme (https before http, where plain HTTP is allowed)
//! and the challenge for all others. No extra request is sent for that, except to registries that hide content from
//! anonymous clients (see [`Session::ping`]).

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use http::StatusCode;

use crate::auth::{Authorization, Credentials, KnownRegistries, Tokens};
use crate::cache::Cache;
use crate::error::{Attempt, RegistryError};
use crate::host::is_same_origin;
use crate::http::{Attempts, Contact, Response, Transport, WireRequest};
use crate::redact;
use crate::session::host::{Destination, Host};
use crate::session::request::{Request, Target};

/// The remedy for an error response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Remedy {
    /// No remedy.
    None,
    /// Retry with another `Authorization`.
    Authorize,
    /// Request the registry's challenge first.
    Ping,
}

/// The sessions with all registries.
pub(crate) struct Session {
    pub(crate) transport: Transport,
    pub(super) credentials: Credentials,
    pub(super) known: KnownRegistries,
    pub(crate) cache: Arc<dyn Cache>,
    pub(super) tokens: Tokens,
    hosts: Mutex<HashMap<String, Arc<Host>>>,
}

impl Session {
    pub(crate) fn new(
        transport: Transport,
        credentials: Credentials,
        known: KnownRegistries,
        cache: Arc<dyn Cache>,
    ) -> Self {
        Self {
            transport,
            credentials,
            known,
            cache,
            tokens: Tokens::default(),
            hosts: Mutex::default(),
        }
    }

    /// Sends a request, with retries. The body of the response is not read yet.
    ///
    /// # Errors
    /// Returns an error for every status but 2xx.
    pub(crate) async fn send(&self, request: &Request<'_>) -> Result<Response, RegistryError> {
        self.send_with(request, &Attempts::default()).await
    }

    /// As [`Self::send_with`], but without retries for content that was just written and is not found. The caller does
    /// these.
    pub(crate) async fn send_without_write_retry(
        &self,
        request: &Request<'_>,
        attempts: &Attempts,
    ) -> Result<Response, RegistryError> {
        self.send_authorized(request, attempts)
            .await
            .map_err(|error| self.with_rejected_login(request, error))
    }

    /// Sends a request without retries.
    pub(crate) async fn send_once(&self, request: &Request<'_>) -> Result<Response, RegistryError> {
        self.send_with(request, &Attempts::single()).await
    }

    /// Sends a request and reads the whole body of the response, of at most `limit` bytes. A truncated body is retried.
    pub(crate) async fn fetch(
        &self,
        request: &Request<'_>,
        limit: usize,
        attempts: &Attempts,
    ) -> Result<(Response, Vec<u8>), RegistryError> {
        loop {
            let mut response = self.send_with(request, attempts).await?;
            match response.bytes(limit).await {
                Ok(bytes) => return Ok((response, bytes)),
                Err(mut error) => {
                    let retrier = &self.transport.retrier;
                    if !retrier
                        .retry(attempts, &mut error, Contact::Responded)
                        .await
                    {
                        return Err(error);
                    }
                }
            }
        }
    }

    /// Records that this process has written the content at `path`, so that a 404 for it is retried for some time.
    pub(crate) fn record_write(&self, domain: &str, path: &str) {
        self.transport
            .retrier
            .record_write(format!("{domain}{path}"));
    }

    /// As [`Self::send`], with attempts that several requests share.
    pub(crate) async fn send_with(
        &self,
        request: &Request<'_>,
        attempts: &Attempts,
    ) -> Result<Response, RegistryError> {
        loop {
            let mut error = match self.send_authorized(request, attempts).await {
                Err(error) if error.is_not_found() => error,
                result => return result.map_err(|error| self.with_rejected_login(request, error)),
            };
            let Target::Path(path) = &request.target else {
                return Err(error);
            };
            let content_key = format!("{}{path}", request.domain);
            let retrier = &self.transport.retrier;
            if !retrier
                .retry_after_write(attempts, &mut error, &content_key)
                .await
            {
                return Err(error);
            }
        }
    }

    /// Sends a request with the authorization that the registry is known to demand. Sends it again if the response
    /// demands another.
    async fn send_authorized(
        &self,
        request: &Request<'_>,
        attempts: &Attempts,
    ) -> Result<Response, RegistryError> {
        let host = self.host(request.domain);
        if host.domain.is_empty() {
            host.first_request_done.close();
            return Err(RegistryError::NoRegistry(request.path().to_owned()));
        }
        let (mode, first) = self.negotiate_mode(&host, request, attempts).await?;
        let base = host.base(mode)?;
        let url = host.target(request, mode)?;
        let to = Destination {
            host: &host,
            mode,
            base,
            url: &url,
        };
        let is_own = is_same_origin(&url, base);
        let (mut response, mut authorization) = match first {
            Some(response) => (response, None),
            None if is_own => {
                host.second_request_sent.close();
                let authorization = self.authorization(to, request, None).await?;
                let sent = self.send_to(to, request, authorization.as_ref(), attempts);
                let response = sent.await?;
                (response, authorization)
            }
            None => {
                let sent = self.send_to(to, request, None, attempts);
                return sent.await?.accepted().await;
            }
        };
        let mut is_first = true;
        loop {
            host.record_challenge(&response, base);
            let may_retry =
                is_own && request.payload.is_repeatable() && is_same_origin(response.url(), base);
            let status = response.status();
            if status.is_success() || !may_retry {
                return response.accepted().await;
            }
            let remedy = self.remedy(&host, request, status, authorization.as_ref(), is_first);
            let refused = response.refused().await;
            if remedy == Remedy::None {
                return Err(refused);
            }
            host.second_request_sent.close();
            if remedy == Remedy::Ping {
                Box::pin(self.ping(&host, mode, base)).await?;
            }
            let rejected = authorization.as_ref().map(|sent| &sent.header);
            let replacement = self.authorization(to, request, rejected).await?;
            // Some token servers return the same token for all scopes. If that one is refused, the refusal is final.
            let is_same = |replacement: &Authorization| Some(&replacement.header) == rejected;
            authorization = match replacement {
                Some(replacement) if status != StatusCode::FORBIDDEN || !is_same(&replacement) => {
                    Some(replacement)
                }
                _ => return Err(refused),
            };
            let sent = self.send_to(to, request, authorization.as_ref(), attempts);
            response = sent.await?;
            is_first = false;
        }
    }

    /// Returns the remedy for an error response. `authorization` is that of the request; `is_first` is true if no
    /// remedy was tried yet.
    fn remedy(
        &self,
        host: &Host,
        request: &Request<'_>,
        status: StatusCode,
        authorization: Option<&Authorization>,
        is_first: bool,
    ) -> Remedy {
        // A token with many scopes may be refused where one with fewer is accepted. Some registries then respond 403.
        let has_extra_scopes = authorization.is_some_and(|sent| sent.has_extra_scopes);
        let may_be_hidden = || {
            matches!(status, StatusCode::FORBIDDEN | StatusCode::NOT_FOUND)
                && authorization.is_none()
                && host.challenge().is_none()
                && self.credentials.has_for(&host.domain, request.path())
        };
        match status {
            StatusCode::UNAUTHORIZED if is_first || has_extra_scopes => Remedy::Authorize,
            StatusCode::FORBIDDEN if has_extra_scopes => Remedy::Authorize,
            _ if may_be_hidden() => Remedy::Ping,
            _ => Remedy::None,
        }
    }

    /// Sends a request to its destination.
    pub(super) async fn send_to(
        &self,
        to: Destination<'_>,
        request: &Request<'_>,
        authorization: Option<&Authorization>,
        attempts: &Attempts,
    ) -> Result<Response, RegistryError> {
        let domain = &to.host.domain;
        let Some(mode) = self.transport.next_mode(to.base, to.mode, to.url) else {
            return Err(RegistryError::Redirect {
                attempt: Attempt::new(&request.operation, &request.method, to.url, domain),
                to: redact::url(to.url),
                reason: "it is not protected by TLS",
            });
        };
        let wire = WireRequest {
            operation: &request.operation,
            host: domain,
            mode,
            method: request.method.clone(),
            url: to.url.clone(),
            headers: request.headers.clone(),
            authorization: authorization.map(|authorization| authorization.header.clone()),
            payload: &request.payload,
            traffic: request.traffic,
            attempts,
        };
        self.transport.send(wire).await
    }

    /// Fetches the authorization of a coming request, once the registry's challenge is known.
    ///
    /// Errors are ignored here: they occur again when the request is sent.
    pub(crate) async fn prefetch_authorization(&self, request: &Request<'_>) {
        let host = self.host(request.domain);
        // The semaphore has no permits: `acquire` returns when it is closed.
        let _ = host.first_request_done.acquire().await;
        let Some(&Ok(mode)) = host.mode.get() else {
            return;
        };
        if let Ok(base) = host.base(mode)
            && let Ok(url) = host.target(request, mode)
        {
            let to = Destination {
                host: &host,
                mode,
                base,
                url: &url,
            };
            let _ = self.authorization(to, request, None).await;
        }
    }

    /// Waits until a second request is sent to a registry, possibly forever.
    pub(crate) async fn wait_for_second_request(&self, domain: &str) {
        // The semaphore has no permits: `acquire` returns when it is closed.
        let _ = self.host(domain).second_request_sent.acquire().await;
    }

    /// Tells whether a registry has responded to a request.
    pub(crate) fn has_responded(&self, domain: &str) -> bool {
        matches!(self.host(domain).mode.get(), Some(Ok(_)))
    }

    /// Tells whether a second request was sent to a registry.
    pub(crate) fn has_second_request(&self, domain: &str) -> bool {
        self.host(domain).second_request_sent.is_closed()
    }

    /// Describes a request for an error about its response.
    pub(crate) fn describe(&self, request: &Request<'_>) -> Result<Box<Attempt>, RegistryError> {
        let host = self.host(request.domain);
        host.attempt(request, host.mode())
    }

    pub(super) fn host(&self, domain: &str) -> Arc<Host> {
        let mut hosts = self.hosts.lock().unwrap_or_else(PoisonError::into_inner);
        hosts
            .entry(domain.to_owned())
            .or_insert_with(|| Arc::new(Host::new(domain)))
            .clone()
    }
}
