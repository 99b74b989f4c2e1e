//! The first request to a registry. Its response determines the scheme, the TLS mode and the challenge.
//!
//! It is sent alone and without credentials. If a challenge is in the cache, or the registry is a known one, a token is
//! requested in parallel.

use http::StatusCode;

use crate::auth::Challenge;
use crate::error::{NetworkProblem, RegistryError};
use crate::host::is_same_origin;
use crate::http::{Attempts, Mode, Response};
use crate::observer::{ChallengeSource, Event};
use crate::session::host::{Destination, Host};
use crate::session::registry_session::Session;
use crate::session::request::Request;

impl Session {
    /// Determines the TLS mode of a registry, once. Returns the response if this request was the first.
    pub(super) async fn negotiate_mode(
        &self,
        host: &Host,
        request: &Request<'_>,
        attempts: &Attempts,
    ) -> Result<(Mode, Option<Response>), RegistryError> {
        let mut first = None;
        let opened = host.mode.get_or_init(|| async {
            // Boxed because it runs once for each host, and would add its size to every request's future.
            let first_request = Box::pin(self.send_first(host, request, attempts));
            let (mode, response) = first_request.await?;
            host.record_challenge(&response, &host.url(mode, "/")?);
            first = Some(response);
            Ok(mode)
        });
        let opened = opened.await;
        host.first_request_done.close();
        match opened {
            Ok(mode) => Ok((*mode, first)),
            Err(error) => Err(error.shared_with(host.attempt(request, Mode::Verified)?)),
        }
    }

    /// Sends the first request to a host.
    ///
    /// If a challenge is expected, its token is requested in parallel. The token is used if the response has that
    /// challenge. The challenge of a host with verified TLS is cached.
    async fn send_first(
        &self,
        host: &Host,
        request: &Request<'_>,
        attempts: &Attempts,
    ) -> Result<(Mode, Response), RegistryError> {
        let expected = self.expected_challenge(host, request);
        let Some(expected) = &expected else {
            let (mode, response) = self.try_modes(host, request, attempts).await?;
            self.cache_challenge(host, mode, &response, None);
            return Ok((mode, response));
        };
        let base = host.url(Mode::Verified, "/")?;
        let mut request_future = Box::pin(self.try_modes(host, request, attempts));
        // The token, or the error, is stored with the other tokens.
        let url = host.target(request, Mode::Verified)?;
        let to = Destination {
            host,
            mode: Mode::Verified,
            base: &base,
            url: &url,
        };
        let mut token = Box::pin(self.authorization_for(expected, to, request, None));
        let (opened, is_fetched) = tokio::select! {
            opened = &mut request_future => (opened, false),
            _ = &mut token => ((&mut request_future).await, true),
        };
        let (mode, response) = opened?;
        let is_expected = self.cache_challenge(host, mode, &response, Some(expected));
        if is_expected && !is_fetched {
            let _ = token.await;
        }
        Ok((mode, response))
    }

    /// Returns the expected challenge of a host: that of an earlier run, else that of a known registry.
    ///
    /// Returns `None` for hosts that are not reached with verified TLS.
    fn expected_challenge(&self, host: &Host, request: &Request<'_>) -> Option<Challenge> {
        let domain = &host.domain;
        let modes = self.transport.insecure.modes(domain);
        if modes.first() != Some(&Mode::Verified) {
            return None;
        }
        let cached = self.cache.challenge(domain);
        let (challenge, source) = match cached.and_then(|text| Challenge::from_cached(&text)) {
            Some(challenge) => (challenge, ChallengeSource::Cache),
            None => {
                let has_login = || self.credentials.has_for(domain, request.path());
                let challenge = self.known.challenge(domain, has_login)?;
                (challenge, ChallengeSource::KnownRegistry)
            }
        };
        self.transport.observer.event(&Event::EarlyToken {
            host: domain,
            source,
        });
        Some(challenge)
    }

    /// Caches the challenge of a host, or removes an outdated one. Tells whether it is the expected one.
    fn cache_challenge(
        &self,
        host: &Host,
        mode: Mode,
        response: &Response,
        expected: Option<&Challenge>,
    ) -> bool {
        let is_own = host
            .url(mode, "/")
            .is_ok_and(|base| is_same_origin(response.url(), &base));
        let is_unauthorized = response.status() == StatusCode::UNAUTHORIZED;
        let is_conclusive = is_unauthorized || response.status().is_success();
        // An error, or a response from another host, says nothing about this host's challenge.
        if mode != Mode::Verified || !is_own || !is_conclusive {
            return false;
        }
        let found = Challenge::from_headers(response.headers()).filter(|_| is_unauthorized);
        let cacheable = found.as_ref().and_then(Challenge::to_cacheable);
        if cacheable.is_some() || expected.is_some() {
            let cache = &self.cache;
            cache.put_challenge(&host.domain, cacheable.as_deref());
        }
        found.is_some() && found.as_ref() == expected
    }

    /// Sends the first request to a host in each allowed mode, until there is a response.
    async fn try_modes(
        &self,
        host: &Host,
        request: &Request<'_>,
        attempts: &Attempts,
    ) -> Result<(Mode, Response), RegistryError> {
        let modes = self.transport.insecure.modes(&host.domain);
        let (last, others) = modes.split_last().unwrap_or((&Mode::Verified, &[]));
        for &mode in others {
            match self.send_anonymous(host, request, mode, attempts).await {
                Err(error) if may_be_plain(&error) => {}
                result => return Ok((mode, result?)),
            }
        }
        Ok((
            *last,
            self.send_anonymous(host, request, *last, attempts).await?,
        ))
    }

    /// Sends a request without credentials.
    pub(super) async fn send_anonymous(
        &self,
        host: &Host,
        request: &Request<'_>,
        mode: Mode,
        attempts: &Attempts,
    ) -> Result<Response, RegistryError> {
        let base = host.url(mode, "/")?;
        let url = host.target(request, mode)?;
        let to = Destination {
            host,
            mode,
            base: &base,
            url: &url,
        };
        self.send_to(to, request, None, attempts).await
    }
}

/// Tells whether the port may speak plain HTTP after the TLS connection failed.
fn may_be_plain(error: &RegistryError) -> bool {
    match error {
        RegistryError::Network {
            problem: NetworkProblem::NoCaCertificates,
            ..
        } => true,
        RegistryError::Network {
            problem,
            source: Some(source),
            ..
        } => source.is_connect() && problem.may_be_plain(),
        _ => false,
    }
}
