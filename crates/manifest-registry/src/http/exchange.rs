//! One request and the head of its response. [`Exchange::send_once`] sends every request of this crate.
//!
//! It uses the HTTP library, with a connection pool for each host ([`crate::http::pool`]).

use std::sync::Arc;

use http::header::{AUTHORIZATION, HeaderValue};
use http::{Method, StatusCode, Version};
use tokio::time::Instant;
use url::Url;

use crate::error::{Attempt, Cause, NetworkProblem, Operation, RegistryError, header_retry_after};
use crate::host::authority;
use crate::http::connections::StreamPermit;
use crate::http::handshakes::Handshakes;
use crate::http::limiter::RefusalMeaning;
use crate::http::payload::Payload;
use crate::http::pool::{Pool, Pools};
use crate::http::pool_error::PoolError;
use crate::http::request::WireRequest;
use crate::http::response::{BodyLimits, Response, version_name};
use crate::http::retry::Retrier;
use crate::http::timeouts::Timeouts;
use crate::http::traffic::Traffic;
use crate::http::tunnel::HttpClient;
use crate::limits;
use crate::observer::{Event, Observer, Request};
use crate::redact;

/// Sends single requests, without retries, on the connections of their hosts.
pub(super) struct Exchange {
    pub(super) pools: Pools,
    pub(super) timeouts: Timeouts,
    pub(super) retrier: Arc<Retrier>,
    pub(super) observer: Arc<dyn Observer>,
}

impl Exchange {
    /// Sends one request, without retries, and returns the head of the response, whatever its status.
    pub(super) async fn send_once(
        &self,
        wire: &WireRequest<'_>,
    ) -> Result<Response, RegistryError> {
        let proxy = self.pools.proxy(&wire.url);
        let mut attempt = wire.attempt();
        attempt.proxy = proxy
            .as_ref()
            .map(|proxy| format!("{} of {}", proxy.shown, proxy.setting));
        let pool = match self.pools.get(wire.mode, &wire.url, proxy.as_ref()) {
            Ok(pool) => pool,
            Err(error) => return Err(unreachable(attempt, &wire.url, error)),
        };
        self.add_connection_if_needed(wire, &pool);
        loop {
            let permit = tokio::select! {
                biased;
                permit = self.acquire(wire, &pool) => permit,
                problem = self.retrier.deadline.expired() => return Err(network(attempt, problem, None)),
            };
            let permit = match permit {
                Ok(permit) => permit,
                Err(error) => return Err(unreachable(attempt, &wire.url, error)),
            };
            if let Payload::Stream(_, idle_timeout) = wire.payload {
                idle_timeout.restart();
            }
            let started = Instant::now();
            let sent = self.send_for_head(wire, &permit.client).await;
            let login = wire.authorization.as_ref().and_then(authentication_scheme);
            let request = Request {
                method: &wire.method,
                url: &attempt.url,
                attempt: attempt.attempts,
                login: login.as_deref(),
                elapsed: started.elapsed(),
            };
            let (problem, cause) = match self.report(sent, &pool, &request, proxy.is_some()) {
                Ok(response) => {
                    self.add_connection_if_needed(wire, &pool);
                    if wire.traffic == Traffic::Download && is_redirect(response.status()) {
                        pool.body_connections.record_redirect();
                    }
                    self.adapt_limit(&permit, &response);
                    let timeouts = self.timeouts;
                    let deadline = self.retrier.deadline.clone();
                    let body_limits = BodyLimits { timeouts, deadline };
                    return Ok(Response::new(response, attempt, Some(permit), body_limits));
                }
                Err(failure) => failure,
            };
            let is_connect = cause.as_ref().is_some_and(Cause::is_connect);
            if self
                .adapt_to_failure(wire, &pool, permit, problem, is_connect)
                .await
                && wire.payload.is_unsent()
            {
                continue;
            }
            return Err(network(attempt, problem, cause));
        }
    }

    /// Adapts the host's connection limit after a failure. Tells whether the request, which got no connection, can be
    /// sent later.
    async fn adapt_to_failure(
        &self,
        wire: &WireRequest<'_>,
        pool: &Pool,
        permit: StreamPermit,
        problem: NetworkProblem,
        is_connect: bool,
    ) -> bool {
        let has_answered = self.retrier.has_answered(&authority(&wire.url));
        if !has_answered || !permit.is_for_body() && pool.connections.is_http2() {
            return false;
        }
        let is_refused = matches!(
            problem,
            NetworkProblem::ConnectionRefused
                | NetworkProblem::Proxy
                | NetworkProblem::ConnectionClosed
        );
        match (is_connect, problem) {
            (true, _) if is_refused => match permit.limit.record_refusal() {
                RefusalMeaning::AtCapacity => true,
                RefusalMeaning::CapacityInOtherUse => {
                    drop(permit);
                    // Nothing signals a free connection here. The request polls until it gets one, or until the others
                    // are done.
                    tokio::time::sleep(limits::FIRST_BACKOFF).await;
                    true
                }
                RefusalMeaning::HostDown => false,
            },
            // The host has spoken TLS before, so it rejects HTTP/1.1.
            (true, NetworkProblem::Tls | NetworkProblem::NotTls)
                if permit.is_for_body() && pool.connections.is_http2() =>
            {
                pool.body_connections.disable();
                true
            }
            (false, NetworkProblem::ConnectionClosed) => {
                // The host may have closed a connection above its limit.
                permit.limit.record_overload(None);
                false
            }
            _ => false,
        }
    }

