//! The distribution API on a [`Store`]: reading, writing, listing.

use bytes::Bytes;
use http::header::{ACCEPT, CONTENT_TYPE, RANGE};
use http::{HeaderMap, Method, Response, StatusCode};
use serde_json::{Value, json};

use super::request::{ApiRequest, HandlerResult, empty, json_response};
use super::routes::Route;
use super::store::{Manifest, Store};
use super::{uploads, validate};
use crate::digest::{is_digest, sha256};
use crate::error_response::ErrorResponse;
use crate::media_type;
use crate::server::ReceivedRequest;

/// Handles an authorised request.
pub(super) fn handle(store: &mut Store, request: &ApiRequest<'_>, route: &Route) -> HandlerResult {
    let method = &request.received.parts.method;
    let read = method == Method::GET || method == Method::HEAD;
    match route {
        Route::Ping if read => Ok(json_response(StatusCode::OK, &json!({}))),
        Route::Catalog if read => {
            let names = store.repositories.keys().cloned().collect();
            page(
                request,
                "/v2/_catalog",
                names,
                |names| json!({ "repositories": names }),
            )
        }
        Route::Tags { name } if read => {
            let repository = store.repositories.get(name);
            let repository = repository.ok_or_else(|| ErrorResponse::name_unknown(name))?;
            let tags = repository.tags.keys().cloned().collect();
            let path = format!("/v2/{name}/tags/list");
            page(
                request,
                &path,
                tags,
                |tags| json!({ "name": name, "tags": tags }),
            )
        }
        Route::Referrers { name, digest } if read && !request.behaviour.no_referrers => {
            referrers(store, request, name, digest)
        }
        Route::Referrers { .. } if read => {
            let mut response = empty(StatusCode::NOT_FOUND);
            *response.body_mut() = Bytes::from_static(b"404 page not found\n");
            Ok(response)
        }
        Route::Manifest { name, reference } => match *method {
            Method::GET | Method::HEAD => get_manifest(store, request, name, reference),
            Method::PUT => put_manifest(store, request, name, reference),
            Method::DELETE => delete_manifest(store, name, reference),
            _ => Err(ErrorResponse::unsupported()),
        },
        Route::Blob { name, digest } => match *method {
            Method::GET | Method::HEAD => get_blob(store, request, name, digest),
            Method::DELETE => {
                let found = store.repository(name).blobs.remove(digest);
                found
                    .then(|| empty(StatusCode::ACCEPTED))
                    .ok_or_else(|| ErrorResponse::blob_unknown(digest))
            }
            _ => Err(ErrorResponse::unsupported()),
        },
        Route::Uploads { name } if method == Method::POST => uploads::open(store, request, name),
        Route::Upload { name, session } => uploads::session(store, request, name, session),
        _ => Err(ErrorResponse::unsupported()),
    }
}

fn get_manifest(
    store: &mut Store,
    request: &ApiRequest<'_>,
    name: &str,
    reference: &str,
) -> HandlerResult {
    let unknown = || {
        ErrorResponse::manifest_unknown(if is_digest(reference) {
            json!({ "Name": name, "Revision": reference })
        } else {
            json!({ "Tag": reference })
        })
    };
    let repository = store.repositories.get_mut(name).ok_or_else(unknown)?;
    if let Some(left) = repository.lag.get_mut(reference)
        && *left > 0
    {
        *left -= 1;
        return Err(unknown());
    }
    let (digest, manifest) = repository.find(reference).ok_or_else(unknown)?;
    let accepts = accepted(&request.received.parts.headers);
    let media_type = manifest.media_type.as_str();
    if media_type::is_oci(media_type) && !accepts.iter().any(|a| a == media_type) {
        let text = if media_type == media_type::OCI_INDEX {
            "OCI index found, but accept header does not support OCI indexes"
        } else {
            "OCI manifest found, but accept header does not support OCI manifests"
        };
        return Err(ErrorResponse::new(
            StatusCode::NOT_FOUND,
            "MANIFEST_UNKNOWN",
            text,
            Value::Null,
        ));
    }
    let old_client = !accepts.iter().any(|a| a == media_type::DOCKER_LIST);
    if media_type == media_type::DOCKER_LIST && old_client && !is_digest(reference) {
        // For clients older than manifest lists, distribution responds with the image for linux/amd64.
        let digest = validate::default_child(&manifest.json()).ok_or_else(unknown)?;
        let (digest, manifest) = repository.find(&digest).ok_or_else(unknown)?;
        return Ok(manifest_response(digest, manifest));
    }
    Ok(manifest_response(digest, manifest))
}

