//! One conversation with each registry: how it is reached, what it demands, and the login that goes with each call.
//!
//! The first call on a host goes alone. What it finds out, the others use: the scheme (where plain http is allowed, https
//! is tried first), and the challenge. Where a challenge is remembered from an earlier run, or the registry is a known one, its token
//! is fetched meanwhile. There is no request whose only purpose is to ask, except where a registry
//! hides from strangers what it would show to a user (see [`Session::ping`]).

use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use http::header::{HeaderMap, HeaderValue};
use http::{Method, StatusCode};
use tokio::sync::{OnceCell, Semaphore};
use url::Url;

use crate::answer::Answer;
use crate::auth::{Asked, Login};
use crate::bodies::Traffic;
use crate::cache::Cache;
use crate::challenge::Challenge;
use crate::credentials::{Credential, Credentials, FoundCredential};
use crate::endpoint::{Mode, api_host, is_same_origin};
use crate::error::{Attempt, Operation, RegistryError};
use crate::known::KnownRegistries;
use crate::network::NetworkProblem;
use crate::observer::{ChallengeSource, Event};
use crate::payload::Payload;
use crate::retry::{Contact, Tries};
use crate::token::{Pass, Scope, Tokens};
use crate::transport::{Transport, Wire};

/// A request to a registry, before it is known how the registry is reached.
pub(crate) struct Call<'a> {
    /// The registry, as references name it.
    pub(crate) domain: &'a str,
    pub(crate) operation: Operation,
    pub(crate) method: Method,
    pub(crate) target: Target,
    pub(crate) headers: HeaderMap,
    pub(crate) payload: Payload,
    pub(crate) traffic: Traffic,
    /// The rights that it needs, in the order in which they are asked for.
    pub(crate) scopes: Vec<Scope>,
    /// The rights, these among them, that it shares with other calls of the same work: one token for all of them is asked
    /// for first. Empty where there are none.
    pub(crate) shared: Arc<[Scope]>,
}

impl Call<'_> {
    /// The repository that it is about first of all, without its host; empty where it is about none.
    fn path(&self) -> &str {
        self.scopes.first().map_or("", Scope::path)
    }
}

/// Where a call goes.
#[derive(Clone)]
pub(crate) enum Target {
    /// A path and query on the registry.
    Path(String),
    /// A URL that the registry sent. Credentials go with it only if it is on the registry.
    Url(Url),
}

/// What looking for credentials came to.
type Looked = Result<FoundCredential, RegistryError>;

/// What is known of one registry.
pub(crate) struct Host {
    /// The registry, as references name it.
    pub(crate) domain: String,
    mode: OnceCell<Result<Mode, RegistryError>>,
    /// Closed once the first call was answered, or cannot be.
    opened: Semaphore,
    /// Closed once there is a second request, which the first was not enough for.
    second: Semaphore,
    /// The root of the registry, once it is decided how it is reached.
    base: OnceLock<Url>,
    challenge: Mutex<Option<Challenge>>,
    /// By the parts of the host that they are for; most are for all of it.
    credentials: Mutex<HashMap<String, Arc<OnceCell<Looked>>>>,
    pinged: OnceCell<()>,
}

impl Host {
    fn new(domain: &str) -> Self {
        Self {
            domain: domain.to_owned(),
            mode: OnceCell::new(),
            opened: Semaphore::new(0),
            second: Semaphore::new(0),
            base: OnceLock::new(),
            challenge: Mutex::new(None),
            credentials: Mutex::default(),
            pinged: OnceCell::new(),
        }
    }

    /// Returns how the registry is reached, once that is decided.
    pub(crate) fn mode(&self) -> Mode {
        match self.mode.get() {
            Some(Ok(mode)) => *mode,
            _ => Mode::Verified,
        }
    }

    fn url(&self, mode: Mode, path: &str) -> Result<Url, RegistryError> {
        let url = match self.base.get() {
            // What has the host already is read faster than a whole URL.
            Some(base) if base.scheme() == mode.scheme() => base.join(path),
            _ => {
                let root = format!("{}://{}", mode.scheme(), api_host(&self.domain));
                Url::parse(&format!("{root}{path}"))
            }
        };
        url.map_err(|error| RegistryError::Host {
            host: self.domain.clone(),
            source: error,
        })
    }

