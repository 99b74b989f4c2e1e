//! The client that commands use.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use http::Method;
use http::header::{ACCEPT, CONTENT_LENGTH, CONTENT_TYPE, HeaderMap, HeaderValue};
use manifest_core::limits::{CONFIG_BYTES, MANIFEST_BYTES};
use manifest_core::manifest::ImageManifest;
use manifest_core::reference::Repository;
use manifest_core::{
    Content, Descriptor, Digest, ImageConfig, Manifest, MediaType, Platform, Reference,
};

use tokio::time::Instant;

use crate::ahead::Ahead;
use crate::answer::Answer;
use crate::bodies::Traffic;
use crate::cache::{Cache, NoCache};
use crate::certificates::{self, Certificates};
use crate::credentials::Credentials;
use crate::endpoint::Insecure;
use crate::error::{ContentProblem, Operation, RegistryError};
use crate::in_flight::InFlight;
use crate::known::KnownRegistries;
use crate::limits::JUST_READ;
use crate::mirrors::{Asked, Mirrors};
use crate::observer::{NoObserver, Observer};
use crate::payload::Payload;
use crate::pool::Pools;
use crate::proxies::Proxies;
use crate::retry::{Retries, RetryPolicy, Tries};
use crate::rights::Rights;
use crate::session::{Call, Session, Target};
use crate::single_request::SingleRequests;
use crate::token::Scope;
use crate::transport::{Timeouts, Transport};

/// What a registry calls the digest of what it sends or has stored.
pub(crate) const DOCKER_CONTENT_DIGEST: &str = "docker-content-digest";

/// What a registry with the referrers API answers to a manifest that has a subject.
const OCI_SUBJECT: &str = "oci-subject";

/// What the plugin tells the client. The default is anonymous, and takes no insecure host but this machine.
#[derive(Clone, Debug)]
pub struct ClientConfig {
    /// The `User-Agent`.
    pub user_agent: String,
    /// Whose credentials go where.
    pub credentials: Credentials,
    /// Where TLS is not demanded.
    pub insecure: Insecure,
    /// Whose certificates are believed beside those of the system, and which are shown.
    pub certificates: Certificates,
    /// What goes by which proxy.
    pub proxies: Proxies,
    /// What is read from where else first.
    pub mirrors: Mirrors,
    /// How long each step may take.
    pub timeouts: Timeouts,
    /// How often what failed is tried again, and how long everything may take.
    pub retry: RetryPolicy,
    /// The registries whose challenge is known before they send one.
    pub known: KnownRegistries,
    /// What is remembered of earlier runs.
    pub cache: Arc<dyn Cache>,
    /// Who is told of it.
    pub observer: Arc<dyn Observer>,
}

impl Default for ClientConfig {
    fn default() -> Self {
        Self {
            user_agent: concat!("docker-manifest/", env!("CARGO_PKG_VERSION")).to_owned(),
            credentials: Credentials::default(),
            insecure: Insecure::default(),
            certificates: Certificates::default(),
            proxies: Proxies::default(),
            mirrors: Mirrors::default(),
            timeouts: Timeouts::default(),
            retry: RetryPolicy::default(),
            known: KnownRegistries::default(),
            cache: Arc::new(NoCache),
            observer: Arc::new(NoObserver),
        }
    }
}

/// A client of all registries: one set of connections, tokens and challenges, shared by its clones.
///
/// Digest and size of all that it returns have been checked against the bytes.
#[derive(Clone)]
pub struct Client {
    shared: Arc<Shared>,
    /// What requests ask for together.
    rights: Arc<Rights>,
    ahead: Arc<Ahead>,
}

pub(crate) struct Shared {
    pub(crate) session: Session,
    /// Bounds the blobs that are under way at once.
    pub(crate) in_flight: InFlight,
    /// Which registries take a blob in a single request.
    pub(crate) single_requests: SingleRequests,
    pub(crate) mirrors: Asked,
    /// The manifests that were read, where and when: not at a mirror, and not in the cache.
    read: Mutex<HashMap<(Repository, Digest), Instant>>,
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Client")
    }
}

