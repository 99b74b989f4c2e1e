//! The `Authorization` of a request: from the credentials for its repository and the challenge of its registry.

use std::sync::{Arc, PoisonError};

use http::Method;
use http::header::{HeaderMap, HeaderValue};
use tokio::sync::OnceCell;
use url::Url;

use crate::auth::{Authenticator, Authorization, Challenge, Credential, RequestSummary, Scope};
use crate::error::{Operation, RegistryError, RejectedLogin};
use crate::host::is_same_origin;
use crate::http::{Attempts, Mode, Payload, Traffic};
use crate::observer::Event;
use crate::session::host::{CredentialResult, Destination, Host};
use crate::session::registry_session::Session;
use crate::session::request::{Request, Target};

impl Session {
    /// Returns the authorization of a request. `None` unless the registry is known to demand one.
    pub(super) async fn authorization(
        &self,
        to: Destination<'_>,
        request: &Request<'_>,
        rejected: Option<&HeaderValue>,
    ) -> Result<Option<Authorization>, RegistryError> {
        match to.host.challenge() {
            Some(challenge) => {
                self.authorization_for(&challenge, to, request, rejected)
                    .await
            }
            None => Ok(None),
        }
    }

    /// Returns the authorization of a request that answers `challenge`.
    pub(super) async fn authorization_for(
        &self,
        challenge: &Challenge,
        to: Destination<'_>,
        request: &Request<'_>,
        rejected: Option<&HeaderValue>,
    ) -> Result<Option<Authorization>, RegistryError> {
        let host = to.host;
        let credential = self.credential_cell(host, request.path());
        let credential = credential
            .get_or_init(|| Box::pin(self.find_credential(host, request.path())))
            .await;
        // A token is for one user, so it cannot cover repositories with other credentials.
        let keys = self
            .credentials
            .namespace_keys(&host.domain, request.path());
        let has_same_credential =
            |scope: &Scope| self.credentials.namespace_keys(&host.domain, scope.path()) == keys;
        let none = Arc::default();
        let shared_scopes = if request.shared_scopes.iter().all(has_same_credential) {
            &request.shared_scopes
        } else {
            &none
        };
        let authenticator = Authenticator {
            transport: &self.transport,
            tokens: &self.tokens,
            mode: to.mode,
            base: to.base,
            credential: &credential.as_ref().map_err(Clone::clone)?.credential,
            scopes: &request.scopes,
            shared_scopes,
            rejected,
            request: RequestSummary {
                operation: &request.operation,
                method: &request.method,
                url: to.url,
                host: &host.domain,
            },
        };
        authenticator.authorization(challenge).await
    }

    /// Returns the cell with the credentials for a repository.
    pub(super) fn credential_cell(
        &self,
        host: &Host,
        path: &str,
    ) -> Arc<OnceCell<CredentialResult>> {
        let key = self
            .credentials
            .namespace_keys(&host.domain, path)
            .join(" ");
        let mut credentials = host
            .credentials
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        credentials.entry(key).or_default().clone()
    }

    pub(super) async fn find_credential(&self, host: &Host, path: &str) -> CredentialResult {
        let found = self.credentials.find(&host.domain, path).await?;
        self.transport.observer.event(&Event::Credentials {
            host: &host.domain,
            source: found.source.as_deref(),
        });
        Ok(found)
    }

    /// Adds the source of the rejected credentials to an error, if the request carried any.
    pub(super) fn with_rejected_login(
        &self,
        request: &Request<'_>,
        mut error: RegistryError,
    ) -> RegistryError {
        if let Some(login) = self.rejected_login(request, &error) {
            error.mark_login(login);
        }
        error
    }

    fn rejected_login(
        &self,
        request: &Request<'_>,
        error: &RegistryError,
    ) -> Option<RejectedLogin> {
        let attempt = error.attempt().filter(|_| error.is_unauthorized())?;
        let host = self.host(request.domain);
        // Credentials go only to the token server and to the registry itself.
        let is_token = matches!(attempt.operation, Operation::GetToken(_));
        let is_registry = || {
            let url = Url::parse(&attempt.url).ok();
            url.is_some_and(|url| {
                host.base
                    .get()
                    .is_some_and(|base| is_same_origin(&url, base))
            })
        };
        if !is_token && !is_registry() {
            return None;
        }
        let credential = self.credential_cell(&host, request.path());
        let Some(Ok(found)) = credential.get() else {
            return None;
        };
        let is_sent = match (host.challenge()?, &found.credential) {
            (_, Credential::Anonymous) => false,
            (Challenge::Basic, Credential::Basic { .. }) => true,
            (challenge, _) => matches!(challenge, Challenge::Bearer { .. }),
        };
        let source = found.source.clone().filter(|_| is_sent)?;
        Some(RejectedLogin {
            source,
            overrides_docker_login: found.overrides_docker_login,
        })
    }

    /// Requests the registry's challenge, once.
    ///
    /// Some registries with anonymous access respond 404 or 403, without a challenge, for content that a user could
    /// see. Only their `/v2/` has the challenge.
    pub(super) async fn ping(
        &self,
        host: &Host,
        mode: Mode,
        base: &Url,
    ) -> Result<(), RegistryError> {
        host.pinged
            .get_or_try_init(|| async {
                let request = ping_request(&host.domain);
                let response = self
                    .send_anonymous(host, &request, mode, &Attempts::default())
                    .await?;
                host.record_challenge(&response, base);
                response.discard().await;
                Ok(())
            })
            .await
            .copied()
    }
}

/// Returns the request for `/v2/` of a registry.
pub(super) fn ping_request(domain: &str) -> Request<'_> {
    Request {
        domain,
        operation: Operation::Ping(domain.to_owned()),
        method: Method::GET,
        target: Target::Path("/v2/".to_owned()),
        headers: HeaderMap::new(),
        payload: Payload::None,
        traffic: Traffic::Request,
        scopes: Vec::new(),
        shared_scopes: [].into(),
    }
}
