//! The bytes of a blob, checked as they come: the last of them only once size and digest have turned out right.

use std::sync::Arc;

use bytes::Bytes;
use futures_util::stream::BoxStream;
use futures_util::{Stream, StreamExt as _, TryStreamExt as _};
use manifest_core::{Descriptor, Digest};

use crate::blob::digest_verifier::DigestVerifier;
use crate::blob::local::{LocalBlobs, local_blob, unreadable};
use crate::error::{ContentProblem, RegistryError};
use crate::http::Response;

/// The bytes of a blob, checked as they come.
pub(crate) type Content = BoxStream<'static, Result<Bytes, RegistryError>>;

/// Opens a blob on this machine.
pub(crate) async fn local_content(
    local: &Arc<dyn LocalBlobs>,
    blob: &Descriptor,
) -> Result<Content, RegistryError> {
    let content = local_blob(local, blob).await?;
    let problem = problem_on_disk(local.place(), blob.digest.clone());
    Ok(checked(content, blob.clone(), problem).boxed())
}

/// Returns what makes an error of what is wrong with the body of an answer.
pub(crate) fn problem_of(
    response: &Response,
) -> impl Fn(ContentProblem) -> RegistryError + Send + use<> {
    let attempt = response.attempt();
    move |problem| RegistryError::content(attempt.clone(), problem)
}

/// Returns what makes an error of what is wrong with a blob on this machine.
fn problem_on_disk(
    place: String,
    digest: Digest,
) -> impl Fn(ContentProblem) -> RegistryError + Send {
    move |problem| unreadable(place.clone(), &digest, problem.to_string())
}

/// Passes a blob's bytes on as they come, and the last of them only if size and digest are right.
pub(crate) fn checked<P>(
    content: impl Stream<Item = Result<Bytes, RegistryError>> + Send + 'static,
    blob: Descriptor,
    problem: P,
) -> impl Stream<Item = Result<Bytes, RegistryError>> + Send + 'static
where
    P: Fn(ContentProblem) -> RegistryError + Send + 'static,
{
    let mut hash = Some(DigestVerifier::new(blob.digest.clone()));
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
        if let Some(hash) = &mut hash {
            hash.update(&chunk);
        }
        if count == blob.size
            && let Some(hash) = hash.take()
            && let Err(expected) = hash.finish()
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
