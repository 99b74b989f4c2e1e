//! What a server does instead of answering as it should.

use std::io::Write;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, HeaderName, LOCATION};
use http::{HeaderValue, Response, StatusCode};

use super::body::{Script, Step};
use super::wire::Control;
use crate::digest::sha256;

/// Lets what was sent before a cut leave the server first.
const BEFORE_CUT: Duration = Duration::from_millis(20);

/// Size of one piece of an endless body, in bytes.
const ENDLESS_PIECE: usize = 64 * 1024;

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

    /// Plays the answer; `normal` is what would have been answered, and does its work once polled.
    pub(super) async fn play(
        self,
        normal: BoxFuture<'static, Response<Bytes>>,
        is_head: bool,
        wire: &Arc<Control>,
    ) -> Outcome {
        let response = match self {
            Self::Status {
                code,
                headers,
                body,
            } => {
                let mut response = Response::new(Bytes::from(body));
                *response.status_mut() = status(code);
                for (name, value) in headers {
                    response
                        .headers_mut()
                        .append(header_name(&name), header_value(&value));
                }
                response
            }
            Self::Delay(time) => {
                tokio::time::sleep(time).await;
                normal.await
            }
            Self::Hang => std::future::pending().await,
            Self::ShortBody => {
                let response = normal.await;
                let half = response.body().slice(..response.body().len() / 2);
                return Outcome::scripted(
                    response,
                    vec![Step::Data(half), Step::Wait(BEFORE_CUT), Step::Close],
                    wire,
                );
            }
            Self::EndlessBody => {
                let mut response = normal.await;
                // Without a known length the body goes out in chunks.
                response.headers_mut().remove(CONTENT_LENGTH);
                let piece = Bytes::from(vec![b' '; ENDLESS_PIECE]);
                let response = response.map(|_| ());
                return Outcome::unsized_script(response, vec![Step::Endless(piece)], wire);
            }
            Self::SlowBody(time) => {
                let response = normal.await;
                let bytes = response.body().clone();
                let steps = (0..bytes.len())
                    .flat_map(|i| [Step::Wait(time), Step::Data(bytes.slice(i..=i))])
                    .collect();
                return Outcome::scripted(response, steps, wire);
            }
            Self::ResetBeforeHeaders => {
                wire.reset();
                return Outcome::Cut;
            }
            Self::ResetAfterHeaders => {
                let response = normal.await;
                return Outcome::scripted(
                    response,
                    vec![Step::Wait(BEFORE_CUT), Step::Reset],
                    wire,
                );
            }
            Self::WrongDigest => normal.await.map(|body| spoil(&body)),
            Self::WrongDigestHeader => {
                let mut response = normal.await;
                let wrong = header_value(&sha256(b"something else"));
                response
                    .headers_mut()
                    .insert("docker-content-digest", wrong);
                response
            }
            Self::Redirect { to } => {
                let mut response = Response::new(Bytes::new());
                *response.status_mut() = StatusCode::TEMPORARY_REDIRECT;
                response.headers_mut().insert(LOCATION, header_value(&to));
                response
            }
            Self::HugeHeader(length) => {
                let mut response = normal.await;
                response
                    .headers_mut()
                    .insert("x-huge", header_value(&"x".repeat(length)));
                response
            }
            Self::DuplicateHeader { name, value } => {
                let mut response = normal.await;
                response
                    .headers_mut()
                    .append(header_name(&name), header_value(&value));
                response
            }
            Self::Html(code) => {
                let page = "<html><head><title>proxy</title></head><body>nope</body></html>";
                let mut response = Response::new(Bytes::from_static(page.as_bytes()));
                *response.status_mut() = status(code);
                response.headers_mut().insert(
                    CONTENT_TYPE,
                    HeaderValue::from_static("text/html; charset=utf-8"),
                );
                response
            }
            Self::Empty => {
                let mut response = normal.await.map(|_| Bytes::new());
                response.headers_mut().remove(CONTENT_LENGTH);
                response
            }
            Self::Gzip => {
                let mut response = normal.await.map(|body| gzip(&body));
                response.headers_mut().remove(CONTENT_LENGTH);
                response
                    .headers_mut()
                    .insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
                response
            }
            Self::Before(bytes) => {
                wire.send_before(bytes.into());
                normal.await
            }
            Self::Endless(bytes) => {
                wire.send_endless(bytes.into());
                // Any answer will do: it is never written.
                Response::new(Bytes::new())
            }
            Self::LeaveBeforeHeaders => {
                wire.leave();
                tokio::time::sleep(BEFORE_CUT).await;
                normal.await
            }
            Self::LeaveInBody => {
                let response = normal.await;
                let mut first = response.body().clone();
                let rest = first.split_off(first.len() / 2);
                let steps = vec![
                    Step::Data(first),
                    Step::Leave,
                    Step::Wait(BEFORE_CUT),
                    Step::Data(rest),
                ];
                return Outcome::scripted(response, steps, wire);
            }
            Self::Raw(bytes) => {
                wire.send_raw(bytes.into());
                // Any answer will do: the bytes take its place when it is written.
                Response::new(Bytes::new())
            }
        };
        Outcome::plain(response, is_head, wire)
    }
}

