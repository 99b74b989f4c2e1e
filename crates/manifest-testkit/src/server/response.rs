//! The responses of a server that misbehaves.

use std::time::Duration;

/// The server's response to a request that a [`Fault`](super::fault::Fault) matches.
///
/// Variants that mention the normal response let the request take effect first: a `PUT` with [`Response::ResetAfterHeaders`] has
/// been stored. The others never reach the registry.
#[derive(Debug, Clone)]
pub enum Response {
    /// Responds with this status, these headers, this body.
    Status {
        /// Status code.
        code: u16,
        /// Headers, without Content-Length.
        headers: Vec<(String, String)>,
        /// Body.
        body: Vec<u8>,
    },
    /// Waits, then sends the normal response.
    Delay(Duration),
    /// Never responds; the connection stays open.
    Hang,
    /// Announces the normal body, sends half of it, closes the connection.
    ShortBody,
    /// Sends the normal head without its length, then spaces without end.
    EndlessBody,
    /// Sends the normal body byte by byte, with this pause before each byte.
    SlowBody(Duration),
    /// Resets the connection before any byte of a response.
    ResetBeforeHeaders,
    /// Resets the connection after the normal head.
    ResetAfterHeaders,
    /// Sends the normal response with one byte of the body changed. JSON stays JSON.
    CorruptBody,
    /// Sends the normal response with a wrong `Docker-Content-Digest`.
    WrongDigestHeader,
    /// Redirects to this URL with 307.
    Redirect {
        /// Value of the Location header.
        to: String,
    },
    /// Sends the normal response with an additional header of this many bytes.
    HugeHeader(usize),
    /// Sends the normal response with this header added to the existing ones.
    DuplicateHeader {
        /// Header name.
        name: String,
        /// The additional value.
        value: String,
    },
    /// Responds with an HTML page and this status, like a proxy on the way.
    Html(u16),
    /// Sends the normal response without its body, with length 0.
    EmptyBody,
    /// Sends the normal response compressed, with `Content-Encoding: gzip`.
    Gzip,
    /// Sends these bytes, such as heads of 1xx, before the normal response. Over plain HTTP/1.1 only.
    RawPrefix(Vec<u8>),
    /// Sends these bytes again and again in place of a response. Over plain HTTP/1.1 only.
    RawEndless(Vec<u8>),
    /// Sends GOAWAY before the head of the normal response. Over HTTP/2 only.
    GoAwayBeforeHeaders,
    /// Sends GOAWAY in the middle of the normal body. Over HTTP/2 only.
    GoAwayInBody,
    /// Sends these bytes in place of a response and closes. They need not be HTTP.
    Raw(Vec<u8>),
}

impl Response {
    /// Responds with this status and nothing else.
    #[must_use]
    pub fn status(code: u16) -> Self {
        Self::Status {
            code,
            headers: Vec::new(),
            body: Vec::new(),
        }
    }

    /// Responds with this status and an error body in the form of the distribution specification.
    #[must_use]
    pub fn error(status: u16, code: &str, message: &str) -> Self {
        let body = serde_json::json!({ "errors": [{ "code": code, "message": message }] });
        Self::Status {
            code: status,
            headers: vec![("content-type".to_owned(), "application/json".to_owned())],
            body: body.to_string().into_bytes(),
        }
    }

    /// Adds a header to a [`Response::Status`]. Other variants are unchanged.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        if let Self::Status { headers, .. } = &mut self {
            headers.push((name.to_owned(), value.to_owned()));
        }
        self
    }
}
