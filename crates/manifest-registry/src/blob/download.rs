//! Downloads of blobs in constant memory, to a destination other than a registry.

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
    /// Downloads a blob in chunks, from a mirror if there is one.
    ///
    /// `sink` receives each chunk with its offset, in order. An interrupted download restarts at offset 0. The last chunk
    /// arrives only after size and digest have been verified.
    pub(crate) async fn download<E: From<RegistryError>>(
        &self,
        repository: &Repository,
        blob: &Descriptor,
        mut sink: impl FnMut(u64, &[u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        let _in_flight = self.in_flight.begin(blob).await;
        let retrier = &self.session.session().transport.retrier;
        let attempts = Attempts::default();
        let mut origin = BlobOrigin::Mirror;
        loop {
            // `open` does its own retries.
            let opened = self.open(repository, &blob.digest, origin);
            let (response, mirror) = opened.await?;
            let problem = response_problem(&response);
            let mut content = pin!(verified(response.stream(), blob.clone(), problem));
            let mut offset = 0;
            let mut error = loop {
                match content.try_next().await {
                    Ok(Some(chunk)) => {
                        sink(offset, &chunk)?;
                        offset += chunk.len() as u64;
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

/// A group of downloads with a common progress.
#[derive(Debug)]
pub struct Downloads<'a> {
    reader: BlobReader<'a>,
    progress: Arc<TransferProgress>,
}

impl<'a> Downloads<'a> {
    /// Creates a group of downloads, and announces these blobs to its progress.
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

    /// Downloads a blob from any source; see [`BlobReader::download`].
    pub(crate) async fn get_from<E: From<RegistryError>>(
        &self,
        source: BlobSource<'_>,
        blob: &Descriptor,
        mut sink: impl FnMut(u64, &[u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        let blob_progress = self.progress.blob(blob.size, false);
        let mut sink = |offset: u64, bytes: &[u8]| {
            sink(offset, bytes)?;
            blob_progress.advance(offset + bytes.len() as u64);
            Ok::<(), E>(())
        };
        match source {
            BlobSource::Repository(source) => self.reader.download(source, blob, &mut sink).await?,
            BlobSource::Local(local) => {
                let mut content = local_content(local, blob).await?;
                let mut offset = 0;
                while let Some(chunk) = content.try_next().await? {
                    sink(offset, &chunk)?;
                    offset += chunk.len() as u64;
                }
            }
        }
        blob_progress.finish();
        Ok(())
    }
}
