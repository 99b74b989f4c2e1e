//! Reads of manifests, children of lists, and configurations.

use std::sync::Arc;

use http::Method;
use manifest_core::limits::{CONFIG_BYTES, MANIFEST_BYTES};
use manifest_core::manifest::ImageManifest;
use manifest_core::reference::Repository;
use manifest_core::{
    Content, Descriptor, Digest, ImageConfig, Manifest, MediaType, Platform, Reference,
};

use crate::auth::Scope;
use crate::client::registry_client::Client;
use crate::client::requests::manifest_request;
use crate::client::stated_digest::check_stated;
use crate::error::{Attempt, ContentProblem, RegistryError};
use crate::http::{Attempts, DOCKER_CONTENT_DIGEST, Response};
use crate::session::{Request, Session};

impl Client {
    /// Gets a manifest: by the digest of the reference if it has one, else by its tag. Mirrors are tried first.
    ///
    /// # Errors
    /// Returns [`RegistryError::NoSuchManifest`] if the registry has no such manifest. Returns an error if the digest, size or
    /// media type of the bytes is not the stated one.
    pub async fn manifest(&self, reference: &Reference) -> Result<Manifest, RegistryError> {
        let read = async |session: &Session, mirror: &Reference, attempts: &Attempts| {
            self.fetch_manifest(session, mirror, attempts).await
        };
        match self.mirrored().read_mirrored(reference, read).await {
            Some(manifest) => Ok(manifest),
            None => {
                self.manifest_from_registry(reference, &Attempts::default())
                    .await
            }
        }
    }

    /// Gets a manifest as [`Self::manifest`] does, but never from a mirror.
    pub(crate) async fn manifest_from_registry(
        &self,
        reference: &Reference,
        attempts: &Attempts,
    ) -> Result<Manifest, RegistryError> {
        self.fetch_manifest(self.session(), reference, attempts)
            .await
    }

    async fn fetch_manifest(
        &self,
        session: &Session,
        reference: &Reference,
        attempts: &Attempts,
    ) -> Result<Manifest, RegistryError> {
        let request = self.manifest_request(Method::GET, reference);
        let fetched = session.fetch(&request, MANIFEST_BYTES, attempts).await;
        let (response, bytes) = fetched.map_err(|error| no_such_manifest(error, reference))?;
        let content_type = response
            .single_header("content-type")?
            .unwrap_or_default()
            .to_owned();
        let stated = response
            .single_header(DOCKER_CONTENT_DIGEST)?
            .map(str::to_owned);
        let attempt = response.attempt();
        let problem = |problem| RegistryError::content(attempt.clone(), problem);
        // The digest is verified first, so that wrong bytes are never parsed.
        if let Some(expected) = reference.digest()
            && !expected.matches(&bytes)
        {
            let expected = expected.clone();
            return Err(problem(ContentProblem::Digest {
                kind: "manifest",
                expected,
            }));
        }
        let stated = check_stated(stated.as_deref(), &bytes).map_err(problem)?;
        let manifest = Manifest::parse(&content_type, bytes)
            .map_err(|error| problem(ContentProblem::Manifest(Arc::new(error))))?;
        // The requested or stated digest may be of another algorithm than SHA-256.
        let digest = reference
            .digest()
            .or(stated.as_ref())
            .unwrap_or(manifest.digest())
            .clone();
        let wrong = ContentProblem::Digest {
            kind: "manifest",
            expected: digest.clone(),
        };
        let manifest = manifest
            .with_digest(&digest)
            .ok_or_else(|| problem(wrong))?;
        self.record_read(reference.repository(), digest);
        Ok(manifest)
    }

    /// Gets a child of a list, and verifies it against its descriptor.
    ///
    /// A manifest that an earlier run read from the same repository comes from the cache.
    ///
    /// # Errors
    /// Returns the errors of [`Self::manifest`], and an error if the size or media type is not that of the descriptor.
    pub async fn child(
        &self,
        repository: &Repository,
        descriptor: &Descriptor,
    ) -> Result<Manifest, RegistryError> {
        if let Some(manifest) = self.cached_manifest(repository, descriptor) {
            return Ok(manifest);
        }
        let reference = repository.at(descriptor.digest.clone());
        let manifest = self.manifest(&reference).await?;
        let found = manifest.bytes().len() as u64;
        let problem = if found != descriptor.size {
            ContentProblem::Size {
                expected: descriptor.size,
                found,
            }
        } else if MediaType::recognise(&descriptor.media_type) != Some(manifest.media_type()) {
            ContentProblem::MediaType {
                expected: descriptor.media_type.clone(),
                found: manifest.media_type(),
            }
        } else {
            self.cache_content(repository, &descriptor.digest, manifest.bytes());
            return Ok(manifest);
        };
        let attempt = self.attempt(&reference)?;
        Err(RegistryError::content(attempt, problem))
    }

