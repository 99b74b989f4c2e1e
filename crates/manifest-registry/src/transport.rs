//! The one way out: every request of this crate is sent by [`Transport::transmit_once`].
//!
//! [`Transport::transmit`] repeats what failed for a passing reason; what is worth a repetition is [`crate::retry`]'s to say.
//! Below it is the HTTP library, with a connection pool for each host ([`crate::pool`]). Above it, [`Transport::send`] follows
//! redirects, so that credentials never go to where a redirect points.

use std::sync::Arc;
use std::time::Duration;

use http::header::{AUTHORIZATION, HeaderMap, HeaderValue, LOCATION};
use http::{Method, StatusCode, Version};
use tokio::time::Instant;
use url::Url;

use crate::answer::{Answer, Pace};
use crate::bodies::Traffic;
use crate::endpoint::{Insecure, Mode, api_host, authority, is_same_origin};
use crate::error::{Attempt, Operation, RegistryError};
use crate::lanes::Slot;
use crate::limiter::Refused;
use crate::limits;
use crate::network::{Cause, NetworkProblem};
use crate::observer::{Event, Observer, Request};
use crate::payload::Payload;
use crate::pool::{Pool, Pools, Unbuilt};
use crate::redact;
use crate::retry::{Contact, Retries, Tries, is_transient_status};
use crate::retry_after::of_headers;
use crate::tls::Handshakes;
use crate::tunnel::HttpClient;

/// How long each step may take. The defaults are those of [`limits`].
#[derive(Clone, Copy, Debug)]
pub struct Timeouts {
    /// [`limits::CONNECT_TIMEOUT`]
    pub connect: Duration,
    /// [`limits::RESPONSE_TIMEOUT`]
    pub response: Duration,
    /// [`limits::COMMIT_TIMEOUT`]
    pub commit: Duration,
    /// [`limits::IDLE_TIMEOUT`]
    pub idle: Duration,
    /// [`limits::BODY_TIMEOUT`]
    pub body: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            connect: limits::CONNECT_TIMEOUT,
            response: limits::RESPONSE_TIMEOUT,
            commit: limits::COMMIT_TIMEOUT,
            idle: limits::IDLE_TIMEOUT,
            body: limits::BODY_TIMEOUT,
        }
    }
}

/// One request, as it goes over the wire.
#[derive(Clone)]
pub(crate) struct Wire<'a> {
    pub(crate) operation: &'a Operation,
    /// The host that the user named; for errors.
    pub(crate) host: &'a str,
    pub(crate) mode: Mode,
    pub(crate) method: Method,
    pub(crate) url: Url,
    pub(crate) headers: HeaderMap,
    /// Goes to the origin of `url` only.
    pub(crate) authorization: Option<HeaderValue>,
    pub(crate) payload: &'a Payload,
    pub(crate) traffic: Traffic,
    /// Counts how often the request is repeated.
    pub(crate) tries: &'a Tries,
}

impl Wire<'_> {
    pub(crate) fn attempt(&self) -> Box<Attempt> {
        let mut attempt = Attempt::new(self.operation, &self.method, &self.url, self.host);
        attempt.tries = self.tries.current();
        attempt
    }
}

/// The connection pools, and what bounds their use.
pub(crate) struct Transport {
    pub(crate) timeouts: Timeouts,
    pub(crate) insecure: Insecure,
    pub(crate) retries: Retries,
    pub(crate) observer: Arc<dyn Observer>,
    pools: Pools,
}

impl Transport {
    pub(crate) fn new(
        pools: Pools,
        timeouts: Timeouts,
        insecure: Insecure,
        retries: Retries,
        observer: Arc<dyn Observer>,
    ) -> Self {
        // Fails where the process has a provider already, which does as well.
        let _ = rustls::crypto::ring::default_provider().install_default();
        Self {
            timeouts,
            insecure,
            retries,
            observer,
            pools,
        }
    }

    /// Sends a request and follows redirects. `Authorization` stays with the origin that it was made for.
    pub(crate) async fn send(&self, mut wire: Wire<'_>) -> Result<Answer, RegistryError> {
        for _ in 0..=limits::REDIRECTS {
            let answer = self.transmit(&wire).await?;
            if !is_redirect(answer.status()) {
                return Ok(answer);
            }
            let (url, mode) = self.redirected(&wire, &answer)?;
            answer.discard().await;
            if !is_same_origin(&url, &wire.url) {
                wire.authorization = None;
            }
            (wire.url, wire.mode) = (url, mode);
        }
        Err(RegistryError::Redirect {
            to: redact::url(&wire.url),
            attempt: wire.attempt(),
            reason: "there are too many redirects",
        })
    }

