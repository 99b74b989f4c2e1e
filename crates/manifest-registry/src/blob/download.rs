//! Downloads: a blob as it comes, in constant memory, to be kept elsewhere than in a registry.

use std::pin::pin;
use std::sync::Arc;

use futures_util::TryStreamExt as _;
use manifest_core::Descriptor;
use manifest_core::reference::Repository;

use crate::blob::content::{local_content, response_problem, verified};
use crate::blob::progress::TransferProgress;
use crate::blob::read::{BlobOrigin, BlobReader};
use crate::blob::source::BlobSource;
use crate::error::RegistryError;
use crate::http::{Attempts, Contact};

impl BlobReader<'_> {
    /// Gets a blob in pieces, from a mirror if there is one: `take` gets each with its place, in order. What breaks off begins
    /// anew, at place 0 again. The last piece comes only after size and digest have turned out right.
    pub(crate) async fn download<E: From<RegistryError>>(
        &self,
        repository: &Repository,
        blob: &Descriptor,
        mut take: impl FnMut(u64, &[u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        let _in_flight = self.in_flight.begin(blob).await;
        let retrier = &self.session.session().transport.retrier;
        let attempts = Attempts::default();
        let mut origin = BlobOrigin::Mirror;
        loop {
            // Retried by itself where that is worth it.
            let opened = self.open(repository, &blob.digest, origin);
            let (response, mirror) = opened.await?;
            let problem = response_problem(&response);
            let mut content = pin!(verified(response.stream(), blob.clone(), problem));
            let mut place = 0;
            let mut error = loop {
                match content.try_next().await {
                    Ok(Some(chunk)) => {
                        take(place, &chunk)?;
                        place += chunk.len() as u64;
                    }
                    Ok(None) => return Ok(()),
                    Err(error) => break error,
                }
            };
            if let Some(mirror) = mirror {
                self.session.mirror_failed(&mirror, &error);
                origin = BlobOrigin::Registry;
                continue;
            }
            if !retrier
                .retry(&attempts, &mut error, Contact::Responded)
                .await
            {
                return Err(error.into());
            }
        }
    }
}

/// Downloads that belong together.
#[derive(Debug)]
pub struct Downloads<'a> {
    reader: BlobReader<'a>,
    progress: Arc<TransferProgress>,
}

impl<'a> Downloads<'a> {
    /// Begins downloads of these blobs.
    pub(crate) fn new<'b>(
        reader: BlobReader<'a>,
        blobs: impl IntoIterator<Item = &'b Descriptor>,
    ) -> Self {
        let progress = TransferProgress::new(reader.session.session().transport.observer.clone());
        let (mut count, mut bytes) = (0, 0);
        for blob in blobs {
            count += 1;
            bytes += blob.size;
        }
        progress.expect(count, bytes);
        Self { reader, progress }
    }

    /// As [`BlobReader::download`], from wherever the blob is.
    pub(crate) async fn get_from<E: From<RegistryError>>(
        &self,
        source: BlobSource<'_>,
        blob: &Descriptor,
        mut take: impl FnMut(u64, &[u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        let blob_progress = self.progress.blob(blob.size, false);
        let mut take = |place: u64, bytes: &[u8]| {
            take(place, bytes)?;
            blob_progress.advance(place + bytes.len() as u64);
            Ok::<(), E>(())
        };
        match source {
            BlobSource::Repository(source) => self.reader.download(source, blob, &mut take).await?,
            BlobSource::Local(local) => {
                let mut content = local_content(local, blob).await?;
                let mut place = 0;
                while let Some(chunk) = content.try_next().await? {
                    take(place, &chunk)?;
                    place += chunk.len() as u64;
                }
            }
        }
        blob_progress.finish();
        Ok(())
    }
}
