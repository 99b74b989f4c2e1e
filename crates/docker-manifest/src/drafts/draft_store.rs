//! The drafts that a command works on.

use std::sync::Arc;

use manifest_core::{Draft, Entry, Reference, Source};
use manifest_registry::Client;
use manifest_store::{Change, Removal, Store};

use super::listed_draft::{ListedDraft, ListedResult};
use super::stage;
use crate::context::Context;
use crate::failure::{DraftPlace, Failure, StageError};
use crate::flags::{RegistryFlags, RetryFlags, StageFlag};
use crate::staging::{Scope, StagedStore};

/// The settings for reaching the registry of staged drafts.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RegistryAccess<'a> {
    /// The flag `--insecure`.
    pub(crate) insecure: bool,
    /// The flags for retries.
    pub(crate) retry: &'a RetryFlags,
    /// The flags for connections.
    pub(crate) registry: &'a RegistryFlags,
}

/// The drafts in one place.
pub(crate) enum DraftStore<'a> {
    /// The folder on this machine.
    Local(Arc<Store>),
    /// A repository of a registry, and the client that reaches it.
    Staged(Box<StagedStore<'a>>, Client),
}

impl<'a> DraftStore<'a> {
    /// Returns the drafts in the place that the flag or the variable names. Nothing is read yet.
    ///
    /// # Errors
    /// Fails if the name is malformed, or the settings of the user cannot be read.
    pub(crate) fn open(
        context: &'a Context<'a>,
        flag: &StageFlag,
        access: RegistryAccess<'_>,
    ) -> Result<Self, Failure> {
        let Some(repository) = stage::repository(context, flag)? else {
            return Ok(Self::Local(Arc::new(context.store()?)));
        };
        let RegistryAccess {
            insecure,
            retry,
            registry,
        } = access;
        let client = context.client(insecure, retry, registry)?;
        let staged = StagedStore::new(context, &client, repository);
        Ok(Self::Staged(Box::new(staged), client))
    }

    /// Returns the place, for messages.
    pub(crate) fn place(&self) -> DraftPlace {
        match self {
            Self::Local(store) => DraftPlace::Folder(store.root().to_owned()),
            Self::Staged(staged, _) => DraftPlace::Repository(staged.repository().clone()),
        }
    }

    /// Returns the folder on this machine, if drafts are there.
    pub(crate) fn local(&self) -> Option<&Arc<Store>> {
        match self {
            Self::Local(store) => Some(store),
            Self::Staged(..) => None,
        }
    }

    /// Returns the client that reaches the registry of staged drafts, with its connections.
    pub(crate) fn client(&self) -> Option<&Client> {
        match self {
            Self::Local(_) => None,
            Self::Staged(_, client) => Some(client),
        }
    }

    /// Returns the failure of a command that may not change an existing draft.
    pub(crate) fn refusing_to_amend(&self, list: &Reference) -> Failure {
        match self {
            Self::Local(_) => Failure::RefusingToAmend { list: list.clone() },
            Self::Staged(staged, _) => StageError::RefusingToAmend {
                list: list.clone().into(),
                repository: staged.repository().clone().into(),
            }
            .into(),
        }
    }

    /// Tells whether there is a draft.
    ///
    /// # Errors
    /// Fails if that cannot be found out.
    pub(crate) async fn contains(&self, list: &Reference) -> Result<bool, Failure> {
        match self {
            Self::Local(store) => Ok(store.contains(list)?),
            Self::Staged(staged, _) => Ok(staged.load(list).await?.is_some()),
        }
    }

    /// Reads a whole draft, or returns `None` if there is none.
    ///
    /// # Errors
    /// Fails if a part of it cannot be read.
    pub(crate) async fn load(&self, list: &Reference) -> Result<Option<Draft>, Failure> {
        match self {
            Self::Local(store) => Ok(store.load(list)?),
            Self::Staged(staged, _) => staged.load(list).await,
        }
    }

    /// Reads one entry. On this machine, others may be damaged.
    ///
    /// # Errors
    /// Fails if it cannot be read.
    pub(crate) async fn entry(
        &self,
        list: &Reference,
        image: &Reference,
    ) -> Result<Option<Entry>, Failure> {
        match self {
            Self::Local(store) => Ok(store.entry(list, image)?),
            Self::Staged(staged, _) => {
                let draft = staged.load(list).await?;
                Ok(draft.and_then(|draft| draft.entry(image).cloned()))
            }
        }
    }