impl Client {
    /// Makes a client. It connects to nothing yet, but [`RetryPolicy::timeout`] starts to run.
    ///
    /// # Errors
    /// Where the user agent cannot be in a header, or an authority for all hosts cannot be read.
    pub fn new(config: ClientConfig) -> Result<Self, RegistryError> {
        let user_agent = HeaderValue::from_str(&config.user_agent)
            .map_err(|_| RegistryError::UserAgent(config.user_agent.clone()))?;
        certificates::roots(&config.certificates.roots).map_err(|problem| {
            RegistryError::Certificates {
                host: "all hosts".to_owned(),
                problem,
            }
        })?;
        let hosts = config.mirrors.insecure_hosts();
        let insecure_mirrors = (!hosts.is_empty()).then(|| {
            let mut insecure = config.insecure.clone();
            insecure.hosts.extend(hosts);
            session(&config, &user_agent, insecure)
        });
        let session = session(&config, &user_agent, config.insecure.clone());
        let mirrors = Asked::new(config.mirrors, insecure_mirrors);
        Ok(Self {
            shared: Arc::new(Shared {
                session,
                in_flight: InFlight::default(),
                single_requests: SingleRequests::default(),
                mirrors,
                read: Mutex::default(),
            }),
            rights: Arc::default(),
            ahead: Arc::default(),
        })
    }