    /// Sends a request for something small and reads the whole answer, which must say yes. A body that does not
    /// come whole is asked for again.
    pub(crate) async fn fetch(
        &self,
        wire: Wire<'_>,
        limit: usize,
    ) -> Result<(Answer, Vec<u8>), RegistryError> {
        loop {
            let mut answer = self.send(wire.clone()).await?.accepted().await?;
            match answer.bytes(limit).await {
                Ok(bytes) => return Ok((answer, bytes)),
                Err(mut error) => {
                    let again = self.retries.again(wire.tries, &mut error, Contact::Before);
                    if !again.await {
                        return Err(error);
                    }
                }
            }
        }
    }

    fn redirected(&self, wire: &Wire<'_>, answer: &Answer) -> Result<(Url, Mode), RegistryError> {
        let refuse = |to: String, reason| RegistryError::Redirect {
            attempt: wire.attempt(),
            to,
            reason,
        };
        let location = answer.header(LOCATION.as_str()).unwrap_or_default();
        let Ok(mut url) = wire.url.join(location) else {
            return Err(refuse(
                redact::printable("a malformed URL"),
                "it cannot be read",
            ));
        };
        let keeps_method = matches!(
            answer.status(),
            StatusCode::TEMPORARY_REDIRECT | StatusCode::PERMANENT_REDIRECT
        );
        let reads = matches!(wire.method, Method::GET | Method::HEAD);
        let may_repeat = matches!(wire.payload, Payload::None | Payload::Bytes(_));
        if !(reads || keeps_method && may_repeat) {
            return Err(refuse(
                redact::url(&url),
                "what is written goes where it was sent, or nowhere",
            ));
        }
        // A registry that puts a login into a redirect would have us send it as our own.
        let _ = url.set_username("");
        let _ = url.set_password(None);
        match self.next_mode(&wire.url, wire.mode, &url) {
            Some(mode) => Ok((url, mode)),
            None => Err(refuse(redact::url(&url), "it is not protected by TLS")),
        }
    }

    /// Returns how to speak to a URL that a registry sent; see [`Insecure::mode_of`].
    pub(crate) fn next_mode(&self, from: &Url, mode: Mode, to: &Url) -> Option<Mode> {
        if is_same_origin(from, to) {
            Some(mode)
        } else {
            self.insecure.mode_of(to, mode)
        }
    }

    /// Sends one request until it is answered for good, and returns the head of that answer, whatever it says.
    async fn transmit(&self, wire: &Wire<'_>) -> Result<Answer, RegistryError> {
        let host = authority(&wire.url);
        let modes = self.insecure.modes(wire.host);
        let is_last = modes.last() == Some(&wire.mode);
        let is_repeatable = wire.payload.is_repeatable();
        loop {
            let contact = self.retries.contact(&host, is_last);
            let result = self.transmit_once(wire).await;
            if result.is_ok() {
                self.retries.reached(&host);
            }
            match result {
                Ok(mut answer) if is_repeatable && is_transient_status(answer.status()) => {
                    let mut error = answer.as_failure().await;
                    if !self.retries.again(wire.tries, &mut error, contact).await {
                        return Ok(answer.with_failure(error));
                    }
                }
                Err(mut error) if is_repeatable => {
                    if !self.retries.again(wire.tries, &mut error, contact).await {
                        return Err(error);
                    }
                }
                result => return result,
            }
        }
    }

    /// Sends one request, once, and returns the head of the answer, whatever it says.
    async fn transmit_once(&self, wire: &Wire<'_>) -> Result<Answer, RegistryError> {
        let proxy = self.pools.proxy(&wire.url);
        let mut attempt = wire.attempt();
        attempt.proxy = proxy
            .as_ref()
            .map(|proxy| format!("{} of {}", proxy.shown, proxy.setting));
        let pool = match self.pools.get(wire.mode, &wire.url, proxy.as_ref()) {
            Ok(pool) => pool,
            Err(unbuilt) => return Err(unreachable(attempt, &wire.url, unbuilt)),
        };
        self.add_lane(wire, &pool);
        loop {
            let slot = tokio::select! {
                biased;
                slot = self.slot(wire, &pool) => slot,
                problem = self.retries.deadline.passed() => return Err(network(attempt, problem, None)),
            };
            let slot = match slot {
                Ok(slot) => slot,
                Err(unbuilt) => return Err(unreachable(attempt, &wire.url, unbuilt)),
            };
            if let Payload::Stream(_, pulse) = wire.payload {
                pulse.restart();
            }
            let started = Instant::now();
            let sent = self.exchange(wire, &slot.client).await;
            let login = wire.authorization.as_ref().and_then(scheme);
            let request = Request {
                method: &wire.method,
                url: &attempt.url,
                attempt: attempt.tries,
                login: login.as_deref(),
                elapsed: started.elapsed(),
            };
            let (problem, cause) = match self.answered(sent, &pool, &request, proxy.is_some()) {
                Ok(response) => {
                    self.add_lane(wire, &pool);
                    if wire.traffic == Traffic::Download && is_redirect(response.status()) {
                        pool.bodies.redirected();
                    }
                    self.adapt(&slot, &response);
                    let timeouts = self.timeouts;
                    let deadline = self.retries.deadline;
                    let pace = Pace { timeouts, deadline };
                    return Ok(Answer::new(response, attempt, Some(slot), pace));
                }
                Err(failure) => failure,
            };
            let is_connect = cause.as_ref().is_some_and(Cause::is_connect);
            if self
                .is_worth_another_connection(wire, &pool, slot, (problem, is_connect))
                .await
                && wire.payload.is_unsent()
            {
                continue;
            }
            return Err(network(attempt, problem, cause));
        }
    }

