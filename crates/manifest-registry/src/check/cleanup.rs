//! The deletion of what a check has written.

use manifest_core::Digest;
use manifest_core::reference::Repository;

use crate::client::{Client, Deletion};
use crate::concurrent::concurrent;
use crate::error::RegistryError;

/// The number of deletions that run at once. A check writes fewer manifests and blobs.
const DELETIONS: usize = 8;

/// Content that could not be deleted.
#[derive(Clone, Debug)]
pub struct LeftBehind {
    /// The repository and digest: `example.com/app@sha256:…`.
    pub name: String,
    /// Whether it is a manifest. Registries remove a blob that no manifest refers to in time.
    pub is_manifest: bool,
    /// The response of the registry.
    pub error: RegistryError,
}

/// The content that a check has written, or may have written.
#[derive(Default)]
pub(super) struct Written {
    pub(super) manifests: Vec<WrittenContent>,
    pub(super) lists: Vec<WrittenContent>,
    pub(super) blobs: Vec<WrittenContent>,
}

/// A manifest or blob that a check has written, or may have written.
pub(super) struct WrittenContent {
    pub(super) digest: Digest,
    /// Whether the registry has confirmed it. After any failure but a refusal, the content may be there as well.
    pub(super) is_confirmed: bool,
}

/// The result of the deletions.
#[derive(Default)]
pub(super) struct Deleted {
    pub(super) count: usize,
    pub(super) left_behind: Vec<LeftBehind>,
}

impl Client {
    /// Deletes content: lists first, then manifests, then blobs, because some registries keep what something refers to.
    pub(super) async fn delete_written(
        &self,
        repository: &Repository,
        written: &Written,
    ) -> Deleted {
        let mut deleted = Deleted::default();
        let groups = [
            (&written.lists, true),
            (&written.manifests, true),
            (&written.blobs, false),
        ];
        for (contents, is_manifest) in groups {
            let deletions = contents.iter().map(|content| async move {
                match is_manifest {
                    true => self.delete_manifest(repository, &content.digest).await,
                    false => self.delete_blob(repository, &content.digest).await,
                }
            });
            let results = concurrent(DELETIONS, deletions).await;
            for (content, result) in contents.iter().zip(results) {
                match result {
                    Ok(Deletion::Absent) if !content.is_confirmed => {}
                    // Some registries delete the blobs of a manifest with it.
                    Ok(_) => deleted.count += 1,
                    Err(error) => deleted.left_behind.push(LeftBehind {
                        name: repository.at(content.digest.clone()).to_string(),
                        is_manifest,
                        error,
                    }),
                }
            }
        }
        deleted
    }
}