    /// Returns this client, to read from these repositories: for those of one registry one token is asked for instead of one
    /// each. Where the registry or its token server does not go along, each gets its own. They are expected to be read all at once.
    #[must_use]
    pub fn for_reading<'a>(&self, references: impl IntoIterator<Item = &'a Reference>) -> Self {
        let repositories = references.into_iter().map(Reference::repository);
        let repositories: Vec<&Repository> = repositories.collect();
        self.expect(&repositories);
        self.with(Rights::to_read(repositories))
    }

    /// Returns this client, with other rights to ask for.
    pub(crate) fn with(&self, rights: Rights) -> Self {
        Self {
            shared: self.shared.clone(),
            rights: Arc::new(rights),
            ahead: Arc::default(),
        }
    }

    pub(crate) fn rights(&self) -> &Arc<Rights> {
        &self.rights
    }

    /// Returns the looks that have begun at what is to be published to.
    pub(crate) fn ahead(&self) -> &Ahead {
        &self.ahead
    }

    /// Tells whether this process has just read a manifest from that very repository.
    pub(crate) fn has_read(&self, repository: &Repository, digest: &Digest) -> bool {
        let read = self
            .shared
            .read
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let read = read.get(&(repository.clone(), digest.clone()));
        read.is_some_and(|read| read.elapsed() < JUST_READ)
    }

    /// Notes that something in each of these repositories is about to be asked for, all at once.
    pub(crate) fn expect(&self, repositories: &[&Repository]) {
        let mut requests: BTreeMap<&str, usize> = BTreeMap::new();
        for repository in repositories {
            *requests.entry(repository.domain()).or_default() += 1;
        }
        for (domain, requests) in requests {
            self.shared.session.transport.expect(domain, requests);
        }
    }

    pub(crate) fn shared(&self) -> &Shared {
        &self.shared
    }

    /// Gets a manifest: by the reference's digest if it has one, else by its tag. A mirror is asked first.
    ///
    /// # Errors
    /// [`RegistryError::NoSuchManifest`] where the registry says that there is none. Bytes with another digest, size or media
    /// type than was stated are an error.
    pub async fn manifest(&self, reference: &Reference) -> Result<Manifest, RegistryError> {
        let read = async |session: &Session, mirror: &Reference, tries: &Tries| {
            self.manifest_by(session, mirror, tries).await
        };
        match self.read_mirrored(reference, read).await {
            Some(manifest) => Ok(manifest),
            None => self.manifest_itself(reference, &Tries::default()).await,
        }
    }

    /// As [`Self::manifest`], from that very registry.
    pub(crate) async fn manifest_itself(
        &self,
        reference: &Reference,
        tries: &Tries,
    ) -> Result<Manifest, RegistryError> {
        self.manifest_by(&self.shared.session, reference, tries)
            .await
    }

    async fn manifest_by(
        &self,
        session: &Session,
        reference: &Reference,
        tries: &Tries,
    ) -> Result<Manifest, RegistryError> {
        let call = self.manifest_call(Method::GET, reference);
        let fetched = session.fetch_within(&call, MANIFEST_BYTES, tries).await;
        let (answer, bytes) = fetched.map_err(|error| named(error, reference))?;
        let content_type = answer
            .single_header("content-type")?
            .unwrap_or_default()
            .to_owned();
        let stated = answer
            .single_header(DOCKER_CONTENT_DIGEST)?
            .map(str::to_owned);
        let attempt = answer.attempt();
        let problem = |problem| RegistryError::content(attempt.clone(), problem);
        // The digest first: what is not what was asked for is not looked into.
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
        // The digest under which the registry has it, where that is not SHA-256.
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
        let mut read = self
            .shared
            .read
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let place = (reference.repository().clone(), digest);
        read.insert(place, Instant::now());
        Ok(manifest)
    }

    /// Gets the child of a list, which must be what its descriptor says. One that was read from there in an earlier run is
    /// not asked for again.
    ///
    /// # Errors
    /// As [`Self::manifest`]; also where size or media type are not the descriptor's.
    pub async fn child(
        &self,
        repository: &Repository,
        descriptor: &Descriptor,
    ) -> Result<Manifest, RegistryError> {
        if let Some(manifest) = self.recall_manifest(repository, descriptor) {
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
            self.keep(repository, &descriptor.digest, manifest.bytes());
            return Ok(manifest);
        };
        let attempt = self.attempt(&reference)?;
        Err(RegistryError::content(attempt, problem))
    }

    /// Gets a blob of at most `limit` bytes, which must be what its descriptor says.
    ///
    /// # Errors
    /// Where there is none, it is larger, or its size or digest are not the descriptor's.
    pub async fn blob(
        &self,
        repository: &Repository,
        descriptor: &Descriptor,
        limit: usize,
    ) -> Result<Vec<u8>, RegistryError> {
        self.blob_of_kind("blob", repository, descriptor, limit)
            .await
    }

    async fn blob_of_kind(
        &self,
        kind: &'static str,
        repository: &Repository,
        descriptor: &Descriptor,
        limit: usize,
    ) -> Result<Vec<u8>, RegistryError> {
        let blob = (kind, descriptor, limit);
        let read = async |session: &Session, mirror: &Reference, tries: &Tries| {
            self.blob_by(session, mirror.repository(), blob, tries)
                .await
        };
        let reference = repository.at(descriptor.digest.clone());
        match self.read_mirrored(&reference, read).await {
            Some(bytes) => Ok(bytes),
            None => {
                let session = &self.shared.session;
                self.blob_by(session, repository, blob, &Tries::default())
                    .await
            }
        }
    }

    /// Gets a blob by a session: of which kind it is, its descriptor, and how large it may be.
    async fn blob_by(
        &self,
        session: &Session,
        repository: &Repository,
        (kind, descriptor, limit): (&'static str, &Descriptor, usize),
        tries: &Tries,
    ) -> Result<Vec<u8>, RegistryError> {
        let call = self.blob_call(repository, &descriptor.digest);
        let (answer, bytes) = session.fetch_within(&call, limit, tries).await?;
        let problem = |problem| Err(answer.content(problem));
        if bytes.len() as u64 != descriptor.size {
            let found = bytes.len() as u64;
            return problem(ContentProblem::Size {
                expected: descriptor.size,
                found,
            });
        }
        if !descriptor.digest.matches(&bytes) {
            let expected = descriptor.digest.clone();
            return problem(ContentProblem::Digest { kind, expected });
        }
        Ok(bytes)
    }

    /// Asks for a blob, whose body is still to come and still to be checked.
    pub(crate) async fn open_blob(
        &self,
        repository: &Repository,
        digest: &Digest,
    ) -> Result<Answer, RegistryError> {
        let call = Call {
            traffic: Traffic::Download,
            ..self.blob_call(repository, digest)
        };
        self.shared.session.call(&call).await
    }

    /// Returns the digest that the registry states for a reference, or nothing where it has no such manifest. What is
    /// stated is not checked: fetch by this digest to be sure.
    ///
    /// # Errors
    /// Where the registry gives no clear answer.
    pub async fn manifest_digest(
        &self,
        reference: &Reference,
    ) -> Result<Option<Digest>, RegistryError> {
        let stated = match self.ask(Method::HEAD, reference).await {
            Ok(answer) => answer
                .single_header(DOCKER_CONTENT_DIGEST)?
                .and_then(|text| text.parse().ok()),
            Err(error) if error.is_not_found() => return Ok(None),
            Err(error) if error.status().is_some_and(|status| status.as_u16() == 405) => None,
            Err(error) => return Err(error),
        };
        if stated.is_some() {
            return Ok(stated);
        }
        match self.manifest_itself(reference, &Tries::default()).await {
            Ok(manifest) => Ok(Some(manifest.digest().clone())),
            Err(error) if error.is_not_found() => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Tells whether the registry has a manifest.
    ///
    /// # Errors
    /// Where the registry gives no clear answer.
    pub async fn manifest_exists(&self, reference: &Reference) -> Result<bool, RegistryError> {
        match self.ask(Method::HEAD, reference).await {
            Ok(_) => Ok(true),
            Err(error) if error.is_not_found() => Ok(false),
            Err(error) if error.status().is_some_and(|status| status.as_u16() == 405) => {
                Ok(self.manifest_digest(reference).await?.is_some())
            }
            Err(error) => Err(error),
        }
    }

    /// Gets a manifest and, where it is an image, the platform that its configuration states. For a list there is
    /// none, and whether a list will do is the caller's to say.
    ///
    /// # Errors
    /// As [`Self::manifest`] and [`Self::blob`]; also where the configuration is not JSON of the right form.
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

    /// Gets the platform that an image's configuration states.
    ///
    /// # Errors
    /// As [`Self::blob`]; also where the configuration is not JSON of the right form.
    pub async fn platform(
        &self,
        repository: &Repository,
        image: &ImageManifest,
    ) -> Result<Platform, RegistryError> {
        Ok(self.config(repository, image).await?.platform)
    }

    /// Gets an image's configuration. One that was read from there in an earlier run is not asked for again.
    ///
    /// # Errors
    /// As [`Self::platform`].
    pub async fn config(
        &self,
        repository: &Repository,
        image: &ImageManifest,
    ) -> Result<ImageConfig, RegistryError> {
        let config = &image.config;
        let bytes = match self.recall(repository, config) {
            Some(bytes) => bytes,
            None => {
                let bytes = self
                    .blob_of_kind("image config", repository, config, CONFIG_BYTES)
                    .await?;
                self.keep(repository, &config.digest, &bytes);
                bytes
            }
        };
        ImageConfig::parse(&bytes).map_err(|error| RegistryError::Config {
            blob: format!("{repository}@{}", config.digest),
            source: Arc::new(error),
        })
    }

    /// Publishes a manifest under the reference's tag, or else under its digest; a digest that is not the one of
    /// `bytes` is left aside. Returns the digest under which the registry has it.
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
        shared: Arc<[Scope]>,
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
        let call = Call {
            domain: repository.domain(),
            operation: Operation::PutManifest(target.clone()),
            method: Method::PUT,
            target: Target::Path(path(name)),
            headers,
            payload: Payload::Bytes(bytes.clone()),
            traffic: Traffic::Request,
            scopes: vec![Scope::push(repository)],
            shared,
        };
        let answer = self.shared.session.call(&call).await?.stored()?;
        let stated = answer.single_header(DOCKER_CONTENT_DIGEST)?;
        // Where it says what is known already, nothing is computed again.
        let news = stated.filter(|text| text.trim() != digest.as_str());
        let stated = check_stated(news, &bytes).map_err(|problem| answer.content(problem))?;
        let is_listed = answer.headers().contains_key(OCI_SUBJECT);
        answer.discard().await;
        let stated = stated.as_ref().unwrap_or(&digest);
        for name in [name, stated.as_str()] {
            self.shared.session.wrote(repository.domain(), &path(name));
        }
        Ok(Stored {
            digest: stated.clone(),
            is_listed,
        })
    }

    /// Returns the rights that a read of a repository shares with others.
    pub(crate) fn shares(&self, repository: &Repository) -> Arc<[Scope]> {
        self.rights.shared_to_read(repository)
    }

    /// Asks for a manifest with GET or HEAD.
    async fn ask(&self, method: Method, reference: &Reference) -> Result<Answer, RegistryError> {
        self.shared
            .session
            .call(&self.manifest_call(method, reference))
            .await
    }

    pub(crate) fn manifest_call<'a>(&self, method: Method, reference: &'a Reference) -> Call<'a> {
        Call {
            shared: self.rights.shared_to_read(reference.repository()),
            ..manifest_call(method, reference)
        }
    }

    fn blob_call<'a>(&self, repository: &'a Repository, digest: &Digest) -> Call<'a> {
        Call {
            shared: self.rights.shared_to_read(repository),
            ..blob_call(repository, digest)
        }
    }

    fn attempt(&self, reference: &Reference) -> Result<Box<crate::error::Attempt>, RegistryError> {
        self.shared
            .session
            .describe(&manifest_call(Method::GET, reference))
    }
}