/// What comes of a request.
#[derive(Debug)]
pub(super) enum Outcome {
    /// An answer, perhaps with a body that goes wrong.
    Answer(Response<Script>),
    /// The connection is cut before an answer.
    Cut,
}

impl Outcome {
    /// Answers with a whole body, or with none of it to a HEAD.
    pub(super) fn plain(response: Response<Bytes>, is_head: bool, wire: &Arc<Control>) -> Self {
        let body = if is_head {
            Bytes::new()
        } else {
            response.body().clone()
        };
        let steps = if body.is_empty() {
            vec![]
        } else {
            vec![Step::Data(body)]
        };
        Self::scripted(response, steps, wire)
    }

    /// Answers with the head of `response`, the length of its body, and `steps` as the body.
    fn scripted(mut response: Response<Bytes>, steps: Vec<Step>, wire: &Arc<Control>) -> Self {
        let bodiless = matches!(
            response.status(),
            StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED
        );
        if !bodiless && !response.headers().contains_key(CONTENT_LENGTH) {
            let length = HeaderValue::from(response.body().len());
            response.headers_mut().insert(CONTENT_LENGTH, length);
        }
        Self::unsized_script(response.map(|_| ()), steps, wire)
    }

    fn unsized_script(response: Response<()>, steps: Vec<Step>, wire: &Arc<Control>) -> Self {
        Self::Answer(response.map(|()| Script::new(steps, wire.clone())))
    }
}

/// Changes one byte: the first digit of the first digest in JSON, else the last byte.
fn spoil(body: &Bytes) -> Bytes {
    const MARK: &[u8] = b"sha256:";
    let mut bytes = body.to_vec();
    let digit = bytes
        .windows(MARK.len())
        .position(|w| w == MARK)
        .map(|at| at + MARK.len());
    match digit {
        Some(at) if at < bytes.len() => bytes[at] = if bytes[at] == b'0' { b'1' } else { b'0' },
        _ => {
            if let Some(last) = bytes.last_mut() {
                *last ^= 1;
            }
        }
    }
    bytes.into()
}

fn gzip(body: &[u8]) -> Bytes {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder
        .write_all(body)
        .expect("a vector takes all that is written");
    encoder
        .finish()
        .expect("a vector takes all that is written")
        .into()
}

fn status(code: u16) -> StatusCode {
    StatusCode::from_u16(code).expect("a fault's status is a number from 100 to 999")
}

fn header_name(name: &str) -> HeaderName {
    name.parse().expect("a fault's header name is a valid one")
}

fn header_value(value: &str) -> HeaderValue {
    value
        .parse()
        .expect("a fault's header value is a valid one")
}
