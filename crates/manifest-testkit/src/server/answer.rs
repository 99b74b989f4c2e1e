//! The answers of a server that goes wrong.

use std::time::Duration;

/// What the server does with a request that a [`Fault`](super::fault::Fault) matches.
///
/// Answers that say "normal" let the request take effect first: a `PUT` that is answered by
/// [`Answer::ResetAfterHeaders`] has been stored. The others never reach the registry.
#[derive(Debug, Clone)]
pub enum Answer {
    /// Answers with this status, these headers, this body.
    Status {
        /// Status code.
        code: u16,
        /// Headers, beside Content-Length.
        headers: Vec<(String, String)>,
        /// Body.
        body: Vec<u8>,
    },
    /// Waits, then answers as normal.
    Delay(Duration),
    /// Never answers; the connection stays open.
    Hang,
    /// Promises the normal body, sends half of it, closes the connection.
    ShortBody,
    /// Sends the normal head without its length, then spaces without end.
    EndlessBody,
    /// Sends the normal body byte by byte, with this pause between two.
    SlowBody(Duration),
    /// Resets the connection before any byte of an answer.
    ResetBeforeHeaders,
    /// Resets the connection after the normal head.
    ResetAfterHeaders,
    /// Answers as normal, but with one byte of the body changed (JSON stays JSON).
    WrongDigest,
    /// Answers as normal, but with the `Docker-Content-Digest` of something else.
    WrongDigestHeader,
    /// Redirects to this URL with 307.
    Redirect {
        /// Value of the Location header.
        to: String,
    },
    /// Answers as normal with one more header of this many bytes.
    HugeHeader(usize),
    /// Answers as normal with this header added beside what is there.
    DuplicateHeader {
        /// Header name.
        name: String,
        /// The further value.
        value: String,
    },
    /// Answers with an HTML page, as a proxy in the way does, and this status.
    Html(u16),
    /// Answers as normal, but without a body, of length 0.
    Empty,
    /// Answers as normal, but compressed, with `Content-Encoding: gzip`.
    Gzip,
    /// Sends these bytes, heads of 1xx for instance, before the normal answer. Over plain HTTP/1.1 only.
    Before(Vec<u8>),
    /// Sends these bytes again and again in place of an answer. Over plain HTTP/1.1 only.
    Endless(Vec<u8>),
    /// Answers as normal, but takes leave before the head: GOAWAY. Over HTTP/2 only.
    LeaveBeforeHeaders,
    /// Answers as normal, but takes leave in the middle of the body: GOAWAY. Over HTTP/2 only.
    LeaveInBody,
    /// Sends these bytes in place of an HTTP answer and closes. They may be no HTTP at all.
    Raw(Vec<u8>),
}

impl Answer {
    /// Answers with this status and nothing else.
    #[must_use]
    pub fn status(code: u16) -> Self {
        Self::Status {
            code,
            headers: Vec::new(),
            body: Vec::new(),
        }
    }

    /// Answers with this status and an error body in the form of the distribution specification.
    #[must_use]
    pub fn error(status: u16, code: &str, message: &str) -> Self {
        let body = serde_json::json!({ "errors": [{ "code": code, "message": message }] });
        Self::Status {
            code: status,
            headers: vec![("content-type".to_owned(), "application/json".to_owned())],
            body: body.to_string().into_bytes(),
        }
    }

    /// Adds a header to a [`Answer::Status`]; other answers stay as they are.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        if let Self::Status { headers, .. } = &mut self {
            headers.push((name.to_owned(), value.to_owned()));
        }
        self
    }
}