/// Makes a session with all that the user has set, for which TLS is not demanded on these hosts.
fn session(config: &ClientConfig, user_agent: &HeaderValue, insecure: Insecure) -> Session {
    let observer = &config.observer;
    let pools = Pools::new(
        user_agent.clone(),
        config.timeouts,
        config.certificates.clone(),
        config.proxies.clone(),
        observer.clone(),
    );
    let retries = Retries::new(config.retry, observer.clone());
    let transport = Transport::new(pools, config.timeouts, insecure, retries, observer.clone());
    Session::new(
        transport,
        config.credentials.clone(),
        config.known.clone(),
        config.cache.clone(),
    )
}

/// What a registry says of a manifest that was put.
pub(crate) struct Stored {
    /// The digest under which it has it.
    pub(crate) digest: Digest,
    /// Whether it lists it among those that refer to its subject.
    pub(crate) is_listed: bool,
}

pub(crate) fn manifest_call(method: Method, reference: &Reference) -> Call<'_> {
    let accept = MediaType::ALL.map(MediaType::as_str).join(", ");
    let mut headers = HeaderMap::new();
    headers.insert(
        ACCEPT,
        HeaderValue::from_str(&accept).expect("media types are plain text"),
    );
    let name = match (reference.digest(), reference.tag()) {
        (Some(digest), _) => digest.as_str(),
        (None, tag) => tag.unwrap_or("latest"),
    };
    Call {
        domain: reference.domain(),
        operation: Operation::GetManifest(reference.clone()),
        method,
        target: Target::Path(format!("/v2/{}/manifests/{name}", reference.path())),
        headers,
        payload: Payload::None,
        traffic: Traffic::Request,
        scopes: vec![Scope::pull(reference.repository())],
        shared: [].into(),
    }
}