    /// Returns the digest that the registry states for a reference, or `None` if there is no such manifest.
    ///
    /// The stated digest is not verified. Get the manifest by this digest to verify it.
    ///
    /// # Errors
    /// Returns an error if the registry gives no clear response.
    pub async fn manifest_digest(
        &self,
        reference: &Reference,
    ) -> Result<Option<Digest>, RegistryError> {
        let stated = match self.request_manifest(Method::HEAD, reference).await {
            Ok(response) => response
                .single_header(DOCKER_CONTENT_DIGEST)?
                .and_then(|text| text.parse().ok()),
            Err(error) if error.is_not_found() => return Ok(None),
            Err(error) if error.status().is_some_and(|status| status.as_u16() == 405) => None,
            Err(error) => return Err(error),
        };
        if stated.is_some() {
            return Ok(stated);
        }
        match self
            .manifest_from_registry(reference, &Attempts::default())
            .await
        {
            Ok(manifest) => Ok(Some(manifest.digest().clone())),
            Err(error) if error.is_not_found() => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Gets a manifest and, if it is an image, the platform from its configuration.
    ///
    /// The platform of a list is `None`. The caller decides whether a list is acceptable.
    ///
    /// # Errors
    /// Returns the errors of [`Self::manifest`] and [`Self::blob`], and an error if the configuration is not valid JSON of the
    /// expected form.
    pub async fn image(
        &self,
        reference: &Reference,
    ) -> Result<(Manifest, Option<Platform>), RegistryError> {
        let manifest = self.manifest(reference).await?;
        let Content::Image(image) = manifest.content() else {
            return Ok((manifest, None));
        };
        let platform = self.platform(reference.repository(), image).await?;
        Ok((manifest, Some(platform)))
    }

    /// Gets the platform of an image from its configuration.
    ///
    /// # Errors
    /// Returns the errors of [`Self::blob`], and an error if the configuration is not valid JSON of the expected form.
    pub async fn platform(
        &self,
        repository: &Repository,
        image: &ImageManifest,
    ) -> Result<Platform, RegistryError> {
        Ok(self.config(repository, image).await?.platform)
    }

    /// Gets the configuration of an image.
    ///
    /// A configuration that an earlier run read from the same repository comes from the cache.
    ///
    /// # Errors
    /// Returns the errors of [`Self::platform`].
    pub async fn config(
        &self,
        repository: &Repository,
        image: &ImageManifest,
    ) -> Result<ImageConfig, RegistryError> {
        let config = &image.config;
        let bytes = self
            .cached_blob("image config", repository, config, CONFIG_BYTES)
            .await?;
        ImageConfig::parse(&bytes).map_err(|error| RegistryError::Config {
            blob: format!("{repository}@{}", config.digest),
            source: Arc::new(error),
        })
    }

    /// Gets a small blob as [`Self::blob`] does, or from the cache if an earlier run read it from the same repository.
    ///
    /// # Errors
    /// Returns the errors of [`Self::blob`].
    pub async fn small_blob(
        &self,
        repository: &Repository,
        descriptor: &Descriptor,
        limit: usize,
    ) -> Result<Vec<u8>, RegistryError> {
        self.cached_blob("blob", repository, descriptor, limit)
            .await
    }

    async fn cached_blob(
        &self,
        kind: &'static str,
        repository: &Repository,
        descriptor: &Descriptor,
        limit: usize,
    ) -> Result<Vec<u8>, RegistryError> {
        if let Some(bytes) = self.cached_content(repository, descriptor) {
            return Ok(bytes);
        }
        let blobs = self.blobs();
        let bytes = blobs.fetch(kind, repository, descriptor, limit).await?;
        self.cache_content(repository, &descriptor.digest, &bytes);
        Ok(bytes)
    }

    /// Returns the scopes that a read of a repository shares with other requests.
    pub(crate) fn shared_read_scopes(&self, repository: &Repository) -> Arc<[Scope]> {
        self.scope_plan().shared_read_scopes(repository)
    }

    /// Sends GET or HEAD for a manifest.
    pub(super) async fn request_manifest(
        &self,
        method: Method,
        reference: &Reference,
    ) -> Result<Response, RegistryError> {
        self.session()
            .send(&self.manifest_request(method, reference))
            .await
    }

    pub(crate) fn manifest_request<'a>(
        &self,
        method: Method,
        reference: &'a Reference,
    ) -> Request<'a> {
        Request {
            shared_scopes: self.scope_plan().shared_read_scopes(reference.repository()),
            ..manifest_request(method, reference)
        }
    }

    fn attempt(&self, reference: &Reference) -> Result<Box<Attempt>, RegistryError> {
        self.session()
            .describe(&manifest_request(Method::GET, reference))
    }

    /// Gets a blob of at most `limit` bytes, and verifies it against its descriptor.
    ///
    /// # Errors
    /// Returns an error if there is no such blob, if it has more than `limit` bytes, or if its size or digest is not that of
    /// the descriptor.
    pub async fn blob(
        &self,
        repository: &Repository,
        descriptor: &Descriptor,
        limit: usize,
    ) -> Result<Vec<u8>, RegistryError> {
        self.blobs()
            .fetch("blob", repository, descriptor, limit)
            .await
    }
}

/// Turns a "not found" error into [`RegistryError::NoSuchManifest`], and returns any other error unchanged.
pub(super) fn no_such_manifest(error: RegistryError, reference: &Reference) -> RegistryError {
    if error.is_not_found() {
        RegistryError::NoSuchManifest {
            reference: Box::new(reference.clone()),
            source: Box::new(error),
        }
    } else {
        error
    }
}
