//! The first contact with a registry, for a diagnosis: its response whatever the status, and the login that it gets.

use http::header::HeaderValue;
use url::Url;

use crate::auth::{Challenge, FoundCredential};
use crate::error::RegistryError;
use crate::http::{Attempts, Mode, Response};
use crate::session::authorization::ping_request;
use crate::session::host::Destination;
use crate::session::registry_session::Session;
use crate::session::request::Request;

/// The response of a registry to the first request, which has no login.
pub(crate) struct Contact {
    /// The root URL of the registry.
    pub(crate) base: Url,
    pub(crate) mode: Mode,
    /// The challenge of the registry. `None` if it demands no login.
    pub(crate) challenge: Option<Challenge>,
    /// The response to GET `/v2/`.
    pub(crate) response: Response,
}

impl Session {
    /// Sends GET `/v2/` without a login. The mode and challenge of the registry are known afterwards.
    ///
    /// # Errors
    /// Returns an error only if there is no response.
    pub(crate) async fn contact(&self, domain: &str) -> Result<Contact, RegistryError> {
        if domain.is_empty() {
            return Err(RegistryError::NoRegistry(domain.to_owned()));
        }
        let host = self.host(domain);
        let (request, attempts) = (ping_request(domain), Attempts::default());
        let (mode, first) = self.negotiate_mode(&host, &request, &attempts).await?;
        let base = host.base(mode)?.clone();
        let response = match first {
            Some(response) => response,
            None => {
                self.send_anonymous(&host, &request, mode, &attempts)
                    .await?
            }
        };
        host.record_challenge(&response, &base);
        Ok(Contact {
            base,
            mode,
            challenge: host.challenge(),
            response,
        })
    }

    /// Returns the credential for a repository. A helper runs at most once.
    pub(crate) async fn credential(
        &self,
        domain: &str,
        path: &str,
    ) -> Result<FoundCredential, RegistryError> {
        let host = self.host(domain);
        let credential = self.credential_cell(&host, path);
        credential
            .get_or_init(|| Box::pin(self.find_credential(&host, path)))
            .await
            .clone()
    }

    /// Tells whether there may be a credential for a repository, without running a helper.
    pub(crate) fn has_credential(&self, domain: &str, path: &str) -> bool {
        self.credentials.has_for(domain, path)
    }

    /// Sends GET `/v2/` with the login that requests for `request.scopes` get.
    pub(crate) async fn send_ping_as(&self, request: &Request<'_>) -> Result<(), RegistryError> {
        let ping = Request {
            scopes: request.scopes.clone(),
            ..ping_request(request.domain)
        };
        self.send(&ping).await?.discard().await;
        Ok(())
    }

    /// Returns the `Authorization` that a request would get, once the registry has been contacted. The request is not
    /// sent.
    pub(crate) async fn authorization_header(
        &self,
        request: &Request<'_>,
    ) -> Result<Option<HeaderValue>, RegistryError> {
        let host = self.host(request.domain);
        let mode = host.mode();
        let (base, url) = (host.base(mode)?, host.target(request, mode)?);
        let to = Destination {
            host: &host,
            mode,
            base,
            url: &url,
        };
        let authorization = self.authorization(to, request, None).await?;
        Ok(authorization.map(|authorization| authorization.header))
    }
}