    /// Waits until a request may be sent, on a connection of the right kind.
    async fn acquire(
        &self,
        wire: &WireRequest<'_>,
        pool: &Pool,
    ) -> Result<StreamPermit, PoolError> {
        let max_wait = self.retrier.max_wait(wire.attempts);
        if pool.body_connections.handles(wire.traffic) {
            let build = || self.pools.http1_client(pool);
            let shared = || pool.connections.http1();
            let permit = pool
                .body_connections
                .acquire(wire.traffic, max_wait, shared, build);
            // Boxed because it is rare, and would add its size to each request's future.
            return Box::pin(permit).await;
        }
        Ok(match wire.operation {
            Operation::GetToken(_) => pool.connections.acquire_in_turn(max_wait).await,
            _ => pool.connections.acquire(max_wait).await,
        })
    }

    /// Reports the head of a response, or the reason why there is none.
    fn report(
        &self,
        sent: Result<reqwest::Response, (NetworkProblem, Option<Cause>)>,
        pool: &Pool,
        request: &Request<'_>,
        is_proxied: bool,
    ) -> Result<reqwest::Response, (NetworkProblem, Option<Cause>)> {
        let (problem, cause) = match sent {
            Ok(response) => {
                if let Some(handshakes) = &pool.handshakes {
                    handshakes.record_response();
                }
                self.observer.event(&Event::Response {
                    request,
                    status: response.status().as_u16(),
                    mode: pool.mode(),
                    version: version_name(response.version()),
                });
                // Without TLS the proxy can respond in place of the server.
                if response.status() == StatusCode::PROXY_AUTHENTICATION_REQUIRED && is_proxied {
                    return Err((NetworkProblem::ProxyAuthentication, None));
                }
                return Ok(response);
            }
            Err(failure) => failure,
        };
        let handshakes = pool.handshakes.as_ref();
        let problem = match problem {
            // In TLS 1.3 the client's handshake completes before the server has verified the client certificate. A
            // rejection may only show as a closed connection.
            NetworkProblem::ConnectionClosed
                if handshakes.is_some_and(Handshakes::is_waiting_for_certificate) =>
            {
                NetworkProblem::ClientCertificate
            }
            problem if is_proxied => problem.through_proxy(),
            problem => problem,
        };
        self.observer.event(&Event::Failed {
            request,
            problem,
            cause: cause.as_ref(),
        });
        Err((problem, cause))
    }

    /// Adapts the host's limit on concurrent requests after a response.
    fn adapt_limit(&self, permit: &StreamPermit, response: &reqwest::Response) {
        match response.status() {
            StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => {
                permit
                    .limit
                    .record_overload(header_retry_after(response.headers()));
            }
            status if status.is_server_error() => {}
            _ => permit.limit.record_success(),
        }
    }

    /// Sends one request and waits for the head of the response.
    async fn send_for_head(
        &self,
        wire: &WireRequest<'_>,
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
                Payload::Stream(_, idle_timeout) => idle_timeout.expired().await,
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
            problem = self.retrier.deadline.expired() => Err((problem, None)),
        }
    }

    /// Opens another connection to a host in the background if it needs one. Nothing depends on the result.
    fn add_connection_if_needed(&self, wire: &WireRequest<'_>, pool: &Pool) {
        let expected = self.pools.expected(&authority(&wire.url));
        if !pool.connections.needs_connection(expected) {
            return;
        }
        let connections = pool.connections.clone();
        let client = self.pools.another_client(pool);
        let (Ok(client), Ok(url)) = (client, wire.url.join("/v2/")) else {
            return connections.stop_growing();
        };
        let (observer, mode) = (self.observer.clone(), pool.mode());
        let connect = self.timeouts.connect;
        tokio::spawn(async move {
            let started = Instant::now();
            let request_builder = client.request(Method::GET, url.clone());
            let result = client.send(request_builder).await;
            let request = Request {
                method: &Method::GET,
                url: &redact::url(&url),
                attempt: 1,
                login: None,
                elapsed: started.elapsed(),
            };
            match result {
                Ok(response) => {
                    let version = response.version();
                    observer.event(&Event::Response {
                        request: &request,
                        status: response.status().as_u16(),
                        mode,
                        version: version_name(version),
                    });
                    if version == Version::HTTP_2 {
                        connections.add(client);
                    } else {
                        connections.stop_growing();
                    }
                }
                Err(error) => {
                    observer.event(&Event::Failed {
                        request: &request,
                        problem: NetworkProblem::of_send(&error, connect),
                        cause: Some(&Cause::of_send(&error)),
                    });
                    connections.stop_growing();
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

/// Creates the error for a host without a connection pool.
fn unreachable(attempt: Box<Attempt>, url: &Url, error: PoolError) -> RegistryError {
    let connection_error =
        |problem, text: &str| network(attempt, problem, Some(Cause::before_connecting(text)));
    match error {
        PoolError::NoCaCertificates(text) => {
            connection_error(NetworkProblem::NoCaCertificates, &text)
        }
        PoolError::Proxy(reason) => connection_error(NetworkProblem::ProxySetting, reason),
        PoolError::Certificates(problem) => RegistryError::Certificates {
            host: authority(url),
            problem,
        },
        PoolError::Http(error) => RegistryError::TlsSetup(error),
    }
}

/// Returns the authentication scheme, the only part of an `Authorization` that may be shown.
fn authentication_scheme(authorization: &HeaderValue) -> Option<String> {
    let text = authorization.to_str().ok()?;
    text.split(' ').next().map(str::to_owned)
}

pub(super) fn is_redirect(status: StatusCode) -> bool {
    matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308)
}
