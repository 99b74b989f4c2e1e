//! Redirects and retries.
//!
//! [`Transport::transmit`] retries transient failures by the rules of [`crate::http::retry`]. On top of it,
//! [`Transport::send`] follows redirects, so that credentials are never sent to a redirect's target.

use std::sync::Arc;

use http::header::LOCATION;
use http::{Method, StatusCode};
use url::Url;

use crate::error::RegistryError;
use crate::host::{api_host, authority, is_same_origin};
use crate::http::endpoint::{Insecure, Mode};
use crate::http::exchange::{Exchange, is_redirect};
use crate::http::payload::Payload;
use crate::http::pool::{Pool, Pools};
use crate::http::request::WireRequest;
use crate::http::response::Response;
use crate::http::retry::{Contact, Retrier, is_transient_status};
use crate::http::server_certificate::ServerCertificate;
use crate::http::timeouts::Timeouts;
use crate::limits;
use crate::observer::Observer;
use crate::redact;

/// Sends requests, follows redirects, and retries.
pub(crate) struct Transport {
    pub(crate) timeouts: Timeouts,
    pub(crate) insecure: Insecure,
    pub(crate) retrier: Arc<Retrier>,
    pub(crate) observer: Arc<dyn Observer>,
    exchange: Exchange,
}

/// The connections to one host, as far as they are known.
pub(crate) struct ConnectionDetails {
    /// The TLS version. `None` without TLS.
    pub(crate) tls_version: Option<&'static str>,
    /// The certificate that the host presented.
    pub(crate) certificate: Option<ServerCertificate>,
    /// The proxy, without its credentials, and the name of its setting.
    pub(crate) proxy: Option<(String, String)>,
}

impl Transport {
    pub(crate) fn new(
        pools: Pools,
        timeouts: Timeouts,
        insecure: Insecure,
        retrier: Retrier,
        observer: Arc<dyn Observer>,
    ) -> Self {
        // It fails if the process already has a provider, which works as well.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let retrier = Arc::new(retrier);
        Self {
            timeouts,
            insecure,
            retrier: retrier.clone(),
            observer: observer.clone(),
            exchange: Exchange {
                pools,
                timeouts,
                retrier,
                observer,
            },
        }
    }

    /// Sends a request and follows redirects. `Authorization` is only sent to the origin that it is for.
    pub(crate) async fn send(&self, mut wire: WireRequest<'_>) -> Result<Response, RegistryError> {
        for _ in 0..=limits::REDIRECTS {
            let response = self.transmit(&wire).await?;
            if !is_redirect(response.status()) {
                return Ok(response);
            }
            let (url, mode) = self.redirect_target(&wire, &response)?;
            response.discard().await;
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

    /// Sends a request and reads the whole response, which must be 2xx. A truncated body is retried.
    pub(crate) async fn fetch(
        &self,
        wire: WireRequest<'_>,
        limit: usize,
    ) -> Result<(Response, Vec<u8>), RegistryError> {
        loop {
            let mut response = self.send(wire.clone()).await?.accepted().await?;
            match response.bytes(limit).await {
                Ok(bytes) => return Ok((response, bytes)),
                Err(mut error) => {
                    let retry = self
                        .retrier
                        .retry(wire.attempts, &mut error, Contact::Responded);
                    if !retry.await {
                        return Err(error);
                    }
                }
            }
        }
    }

    fn redirect_target(
        &self,
        wire: &WireRequest<'_>,
        response: &Response,
    ) -> Result<(Url, Mode), RegistryError> {
        let refuse = |to: String, reason| RegistryError::Redirect {
            attempt: wire.attempt(),
            to,
            reason,
        };
        let location = response.header(LOCATION.as_str()).unwrap_or_default();
        let Ok(mut url) = wire.url.join(location) else {
            return Err(refuse(
                redact::printable("a malformed URL"),
                "it cannot be read",
            ));
        };
        let keeps_method = matches!(
            response.status(),
            StatusCode::TEMPORARY_REDIRECT | StatusCode::PERMANENT_REDIRECT
        );
        let reads = matches!(wire.method, Method::GET | Method::HEAD);
        let may_repeat = matches!(wire.payload, Payload::None | Payload::Bytes(_));
        if !(reads || keeps_method && may_repeat) {
            return Err(refuse(redact::url(&url), "a write is never redirected"));
        }
        // Credentials in a redirect would otherwise be sent as the client's own.
        let _ = url.set_username("");
        let _ = url.set_password(None);
        match self.next_mode(&wire.url, wire.mode, &url) {
            Some(mode) => Ok((url, mode)),
            None => Err(refuse(redact::url(&url), "it is not protected by TLS")),
        }
    }

    /// Returns the mode for a URL from a registry; see [`Insecure::mode_of`].
    pub(crate) fn next_mode(&self, from: &Url, mode: Mode, to: &Url) -> Option<Mode> {
        if is_same_origin(from, to) {
            Some(mode)
        } else {
            self.insecure.mode_of(to, mode)
        }
    }

    /// Sends one request, with retries, and returns the head of the final response, whatever its status.
    async fn transmit(&self, wire: &WireRequest<'_>) -> Result<Response, RegistryError> {
        let host = authority(&wire.url);
        let modes = self.insecure.modes(wire.host);
        let is_last = modes.last() == Some(&wire.mode);
        let is_repeatable = wire.payload.is_repeatable();
        loop {
            let contact = self.retrier.contact(&host, is_last);
            let result = self.exchange.send_once(wire).await;
            if result.is_ok() {
                self.retrier.record_contact(&host);
            }
            match result {
                Ok(mut response) if is_repeatable && is_transient_status(response.status()) => {
                    let mut error = response.transient_error().await;
                    if !self.retrier.retry(wire.attempts, &mut error, contact).await {
                        return Ok(response.with_final_error(error));
                    }
                }
                Err(mut error) if is_repeatable => {
                    if !self.retrier.retry(wire.attempts, &mut error, contact).await {
                        return Err(error);
                    }
                }
                result => return result,
            }
        }
    }

    /// Describes the connections to a URL's host. No connection is opened.
    pub(crate) fn connection(&self, mode: Mode, url: &Url) -> ConnectionDetails {
        let pools = &self.exchange.pools;
        let pool = pools.existing(mode, url);
        let pool = pool.as_deref();
        ConnectionDetails {
            tls_version: pool.and_then(Pool::mode).filter(|_| mode != Mode::Plain),
            certificate: pool.and_then(Pool::certificate),
            proxy: pools.proxy(url).map(|proxy| (proxy.shown, proxy.setting)),
        }
    }

    /// Announces the number of coming concurrent requests to a registry.
    pub(crate) fn expect(&self, domain: &str, requests: usize) {
        self.exchange.pools.expect(api_host(domain), requests);
    }
}