fn blob_call<'a>(repository: &'a Repository, digest: &Digest) -> Call<'a> {
    Call {
        domain: repository.domain(),
        operation: Operation::GetBlob(repository.clone(), digest.clone()),
        method: Method::GET,
        target: Target::Path(format!("/v2/{}/blobs/{digest}", repository.path())),
        headers: HeaderMap::new(),
        payload: Payload::None,
        traffic: Traffic::Request,
        scopes: vec![Scope::pull(repository)],
        shared: [].into(),
    }
}

/// Says that there is no such manifest, where that is what the registry said.
fn named(error: RegistryError, reference: &Reference) -> RegistryError {
    if error.is_not_found() {
        RegistryError::NoSuchManifest {
            reference: Box::new(reference.clone()),
            source: Box::new(error),
        }
    } else {
        error
    }
}

/// Checks the digest that a registry states against the bytes. Returns it, unless it is of an algorithm that is not
/// known here, so that it says nothing.
fn check_stated(stated: Option<&str>, bytes: &[u8]) -> Result<Option<Digest>, ContentProblem> {
    let Some(text) = stated.map(str::trim).filter(|text| !text.is_empty()) else {
        return Ok(None);
    };
    match text.parse::<Digest>() {
        Ok(digest) if digest.matches(bytes) => Ok(Some(digest)),
        Err(manifest_core::DigestError::Algorithm) => Ok(None),
        _ => Err(ContentProblem::StatedDigest {
            stated: text.to_owned(),
            found: Digest::sha256(bytes),
        }),
    }
}

#[cfg(test)]
mod tests {
    use manifest_core::digest::Algorithm;

    use super::*;

    #[test]
    fn stated_digests_are_checked_in_their_own_algorithm() {
        let sha512 = Digest::compute(Algorithm::Sha512, b"x");
        let sha256 = Digest::sha256(b"x");
        assert_eq!(
            check_stated(Some(sha512.as_str()), b"x").unwrap(),
            Some(sha512.clone())
        );
        assert_eq!(
            check_stated(Some(sha256.as_str()), b"x").unwrap(),
            Some(sha256)
        );
        for nothing in [None, Some(""), Some(" "), Some("blake3:0123456789abcdef")] {
            assert_eq!(check_stated(nothing, b"x").unwrap(), None);
        }
        for wrong in [sha512.as_str(), "sha256:12", "nonsense"] {
            assert!(check_stated(Some(wrong), b"y").is_err(), "{wrong}");
        }
    }
}
