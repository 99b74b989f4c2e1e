//! The options of an embedded registry.

use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use http::{Response, StatusCode};

use super::access::{self, Auth};
use super::api;
use super::behaviour::Behaviour;
use super::registry::{EmbeddedRegistry, lock};
use super::request::ApiRequest;
use super::routes::Route;
use super::store::Store;
use crate::error_response::ErrorResponse;
use crate::server::{ListenOptions, ReceivedRequest, Server};
use crate::tls::{self, Identity, TestCa};
use crate::token::TokenServer;

/// Options of an [`EmbeddedRegistry`].
#[derive(Debug, Default)]
#[must_use]
pub struct EmbeddedBuilder {
    auth: Auth,
    behaviour: Behaviour,
    listen: ListenOptions,
    identity: Option<Identity>,
    client_ca: Option<String>,
    http_versions: HttpVersions,
}

/// The HTTP versions that a registry speaks over TLS.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum HttpVersions {
    /// HTTP/1.1, and HTTP/2 if the client accepts it.
    #[default]
    Both,
    Http1Only,
    Http2Only,
}

impl EmbeddedRegistry {
    /// Starts a registry over plain HTTP, open to everybody.
    #[must_use]
    pub fn start() -> Self {
        Self::builder().start()
    }

    /// Returns a builder.
    pub fn builder() -> EmbeddedBuilder {
        EmbeddedBuilder::default()
    }
}

impl EmbeddedBuilder {
    /// Serves over TLS, with a certificate for loopback of this authority, HTTP/2 offered.
    pub fn tls(self, ca: &TestCa) -> Self {
        self.tls_identity(ca.server())
    }

    /// Serves over TLS with this certificate.
    pub fn tls_identity(mut self, identity: Identity) -> Self {
        self.identity = Some(identity);
        self
    }

    /// Demands a client certificate of this authority. Needs TLS.
    pub fn client_ca(mut self, ca: &TestCa) -> Self {
        self.client_ca = Some(ca.ca_pem());
        self
    }

    /// Serves only HTTP/2 over TLS.
    pub fn http2_only(mut self) -> Self {
        self.http_versions = HttpVersions::Http2Only;
        self
    }

    /// Does not offer HTTP/2 over TLS.
    pub fn http1_only(mut self) -> Self {
        self.http_versions = HttpVersions::Http1Only;
        self
    }

    /// Listens on `[::1]` in place of `127.0.0.1`.
    pub fn ipv6(mut self) -> Self {
        self.listen.ip = IpAddr::V6(Ipv6Addr::LOCALHOST);
        self
    }

    /// Adds this time to every round trip: TCP handshake, TLS handshake, each request.
    pub fn latency(mut self, time: Duration) -> Self {
        self.listen.latency = time;
        self
    }

    /// Serves at most this many connections at once, and resets others.
    pub fn max_connections(mut self, most: usize) -> Self {
        self.listen.max_connections = Some(most);
        self
    }

    /// Handles at most this many requests at once, and answers others with 429.
    pub fn max_requests(mut self, most: usize) -> Self {
        self.listen.max_requests = Some(most);
        self
    }

    /// Demands Basic authentication. Can be called for several accounts.
    pub fn basic_auth(mut self, user: &str, password: &str) -> Self {
        let account = (user.to_owned(), password.to_owned());
        match &mut self.auth {
            Auth::Basic { users } => users.push(account),
            _ => {
                self.auth = Auth::Basic {
                    users: vec![account],
                }
            }
        }
        self
    }

    /// Demands tokens issued by this server.
    pub fn token_auth(mut self, tokens: &TokenServer) -> Self {
        self.auth = Auth::Bearer {
            realm: tokens.realm(),
            service: tokens.service().to_owned(),
            tokens: tokens.issued_tokens(),
        };
        self
    }

    /// Answers every mount with 202 and an upload session.
    pub fn never_mount(mut self) -> Self {
        self.behaviour.never_mount = true;
        self
    }

