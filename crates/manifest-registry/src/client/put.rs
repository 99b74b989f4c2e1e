//! Writing manifests.

use std::sync::Arc;

use bytes::Bytes;
use http::Method;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderMap, HeaderValue};
use manifest_core::{Digest, MediaType, Reference};

use crate::auth::Scope;
use crate::client::registry_client::Client;
use crate::client::stated_digest::check_stated;
use crate::error::{Operation, RegistryError};
use crate::http::{DOCKER_CONTENT_DIGEST, Payload, Traffic};
use crate::session::{Request, Target};

impl Client {
    /// Publishes a manifest under the reference's tag, or else under its digest; a digest that is not the one of
    /// `bytes` is ignored. Returns the digest under which the registry has it.
    ///
    /// # Errors
    /// Where the registry refuses it, or states that it stored something else.
    pub async fn put_manifest(
        &self,
        target: &Reference,
        media_type: MediaType,
        bytes: Vec<u8>,
    ) -> Result<Digest, RegistryError> {
        let stored = self.put(target, media_type, bytes.into(), [].into());
        Ok(stored.await?.digest)
    }

    /// As [`Self::put_manifest`], with a token that serves other calls as well.
    pub(crate) async fn put(
        &self,
        target: &Reference,
        media_type: MediaType,
        bytes: Bytes,
        shared_scopes: Arc<[Scope]>,
    ) -> Result<Stored, RegistryError> {
        let own = target
            .digest()
            .filter(|digest| digest.matches(&bytes))
            .cloned();
        let digest = own.unwrap_or_else(|| Digest::sha256(&bytes));
        let name = target.tag().unwrap_or(digest.as_str());
        let repository = target.repository();
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(media_type.as_str()));
        headers.insert(CONTENT_LENGTH, bytes.len().into());
        let path = |name: &str| format!("/v2/{}/manifests/{name}", repository.path());
        let request = Request {
            domain: repository.domain(),
            operation: Operation::PutManifest(target.clone()),
            method: Method::PUT,
            target: Target::Path(path(name)),
            headers,
            payload: Payload::Bytes(bytes.clone()),
            traffic: Traffic::Request,
            scopes: vec![Scope::push(repository)],
            shared_scopes,
        };
        let response = self.session().send(&request).await?.stored()?;
        let stated = response.single_header(DOCKER_CONTENT_DIGEST)?;
        // A digest that is known already is not computed again.
        let unknown = stated.filter(|text| text.trim() != digest.as_str());
        let stated = check_stated(unknown, &bytes).map_err(|problem| response.content(problem))?;
        let is_listed = response.headers().contains_key(OCI_SUBJECT);
        response.discard().await;
        let stated = stated.as_ref().unwrap_or(&digest);
        for name in [name, stated.as_str()] {
            self.session()
                .record_write(repository.domain(), &path(name));
        }
        Ok(Stored {
            digest: stated.clone(),
            is_listed,
        })
    }
}

/// The header with which a registry that has the referrers API responds to a manifest with a subject.
const OCI_SUBJECT: &str = "oci-subject";

/// The response of a registry to a manifest that was put.
pub(crate) struct Stored {
    /// The digest under which it has it.
    pub(crate) digest: Digest,
    /// Whether it lists it among those that refer to its subject.
    pub(crate) is_listed: bool,
}
