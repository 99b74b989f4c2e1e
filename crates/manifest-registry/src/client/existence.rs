//! Existence and metadata of a manifest: by HEAD, which no registry counts as a pull, or by GET where a registry has no useful
//! response to HEAD.

use http::{Method, StatusCode};
use manifest_core::limits::MANIFEST_BYTES;
use manifest_core::{Digest, Reference};

use crate::client::read::no_such_manifest;
use crate::client::registry_client::Client;
use crate::client::stated_digest::check_stated;
use crate::error::{ContentProblem, RegistryError};
use crate::http::{Attempts, DOCKER_CONTENT_DIGEST, Response};
use crate::session::Session;

/// The metadata of a manifest, as its registry states it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ManifestMetadata {
    /// The digest.
    pub digest: Digest,
    /// The media type, without parameters.
    pub media_type: String,
    /// The size in bytes.
    pub size: u64,
}

/// The result of a HEAD request.
enum Head {
    /// There is no such manifest, according to this error response.
    Absent(RegistryError),
    /// The manifest exists. The metadata is `None` if the registry does not state all of it.
    Present(Option<ManifestMetadata>),
    /// The registry does not support HEAD, or states the digest of another manifest.
    Unclear,
}

impl Client {
    /// Returns whether the registry has a manifest. Mirrors are not asked.
    ///
    /// # Errors
    /// Returns an error if the registry gives no clear response.
    pub async fn manifest_exists(&self, reference: &Reference) -> Result<bool, RegistryError> {
        match self.head(reference).await? {
            Head::Absent(_) => Ok(false),
            Head::Present(_) => Ok(true),
            Head::Unclear => Ok(self.get_metadata(reference).await?.is_some()),
        }
    }

    /// Returns the metadata of a manifest of any type, or `None` if the registry has no such manifest. Mirrors are not asked.
    ///
    /// The metadata in a response to HEAD is not verified. Get the manifest by this digest to verify it.
    ///
    /// # Errors
    /// Returns an error if the registry gives no clear response, or sends a manifest that has not the requested digest.
    pub async fn manifest_metadata(
        &self,
        reference: &Reference,
    ) -> Result<Option<ManifestMetadata>, RegistryError> {
        match self.head(reference).await? {
            Head::Absent(_) => Ok(None),
            Head::Present(Some(metadata)) => Ok(Some(metadata)),
            Head::Present(None) | Head::Unclear => self.get_metadata(reference).await,
        }
    }

    /// Checks that a manifest exists: in a mirror, or else in its registry.
    ///
    /// One HEAD request is sent. GET follows only if the response to HEAD is not clear, or is a refusal: the response to GET has a body,
    /// which says why.
    ///
    /// # Errors
    /// Returns [`RegistryError::NoSuchManifest`] if the registry does not have the manifest, or its repository. A web page with the status
    /// 404 is another error, because it does not come from a registry.
    pub async fn require_manifest(&self, reference: &Reference) -> Result<(), RegistryError> {
        let head = async |session: &Session, mirror: &Reference, attempts: &Attempts| {
            let request = self.manifest_request(Method::HEAD, mirror);
            session.send_with(&request, attempts).await
        };
        if self
            .mirrored()
            .read_mirrored(reference, head)
            .await
            .is_some()
        {
            return Ok(());
        }
        match self.head(reference).await {
            Ok(Head::Present(_)) => return Ok(()),
            Ok(Head::Absent(error)) if !error.is_web_page() => {
                return Err(no_such_manifest(error, reference));
            }
            Err(error) if !error.is_final_refusal() => return Err(error),
            Ok(Head::Absent(_) | Head::Unclear) | Err(_) => {}
        }
        let request = self.manifest_request(Method::GET, reference);
        let attempts = Attempts::default();
        let fetched = self
            .session()
            .fetch(&request, MANIFEST_BYTES, &attempts)
            .await;
        match fetched {
            Ok((response, _)) if response.is_web_page() => {
                Err(response.content(ContentProblem::WebPage))
            }
            Ok(_) => Ok(()),
            Err(error) if error.is_web_page() => Err(error),
            Err(error) => Err(no_such_manifest(error, reference)),
        }
    }

    async fn head(&self, reference: &Reference) -> Result<Head, RegistryError> {
        let response = match self.request_manifest(Method::HEAD, reference).await {
            Ok(response) => response,
            Err(error) if error.is_not_found() => return Ok(Head::Absent(error)),
            Err(error) if error.status() == Some(StatusCode::METHOD_NOT_ALLOWED) => {
                return Ok(Head::Unclear);
            }
            Err(error) => return Err(error),
        };
        if response.is_web_page() {
            return Err(response.content(ContentProblem::WebPage));
        }
        let stated = response.single_header(DOCKER_CONTENT_DIGEST)?;
        let digest: Option<Digest> = stated.and_then(|text| text.trim().parse().ok());
        if let (Some(requested), Some(stated)) = (reference.digest(), &digest)
            && requested != stated
        {
            return Ok(Head::Unclear);
        }
        let size = response.single_header("content-length")?;
        let size = size.and_then(|text| text.trim().parse().ok());
        let metadata = match (digest, media_type(&response)?, size) {
            // A proxy that answers HEAD without the body's length says 0.
            (Some(digest), Some(media_type), Some(size)) if size > 0 => Some(ManifestMetadata {
                digest,
                media_type,
                size,
            }),
            _ => None,
        };
        Ok(Head::Present(metadata))
    }

    /// Gets a manifest for its metadata only. It may be of a type that this program does not know.
    async fn get_metadata(
        &self,
        reference: &Reference,
    ) -> Result<Option<ManifestMetadata>, RegistryError> {
        let request = self.manifest_request(Method::GET, reference);
        let attempts = Attempts::default();
        let fetched = self
            .session()
            .fetch(&request, MANIFEST_BYTES, &attempts)
            .await;
        let (response, bytes) = match fetched {
            Ok(fetched) => fetched,
            Err(error) if error.is_not_found() => return Ok(None),
            Err(error) => return Err(error),
        };
        if response.is_web_page() {
            return Err(response.content(ContentProblem::WebPage));
        }
        if let Some(expected) = reference.digest().filter(|digest| !digest.matches(&bytes)) {
            return Err(response.content(ContentProblem::Digest {
                kind: "manifest",
                expected: expected.clone(),
            }));
        }
        let stated = response.single_header(DOCKER_CONTENT_DIGEST)?;
        let stated = check_stated(stated, &bytes).map_err(|problem| response.content(problem))?;
        let requested = reference.digest().cloned();
        Ok(Some(ManifestMetadata {
            digest: requested
                .or(stated)
                .unwrap_or_else(|| Digest::sha256(&bytes)),
            media_type: media_type(&response)?.unwrap_or_default(),
            size: bytes.len() as u64,
        }))
    }
}

/// Returns the stated media type without parameters, such as a charset.
fn media_type(response: &Response) -> Result<Option<String>, RegistryError> {
    let stated = response.single_header("content-type")?;
    let essence = stated.and_then(|text| text.split(';').next());
    let essence = essence.map(str::trim).filter(|text| !text.is_empty());
    Ok(essence.map(str::to_owned))
}