    /// Learns from a failure how many connections a host gives. Tells whether the request, which got none, may have one later.
    async fn is_worth_another_connection(
        &self,
        wire: &Wire<'_>,
        pool: &Pool,
        slot: Slot,
        (problem, is_connect): (NetworkProblem, bool),
    ) -> bool {
        let is_known = self.retries.is_reached(&authority(&wire.url));
        if !is_known || !slot.is_of_body() && pool.lanes.is_http2() {
            return false;
        }
        let is_refused = matches!(
            problem,
            NetworkProblem::Refused | NetworkProblem::Proxy | NetworkProblem::Cut
        );
        match (is_connect, problem) {
            (true, _) if is_refused => match slot.permit.refused() {
                Refused::ForOthers => true,
                Refused::ForOtherKinds => {
                    drop(slot);
                    // Nothing tells when it is worth it. It goes on until there is one, or the others are done.
                    tokio::time::sleep(limits::FIRST_WAIT).await;
                    true
                }
                Refused::Alone => false,
            },
            // It has been spoken to with TLS, so that it is HTTP/1.1 that it does not want.
            (true, NetworkProblem::Tls | NetworkProblem::NotTls)
                if slot.is_of_body() && pool.lanes.is_http2() =>
            {
                pool.bodies.refuse();
                true
            }
            (false, NetworkProblem::Cut) => {
                // It may have been one too many.
                slot.permit.not_now(None);
                false
            }
            _ => false,
        }
    }

    /// Waits until a request may begin, on a connection of the right kind.
    async fn slot(&self, wire: &Wire<'_>, pool: &Pool) -> Result<Slot, Unbuilt> {
        let patience = self.retries.patience(wire.tries);
        if pool.bodies.are_for(wire.traffic) {
            let build = || self.pools.http1(pool);
            let shared = || pool.lanes.http1();
            let slot = pool.bodies.slot(wire.traffic, patience, shared, build);
            // Boxed: there are few, and each request's future would be as large.
            return Box::pin(slot).await;
        }
        Ok(match wire.operation {
            Operation::GetToken(_) => pool.lanes.slot_in_turn(patience).await,
            _ => pool.lanes.slot(patience).await,
        })
    }

    /// Looks at the head of an answer, or at why there is none, and tells of it.
    fn answered(
        &self,
        sent: Result<reqwest::Response, (NetworkProblem, Option<Cause>)>,
        pool: &Pool,
        request: &Request<'_>,
        is_by_proxy: bool,
    ) -> Result<reqwest::Response, (NetworkProblem, Option<Cause>)> {
        let (problem, cause) = match sent {
            Ok(response) => {
                if let Some(handshakes) = &pool.handshakes {
                    handshakes.answered();
                }
                self.observer.event(&Event::Response {
                    request,
                    status: response.status().as_u16(),
                    mode: pool.mode(),
                    version: &format!("{:?}", response.version()),
                });
                // Where there is no TLS, a proxy answers in the server's place.
                if response.status() == StatusCode::PROXY_AUTHENTICATION_REQUIRED && is_by_proxy {
                    return Err((NetworkProblem::ProxyLogin, None));
                }
                return Ok(response);
            }
            Err(failure) => failure,
        };
        let handshakes = pool.handshakes.as_ref();
        let problem = match problem {
            // Since version 1.3 of TLS a client is through before the server has looked at its certificate, and
            // may see no more than the end of the connection.
            NetworkProblem::Cut
                if handshakes.is_some_and(Handshakes::is_waiting_for_certificate) =>
            {
                NetworkProblem::ClientCertificate
            }
            problem if is_by_proxy => problem.by_proxy(),
            problem => problem,
        };
        self.observer.event(&Event::Failed {
            request,
            problem,
            cause: cause.as_ref(),
        });
        Err((problem, cause))
    }

