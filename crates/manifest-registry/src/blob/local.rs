//! Local blobs, on this machine.

use std::fmt;
use std::io::{self, Read};
use std::sync::Arc;

use bytes::Bytes;
use futures_util::Stream;
use manifest_core::{Descriptor, Digest};

use crate::error::RegistryError;
use crate::limits::LOCAL_CHUNK;

/// A store of blobs on this machine. The client verifies their bytes while it sends them.
pub trait LocalBlobs: fmt::Debug + Send + Sync {
    /// Returns the name of this store for messages.
    fn location(&self) -> String;

    /// Opens a blob.
    ///
    /// This method may block on disk I/O. It is called again if an upload restarts.
    ///
    /// # Errors
    /// Returns a human-readable reason if there is no such blob.
    fn open(&self, blob: &Descriptor) -> Result<Box<dyn Read + Send>, String>;
}

/// Opens a local blob, and returns a stream of its bytes. A blocking thread reads them.
pub(crate) async fn local_blob(
    blobs: &Arc<dyn LocalBlobs>,
    blob: &Descriptor,
) -> Result<impl Stream<Item = Result<Bytes, RegistryError>> + Send + use<>, RegistryError> {
    let location = blobs.location();
    let digest = blob.digest.clone();
    let (blobs, blob) = (Arc::clone(blobs), blob.clone());
    let opened = run_blocking(move || Ok(blobs.open(&blob))).await;
    let reader = opened.unwrap_or_else(|error| Err(error.to_string()));
    let reader = reader.map_err(|reason| unreadable(location.clone(), &digest, reason))?;
    let start = (reader, location, digest);
    Ok(futures_util::stream::try_unfold(
        start,
        |(mut reader, location, digest)| async move {
            let read = run_blocking(move || {
                let mut chunk = vec![0; LOCAL_CHUNK];
                let mut filled = 0;
                while filled < chunk.len() {
                    match reader.read(&mut chunk[filled..]) {
                        Ok(0) => break,
                        Ok(count) => filled += count,
                        Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                        Err(error) => return Err(error),
                    }
                }
                chunk.truncate(filled);
                Ok((reader, chunk))
            });
            match read.await {
                Ok((_, chunk)) if chunk.is_empty() => Ok(None),
                Ok((reader, chunk)) => Ok(Some((Bytes::from(chunk), (reader, location, digest)))),
                Err(error) => Err(unreadable(location, &digest, error.to_string())),
            }
        },
    ))
}

/// Creates the error for an unreadable local blob.
pub(crate) fn unreadable(location: String, digest: &Digest, reason: String) -> RegistryError {
    RegistryError::LocalBlob {
        place: location,
        digest: digest.clone(),
        reason,
    }
}

async fn run_blocking<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        Err(error) => Err(io::Error::other(error)),
    }
}