fn manifest_response(digest: &str, manifest: &Manifest) -> Response<Bytes> {
    Response::builder()
        .header(CONTENT_TYPE, &manifest.media_type)
        .header("docker-content-digest", digest)
        .header("etag", format!("\"{digest}\""))
        .body(manifest.bytes.clone())
        .expect("digest and media type are header values")
}

fn put_manifest(
    store: &mut Store,
    request: &ApiRequest<'_>,
    name: &str,
    reference: &str,
) -> HandlerResult {
    let ReceivedRequest { parts, body, .. } = request.received;
    let media_type = parts
        .headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    let media_type = media_type.unwrap_or_default().to_owned();
    let manifest = Manifest {
        media_type,
        bytes: body.clone(),
    };
    let digest = sha256(body);
    let tag = (!is_digest(reference)).then_some(reference);
    validate::form(&manifest, request.behaviour)?;
    if tag.is_none() && digest != reference {
        return Err(ErrorResponse::digest_invalid(Value::Null));
    }
    let repository = store.repository(name);
    validate::references(&manifest, repository)?;
    if let Some(tag) = tag {
        let old = repository.tags.get(tag);
        if request.behaviour.immutable_tags && old.is_some_and(|old| *old != digest) {
            let message = format!("tag '{tag}' already exists in '{name}' and is immutable");
            let status = StatusCode::BAD_REQUEST;
            return Err(ErrorResponse::new(
                status,
                "TAG_INVALID",
                &message,
                Value::Null,
            ));
        }
        repository
            .lag
            .insert(tag.to_owned(), request.behaviour.lag_after_put);
    }
    let subject = manifest.json()["subject"]["digest"]
        .as_str()
        .map(str::to_owned);
    repository.put(tag, manifest);
    let mut response = Response::builder()
        .status(StatusCode::CREATED)
        .header(
            "location",
            request.location(&format!("/v2/{name}/manifests/{digest}")),
        )
        .header("docker-content-digest", &digest);
    if let Some(subject) = subject.filter(|_| !request.behaviour.no_referrers) {
        response = response.header("oci-subject", subject);
    }
    response
        .body(Bytes::new())
        .map_err(|_| ErrorResponse::manifest_invalid("subject.digest is not a digest"))
}

fn delete_manifest(store: &mut Store, name: &str, reference: &str) -> HandlerResult {
    let repository = store.repository(name);
    if is_digest(reference) {
        let found = repository.manifests.remove(reference);
        found.ok_or_else(|| ErrorResponse::manifest_unknown(Value::Null))?;
        repository.tags.retain(|_, digest| digest != reference);
    } else if repository.tags.remove(reference).is_none() {
        return Err(ErrorResponse::manifest_unknown(json!({ "Tag": reference })));
    }
    Ok(empty(StatusCode::ACCEPTED))
}

fn get_blob(store: &Store, request: &ApiRequest<'_>, name: &str, digest: &str) -> HandlerResult {
    let bytes = store
        .blob(name, digest)
        .ok_or_else(|| ErrorResponse::blob_unknown(digest))?;
    let mut response = Response::builder()
        .header(CONTENT_TYPE, "application/octet-stream")
        .header("accept-ranges", "bytes")
        .header("docker-content-digest", digest)
        .header("etag", format!("\"{digest}\""));
    let range = request
        .received
        .parts
        .headers
        .get(RANGE)
        .and_then(|range| range.to_str().ok());
    let mut body = bytes.clone();
    if let Some(range) = range {
        let length = bytes.len();
        let Some((start, end)) = byte_range(range, length) else {
            let status = StatusCode::RANGE_NOT_SATISFIABLE;
            return Err(ErrorResponse::new(
                status,
                "RANGE_INVALID",
                "invalid content range",
                Value::Null,
            ));
        };
        response = response.status(StatusCode::PARTIAL_CONTENT).header(
            "content-range",
            format!("bytes {start}-{}/{length}", end - 1),
        );
        body = bytes.slice(start..end);
    }
    Ok(response
        .body(body)
        .expect("digest and range are header values"))
}

