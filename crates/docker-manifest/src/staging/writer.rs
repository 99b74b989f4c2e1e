//! Writing and removing parts.

use std::cell::{Cell, OnceCell};

use manifest_core::reference::Repository;
use manifest_core::{DraftDocument, Reference};
use manifest_registry::{Client, RegistryError};
use tokio::sync::OnceCell as AsyncOnceCell;

use super::artifact::{self, EMPTY, Form, Layer};
use super::part_key::PartKey;
use super::reader::OldPart;
use crate::concurrency::try_join_all;
use crate::failure::{Failure, StageError};
use crate::output::Output;

/// The codes of errors that are not about the form of a manifest.
const OTHER_REASONS: &[&str] = &[
    "TAG_INVALID",
    "NAME_INVALID",
    "NAME_UNKNOWN",
    "DENIED",
    "UNAUTHORIZED",
    "SIZE_INVALID",
    "MANIFEST_BLOB_UNKNOWN",
    "BLOB_UNKNOWN",
];

/// Whether a part was as it was read when it was removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum RemovedPart {
    Removed,
    Changed,
}

/// Writes to one repository.
pub(super) struct Writer {
    client: Client,
    repository: Repository,
    /// The form that the registry has accepted.
    form: Cell<Option<Form>>,
    /// Set once the configuration, which all parts share, is in the repository.
    config: AsyncOnceCell<()>,
    /// Set once the registry has refused to delete.
    keeps_all: OnceCell<()>,
}

impl Writer {
    pub(super) fn new(client: Client, repository: Repository) -> Self {
        Self {
            client,
            repository,
            form: Cell::new(None),
            config: AsyncOnceCell::new(),
            keeps_all: OnceCell::new(),
        }
    }

    /// Writes a part under its tag.
    ///
    /// # Errors
    /// Fails if the registry refuses, or the part is too large.
    pub(super) async fn put(&self, key: &PartKey, document: &DraftDocument) -> Result<(), Failure> {
        let tag = key.tag(&self.repository, &document.list);
        let bytes = document.encode()?;
        if bytes.len() > manifest_core::limits::DRAFT_DOCUMENT_BYTES
            && let PartKey::Source(source) = key
        {
            let source_image = source.clone().into();
            return Err(StageError::TooLarge { source_image }.into());
        }
        let title = artifact::title(&document.list.to_string());
        let layer = Layer::of_document(bytes);
        let uploads = async {
            let blob = self.put_layer(&layer);
            let (config, blob) = tokio::join!(self.put_config(), blob);
            config.and(blob)
        };
        uploads.await?;
        match self.put_manifest(&tag, &layer, &title).await {
            Err(error) if lacks_blob(&error) => {
                // The registry has collected a blob that it stated to have, or stored one that it cannot find yet.
                self.upload_config().await?;
                self.put_layer(&layer).await?;
                Ok(self.put_manifest(&tag, &layer, &title).await?)
            }
            result => Ok(result?),
        }
    }

    /// Removes parts, unless they have changed since they were read. Returns whether none of them has.
    ///
    /// # Errors
    /// Fails if the registry neither deletes a part nor lets its tag be written.
    pub(super) async fn remove(&self, parts: &[OldPart], output: &Output) -> Result<bool, Failure> {
        let Some((first, others)) = parts.split_first() else {
            return Ok(true);
        };
        // The first one shows whether the registry deletes at all.
        let mut removed = vec![self.remove_one(first, output).await?];
        let others = others.iter().map(|part| self.remove_one(part, output));
        removed.extend(try_join_all(others).await?);
        Ok(removed
            .iter()
            .all(|removed| *removed == RemovedPart::Removed))
    }