    /// Returns the root of the registry, which is reached in this mode from now on.
    fn base(&self, mode: Mode) -> Result<&Url, RegistryError> {
        let base = match self.base.get() {
            Some(base) => return Ok(base),
            None => self.url(mode, "/")?,
        };
        Ok(self.base.get_or_init(|| base))
    }

    fn challenge(&self) -> Option<Challenge> {
        self.challenge
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Remembers the challenge of an answer, if the registry itself gave it.
    fn learn(&self, answer: &Answer, base: &Url) {
        if answer.status() == StatusCode::UNAUTHORIZED
            && is_same_origin(answer.url(), base)
            && let Some(challenge) = Challenge::of(answer.headers())
        {
            *self
                .challenge
                .lock()
                .unwrap_or_else(PoisonError::into_inner) = Some(challenge);
        }
    }
}

/// All conversations of one process.
pub(crate) struct Session {
    pub(crate) transport: Transport,
    credentials: Credentials,
    known: KnownRegistries,
    pub(crate) cache: Arc<dyn Cache>,
    tokens: Tokens,
    hosts: Mutex<HashMap<String, Arc<Host>>>,
}

impl Session {
    pub(crate) fn new(
        transport: Transport,
        credentials: Credentials,
        known: KnownRegistries,
        cache: Arc<dyn Cache>,
    ) -> Self {
        Self {
            transport,
            credentials,
            known,
            cache,
            tokens: Tokens::default(),
            hosts: Mutex::default(),
        }
    }

    /// Makes a call, as often as it is worth. The body of the answer is still to come.
    ///
    /// # Errors
    /// All answers but those that say yes are errors.
    pub(crate) async fn call(&self, call: &Call<'_>) -> Result<Answer, RegistryError> {
        self.call_within(call, &Tries::default()).await
    }

    /// As [`Self::call`], but what was just written and is not there is not missed: who calls does that.
    pub(crate) async fn call_believing(
        &self,
        call: &Call<'_>,
        tries: &Tries,
    ) -> Result<Answer, RegistryError> {
        self.answered(call, tries)
            .await
            .map_err(|error| self.naming_login(call, error))
    }

    /// Makes a call that is not worth a repetition.
    pub(crate) async fn call_once(&self, call: &Call<'_>) -> Result<Answer, RegistryError> {
        self.call_within(call, &Tries::single()).await
    }

    /// Makes a call and reads the whole of the answer, of at most `limit` bytes. A body that does not come whole is
    /// asked for again.
    pub(crate) async fn fetch_within(
        &self,
        call: &Call<'_>,
        limit: usize,
        tries: &Tries,
    ) -> Result<(Answer, Vec<u8>), RegistryError> {
        loop {
            let mut answer = self.call_within(call, tries).await?;
            match answer.bytes(limit).await {
                Ok(bytes) => return Ok((answer, bytes)),
                Err(mut error) => {
                    let retries = &self.transport.retries;
                    if !retries.again(tries, &mut error, Contact::Before).await {
                        return Err(error);
                    }
                }
            }
        }
    }

    /// Notes that this process has written what is at `path`: it is missed for some time before that is believed.
    pub(crate) fn wrote(&self, domain: &str, path: &str) {
        self.transport.retries.wrote(format!("{domain}{path}"));
    }

    /// Makes a call as one of several that count together.
    pub(crate) async fn call_within(
        &self,
        call: &Call<'_>,
        tries: &Tries,
    ) -> Result<Answer, RegistryError> {
        loop {
            let mut error = match self.answered(call, tries).await {
                Err(error) if error.is_not_found() => error,
                result => return result.map_err(|error| self.naming_login(call, error)),
            };
            let Target::Path(path) = &call.target else {
                return Err(error);
            };
            let what = format!("{}{path}", call.domain);
            let retries = &self.transport.retries;
            if !retries.again_if_written(tries, &mut error, &what).await {
                return Err(error);
            }
        }
    }