/// Parses `bytes=START-[END]` or `bytes=-SUFFIX` to a half-open range within `length`.
fn byte_range(header: &str, length: usize) -> Option<(usize, usize)> {
    let (start, end) = header.strip_prefix("bytes=")?.split_once('-')?;
    let (start, end) = match (start, end) {
        ("", suffix) => (length.saturating_sub(suffix.parse().ok()?), length),
        (start, "") => (start.parse().ok()?, length),
        (start, end) => (
            start.parse().ok()?,
            length.min(end.parse::<usize>().ok()? + 1),
        ),
    };
    (start < end).then_some((start, end))
}

/// Lists the manifests whose `subject` is `digest`, as OCI 1.1 specifies.
fn referrers(store: &Store, request: &ApiRequest<'_>, name: &str, digest: &str) -> HandlerResult {
    let wanted = request.query("artifactType");
    let mut found = Vec::new();
    let repository = store.repositories.get(name);
    for (own_digest, manifest) in repository.iter().flat_map(|r| &r.manifests) {
        let json = manifest.json();
        if json["subject"]["digest"] != digest {
            continue;
        }
        let artifact_type = match &json["artifactType"] {
            Value::String(given) => given.clone(),
            _ => json["config"]["mediaType"]
                .as_str()
                .unwrap_or_default()
                .to_owned(),
        };
        if wanted.is_some_and(|wanted| wanted != artifact_type) {
            continue;
        }
        let mut entry = json!({
            "mediaType": manifest.media_type,
            "digest": own_digest,
            "size": manifest.bytes.len(),
        });
        if !artifact_type.is_empty() {
            entry["artifactType"] = artifact_type.into();
        }
        if json["annotations"].is_object() {
            entry["annotations"] = json["annotations"].clone();
        }
        found.push(entry);
    }
    let per_page = request.behaviour.referrers_per_page;
    let start = request.query("next").and_then(|next| next.parse().ok());
    let start = found.len().min(start.unwrap_or_default());
    let mut page = found.split_off(start);
    let more = per_page > 0 && page.len() > per_page;
    if more {
        page.truncate(per_page);
    }
    let index = json!({
        "schemaVersion": 2,
        "mediaType": media_type::OCI_INDEX,
        "manifests": page,
    });
    let mut response = json_response(StatusCode::OK, &index);
    let headers = response.headers_mut();
    if more {
        let next = start + per_page;
        let link = format!("</v2/{name}/referrers/{digest}?next={next}>; rel=\"next\"");
        headers.insert("link", link.parse().expect("names are visible ASCII"));
    }
    headers.insert(
        CONTENT_TYPE,
        http::HeaderValue::from_static(media_type::OCI_INDEX),
    );
    if wanted.is_some() {
        headers.insert(
            "oci-filters-applied",
            http::HeaderValue::from_static("artifactType"),
        );
    }
    Ok(response)
}

/// Returns one page of a sorted list, by `n` and `last`, with a Link to the next.
fn page(
    request: &ApiRequest<'_>,
    path: &str,
    all: Vec<String>,
    render: impl Fn(&[String]) -> Value,
) -> HandlerResult {
    let last = request.query("last").unwrap_or_default();
    let mut rest: Vec<String> = all
        .into_iter()
        .filter(|item| item.as_str() > last)
        .collect();
    let limit = match request.query("n").map(str::parse::<usize>) {
        None => rest.len(),
        Some(Ok(n)) => n,
        Some(Err(_)) => {
            let message = "invalid number of results requested";
            let status = StatusCode::BAD_REQUEST;
            return Err(ErrorResponse::new(
                status,
                "PAGINATION_NUMBER_INVALID",
                message,
                Value::Null,
            ));
        }
    };
    let more = rest.len() > limit;
    rest.truncate(limit);
    let mut response = json_response(StatusCode::OK, &render(&rest));
    if let (true, Some(last)) = (more, rest.last()) {
        let link = format!("<{path}?last={last}&n={limit}>; rel=\"next\"");
        let link = link.parse().expect("tags and names are visible ASCII");
        response.headers_mut().insert("link", link);
    }
    Ok(response)
}

/// Returns the media types of all Accept headers, without their parameters.
fn accepted(headers: &HeaderMap) -> Vec<String> {
    headers
        .get_all(ACCEPT)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(|part| part.split(';').next().unwrap_or_default().trim().to_owned())
        .collect()
}