    /// Passes the draft to `change`, and writes the change. On this machine it is whole or not at all; in a registry, each source and each
    /// setting is. There, `change` sees only what is in `scope`.
    ///
    /// # Errors
    /// Returns the error of `change`, or an error if the draft cannot be read or written.
    pub(crate) async fn update<T>(
        &self,
        list: &Reference,
        scope: Scope<'_>,
        change: impl FnOnce(Option<&Draft>) -> Result<(Change, T), Failure>,
    ) -> Result<T, Failure> {
        match self {
            Self::Local(store) => store.update(list, change),
            Self::Staged(staged, _) => staged.update(list, scope, change).await,
        }
    }

    /// Changes one entry. On this machine, others may be damaged. Returns `false` if the draft or the entry does not exist.
    ///
    /// # Errors
    /// Returns the error of `change`, or an error if the entry cannot be read or written.
    pub(crate) async fn update_entry(
        &self,
        list: &Reference,
        image: &Reference,
        change: impl FnOnce(&mut Entry) -> Result<(), Failure>,
    ) -> Result<bool, Failure> {
        let staged = match self {
            Self::Local(store) => return store.update_entry(list, image, change),
            Self::Staged(staged, _) => staged,
        };
        let mut change = Some(change);
        let mut edit = |draft: Option<&Draft>| {
            let entry = draft.and_then(|draft| draft.entry(image));
            let Some(mut entry) = entry.cloned() else {
                return Ok((Change::default(), false));
            };
            let Some(change) = change.take() else {
                return Ok((Change::default(), false));
            };
            change(&mut entry)?;
            Ok((Change::put(vec![entry]), true))
        };
        // Most entries are sources themselves, and nothing else has to be read.
        let own = [Source::Registry(image.clone())];
        let scope = Scope::Sources(&own);
        if staged.update(list, scope, &mut edit).await? {
            return Ok(true);
        }
        staged.update(list, Scope::Draft, &mut edit).await
    }

    /// Removes a draft, damaged or not. Returns `false` if there was none.
    ///
    /// # Errors
    /// Fails if it cannot be removed.
    pub(crate) async fn remove(&self, list: &Reference) -> Result<bool, Failure> {
        match self {
            Self::Local(store) => Ok(store.remove(list)?),
            Self::Staged(staged, _) => staged.remove(list).await,
        }
    }

    /// Removes a draft that was read and published, unless it has changed since. In a registry, its unchanged parts are removed in any
    /// case.
    ///
    /// # Errors
    /// Fails if it cannot be removed.
    pub(crate) async fn remove_unchanged(&self, draft: &Draft) -> Result<Removal, Failure> {
        match self {
            Self::Local(store) => Ok(store.remove_unchanged(draft)?),
            Self::Staged(staged, _) => staged.remove_published(&draft.list).await,
        }
    }

    /// Removes a draft that was listed, unless it has changed since. In a registry, parts that were added since then are not looked for.
    ///
    /// # Errors
    /// Fails if it cannot be removed.
    pub(crate) async fn remove_listed(&self, draft: &Draft) -> Result<Removal, Failure> {
        match self {
            Self::Local(store) => Ok(store.remove_unchanged(draft)?),
            Self::Staged(staged, _) => staged.remove_read(&draft.list).await,
        }
    }

    /// Reads all drafts, each with its own result.
    ///
    /// # Errors
    /// Fails if they cannot be listed.
    pub(crate) async fn drafts(&self) -> Result<Vec<ListedResult>, Failure> {
        match self {
            Self::Local(store) => {
                let drafts = store.drafts()?.into_iter();
                let listed = drafts.map(|draft| Ok(draft?.into()));
                Ok(listed.collect())
            }
            Self::Staged(staged, _) => {
                let drafts = staged.drafts().await?.into_iter();
                let listed = drafts.map(|draft| ListedDraft::staged(draft, staged.repository()));
                Ok(listed.map(Ok).collect())
            }
        }
    }
}
