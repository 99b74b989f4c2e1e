//! Requests for manifests.

use http::Method;
use http::header::{ACCEPT, HeaderMap, HeaderValue};
use manifest_core::{MediaType, Reference};

use crate::auth::Scope;
use crate::error::Operation;
use crate::http::{Payload, Traffic};
use crate::session::{Request, Target};

pub(crate) fn manifest_request(method: Method, reference: &Reference) -> Request<'_> {
    let accept = MediaType::ALL.map(MediaType::as_str).join(", ");
    let mut headers = HeaderMap::new();
    headers.insert(
        ACCEPT,
        HeaderValue::from_str(&accept).expect("media types are plain text"),
    );
    let name = match (reference.digest(), reference.tag()) {
        (Some(digest), _) => digest.as_str(),
        (None, tag) => tag.unwrap_or("latest"),
    };
    Request {
        domain: reference.domain(),
        operation: Operation::GetManifest(reference.clone()),
        method,
        target: Target::Path(format!("/v2/{}/manifests/{name}", reference.path())),
        headers,
        payload: Payload::None,
        traffic: Traffic::Request,
        scopes: vec![Scope::pull(reference.repository())],
        shared_scopes: [].into(),
    }
}
