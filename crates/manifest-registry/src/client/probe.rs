//! Probes: HEAD requests for manifests, which no registry counts as pulls.

use http::Method;
use manifest_core::{Digest, Reference};

use crate::auth::ScopePlan;
use crate::client::requests::manifest_request;
use crate::error::{ContentProblem, Operation, RegistryError};
use crate::http::{Attempts, DOCKER_CONTENT_DIGEST};
use crate::session::{Request, Session};

/// The result of a HEAD request for a manifest.
#[derive(Clone)]
pub(crate) enum Probe {
    /// The manifest exists, with this digest according to the registry.
    At(Digest),
    /// The manifest exists, but the registry does not state its digest.
    Present,
    /// The manifest does not exist.
    Absent,
    /// The registry refuses the read. It may still accept a write, and its response to a write says more, because a response
    /// to HEAD has no body.
    Refused(RegistryError),
}

/// Sends HEAD for a manifest, with the scopes of `scopes`.
pub(crate) async fn probe_manifest(
    session: &Session,
    scopes: &ScopePlan,
    reference: &Reference,
    operation: Operation,
    attempts: &Attempts,
) -> Result<Probe, RegistryError> {
    let repository = reference.repository();
    let request = Request {
        scopes: vec![scopes.needed_scope(repository)],
        shared_scopes: scopes.shared_scopes(repository),
        operation,
        ..manifest_request(Method::HEAD, reference)
    };
    match session.send_without_write_retry(&request, attempts).await {
        Ok(response) if response.is_web_page() => Err(response.content(ContentProblem::WebPage)),
        Ok(response) => {
            let stated = response.single_header(DOCKER_CONTENT_DIGEST)?;
            Ok(match stated.and_then(|text| text.trim().parse().ok()) {
                Some(digest) => Probe::At(digest),
                None => Probe::Present,
            })
        }
        Err(error) if error.is_not_found() => Ok(Probe::Absent),
        Err(error) if error.status().is_some() && !is_from_token_server(&error) => {
            Ok(Probe::Refused(error))
        }
        Err(error) => Err(error),
    }
}

/// Returns whether the error comes from the token server, in which case every other request would fail as well.
fn is_from_token_server(error: &RegistryError) -> bool {
    error
        .attempt()
        .is_some_and(|attempt| matches!(attempt.operation, Operation::GetToken(_)))
}
