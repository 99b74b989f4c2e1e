//! Downloads: a blob as it comes, in constant memory, for whoever keeps it elsewhere than in a registry.

use std::pin::pin;
use std::sync::Arc;

use futures_util::TryStreamExt as _;
use manifest_core::Descriptor;
use manifest_core::reference::Repository;

use crate::blob::content::{checked, local_content, problem_of};
use crate::blob::progress::Meter;
use crate::client::Client;
use crate::error::RegistryError;
use crate::http::{Contact, Tries};
use crate::publish::Child;
use crate::session::Nearest;

impl Client {
    /// Gets a blob in pieces, from a mirror if there is one: `take` gets each with its place, in order. What breaks off begins
    /// anew, at place 0 again. The last piece comes only after size and digest have turned out right.
    ///
    /// # Errors
    /// Where there is no such blob, or another one; or what `take` fails with.
    pub async fn download<E: From<RegistryError>>(
        &self,
        repository: &Repository,
        blob: &Descriptor,
        mut take: impl FnMut(u64, &[u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        let _in_flight = self.shared().in_flight.begin(blob).await;
        let retries = &self.shared().session.transport.retries;
        let tries = Tries::default();
        let mut nearest = Nearest::Mirror;
        loop {
            // Repeats itself where that is worth it.
            let opened = self.open_nearest(repository, &blob.digest, nearest);
            let (answer, mirror) = opened.await?;
            let problem = problem_of(&answer);
            let mut content = pin!(checked(answer.stream(), blob.clone(), problem));
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
                self.mirror_failed(&mirror, &error);
                nearest = Nearest::Registry;
                continue;
            }
            if !retries.again(&tries, &mut error, Contact::Before).await {
                return Err(error.into());
            }
        }
    }

    /// Begins downloads that belong together: of these blobs, whose progress is counted.
    #[must_use]
    pub fn downloads<'a>(&self, blobs: impl IntoIterator<Item = &'a Descriptor>) -> Downloads<'_> {
        let meter = Meter::new(self.shared().session.transport.observer.clone());
        let (mut count, mut bytes) = (0, 0);
        for blob in blobs {
            count += 1;
            bytes += blob.size;
        }
        meter.expect(count, bytes);
        let client = self;
        Downloads { client, meter }
    }
}

/// Downloads that belong together.
#[derive(Debug)]
pub struct Downloads<'a> {
    client: &'a Client,
    meter: Arc<Meter>,
}

impl Downloads<'_> {
    /// As [`Client::download`], of a blob of `child`, wherever that is.
    ///
    /// # Errors
    /// As there.
    pub async fn get<E: From<RegistryError>>(
        &self,
        child: &Child,
        blob: &Descriptor,
        mut take: impl FnMut(u64, &[u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        let counted = self.meter.blob(blob.size, false);
        let mut take = |place: u64, bytes: &[u8]| {
            take(place, bytes)?;
            counted.has_come(place + bytes.len() as u64);
            Ok::<(), E>(())
        };
        let Some(local) = child.local() else {
            let source = child.source();
            self.client.download(source, blob, &mut take).await?;
            counted.is_there();
            return Ok(());
        };
        let mut content = local_content(local, blob).await?;
        let mut place = 0;
        while let Some(chunk) = content.try_next().await? {
            take(place, &chunk)?;
            place += chunk.len() as u64;
        }
        counted.is_there();
        Ok(())
    }
}