    /// Learns from an answer how much at once a host takes.
    fn adapt(&self, slot: &Slot, response: &reqwest::Response) {
        match response.status() {
            StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => {
                slot.permit.not_now(of_headers(response.headers()));
            }
            status if status.is_server_error() => {}
            _ => slot.permit.succeeded(),
        }
    }

    /// Sends one request and waits for the head of the answer.
    async fn exchange(
        &self,
        wire: &Wire<'_>,
        client: &HttpClient,
    ) -> Result<reqwest::Response, (NetworkProblem, Option<Cause>)> {
        let mut request = client
            .request(wire.method.clone(), wire.url.clone())
            .headers(wire.headers.clone());
        if let Some(value) = &wire.authorization {
            request = request.header(AUTHORIZATION, value);
        }
        if let Some(body) = wire.payload.body() {
            request = request.body(body);
        }
        let limit = self.timeouts.connect + self.timeouts.response;
        let timeout = async {
            match wire.payload {
                Payload::Stream(_, pulse) => pulse.stopped().await,
                _ => {
                    tokio::time::sleep(limit).await;
                    limit
                }
            }
        };
        tokio::select! {
            result = client.send(request) => result.map_err(|error| {
                let problem = NetworkProblem::of_send(&error, self.timeouts.connect);
                (problem, Some(Cause::of_send(&error)))
            }),
            limit = timeout => Err((NetworkProblem::Timeout(limit), None)),
            problem = self.retries.deadline.passed() => Err((problem, None)),
        }
    }

    /// Notes that so many requests to a registry will come at once.
    pub(crate) fn expect(&self, domain: &str, requests: usize) {
        self.pools.expect(api_host(domain), requests);
    }

    /// Makes another connection to a host where that is worth it, beside the work: whatever comes of it, nothing depends on it.
    fn add_lane(&self, wire: &Wire<'_>, pool: &Pool) {
        let expected = self.pools.expected(&authority(&wire.url));
        if !pool.lanes.wants_another(expected) {
            return;
        }
        let lanes = pool.lanes.clone();
        let client = self.pools.another(pool);
        let (Ok(client), Ok(url)) = (client, wire.url.join("/v2/")) else {
            return lanes.add_none();
        };
        let (observer, mode) = (self.observer.clone(), pool.mode());
        let connect = self.timeouts.connect;
        tokio::spawn(async move {
            let started = Instant::now();
            let asked = client.request(Method::GET, url.clone());
            let answered = client.send(asked).await;
            let request = Request {
                method: &Method::GET,
                url: &redact::url(&url),
                attempt: 1,
                login: None,
                elapsed: started.elapsed(),
            };
            match answered {
                Ok(response) => {
                    let version = response.version();
                    observer.event(&Event::Response {
                        request: &request,
                        status: response.status().as_u16(),
                        mode,
                        version: &format!("{version:?}"),
                    });
                    if version == Version::HTTP_2 {
                        lanes.add(client);
                    } else {
                        lanes.add_none();
                    }
                }
                Err(error) => {
                    observer.event(&Event::Failed {
                        request: &request,
                        problem: NetworkProblem::of_send(&error, connect),
                        cause: Some(&Cause::of_send(&error)),
                    });
                    lanes.add_none();
                }
            }
        });
    }
}

fn network(attempt: Box<Attempt>, problem: NetworkProblem, source: Option<Cause>) -> RegistryError {
    RegistryError::Network {
        attempt,
        problem,
        source,
    }
}

/// Makes the error of a host that there is no way to.
fn unreachable(attempt: Box<Attempt>, url: &Url, unbuilt: Unbuilt) -> RegistryError {
    let before = |problem, text: &str| network(attempt, problem, Some(Cause::before(text)));
    match unbuilt {
        Unbuilt::NoAuthorities(text) => before(NetworkProblem::NoAuthorities, &text),
        Unbuilt::Proxy(reason) => before(NetworkProblem::ProxySetting, reason),
        Unbuilt::Certificates(problem) => RegistryError::Certificates {
            host: authority(url),
            problem,
        },
        Unbuilt::Http(error) => RegistryError::Setup(error),
    }
}

/// Returns the scheme of a login, which is all of it that may be shown.
fn scheme(authorization: &HeaderValue) -> Option<String> {
    let text = authorization.to_str().ok()?;
    text.split(' ').next().map(str::to_owned)
}

fn is_redirect(status: StatusCode) -> bool {
    matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308)
}
