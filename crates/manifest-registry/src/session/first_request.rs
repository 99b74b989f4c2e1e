//! The first request to a registry, which finds out how the registry is reached and what it demands.
//!
//! It goes alone, without a login. Where a challenge is in the cache, or the registry is a known one, its token is fetched meanwhile.

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
    /// Decides how a registry is reached, once. Returns the response where this request was the first.
    pub(super) async fn reach(
        &self,
        host: &Host,
        request: &Request<'_>,
        attempts: &Attempts,
    ) -> Result<(Mode, Option<Response>), RegistryError> {
        let mut first = None;
        let opened = host.mode.get_or_init(|| async {
            // Boxed: it happens once for each host, and would make every request's future as large.
            let opening = Box::pin(self.send_first(host, request, attempts));
            let (mode, response) = opening.await?;
            host.learn(&response, &host.url(mode, "/")?);
            first = Some(response);
            Ok(mode)
        });
        let opened = opened.await;
        host.opened.close();
        match opened {
            Ok(mode) => Ok((*mode, first)),
            Err(error) => Err(error.shared_with(host.attempt(request, Mode::Verified)?)),
        }
    }

    /// Sends the first request to a host. If its token server is expected, the token is fetched meanwhile, which is of use
    /// where the response names that server. The challenge of a host with verified TLS goes into the cache.
    async fn send_first(
        &self,
        host: &Host,
        request: &Request<'_>,
        attempts: &Attempts,
    ) -> Result<(Mode, Response), RegistryError> {
        let expected = self.expected_challenge(host, request);
        let Some(expected) = &expected else {
            let (mode, response) = self.open(host, request, attempts).await?;
            self.cache_challenge(host, mode, &response, None);
            return Ok((mode, response));
        };
        let base = host.url(Mode::Verified, "/")?;
        let mut open = Box::pin(self.open(host, request, attempts));
        // The token, or the reason why there is none, is kept with the other tokens.
        let url = host.target(request, Mode::Verified)?;
        let to = Destination {
            host,
            mode: Mode::Verified,
            base: &base,
            url: &url,
        };
        let mut token = Box::pin(self.authorization_for(expected, to, request, None));
        let (opened, is_fetched) = tokio::select! {
            opened = &mut open => (opened, false),
            _ = &mut token => ((&mut open).await, true),
        };
        let (mode, response) = opened?;
        let is_right = self.cache_challenge(host, mode, &response, Some(expected));
        if is_right && !is_fetched {
            let _ = token.await;
        }
        Ok((mode, response))
    }

    /// Returns the challenge that a host is expected to send: that of an earlier run, or else that of a known registry. Nothing
    /// where the host is not to be reached by checked TLS.
    fn expected_challenge(&self, host: &Host, request: &Request<'_>) -> Option<Challenge> {
        let domain = &host.domain;
        let modes = self.transport.insecure.modes(domain);
        if modes.first() != Some(&Mode::Verified) {
            return None;
        }
        let cached = self.cache.challenge(domain);
        let (challenge, source) = match cached.and_then(|text| Challenge::remembered(&text)) {
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

    /// Puts the challenge that a host sends into the cache, or removes one that it does not send any more. Tells whether it is the
    /// expected one.
    fn cache_challenge(
        &self,
        host: &Host,
        mode: Mode,
        response: &Response,
        before: Option<&Challenge>,
    ) -> bool {
        let is_own = host
            .url(mode, "/")
            .is_ok_and(|base| is_same_origin(response.url(), &base));
        let is_refused = response.status() == StatusCode::UNAUTHORIZED;
        let is_clear = is_refused || response.status().is_success();
        // An error, or the response of another host, says nothing about this host's challenge.
        if mode != Mode::Verified || !is_own || !is_clear {
            return false;
        }
        let found = Challenge::of(response.headers()).filter(|_| is_refused);
        let lasting = found.as_ref().and_then(Challenge::lasting);
        if lasting.is_some() || before.is_some() {
            let memory = &self.cache;
            memory.put_challenge(&host.domain, lasting.as_deref());
        }
        found.is_some() && found.as_ref() == before
    }

    /// Sends the first request to a host, in each mode that is allowed, until one is answered.
    async fn open(
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

    /// Sends a request without a login.
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

/// Tells whether a failure to connect with TLS leaves the chance that the port speaks plain http.
fn may_be_plain(error: &RegistryError) -> bool {
    match error {
        RegistryError::Network {
            problem: NetworkProblem::NoAuthorities,
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
