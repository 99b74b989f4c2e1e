//! A look at a manifest with HEAD, which no registry counts as a pull.

use http::Method;
use manifest_core::{Digest, Reference};

use crate::auth::Rights;
use crate::client::requests::manifest_call;
use crate::error::{ContentProblem, Operation, RegistryError};
use crate::http::{DOCKER_CONTENT_DIGEST, Tries};
use crate::session::{Call, Session};

/// What a registry shows under a name.
pub(crate) enum Seen {
    /// A manifest of this digest, as it says.
    At(Digest),
    /// A manifest, and it does not say which.
    There,
    /// Nothing.
    Nothing,
    /// It does not let us look, which need not mean that it does not let us write; and its answer to a write says more, for
    /// one to HEAD has no body.
    Hidden(RegistryError),
}

/// Asks for a manifest with HEAD, with these rights.
pub(crate) async fn look_for(
    session: &Session,
    rights: &Rights,
    reference: &Reference,
    operation: Operation,
    tries: &Tries,
) -> Result<Seen, RegistryError> {
    let repository = reference.repository();
    let call = Call {
        scopes: vec![rights.needed(repository)],
        shared: rights.shared(repository),
        operation,
        ..manifest_call(Method::HEAD, reference)
    };
    match session.call_believing(&call, tries).await {
        Ok(answer) if answer.is_web_page() => Err(answer.content(ContentProblem::WebPage)),
        Ok(answer) => {
            let stated = answer.single_header(DOCKER_CONTENT_DIGEST)?;
            Ok(match stated.and_then(|text| text.trim().parse().ok()) {
                Some(digest) => Seen::At(digest),
                None => Seen::There,
            })
        }
        Err(error) if error.is_not_found() => Ok(Seen::Nothing),
        Err(error) if error.status().is_some() && !is_of_login(&error) => Ok(Seen::Hidden(error)),
        Err(error) => Err(error),
    }
}

/// Tells whether it was the token server that refused: nothing else will go better.
fn is_of_login(error: &RegistryError) -> bool {
    error
        .attempt()
        .is_some_and(|attempt| matches!(attempt.operation, Operation::GetToken(_)))
}
