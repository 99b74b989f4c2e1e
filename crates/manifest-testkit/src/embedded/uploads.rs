//! Blob uploads: in one request, in chunks, or by mounting from another repository.

use bytes::Bytes;
use http::header::{CONTENT_RANGE, HeaderValue};
use http::{Method, Response, StatusCode};
use serde_json::{Value, json};

use super::request::{ApiRequest, HandlerResult, empty};
use super::store::Store;
use crate::digest::{is_digest, sha256};
use crate::error_response::ErrorResponse;

/// Handles `POST /v2/NAME/blobs/uploads/`: mounts, accepts the whole blob, or opens a session.
pub(super) fn open(store: &mut Store, request: &ApiRequest<'_>, name: &str) -> HandlerResult {
    if let (Some(digest), Some(from)) = (request.query("mount"), request.query("from"))
        && !request.behaviour.never_mount
        && store.blob(from, digest).is_some()
    {
        store.repository(name).blobs.insert(digest.to_owned());
        return Ok(created(request, name, digest));
    }
    if let Some(digest) = request.query("digest") {
        if request.behaviour.refuse_single_post {
            let (status, text) = (StatusCode::BAD_REQUEST, "uploads need a session");
            return Err(ErrorResponse::new(status, "UNSUPPORTED", text, Value::Null));
        }
        return finish(store, request, name, digest, request.received.body.clone());
    }
    let session = store.open_upload(name);
    Ok(progress(request, StatusCode::ACCEPTED, name, &session, 0))
}

/// Handles requests to an upload session.
pub(super) fn session(
    store: &mut Store,
    request: &ApiRequest<'_>,
    name: &str,
    session: &str,
) -> HandlerResult {
    let body = &request.received.body;
    let arrived = store
        .upload(name, session)
        .ok_or_else(ErrorResponse::upload_unknown)?;
    match request.received.parts.method {
        Method::GET | Method::HEAD => {
            let length = arrived.len();
            Ok(progress(
                request,
                StatusCode::NO_CONTENT,
                name,
                session,
                length,
            ))
        }
        Method::PATCH => {
            let range = request.received.parts.headers.get(CONTENT_RANGE);
            if range.is_some_and(|range| !continues(range, arrived.len(), body.len())) {
                let status = StatusCode::RANGE_NOT_SATISFIABLE;
                let message = "invalid content range";
                return Err(ErrorResponse::new(
                    status,
                    "RANGE_INVALID",
                    message,
                    Value::Null,
                ));
            }
            arrived.extend_from_slice(body);
            let length = arrived.len();
            Ok(progress(
                request,
                StatusCode::ACCEPTED,
                name,
                session,
                length,
            ))
        }
        Method::PUT => {
            let Some(digest) = request.query("digest") else {
                return Err(ErrorResponse::digest_invalid("digest missing".into()));
            };
            let mut content = std::mem::take(arrived);
            content.extend_from_slice(body);
            // As in distribution, a session that ends with a wrong digest is gone.
            store.repository(name).uploads.remove(session);
            finish(store, request, name, digest, content.into())
        }
        Method::DELETE => {
            store.repository(name).uploads.remove(session);
            Ok(empty(StatusCode::NO_CONTENT))
        }
        _ => Err(ErrorResponse::unsupported()),
    }
}

fn finish(
    store: &mut Store,
    request: &ApiRequest<'_>,
    name: &str,
    digest: &str,
    content: Bytes,
) -> HandlerResult {
    if !is_digest(digest) || sha256(&content) != digest {
        let detail = json!({ "Digest": digest, "Reason": {} });
        return Err(ErrorResponse::digest_invalid(detail));
    }
    store.put_blob(name, content);
    Ok(created(request, name, digest))
}

/// Tells whether `START-END` continues the upload and has the length of the chunk.
fn continues(range: &HeaderValue, arrived: usize, chunk: usize) -> bool {
    let Some((start, end)) = range.to_str().ok().and_then(|range| range.split_once('-')) else {
        return false;
    };
    start.parse() == Ok(arrived) && end.parse() == Ok((arrived + chunk).saturating_sub(1))
}

fn created(request: &ApiRequest<'_>, name: &str, digest: &str) -> Response<Bytes> {
    Response::builder()
        .status(StatusCode::CREATED)
        .header(
            "location",
            request.location(&format!("/v2/{name}/blobs/{digest}")),
        )
        .header("docker-content-digest", digest)
        .body(Bytes::new())
        .expect("name and digest were checked")
}

/// Responds with the state of an upload. The Location has a query, which a client must extend, not replace.
fn progress(
    request: &ApiRequest<'_>,
    status: StatusCode,
    name: &str,
    session: &str,
    arrived: usize,
) -> Response<Bytes> {
    let path = format!("/v2/{name}/blobs/uploads/{session}?_state=opaque%3D%3D{arrived}");
    Response::builder()
        .status(status)
        .header("location", request.location(&path))
        .header("range", format!("0-{}", arrived.saturating_sub(1)))
        .header("docker-upload-uuid", session)
        .body(Bytes::new())
        .expect("name and session were checked")
}