    /// Makes a call with what the registry is known to demand, and again where it turns out to demand more, or less at once.
    async fn answered(&self, call: &Call<'_>, tries: &Tries) -> Result<Answer, RegistryError> {
        let host = self.host(call.domain);
        if host.domain.is_empty() {
            host.opened.close();
            return Err(RegistryError::NoRegistry(call.path().to_owned()));
        }
        let mut first = None;
        let opened = host.mode.get_or_init(|| async {
            // Boxed: it happens once for each host, and would make every call's future as large.
            let opening = Box::pin(self.open_remembering(&host, call, tries));
            let (mode, answer) = opening.await?;
            host.learn(&answer, &host.url(mode, "/")?);
            first = Some(answer);
            Ok(mode)
        });
        let opened = opened.await;
        host.opened.close();
        let mode = match opened {
            Ok(mode) => *mode,
            Err(error) => {
                return Err(error.shared_with(self.attempt(&host, call, Mode::Verified)?));
            }
        };
        let base = host.base(mode)?;
        let url = self.target(&host, call, mode)?;
        let is_own = is_same_origin(&url, base);
        let (mut answer, mut pass) = match first {
            Some(answer) => (answer, None),
            None if is_own => {
                host.second.close();
                let pass = self.pass(&host, call, (base, &url), None).await?;
                let sent = self.send_to(&host, call, mode, (base, &url), pass.as_ref(), tries);
                let answer = sent.await?;
                (answer, pass)
            }
            None => {
                let sent = self.send_to(&host, call, mode, (base, &url), None, tries);
                return sent.await?.accepted().await;
            }
        };
        let mut is_first = true;
        loop {
            host.learn(&answer, base);
            let may_improve =
                is_own && call.payload.is_repeatable() && is_same_origin(answer.url(), base);
            let status = answer.status();
            if status.is_success() || !may_improve {
                return answer.accepted().await;
            }
            // A token for much may be refused where one for little is not, and some registries say so with 403.
            let is_wide = pass.as_ref().is_some_and(|pass| pass.is_wide);
            let is_hidden = matches!(status, StatusCode::FORBIDDEN | StatusCode::NOT_FOUND)
                && pass.is_none()
                && host.challenge().is_none()
                && self.credentials.has_for(&host.domain, call.path());
            let is_worth = match status {
                StatusCode::UNAUTHORIZED => is_first || is_wide,
                StatusCode::FORBIDDEN if is_wide => true,
                _ => is_hidden,
            };
            let refused = answer.refused().await;
            if !is_worth {
                return Err(refused);
            }
            host.second.close();
            if is_hidden {
                Box::pin(self.ping(&host, mode, base)).await?;
            }
            let rejected = pass.as_ref().map(|pass| &pass.header);
            let other = self.pass(&host, call, (base, &url), rejected).await?;
            // Some token servers give the same token for all scopes; that one is refused for good.
            let is_same = |other: &Pass| Some(&other.header) == rejected;
            pass = match other {
                Some(other) if status != StatusCode::FORBIDDEN || !is_same(&other) => Some(other),
                _ => return Err(refused),
            };
            let sent = self.send_to(&host, call, mode, (base, &url), pass.as_ref(), tries);
            answer = sent.await?;
            is_first = false;
        }
    }

    /// Fetches the login for a call that is soon to be made, once another call has found out what the registry demands. What
    /// fails is told when the call is made.
    pub(crate) async fn prepare(&self, call: &Call<'_>) {
        let host = self.host(call.domain);
        // It never gives anything but the news that it is closed.
        let _ = host.opened.acquire().await;
        let Some(&Ok(mode)) = host.mode.get() else {
            return;
        };
        if let Ok(base) = host.base(mode)
            && let Ok(url) = self.target(&host, call, mode)
        {
            let _ = self.pass(&host, call, (base, &url), None).await;
        }
    }

    /// Waits until a second request goes to a registry: for ever, where it does not.
    pub(crate) async fn second_call(&self, domain: &str) {
        // It never gives anything but the news that it is closed.
        let _ = self.host(domain).second.acquire().await;
    }

    /// Tells whether a registry has answered a request.
    pub(crate) fn is_open(&self, domain: &str) -> bool {
        matches!(self.host(domain).mode.get(), Some(Ok(_)))
    }

    /// Tells whether a second request has gone to a registry.
    pub(crate) fn has_second_call(&self, domain: &str) -> bool {
        self.host(domain).second.is_closed()
    }