    async fn remove_one(&self, part: &OldPart, output: &Output) -> Result<RemovedPart, Failure> {
        if part.is_own && self.keeps_all.get().is_none() {
            // By digest, so that a part that was written again meanwhile stays.
            let deleted = self.client.delete_manifest(&self.repository, &part.digest);
            match deleted.await {
                Ok(_) => return Ok(RemovedPart::Removed),
                Err(error) if deletes_nothing(&error) => self.report_refusal(&error, output),
                Err(error) => return Err(error.into()),
            }
        }
        let now = self.client.manifest_digest(&part.tag).await?;
        if now.as_ref() != Some(&part.digest) {
            return Ok(match now {
                None => RemovedPart::Removed,
                Some(now) if artifact::is_removed(&now) => RemovedPart::Removed,
                Some(_) => RemovedPart::Changed,
            });
        }
        self.put_config().await?;
        let title = artifact::removed_title();
        self.put_manifest(&part.tag, &Layer::of_removed(), title)
            .await?;
        Ok(RemovedPart::Removed)
    }

    fn report_refusal(&self, error: &RegistryError, output: &Output) {
        if self.keeps_all.set(()).is_ok() {
            let status = error.status().map(|status| status.as_u16().to_string());
            output.status(&format!(
                "{} does not delete ({}): removed parts of drafts stay in {} as empty artifacts",
                self.repository.domain(),
                status.unwrap_or_default(),
                self.repository
            ));
        }
    }

    async fn put_config(&self) -> Result<(), RegistryError> {
        let config = self.config.get_or_try_init(async || {
            let config = artifact::config(Form::Artifact);
            let (client, repository) = (&self.client, &self.repository);
            client
                .put_small_blob(repository, &config, EMPTY.to_vec(), true)
                .await
        });
        config.await.copied()
    }

    async fn upload_config(&self) -> Result<(), RegistryError> {
        let config = artifact::config(Form::Artifact);
        let (client, repository) = (&self.client, &self.repository);
        client
            .put_small_blob(repository, &config, EMPTY.to_vec(), false)
            .await
    }

    async fn put_layer(&self, layer: &Layer) -> Result<(), RegistryError> {
        let (client, repository) = (&self.client, &self.repository);
        client
            .put_small_blob(repository, &layer.descriptor, layer.bytes.clone(), false)
            .await
    }

    /// Puts a manifest in the form that the registry accepts.
    async fn put_manifest(
        &self,
        tag: &Reference,
        layer: &Layer,
        title: &str,
    ) -> Result<(), RegistryError> {
        let known = self.form.get();
        let mut first_error = None;
        for form in Form::ALL {
            if known.is_some_and(|known| known != form) {
                continue;
            }
            let bytes = layer.manifest(form, title);
            match self
                .client
                .put_manifest(tag, form.media_type(), bytes)
                .await
            {
                Ok(_) => {
                    self.form.set(Some(form));
                    return Ok(());
                }
                Err(error) if known.is_none() && refuses_form(&error) => {
                    first_error.get_or_insert(error);
                }
                Err(error) => return Err(error),
            }
        }
        first_error.map_or(Ok(()), Err)
    }
}

fn codes(error: &RegistryError) -> impl Iterator<Item = &str> {
    let messages = error.error_response().map(|response| &response.messages);
    messages
        .into_iter()
        .flatten()
        .map(|message| message.code.as_str())
}

/// Tells whether a registry may accept the same content in another form.
fn refuses_form(error: &RegistryError) -> bool {
    let status = error.status().map(|status| status.as_u16());
    matches!(status, Some(400 | 404 | 415 | 422))
        && !codes(error).any(|code| OTHER_REASONS.contains(&code))
}

fn lacks_blob(error: &RegistryError) -> bool {
    codes(error).any(|code| matches!(code, "MANIFEST_BLOB_UNKNOWN" | "BLOB_UNKNOWN"))
}

/// Tells whether a registry refuses to delete: it does not support that, or this user may not.
fn deletes_nothing(error: &RegistryError) -> bool {
    let status = error.status().map(|status| status.as_u16());
    matches!(status, Some(400 | 401 | 403 | 404 | 405 | 501))
}