    /// Refuses a POST with the content of a blob with 400 UNSUPPORTED: uploads need a session.
    pub fn refuse_single_post(mut self) -> Self {
        self.behaviour.refuse_single_post = true;
        self
    }

    /// Refuses OCI manifests and indexes with 400 MANIFEST_INVALID.
    pub fn refuse_oci(mut self) -> Self {
        self.behaviour.refuse_oci = true;
        self
    }

    /// Refuses OCI indexes with Docker children and lists with OCI children.
    pub fn refuse_mixed(mut self) -> Self {
        self.behaviour.refuse_mixed = true;
        self
    }

    /// Refuses to move a tag that exists, with 400 TAG_INVALID.
    pub fn immutable_tags(mut self) -> Self {
        self.behaviour.immutable_tags = true;
        self
    }

    /// Sends Locations as paths in place of URLs.
    pub fn relative_locations(mut self) -> Self {
        self.behaviour.relative_locations = true;
        self
    }

    /// Answers a token with insufficient scope with 403 and no challenge, as some registries do, instead of 401.
    pub fn forbid_insufficient_scope(mut self) -> Self {
        self.behaviour.forbid_insufficient_scope = true;
        self
    }

    /// Answers the first `reads` GETs or HEADs of a newly written tag with 404.
    pub fn lag_after_put(mut self, reads: usize) -> Self {
        self.behaviour.lag_after_put = reads;
        self
    }

    /// Has no referrers API: 404 for its path, and no `OCI-Subject` header.
    pub fn no_referrers(mut self) -> Self {
        self.behaviour.no_referrers = true;
        self
    }

    /// Lists at most `count` referrers per page, with a Link to the next.
    pub fn referrers_per_page(mut self, count: usize) -> Self {
        self.behaviour.referrers_per_page = count;
        self
    }

    /// Starts the registry.
    #[must_use]
    pub fn start(self) -> EmbeddedRegistry {
        let Self {
            auth,
            behaviour,
            mut listen,
            identity,
            client_ca,
            http_versions,
        } = self;
        listen.tls = identity.map(|id| {
            let config = tls::server_config(
                &id,
                client_ca.as_deref(),
                http_versions != HttpVersions::Http1Only,
            );
            match http_versions {
                HttpVersions::Http2Only => tls::http2_only(&config),
                HttpVersions::Both | HttpVersions::Http1Only => config,
            }
        });
        let store = Arc::new(Mutex::new(Store::default()));
        let shared = store.clone();
        let server = Server::start(
            "registry",
            listen,
            Arc::new(move |received| {
                let (shared, auth, behaviour) = (shared.clone(), auth.clone(), behaviour.clone());
                // The handler runs when its future is awaited: a fault may prevent that.
                Box::pin(async move { respond(&shared, &auth, &behaviour, &received) })
            }),
        );
        EmbeddedRegistry::new(server, store)
    }
}

fn respond(
    store: &Mutex<Store>,
    auth: &Auth,
    behaviour: &Behaviour,
    received: &ReceivedRequest,
) -> Response<Bytes> {
    let Some(route) = Route::parse(received.parts.uri.path()) else {
        let mut response = Response::new(Bytes::from_static(b"404 page not found\n"));
        *response.status_mut() = StatusCode::NOT_FOUND;
        return response;
    };
    let query = received.parts.uri.query().unwrap_or_default();
    let query = url::form_urlencoded::parse(query.as_bytes())
        .into_owned()
        .collect();
    let request = ApiRequest {
        received,
        query,
        behaviour,
    };
    let allowed = access::check(
        auth,
        behaviour,
        &received.parts.method,
        &route,
        request.query("from"),
        &received.parts.headers,
    );
    let mut response = allowed
        .and_then(|()| api::handle(&mut lock(store), &request, &route))
        .unwrap_or_else(ErrorResponse::into_response);
    let version = http::HeaderValue::from_static("registry/2.0");
    response
        .headers_mut()
        .insert("docker-distribution-api-version", version);
    response
}