    /// Describes a call that was made, for an error about what came of it.
    pub(crate) fn describe(&self, call: &Call<'_>) -> Result<Box<Attempt>, RegistryError> {
        let host = self.host(call.domain);
        self.attempt(&host, call, host.mode())
    }

    fn host(&self, domain: &str) -> Arc<Host> {
        let mut hosts = self.hosts.lock().unwrap_or_else(PoisonError::into_inner);
        hosts
            .entry(domain.to_owned())
            .or_insert_with(|| Arc::new(Host::new(domain)))
            .clone()
    }

    /// Makes the first call on a host. If its token server is expected, the token is fetched meanwhile, which is of use
    /// where the answer names that server. A host that names one over checked TLS is remembered.
    async fn open_remembering(
        &self,
        host: &Host,
        call: &Call<'_>,
        tries: &Tries,
    ) -> Result<(Mode, Answer), RegistryError> {
        let expected = self.expected(host, call);
        let Some(expected) = &expected else {
            let (mode, answer) = self.open(host, call, tries).await?;
            self.remember(host, mode, &answer, None);
            return Ok((mode, answer));
        };
        let base = host.url(Mode::Verified, "/")?;
        let mut open = Box::pin(self.open(host, call, tries));
        // Whoever needs the token finds it, or why there is none, where tokens are.
        let url = self.target(host, call, Mode::Verified)?;
        let mut token = Box::pin(self.pass_for(expected, host, call, (&base, &url), None));
        let (opened, is_fetched) = tokio::select! {
            opened = &mut open => (opened, false),
            _ = &mut token => ((&mut open).await, true),
        };
        let (mode, answer) = opened?;
        let is_right = self.remember(host, mode, &answer, Some(expected));
        if is_right && !is_fetched {
            let _ = token.await;
        }
        Ok((mode, answer))
    }

    /// Returns the challenge that a host is expected to send: that of an earlier run, or else that of a known registry. Nothing
    /// where the host is not to be reached by checked TLS.
    fn expected(&self, host: &Host, call: &Call<'_>) -> Option<Challenge> {
        let domain = &host.domain;
        let modes = self.transport.insecure.modes(domain);
        if modes.first() != Some(&Mode::Verified) {
            return None;
        }
        let cached = self.cache.challenge(domain);
        let (challenge, source) = match cached.and_then(|text| Challenge::remembered(&text)) {
            Some(challenge) => (challenge, ChallengeSource::Cache),
            None => {
                let has_login = || self.credentials.has_for(domain, call.path());
                let challenge = self.known.challenge(domain, has_login)?;
                (challenge, ChallengeSource::KnownRegistry)
            }
        };
        self.transport.observer.event(&Event::EarlyToken {
            host: domain,
            source,
        });
        Some(challenge)
    }

    /// Remembers the challenge that a host sends, or forgets the one that it does not send any more. Tells whether it is the
    /// one that was expected.
    fn remember(
        &self,
        host: &Host,
        mode: Mode,
        answer: &Answer,
        before: Option<&Challenge>,
    ) -> bool {
        let is_own = host
            .url(mode, "/")
            .is_ok_and(|base| is_same_origin(answer.url(), &base));
        let is_refused = answer.status() == StatusCode::UNAUTHORIZED;
        let is_clear = is_refused || answer.status().is_success();
        // An error, or what another host says, tells nothing of this one's logins.
        if mode != Mode::Verified || !is_own || !is_clear {
            return false;
        }
        let found = Challenge::of(answer.headers()).filter(|_| is_refused);
        let lasting = found.as_ref().and_then(Challenge::lasting);
        if lasting.is_some() || before.is_some() {
            let memory = &self.cache;
            memory.put_challenge(&host.domain, lasting.as_deref());
        }
        found.is_some() && found.as_ref() == before
    }

    /// Makes the first call on a host, in each way that is allowed, until one is answered.
    async fn open(
        &self,
        host: &Host,
        call: &Call<'_>,
        tries: &Tries,
    ) -> Result<(Mode, Answer), RegistryError> {
        let modes = self.transport.insecure.modes(&host.domain);
        let (last, others) = modes.split_last().unwrap_or((&Mode::Verified, &[]));
        for &mode in others {
            match self.send(host, call, mode, None, tries).await {
                Err(error) if may_be_plain(&error) => {}
                result => return Ok((mode, result?)),
            }
        }
        Ok((*last, self.send(host, call, *last, None, tries).await?))
    }

