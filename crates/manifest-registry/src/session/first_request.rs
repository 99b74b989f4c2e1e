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
    /// Makes the first call on a host. If its token server is expected, the token is fetched meanwhile, which is of use
    /// where the answer names that server. A host that names one over checked TLS is remembered.
    pub(super) async fn send_first(
        &self,
        host: &Host,
        request: &Request<'_>,
        attempts: &Attempts,
    ) -> Result<(Mode, Response), RegistryError> {
        let expected = self.expected(host, request);
        let Some(expected) = &expected else {
            let (mode, response) = self.open(host, request, attempts).await?;
            self.remember(host, mode, &response, None);
            return Ok((mode, response));
        };
        let base = host.url(Mode::Verified, "/")?;
        let mut open = Box::pin(self.open(host, request, attempts));
        // Whoever needs the token finds it, or why there is none, where tokens are.
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
        let is_right = self.remember(host, mode, &response, Some(expected));
        if is_right && !is_fetched {
            let _ = token.await;
        }
        Ok((mode, response))
    }

    /// Returns the challenge that a host is expected to send: that of an earlier run, or else that of a known registry. Nothing
    /// where the host is not to be reached by checked TLS.
    fn expected(&self, host: &Host, request: &Request<'_>) -> Option<Challenge> {
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

    /// Remembers the challenge that a host sends, or forgets the one that it does not send any more. Tells whether it is the
    /// one that was expected.
    fn remember(
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
        // An error, or what another host says, tells nothing of this one's logins.
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

    /// Makes the first call on a host, in each way that is allowed, until one is answered.
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
