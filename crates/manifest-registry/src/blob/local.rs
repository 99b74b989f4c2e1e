//! Blobs on this machine.

use std::fmt;
use std::io::{self, Read};
use std::sync::Arc;

use bytes::Bytes;
use futures_util::Stream;
use manifest_core::{Descriptor, Digest};

use crate::error::RegistryError;
use crate::limits::LOCAL_CHUNK;

/// A place on this machine that has blobs. Its bytes are verified while they are sent.
pub trait LocalBlobs: fmt::Debug + Send + Sync {
    /// Returns what the place is called in messages.
    fn place(&self) -> String;

    /// Opens a blob. May wait for the disk. Is called again where an upload has to begin anew.
    ///
    /// # Errors
    /// Where there is no such blob, with the reason for a person.
    fn open(&self, blob: &Descriptor) -> Result<Box<dyn Read + Send>, String>;
}

/// Opens a blob, and returns its bytes as they are read, on a thread of their own.
pub(crate) async fn local_blob(
    blobs: &Arc<dyn LocalBlobs>,
    blob: &Descriptor,
) -> Result<impl Stream<Item = Result<Bytes, RegistryError>> + Send + use<>, RegistryError> {
    let place = blobs.place();
    let digest = blob.digest.clone();
    let (opener, missing_blobs) = (Arc::clone(blobs), blob.clone());
    let opened = on_a_thread(move || Ok(opener.open(&missing_blobs))).await;
    let reader = opened.unwrap_or_else(|error| Err(error.to_string()));
    let reader = reader.map_err(|reason| unreadable(place.clone(), &digest, reason))?;
    let start = (reader, place, digest);
    Ok(futures_util::stream::try_unfold(
        start,
        |(mut reader, place, digest)| async move {
            let read = on_a_thread(move || {
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
                Ok((reader, chunk)) => Ok(Some((Bytes::from(chunk), (reader, place, digest)))),
                Err(error) => Err(unreadable(place, &digest, error.to_string())),
            }
        },
    ))
}

/// Makes the error of a blob on this machine that cannot be read.
pub(crate) fn unreadable(place: String, digest: &Digest, reason: String) -> RegistryError {
    RegistryError::LocalBlob {
        place,
        digest: digest.clone(),
        reason,
    }
}

async fn on_a_thread<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        Err(error) => Err(io::Error::other(error)),
    }
}
