//! Error responses in the form of the distribution specification.

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderValue, Response, StatusCode};
use serde_json::{Value, json};

/// An error response: a status and one or more registry errors.
#[derive(Debug)]
pub(crate) struct ErrorResponse {
    pub(crate) status: StatusCode,
    errors: Vec<Value>,
    /// Value of `WWW-Authenticate`, if the request lacks authorisation.
    pub(crate) challenge: Option<String>,
}

impl ErrorResponse {
    /// Creates a response with one error. `detail` may be null.
    pub(crate) fn new(status: StatusCode, code: &str, message: &str, detail: Value) -> Self {
        let mut error = json!({ "code": code, "message": message });
        if !detail.is_null() {
            error["detail"] = detail;
        }
        Self {
            status,
            errors: vec![error],
            challenge: None,
        }
    }

    /// Adds the errors of another response. The status stays.
    pub(crate) fn and(mut self, other: Self) -> Self {
        self.errors.extend(other.errors);
        self
    }

    pub(crate) fn manifest_unknown(detail: Value) -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            "MANIFEST_UNKNOWN",
            "manifest unknown",
            detail,
        )
    }

    pub(crate) fn manifest_invalid(message: &str) -> Self {
        Self::new(
            StatusCode::BAD_REQUEST,
            "MANIFEST_INVALID",
            "manifest invalid",
            message.into(),
        )
    }

    pub(crate) fn manifest_blob_unknown(digest: &str) -> Self {
        let message = "blob unknown to registry";
        Self::new(
            StatusCode::BAD_REQUEST,
            "MANIFEST_BLOB_UNKNOWN",
            message,
            digest.into(),
        )
    }

    pub(crate) fn blob_unknown(digest: &str) -> Self {
        let message = "blob unknown to registry";
        Self::new(
            StatusCode::NOT_FOUND,
            "BLOB_UNKNOWN",
            message,
            digest.into(),
        )
    }

    pub(crate) fn upload_unknown() -> Self {
        let message = "blob upload unknown to registry";
        Self::new(
            StatusCode::NOT_FOUND,
            "BLOB_UPLOAD_UNKNOWN",
            message,
            Value::Null,
        )
    }

    pub(crate) fn digest_invalid(detail: Value) -> Self {
        let message = "provided digest did not match uploaded content";
        Self::new(StatusCode::BAD_REQUEST, "DIGEST_INVALID", message, detail)
    }

    pub(crate) fn name_unknown(name: &str) -> Self {
        let message = "repository name not known to registry";
        Self::new(
            StatusCode::NOT_FOUND,
            "NAME_UNKNOWN",
            message,
            json!({ "name": name }),
        )
    }

    pub(crate) fn unsupported() -> Self {
        let message = "The operation is unsupported.";
        Self::new(
            StatusCode::METHOD_NOT_ALLOWED,
            "UNSUPPORTED",
            message,
            Value::Null,
        )
    }

    /// Renders the response as distribution does: JSON with a newline at the end.
    pub(crate) fn into_response(self) -> Response<Bytes> {
        let body = format!("{}\n", json!({ "errors": self.errors }));
        let mut response = Response::new(Bytes::from(body));
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        headers.insert(
            CONTENT_TYPE,
            HeaderValue::from_static("application/json; charset=utf-8"),
        );
        if let Some(challenge) = self.challenge {
            let value = challenge
                .parse()
                .expect("realm, service and scope are visible ASCII");
            headers.insert("www-authenticate", value);
        }
        response
    }
}

/// Creates the 401 that carries a challenge.
pub(crate) fn unauthorized(challenge: String, detail: Value) -> ErrorResponse {
    let message = "authentication required";
    let mut problem = ErrorResponse::new(StatusCode::UNAUTHORIZED, "UNAUTHORIZED", message, detail);
    problem.challenge = Some(challenge);
    problem
}
