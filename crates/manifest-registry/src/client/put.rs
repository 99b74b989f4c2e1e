//! Pushes of manifests.

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
    /// Pushes a manifest under the tag of `target`, or under its digest if `target` has no tag.
    ///
    /// A digest in `target` that does not match `bytes` is ignored. Returns the digest under which the registry stored the
    /// manifest.
    ///
    /// # Errors
    /// Returns an error if the registry refuses the manifest, or states a digest of other content.
    pub async fn put_manifest(
        &self,
        target: &Reference,
        media_type: MediaType,
        bytes: Vec<u8>,
    ) -> Result<Digest, RegistryError> {
        let stored = self.put(target, media_type, bytes.into(), [].into());
        Ok(stored.await?.digest)
    }

    /// Pushes a manifest as [`Self::put_manifest`] does, with a token that also covers `shared_scopes`.
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
        // Only a digest other than the known one needs another hash of the bytes.
        let other = stated.filter(|text| text.trim() != digest.as_str());
        let stated = check_stated(other, &bytes).map_err(|problem| response.content(problem))?;
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

/// The header in the response of a registry with the referrers API to a manifest with a subject.
const OCI_SUBJECT: &str = "oci-subject";

/// The response of a registry to a pushed manifest.
pub(crate) struct Stored {
    /// The digest under which the registry stored the manifest.
    pub(crate) digest: Digest,
    /// Whether the registry lists the manifest as a referrer of its subject.
    pub(crate) is_listed: bool,
}
