//! Playing the response of a fault, which is sent in place of the normal one.

use std::io::Write;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, HeaderName, LOCATION};
use http::{HeaderValue, Response, StatusCode};

use super::body::{ScriptedBody, Step};
use super::response::Response as FaultResponse;
use super::wire::Control;
use crate::digest::sha256;

/// Time for the bytes before a cut to leave the server.
const BEFORE_CUT: Duration = Duration::from_millis(20);

/// Size of one piece of an endless body, in bytes.
const ENDLESS_PIECE: usize = 64 * 1024;

/// Plays a fault's response. `normal` is the registry's own response, which takes effect once it is polled.
pub(super) async fn play(
    fault: FaultResponse,
    normal: BoxFuture<'static, Response<Bytes>>,
    is_head: bool,
    wire: &Arc<Control>,
) -> Outcome {
    let response = match fault {
        FaultResponse::Status {
            code,
            headers,
            body,
        } => own_response(code, &headers, body),
        FaultResponse::Delay(time) => {
            tokio::time::sleep(time).await;
            normal.await
        }
        FaultResponse::Hang => std::future::pending().await,
        FaultResponse::ShortBody => return Outcome::short_body(normal.await, wire),
        FaultResponse::EndlessBody => return Outcome::endless_body(normal.await, wire),
        FaultResponse::SlowBody(time) => return Outcome::slow_body(normal.await, time, wire),
        FaultResponse::ResetBeforeHeaders => {
            wire.reset();
            return Outcome::Cut;
        }
        FaultResponse::ResetAfterHeaders => {
            let steps = vec![Step::Wait(BEFORE_CUT), Step::Reset];
            return Outcome::scripted(normal.await, steps, wire);
        }
        FaultResponse::CorruptBody => normal.await.map(|body| corrupt(&body)),
        FaultResponse::WrongDigestHeader => {
            let wrong = sha256(b"something else");
            with_header(normal.await, "docker-content-digest", &wrong)
        }
        FaultResponse::Redirect { to } => {
            let code = StatusCode::TEMPORARY_REDIRECT.as_u16();
            with_header(own_response(code, &[], Vec::new()), LOCATION.as_str(), &to)
        }
        FaultResponse::HugeHeader(length) => {
            with_header(normal.await, "x-huge", &"x".repeat(length))
        }
        FaultResponse::DuplicateHeader { name, value } => {
            let mut response = normal.await;
            let headers = response.headers_mut();
            headers.append(header_name(&name), header_value(&value));
            response
        }
        FaultResponse::Html(code) => {
            let page = "<html><head><title>proxy</title></head><body>nope</body></html>";
            let response = own_response(code, &[], page.into());
            with_header(response, CONTENT_TYPE.as_str(), "text/html; charset=utf-8")
        }
        FaultResponse::EmptyBody => without_length(normal.await.map(|_| Bytes::new())),
        FaultResponse::Gzip => {
            let response = without_length(normal.await.map(|body| gzip(&body)));
            with_header(response, CONTENT_ENCODING.as_str(), "gzip")
        }
        FaultResponse::RawPrefix(bytes) => {
            wire.send_before(bytes.into());
            normal.await
        }
        FaultResponse::RawEndless(bytes) => {
            wire.send_endless(bytes.into());
            // Any response will do: it is never written.
            Response::new(Bytes::new())
        }
        FaultResponse::GoAwayBeforeHeaders => {
            wire.send_goaway();
            tokio::time::sleep(BEFORE_CUT).await;
            normal.await
        }
        FaultResponse::GoAwayInBody => return Outcome::goaway_in_body(normal.await, wire),
        FaultResponse::Raw(bytes) => {
            wire.send_raw(bytes.into());
            // Any response will do: the bytes take its place when it is written.
            Response::new(Bytes::new())
        }
    };
    Outcome::plain(response, is_head, wire)
}

/// The outcome of a request.
#[derive(Debug)]
pub(super) enum Outcome {
    /// A response, perhaps with a body that breaks off.
    Respond(Response<ScriptedBody>),
    /// The connection is cut before a response.
    Cut,
}

impl Outcome {
    /// Responds with a whole body, or without one to a HEAD.
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

    /// Responds with the head of `response`, the length of its body, and `steps` as the body.
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

    /// Sends half of the body, then closes the connection.
    fn short_body(response: Response<Bytes>, wire: &Arc<Control>) -> Self {
        let half = response.body().slice(..response.body().len() / 2);
        let steps = vec![Step::Data(half), Step::Wait(BEFORE_CUT), Step::Close];
        Self::scripted(response, steps, wire)
    }

    /// Sends spaces without end in place of the body.
    fn endless_body(response: Response<Bytes>, wire: &Arc<Control>) -> Self {
        // Without a known length the body goes out in chunks.
        let response = without_length(response).map(|_| ());
        let piece = Bytes::from(vec![b' '; ENDLESS_PIECE]);
        Self::unsized_script(response, vec![Step::Endless(piece)], wire)
    }

    /// Sends the body byte by byte, with a pause before each.
    fn slow_body(response: Response<Bytes>, pause: Duration, wire: &Arc<Control>) -> Self {
        let bytes = response.body().clone();
        let steps = (0..bytes.len())
            .flat_map(|i| [Step::Wait(pause), Step::Data(bytes.slice(i..=i))])
            .collect();
        Self::scripted(response, steps, wire)
    }

    /// Sends GOAWAY between the two halves of the body.
    fn goaway_in_body(response: Response<Bytes>, wire: &Arc<Control>) -> Self {
        let mut first = response.body().clone();
        let rest = first.split_off(first.len() / 2);
        let steps = vec![
            Step::Data(first),
            Step::GoAway,
            Step::Wait(BEFORE_CUT),
            Step::Data(rest),
        ];
        Self::scripted(response, steps, wire)
    }

    fn unsized_script(response: Response<()>, steps: Vec<Step>, wire: &Arc<Control>) -> Self {
        Self::Respond(response.map(|()| ScriptedBody::new(steps, wire.clone())))
    }
}

fn own_response(code: u16, headers: &[(String, String)], body: Vec<u8>) -> Response<Bytes> {
    let mut response = Response::new(Bytes::from(body));
    *response.status_mut() = status(code);
    for (name, value) in headers {
        let headers = response.headers_mut();
        headers.append(header_name(name), header_value(value));
    }
    response
}

fn with_header(mut response: Response<Bytes>, name: &str, value: &str) -> Response<Bytes> {
    let headers = response.headers_mut();
    headers.insert(header_name(name), header_value(value));
    response
}

fn without_length(mut response: Response<Bytes>) -> Response<Bytes> {
    response.headers_mut().remove(CONTENT_LENGTH);
    response
}

/// Changes one byte: the first digit of the first digest in JSON, else the last byte.
fn corrupt(body: &Bytes) -> Bytes {
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
