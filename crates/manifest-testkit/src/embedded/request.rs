//! A request to the distribution API, and plain responses.

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HOST};
use http::{Response, StatusCode};
use serde_json::Value;

use super::behaviour::Behaviour;
use crate::error_response::ErrorResponse;
use crate::server::ReceivedRequest;

/// The result of a handler.
pub(super) type HandlerResult = Result<Response<Bytes>, ErrorResponse>;

/// A parsed request: the call, its route, its query.
#[derive(Debug)]
pub(super) struct ApiRequest<'a> {
    pub(super) received: &'a ReceivedRequest,
    pub(super) query: Vec<(String, String)>,
    pub(super) behaviour: &'a Behaviour,
}

impl ApiRequest<'_> {
    /// Returns the first query parameter of that name.
    pub(super) fn query(&self, name: &str) -> Option<&str> {
        self.query
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }

    /// Returns the Location for a path: absolute, with the client's Host header, unless the registry sends relative ones.
    pub(super) fn location(&self, path: &str) -> String {
        if self.behaviour.relative_locations {
            return path.to_owned();
        }
        let parts = &self.received.parts;
        let host = parts.headers.get(HOST).and_then(|host| host.to_str().ok());
        let host = host
            .or(parts.uri.authority().map(http::uri::Authority::as_str))
            .unwrap_or_default();
        let forwarded = parts
            .headers
            .get("x-forwarded-proto")
            .and_then(|p| p.to_str().ok());
        let scheme = forwarded.unwrap_or(if self.received.secure {
            "https"
        } else {
            "http"
        });
        format!("{scheme}://{host}{path}")
    }
}

/// Responds with JSON.
pub(super) fn json_response(status: StatusCode, value: &Value) -> Response<Bytes> {
    Response::builder()
        .status(status)
        .header(CONTENT_TYPE, "application/json; charset=utf-8")
        .body(value.to_string().into())
        .expect("a constant is a header value")
}

/// Responds with a status and no body.
pub(super) fn empty(status: StatusCode) -> Response<Bytes> {
    let mut response = Response::new(Bytes::new());
    *response.status_mut() = status;
    response
}
