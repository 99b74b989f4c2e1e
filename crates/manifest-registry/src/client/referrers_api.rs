//! The referrers API (distribution specification, "Listing Referrers").

use std::sync::Arc;

use http::Method;
use http::header::{ACCEPT, HeaderMap, HeaderValue};
use manifest_core::limits::MANIFEST_BYTES;
use manifest_core::{Content, Descriptor, Digest, Manifest, MediaType, Reference};
use url::Url;

use crate::auth::Scope;
use crate::client::next_page::next_page;
use crate::client::registry_client::Client;
use crate::error::{ContentProblem, Operation, RegistryError};
use crate::http::{Attempts, Payload, Traffic};
use crate::limits::{REFERRER_PAGES, REFERRERS};
use crate::session::{Request, Target};

impl Client {
    /// Gets all pages of the list of referrers (distribution specification, "Listing Referrers"). Returns `None` if the
    /// registry has no referrers API.
    pub(crate) async fn list_referrers(
        &self,
        subject: &Reference,
        shared_scopes: Arc<[Scope]>,
    ) -> Result<Option<Vec<Descriptor>>, RegistryError> {
        let mut descriptors = Vec::new();
        let mut next = None;
        for _ in 0..REFERRER_PAGES {
            let request = Request {
                shared_scopes: shared_scopes.clone(),
                ..referrers_request(subject, next.take())
            };
            let (session, attempts) = (self.session(), Attempts::default());
            let fetched = session.fetch(&request, MANIFEST_BYTES, &attempts).await;
            let (response, bytes) = match fetched {
                Ok(fetched) => fetched,
                Err(error) if descriptors.is_empty() && lacks_referrers_api(&error) => {
                    return Ok(None);
                }
                Err(error) => return Err(error),
            };
            let content_type = response.header("content-type").unwrap_or_default();
            // A server that responds 200 to any path has no referrers API.
            if MediaType::recognise(content_type) != Some(MediaType::OciIndex) {
                return Ok(None);
            }
            let manifest = Manifest::parse(content_type, bytes)
                .map_err(|error| response.content(ContentProblem::Manifest(Arc::new(error))))?;
            if let Content::List(list) = manifest.content() {
                descriptors.extend(list.manifests.iter().cloned());
            }
            if descriptors.len() > REFERRERS {
                return Err(too_many(subject, REFERRERS, "referrers"));
            }
            next = next_page(&response);
            if next.is_none() {
                return Ok(Some(descriptors));
            }
        }
        Err(too_many(subject, REFERRER_PAGES, "pages of referrers"))
    }
}

fn referrers_request(subject: &Reference, next: Option<Url>) -> Request<'_> {
    let repository = subject.repository();
    let digest = subject.digest().map(Digest::as_str).unwrap_or_default();
    let path = format!("/v2/{}/referrers/{digest}", repository.path());
    let mut headers = HeaderMap::new();
    headers.insert(
        ACCEPT,
        HeaderValue::from_static(MediaType::OciIndex.as_str()),
    );
    Request {
        domain: repository.domain(),
        operation: Operation::ListReferrers(subject.clone()),
        method: Method::GET,
        target: next.map_or(Target::Path(path), Target::Url),
        headers,
        payload: Payload::None,
        traffic: Traffic::Request,
        scopes: vec![Scope::pull(repository)],
        shared_scopes: [].into(),
    }
}

/// Returns whether the error means that the registry has no referrers API. The specification requires 404, but older
/// registries send other statuses.
fn lacks_referrers_api(error: &RegistryError) -> bool {
    let is_listing = error
        .attempt()
        .is_some_and(|attempt| matches!(attempt.operation, Operation::ListReferrers(_)));
    let status = error.status().map(|status| status.as_u16());
    is_listing && matches!(status, Some(400 | 404 | 405 | 406 | 501))
}

pub(crate) fn too_many(reference: &Reference, limit: usize, what: &'static str) -> RegistryError {
    RegistryError::LimitExceeded {
        reference: Box::new(reference.clone()),
        limit,
        what,
    }
}
