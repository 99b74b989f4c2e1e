//! A look at a manifest with HEAD, which no registry counts as a pull.

use http::Method;
use manifest_core::{Digest, Reference};

use crate::auth::ScopePlan;
use crate::client::requests::manifest_request;
use crate::error::{ContentProblem, Operation, RegistryError};
use crate::http::{Attempts, DOCKER_CONTENT_DIGEST};
use crate::session::{Request, Session};

/// What a registry shows under a name.
pub(crate) enum Probe {
    /// A manifest of this digest, as it says.
    At(Digest),
    /// A manifest, and it does not say which.
    Present,
    /// Nothing.
    Absent,
    /// It does not let us look, which need not mean that it does not let us write; and its answer to a write says more, for
    /// one to HEAD has no body.
    Refused(RegistryError),
}

/// Asks for a manifest with HEAD, with these rights.
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
        Err(error) if error.status().is_some() && !is_of_login(&error) => Ok(Probe::Refused(error)),
        Err(error) => Err(error),
    }
}

/// Tells whether it was the token server that refused: nothing else will go better.
fn is_of_login(error: &RegistryError) -> bool {
    error
        .attempt()
        .is_some_and(|attempt| matches!(attempt.operation, Operation::GetToken(_)))
}