    async fn send(
        &self,
        host: &Host,
        call: &Call<'_>,
        mode: Mode,
        pass: Option<&Pass>,
        tries: &Tries,
    ) -> Result<Answer, RegistryError> {
        let base = host.url(mode, "/")?;
        let url = self.target(host, call, mode)?;
        self.send_to(host, call, mode, (&base, &url), pass, tries)
            .await
    }

    /// Sends a call to its URL, of a host that has this URL of its own.
    async fn send_to(
        &self,
        host: &Host,
        call: &Call<'_>,
        mode: Mode,
        (base, url): (&Url, &Url),
        pass: Option<&Pass>,
        tries: &Tries,
    ) -> Result<Answer, RegistryError> {
        let Some(mode) = self.transport.next_mode(base, mode, url) else {
            return Err(RegistryError::Redirect {
                attempt: Attempt::new(&call.operation, &call.method, url, &host.domain),
                to: crate::redact::url(url),
                reason: "it is not protected by TLS",
            });
        };
        let wire = Wire {
            operation: &call.operation,
            host: &host.domain,
            mode,
            method: call.method.clone(),
            url: url.clone(),
            headers: call.headers.clone(),
            authorization: pass.map(|pass| pass.header.clone()),
            payload: &call.payload,
            traffic: call.traffic,
            tries,
        };
        self.transport.send(wire).await
    }

    fn target(&self, host: &Host, call: &Call<'_>, mode: Mode) -> Result<Url, RegistryError> {
        match &call.target {
            Target::Path(path) => host.url(mode, path),
            Target::Url(url) => Ok(url.clone()),
        }
    }

    fn attempt(
        &self,
        host: &Host,
        call: &Call<'_>,
        mode: Mode,
    ) -> Result<Box<Attempt>, RegistryError> {
        let url = self.target(host, call, mode)?;
        Ok(Attempt::new(
            &call.operation,
            &call.method,
            &url,
            &host.domain,
        ))
    }

    async fn pass(
        &self,
        host: &Host,
        call: &Call<'_>,
        urls: (&Url, &Url),
        rejected: Option<&HeaderValue>,
    ) -> Result<Option<Pass>, RegistryError> {
        match host.challenge() {
            Some(challenge) => self.pass_for(&challenge, host, call, urls, rejected).await,
            None => Ok(None),
        }
    }

    /// Returns the login for a call that answers `challenge`.
    async fn pass_for(
        &self,
        challenge: &Challenge,
        host: &Host,
        call: &Call<'_>,
        (base, url): (&Url, &Url),
        rejected: Option<&HeaderValue>,
    ) -> Result<Option<Pass>, RegistryError> {
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
        let login = Login {
            transport: &self.transport,
            tokens: &self.tokens,
            host,
            base,
            credential: &credential.as_ref().map_err(Clone::clone)?.credential,
            scopes: &call.scopes,
            shared,
            rejected,
            asked: Asked {
                operation: &call.operation,
                method: &call.method,
                url,
                host: &host.domain,
            },
        };
        login.pass(challenge).await
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
    fn naming_login(&self, call: &Call<'_>, mut error: RegistryError) -> RegistryError {
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
    async fn ping(&self, host: &Host, mode: Mode, base: &Url) -> Result<(), RegistryError> {
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
                    .send(host, &call, mode, None, &Tries::default())
                    .await?;
                host.learn(&answer, base);
                answer.discard().await;
                Ok(())
            })
            .await
            .copied()
    }
}

/// Tells whether a failure to connect with TLS leaves the chance that the port speaks plain http.
fn may_be_plain(error: &RegistryError) -> bool {
    match error {
        RegistryError::Network {
            problem: NetworkProblem::NoAuthorities,
            ..
        } => true,
        RegistryError::Network {
            problem,
            source: Some(source),
            ..
        } => source.is_connect() && problem.may_be_plain(),
        _ => false,
    }
}
