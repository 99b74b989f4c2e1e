//! Verified streams of blob bytes.
//!
//! A stream yields its last bytes only after the size and digest of the blob have been verified.

use std::sync::Arc;

use bytes::Bytes;
use futures_util::stream::BoxStream;
use futures_util::{Stream, StreamExt as _, TryStreamExt as _};
use manifest_core::{Descriptor, Digest};

use crate::blob::digest_verifier::DigestVerifier;
use crate::blob::local::{LocalBlobs, local_blob, unreadable};
use crate::error::{ContentProblem, RegistryError};
use crate::http::Response;

/// A stream of the bytes of a blob, verified as they arrive.
pub(crate) type Content = BoxStream<'static, Result<Bytes, RegistryError>>;

/// Opens a local blob as a verified stream.
pub(crate) async fn local_content(
    local: &Arc<dyn LocalBlobs>,
    blob: &Descriptor,
) -> Result<Content, RegistryError> {
    let content = local_blob(local, blob).await?;
    let problem = local_problem(local.location(), blob.digest.clone());
    Ok(verified(content, blob.clone(), problem).boxed())
}

/// Returns a function that turns a problem with the body of a response into an error.
pub(crate) fn response_problem(
    response: &Response,
) -> impl Fn(ContentProblem) -> RegistryError + Send + use<> {
    let attempt = response.attempt();
    move |problem| RegistryError::content(attempt.clone(), problem)
}

/// Returns a function that turns a problem with a local blob into an error.
fn local_problem(
    location: String,
    digest: Digest,
) -> impl Fn(ContentProblem) -> RegistryError + Send {
    move |problem| unreadable(location.clone(), &digest, problem.to_string())
}

/// Forwards the bytes of a blob as they arrive, and the last of them only if size and digest match.
pub(crate) fn verified<P>(
    content: impl Stream<Item = Result<Bytes, RegistryError>> + Send + 'static,
    blob: Descriptor,
    problem: P,
) -> impl Stream<Item = Result<Bytes, RegistryError>> + Send + 'static
where
    P: Fn(ContentProblem) -> RegistryError + Send + 'static,
{
    let mut verifier = Some(DigestVerifier::new(blob.digest.clone()));
    let mut count = 0u64;
    let mut check = move |chunk: Option<Bytes>| {
        let problem = |found| Err(problem(found));
        let is_end = chunk.is_none();
        let chunk = chunk.unwrap_or_default();
        count += chunk.len() as u64;
        if count > blob.size || is_end && count < blob.size {
            return problem(ContentProblem::Size {
                expected: blob.size,
                found: count,
            });
        }
        if let Some(verifier) = &mut verifier {
            verifier.update(&chunk);
        }
        if count == blob.size
            && let Some(verifier) = verifier.take()
            && let Err(expected) = verifier.finish()
        {
            return problem(ContentProblem::Digest {
                kind: "blob",
                expected,
            });
        }
        Ok(chunk)
    };
    let end = futures_util::stream::once(std::future::ready(Ok(None)));
    let chunks = content.map_ok(Some).chain(end);
    chunks
        .map(move |chunk| check(chunk?))
        .try_filter(|chunk| std::future::ready(!chunk.is_empty()))
}
