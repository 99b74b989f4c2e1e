//! The `Authorization` of a request: from the credentials for its repository and the challenge of its registry.

use std::sync::{Arc, PoisonError};

use http::Method;
use http::header::{HeaderMap, HeaderValue};
use tokio::sync::OnceCell;
use url::Url;

use crate::auth::{Authenticator, Authorization, Challenge, Credential, RequestSummary, Scope};
use crate::error::{Operation, RegistryError};
use crate::host::is_same_origin;
use crate::http::{Mode, Payload, Traffic, Tries};
use crate::observer::Event;
use crate::session::host::{Destination, Host, Looked};
use crate::session::registry_session::Session;
use crate::session::request::{Call, Target};

impl Session {
    /// Returns the authorization of a request, as far as the registry is known to demand one.
    pub(super) async fn authorization(
        &self,
        to: Destination<'_>,
        call: &Call<'_>,
        rejected: Option<&HeaderValue>,
    ) -> Result<Option<Authorization>, RegistryError> {
        match to.host.challenge() {
            Some(challenge) => self.authorization_for(&challenge, to, call, rejected).await,
            None => Ok(None),
        }
    }

    /// Returns the authorization of a request that answers `challenge`.
    pub(super) async fn authorization_for(
        &self,
        challenge: &Challenge,
        to: Destination<'_>,
        call: &Call<'_>,
        rejected: Option<&HeaderValue>,
    ) -> Result<Option<Authorization>, RegistryError> {
        let host = to.host;
        let credential = self.credential(host, call.path());
        let credential = credential
            .get_or_init(|| Box::pin(self.find_credential(host, call.path())))
            .await;
        // One token is asked for by one user.
        let own = self.credentials.parts(&host.domain, call.path());
        let is_mine = |scope: &Scope| self.credentials.parts(&host.domain, scope.path()) == own;
        let none = Arc::default();
        let shared = if call.shared.iter().all(is_mine) {
            &call.shared
        } else {
            &none
        };
        let authenticator = Authenticator {
            transport: &self.transport,
            tokens: &self.tokens,
            mode: to.mode,
            base: to.base,
            credential: &credential.as_ref().map_err(Clone::clone)?.credential,
            scopes: &call.scopes,
            shared,
            rejected,
            request: RequestSummary {
                operation: &call.operation,
                method: &call.method,
                url: to.url,
                host: &host.domain,
            },
        };
        authenticator.authorization(challenge).await
    }

    /// Returns the place of the credentials for a repository.
    fn credential(&self, host: &Host, path: &str) -> Arc<OnceCell<Looked>> {
        let key = self.credentials.parts(&host.domain, path).join(" ");
        let mut credentials = host
            .credentials
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        credentials.entry(key).or_default().clone()
    }

    async fn find_credential(&self, host: &Host, path: &str) -> Looked {
        let found = self.credentials.find(&host.domain, path).await?;
        self.transport.observer.event(&Event::Credentials {
            host: &host.domain,
            source: found.source.as_deref(),
        });
        Ok(found)
    }

    /// Notes on a refusal which login of the user's it was that was refused, if one went with the request.
    pub(super) fn naming_login(&self, call: &Call<'_>, mut error: RegistryError) -> RegistryError {
        if let Some(source) = self.refused_login(call, &error) {
            error.mark_login(source);
        }
        error
    }

    fn refused_login(&self, call: &Call<'_>, error: &RegistryError) -> Option<String> {
        let attempt = error.attempt().filter(|_| error.is_unauthorized())?;
        let host = self.host(call.domain);
        // A token server gets the login from us; else only the registry itself does.
        let is_token = matches!(attempt.operation, Operation::GetToken(_));
        let is_own = || {
            let url = Url::parse(&attempt.url).ok();
            url.is_some_and(|url| {
                host.base
                    .get()
                    .is_some_and(|base| is_same_origin(&url, base))
            })
        };
        if !is_token && !is_own() {
            return None;
        }
        let credential = self.credential(&host, call.path());
        let Some(Ok(found)) = credential.get() else {
            return None;
        };
        let is_sent = match (host.challenge()?, &found.credential) {
            (_, Credential::Anonymous) => false,
            (Challenge::Basic, Credential::Basic { .. }) => true,
            (challenge, _) => matches!(challenge, Challenge::Bearer { .. }),
        };
        found.source.clone().filter(|_| is_sent)
    }

    /// Asks a registry for its challenge, once. Some that let strangers in answer 404 or 403, without a challenge, where a
    /// user would see something; only their `/v2/` says how to log in.
    pub(super) async fn ping(
        &self,
        host: &Host,
        mode: Mode,
        base: &Url,
    ) -> Result<(), RegistryError> {
        host.pinged
            .get_or_try_init(|| async {
                let call = Call {
                    domain: &host.domain,
                    operation: Operation::Ping(host.domain.clone()),
                    method: Method::GET,
                    target: Target::Path("/v2/".to_owned()),
                    headers: HeaderMap::new(),
                    payload: Payload::None,
                    traffic: Traffic::Request,
                    scopes: Vec::new(),
                    shared: [].into(),
                };
                let answer = self
                    .send_anonymous(host, &call, mode, &Tries::default())
                    .await?;
                host.learn(&answer, base);
                answer.discard().await;
                Ok(())
            })
            .await
            .copied()
    }
}
