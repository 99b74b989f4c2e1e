//! The connection to a registry, and the login that the registry demands.

use std::net::SocketAddr;
use std::time::Duration;

use manifest_core::Reference;
use tokio::time::Instant;
use url::Url;

use crate::auth::Challenge;
use crate::client::Client;
use crate::error::{ContentProblem, RegistryError};
use crate::http::{InsecureReason, Mode, ServerCertificate, version_name};
use crate::redact;

/// The connection to a registry.
#[derive(Clone, Debug)]
pub struct Connection {
    /// The root URL of the registry.
    pub url: String,
    /// The address that responded: the registry's, or that of the proxy. `None` if it is unknown.
    pub address: Option<SocketAddr>,
    /// The time until the first response, with name lookup and handshakes.
    pub elapsed: Duration,
    /// The HTTP version: `HTTP/2`, `HTTP/1.1`.
    pub http_version: &'static str,
    /// The TLS connection. `None` for plain HTTP.
    pub tls: Option<TlsConnection>,
    /// The reason why verified TLS is not required. `None` if it is.
    pub insecure: Option<InsecureReason>,
    /// The proxy, without its credentials, and the name of its setting.
    pub proxy: Option<(String, String)>,
    /// The login that the registry demands.
    pub login: LoginScheme,
    /// The reason why the response is not that of a working registry.
    pub problem: Option<RegistryError>,
}

/// The TLS connection to a registry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsConnection {
    /// The version: `TLSv1.3`. `None` if it is unknown.
    pub version: Option<&'static str>,
    /// The certificate of the registry. `None` if it is unknown.
    pub certificate: Option<ServerCertificate>,
}

/// The login that a registry demands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LoginScheme {
    /// None: everybody may do everything that the registry allows.
    Open,
    /// User name and password with each request.
    Basic,
    /// A token.
    Token {
        /// The URL of the token server, without secrets.
        realm: String,
        /// The name of the registry there.
        service: Option<String>,
    },
    /// Only schemes that this program does not support.
    Unsupported(Vec<String>),
}

impl LoginScheme {
    fn of(challenge: Option<Challenge>, base: &Url) -> Self {
        match challenge {
            None => Self::Open,
            Some(Challenge::Basic) => Self::Basic,
            Some(Challenge::Bearer { realm, service }) => Self::Token {
                realm: match base.join(&realm) {
                    Ok(url) => redact::url(&url),
                    Err(_) => redact::header(&realm),
                },
                service: service.as_deref().map(redact::header),
            },
            Some(Challenge::Unknown(schemes)) => Self::Unsupported(
                schemes
                    .iter()
                    .map(|scheme| redact::printable(scheme))
                    .collect(),
            ),
        }
    }
}

impl Client {
    /// Contacts a registry by GET `/v2/`, without a login.
    ///
    /// # Errors
    /// Returns an error if there is no response.
    pub async fn check_connection(&self, domain: &str) -> Result<Connection, RegistryError> {
        let session = self.session();
        let started = Instant::now();
        let contact = session.contact(domain).await?;
        let elapsed = started.elapsed();
        let response = contact.response;
        let details = session.transport.connection(contact.mode, &contact.base);
        let (address, http_version) = (response.address(), version_name(response.version()));
        let (status, is_web_page) = (response.status(), response.is_web_page());
        let problem = if status.is_success() && is_web_page {
            Some(response.content(ContentProblem::WebPage))
        } else if status.is_success() || status.as_u16() == 401 && contact.challenge.is_some() {
            response.discard().await;
            None
        } else {
            Some(response.refused().await)
        };
        Ok(Connection {
            url: redact::url(&contact.base),
            address,
            elapsed,
            http_version,
            tls: (contact.mode != Mode::Plain).then_some(TlsConnection {
                version: details.tls_version,
                certificate: details.certificate,
            }),
            insecure: session.transport.insecure.reason(domain),
            proxy: details.proxy,
            login: LoginScheme::of(contact.challenge, &contact.base),
            problem,
        })
    }

    /// Returns the names of a reference on the mirrors that are read before its registry, in order.
    #[must_use]
    pub fn mirrors_of(&self, reference: &Reference) -> Vec<Reference> {
        self.mirrored().mirrors_of(reference)
    }
}
