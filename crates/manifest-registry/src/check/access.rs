//! The login that is used, and what it may read. Nothing is written.

use std::sync::Arc;

use futures_util::future::join;
use http::Method;
use http::header::HeaderMap;
use manifest_core::reference::Repository;
use manifest_core::{Digest, Reference};

use crate::auth::{FoundCredential, Scope, grants_push};
use crate::check::rate_limit::RateLimit;
use crate::client::{Client, manifest_request};
use crate::error::{Operation, RegistryError, RegistryKind};
use crate::host::is_docker_hub;
use crate::http::{Payload, Traffic};
use crate::session::{Request, Target};

/// The image by which Docker Hub reports its rate limit (Docker's documentation, "Usage and limits"). A HEAD for it does
/// not count as a pull.
const RATE_LIMIT_IMAGE: &str = "docker.io/ratelimitpreview/test:latest";

/// The login that a registry gets.
#[derive(Clone, Debug)]
pub struct LoginCheck {
    /// The credential and its place, or the reason why it cannot be read.
    pub credential: Result<FoundCredential, RegistryError>,
    /// Whether the registry and its token server accept it. Without a credential: whether they accept anonymous access.
    pub accepted: Result<(), RegistryError>,
}

/// The existence of content that the registry gives access to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Existence {
    /// It exists.
    Present,
    /// It does not exist, or is hidden.
    Absent,
}

/// The access to a repository, as far as reads show it.
#[derive(Clone, Debug)]
pub struct RepositoryCheck {
    /// The result of HEAD for the manifest.
    pub manifest: Result<Existence, RegistryError>,
    /// The result of GET for the first tag. Absent if there is no such repository.
    pub tags: Result<Existence, RegistryError>,
    /// Whether the registry has the referrers API.
    pub referrers: Result<bool, RegistryError>,
    /// Whether the token for a push has the scope for it. `None` if the token does not tell, or if there is none.
    pub grants_push: Result<Option<bool>, RegistryError>,
    /// The rate limit that the response for the manifest has.
    pub rate_limit: Option<RateLimit>,
}

impl Client {
    /// Tells which credential for a repository, or for the whole registry, is used, and whether it is accepted.
    ///
    /// Call [`Client::check_connection`] first.
    pub async fn check_login(&self, domain: &str, repository: Option<&Repository>) -> LoginCheck {
        let path = repository.map_or("", Repository::path);
        let request = Request {
            domain,
            operation: Operation::Ping(domain.to_owned()),
            scopes: repository.map(Scope::pull).into_iter().collect(),
            ..read_request(domain, "/v2/".to_owned())
        };
        let credential = self.session().credential(domain, path).await;
        let accepted = match &credential {
            Ok(_) => self.session().send_ping_as(&request).await,
            Err(error) => Err(error.clone()),
        };
        LoginCheck {
            credential,
            accepted,
        }
    }

    /// Tells whether there may be a credential for a repository, or for the whole registry. No helper is run.
    #[must_use]
    pub fn has_credential(&self, domain: &str, repository: Option<&Repository>) -> bool {
        let path = repository.map_or("", Repository::path);
        self.session().has_credential(domain, path)
    }

    /// Reads from a repository, all at once: a manifest, a tag, the referrers of no manifest, and the scopes of a token.
    ///
    /// Call [`Client::check_connection`] first. The token for a push is not requested from Quay if the repository does
    /// not exist, because Quay creates the repository with the token.
    pub async fn check_repository(&self, reference: &Reference) -> RepositoryCheck {
        let repository = reference.repository();
        let subject = repository.at(Digest::sha256(b""));
        let reads = join(self.probe(reference), self.list_first_tag(repository));
        let referrers = self.list_referrers(&subject, [].into());
        let is_quay = RegistryKind::of(repository.domain()) == RegistryKind::Quay;
        let early_push = async {
            match is_quay {
                true => None,
                false => Some(self.grants_push(repository).await),
            }
        };
        let (reads, (referrers, early_push)) = join(reads, join(referrers, early_push)).await;
        let (manifest, tags) = reads;
        let grants_push = match (early_push, &tags) {
            (Some(granted), _) => granted,
            (None, Ok(Existence::Present)) => self.grants_push(repository).await,
            (None, _) => Ok(None),
        };
        let (manifest, rate_limit) = match manifest {
            Ok((existence, rate_limit)) => (Ok(existence), rate_limit),
            Err(error) => (Err(error), None),
        };
        RepositoryCheck {
            manifest,
            tags,
            referrers: referrers.map(|referrers| referrers.is_some()),
            grants_push,
            rate_limit,
        }
    }

    /// Asks Docker Hub for its rate limit, by a HEAD that does not count. `None` for any other registry, and if Docker
    /// Hub states none: some accounts have no limit.
    ///
    /// # Errors
    /// Returns an error if Docker Hub refuses the request.
    pub async fn check_rate_limit(&self, domain: &str) -> Result<Option<RateLimit>, RegistryError> {
        if !is_docker_hub(domain) {
            return Ok(None);
        }
        let Ok(image) = RATE_LIMIT_IMAGE.parse() else {
            unreachable!("it is a reference")
        };
        let (_, rate_limit) = self.probe(&image).await?;
        Ok(rate_limit)
    }

    /// Sends HEAD for a manifest.
    async fn probe(
        &self,
        reference: &Reference,
    ) -> Result<(Existence, Option<RateLimit>), RegistryError> {
        let request = manifest_request(Method::HEAD, reference);
        match self.session().send(&request).await {
            Ok(response) => Ok((Existence::Present, RateLimit::of(response.headers()))),
            Err(error) if error.is_not_found() => Ok((Existence::Absent, None)),
            Err(error) => Err(error),
        }
    }

    async fn list_first_tag(&self, repository: &Repository) -> Result<Existence, RegistryError> {
        let path = format!("/v2/{}/tags/list?n=1", repository.path());
        let request = Request {
            operation: Operation::ListTags(repository.clone()),
            scopes: vec![Scope::pull(repository)],
            ..read_request(repository.domain(), path)
        };
        match self.session().send(&request).await {
            Ok(response) => {
                response.discard().await;
                Ok(Existence::Present)
            }
            Err(error) if error.is_not_found() => Ok(Existence::Absent),
            Err(error) => Err(error),
        }
    }

    /// Requests a token for a push, and reads its scopes. `None` if it does not tell, or if there is none.
    async fn grants_push(&self, repository: &Repository) -> Result<Option<bool>, RegistryError> {
        let request = Request {
            operation: Operation::CheckWriteAccess(repository.clone()),
            scopes: vec![Scope::push(repository)],
            ..read_request(repository.domain(), "/v2/".to_owned())
        };
        let header = self.session().authorization_header(&request).await?;
        Ok(header.and_then(|header| grants_push(&header, repository.path())))
    }
}

/// Returns a GET request without scopes.
fn read_request(domain: &str, path: String) -> Request<'_> {
    Request {
        domain,
        operation: Operation::Ping(domain.to_owned()),
        method: Method::GET,
        target: Target::Path(path),
        headers: HeaderMap::new(),
        payload: Payload::None,
        traffic: Traffic::Request,
        scopes: Vec::new(),
        shared_scopes: Arc::default(),
    }
}
