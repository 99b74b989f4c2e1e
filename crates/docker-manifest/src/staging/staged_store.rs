//! Drafts in a repository, as a whole.

use std::cell::RefCell;
use std::collections::BTreeMap;

use manifest_core::reference::Repository;
use manifest_core::{Draft, Entry, ListSettings, Reference, Source};
use manifest_registry::Client;
use manifest_store::{Change, Removal};

use super::assemble::{self, Parts};
use super::part_key::prefix_of;
use super::reader::{OldPart, Reader, StoredPart};
use super::writer::Writer;
use crate::concurrency::try_join_all;
use crate::context::Context;
use crate::failure::{Failure, StageError};

/// The parts of a draft that a change depends on.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Scope<'a> {
    /// The whole draft.
    Draft,
    /// The entries of these sources. The change sees no others, and nothing else is read.
    Sources(&'a [Source]),
}

/// The drafts in one repository.
pub(crate) struct StagedStore<'a> {
    context: &'a Context<'a>,
    /// Reads drafts that are not changed, with the permission to pull.
    reading: Client,
    /// Reads what is about to be changed, with the permission to push.
    changing: Client,
    repository: Repository,
    writer: Writer,
    /// The drafts that this process has read as a whole.
    loaded: RefCell<BTreeMap<Reference, Vec<StoredPart>>>,
}

/// One draft in a listing.
#[derive(Debug, Default)]
pub(crate) struct StagedDraft {
    /// The list, unless all parts are damaged.
    pub(crate) list: Option<Reference>,
    /// The beginning of the tags of its parts.
    pub(crate) tags: String,
    /// The entries in the order of publication, then the damaged parts.
    pub(crate) entries: Vec<Result<Entry, Failure>>,
    /// The settings of the list.
    pub(crate) settings: ListSettings,
    /// The time of the last change, in seconds since 1970 (UTC). `None` if all parts are damaged.
    pub(crate) changed_at: Option<u64>,
}

impl<'a> StagedStore<'a> {
    /// Returns the drafts in a repository. Nothing is sent yet.
    pub(crate) fn new(context: &'a Context<'a>, client: &Client, repository: Repository) -> Self {
        let reference = repository.tagged("latest");
        let changing = client.for_publishing(reference.iter(), []);
        Self {
            context,
            writer: Writer::new(changing.clone(), repository.clone()),
            reading: client.for_reading(reference.iter()),
            changing,
            repository,
            loaded: RefCell::default(),
        }
    }

    /// Returns the repository.
    pub(crate) fn repository(&self) -> &Repository {
        &self.repository
    }

    fn reader<'b>(&'b self, client: &'b Client) -> Reader<'b> {
        Reader {
            client,
            repository: &self.repository,
            output: self.context.output,
        }
    }

    /// Reads a whole draft, or returns `None` if there is none.
    ///
    /// # Errors
    /// Fails if a part of it cannot be read.
    pub(crate) async fn load(&self, list: &Reference) -> Result<Option<Draft>, Failure> {
        let parts = self.parts(list, &self.reading).await?;
        Ok((!parts.is_empty()).then(|| assemble::draft(list, &by_key(&parts))))
    }

    /// Returns the parts of a draft, from the registry or as this process has read them.
    async fn parts(&self, list: &Reference, client: &Client) -> Result<Vec<StoredPart>, Failure> {
        let loaded = self.loaded.borrow().get(list).cloned();
        if let Some(parts) = loaded {
            return Ok(parts);
        }
        let parts = self.reader(client).parts_of(list).await?;
        let mut loaded = self.loaded.borrow_mut();
        loaded.insert(list.clone(), parts.clone());
        Ok(parts)
    }

    /// Passes the draft, or the parts of it in `scope`, to `change`, and writes the parts that are different afterwards. Other parts stay,
    /// whoever writes them meanwhile.
    ///
    /// # Errors
    /// Returns the error of `change`, or an error if a part cannot be read or written. If one part cannot be written, others may have been.
    pub(crate) async fn update<T>(
        &self,
        list: &Reference,
        scope: Scope<'_>,
        change: impl FnOnce(Option<&Draft>) -> Result<(Change, T), Failure>,
    ) -> Result<T, Failure> {
        let stored = match scope {
            Scope::Draft => self.parts(list, &self.changing).await?,
            Scope::Sources(sources) => {
                let reader = self.reader(&self.changing);
                reader.parts_of_sources(list, sources).await?
            }
        };
        let existing = (!stored.is_empty()).then(|| assemble::draft(list, &by_key(&stored)));
        let (change, value) = change(existing.as_ref())?;
        let now = self.context.now();
        let after = assemble::changed(existing.as_ref(), list, change);
        let after = assemble::parts(&after, now);
        let before = existing.as_ref().map(|draft| assemble::parts(draft, now));
        let before = before.unwrap_or_default();
        if let Some(location) = assemble::local_source(&after) {
            return Err(StageError::LocalSource {
                location: location.to_owned(),
                repository: self.repository.clone().into(),
            }
            .into());
        }
        self.loaded.borrow_mut().remove(list);
        let writes = after.iter().filter(|(key, part)| {
            let was = before.get(key);
            was.is_none_or(|was| !assemble::is_same(was, part))
        });
        try_join_all(writes.map(|(key, part)| self.writer.put(key, part))).await?;
        let is_gone = |part: &&StoredPart| !after.contains_key(&part.key);
        let gone: Vec<OldPart> = stored.iter().filter(is_gone).map(OldPart::from).collect();
        self.writer.remove(&gone, self.context.output).await?;
        Ok(value)
    }

    /// Removes a draft, damaged or not. Returns `false` if there was none.
    ///
    /// # Errors
    /// Fails if a part can neither be deleted nor marked as removed.
    pub(crate) async fn remove(&self, list: &Reference) -> Result<bool, Failure> {
        let reader = self.reader(&self.changing);
        let parts: Vec<OldPart> = reader.old_parts_of(list).await?;
        self.loaded.borrow_mut().remove(list);
        self.writer.remove(&parts, self.context.output).await?;
        Ok(!parts.is_empty())
    }

    /// Removes the parts of a draft as this process has read them. Parts that were written again or added since then stay.
    ///
    /// # Errors
    /// As [`Self::remove`].
    pub(crate) async fn remove_read(&self, list: &Reference) -> Result<Removal, Failure> {
        let parts = self.parts(list, &self.changing).await?;
        let old: Vec<OldPart> = parts.iter().map(OldPart::from).collect();
        let is_unchanged = self.writer.remove(&old, self.context.output).await?;
        self.loaded.borrow_mut().remove(list);
        Ok(match is_unchanged {
            _ if parts.is_empty() => Removal::Absent,
            true => Removal::Removed,
            false => Removal::Changed,
        })
    }

    /// Removes a draft as [`Self::remove_read`] does, and finds out whether parts were added since it was read.
    ///
    /// # Errors
    /// As [`Self::remove`].
    pub(crate) async fn remove_published(&self, list: &Reference) -> Result<Removal, Failure> {
        let parts = self.parts(list, &self.changing).await?;
        let removal = self.remove_read(list).await?;
        if removal != Removal::Removed {
            return Ok(removal);
        }
        let reader = self.reader(&self.changing);
        let left = reader.tags_of(list).await?;
        let is_new = |tag: &Reference| parts.iter().all(|part| part.tag != *tag);
        let new: Vec<Reference> = left.into_iter().filter(is_new).collect();
        let new = reader.each(&new).await;
        let is_live = |part: &Result<Option<StoredPart>, Failure>| !matches!(part, Ok(None));
        Ok(match new.iter().any(is_live) {
            true => Removal::Changed,
            false => Removal::Removed,
        })
    }

    /// Reads all drafts, sorted by the names of their lists. Damaged parts are results in their drafts.
    ///
    /// # Errors
    /// Fails if the registry does not list the tags.
    pub(crate) async fn drafts(&self) -> Result<Vec<StagedDraft>, Failure> {
        let reader = self.reader(&self.reading);
        let tags = reader.tags().await?;
        let read = reader.each(&tags).await;
        let mut drafts: BTreeMap<&str, (Vec<StoredPart>, Vec<Failure>)> = BTreeMap::new();
        for (tag, part) in tags.iter().zip(read) {
            let draft = tag.tag().and_then(prefix_of).unwrap_or_default();
            match part {
                Ok(Some(part)) => drafts.entry(draft).or_default().0.push(part),
                Ok(None) => {}
                Err(failure) => drafts.entry(draft).or_default().1.push(failure),
            }
        }
        let mut loaded = self.loaded.borrow_mut();
        let draft = |(tags, (parts, failures)): (&str, (Vec<StoredPart>, Vec<Failure>))| {
            let draft = StagedDraft::of(tags, &parts, failures);
            loaded.extend(draft.list.clone().map(|list| (list, parts)));
            draft
        };
        let mut drafts: Vec<StagedDraft> = drafts.into_iter().map(draft).collect();
        drafts.sort_by_cached_key(|draft| {
            let list = draft.list.as_ref().map(ToString::to_string);
            (list.is_none(), list)
        });
        Ok(drafts)
    }
}

impl StagedDraft {
    fn of(tags: &str, parts: &[StoredPart], failures: Vec<Failure>) -> Self {
        let list = parts.first().map(|part| part.document.list.clone());
        let draft = list
            .as_ref()
            .map(|list| assemble::draft(list, &by_key(parts)));
        let changes = parts.iter().filter_map(|part| part.document.changed_at);
        let mut staged = Self {
            list,
            tags: tags.to_owned(),
            changed_at: changes.max(),
            ..Self::default()
        };
        if let Some(draft) = draft {
            staged.entries = draft.entries.into_iter().map(Ok).collect();
            staged.settings = draft.settings;
        }
        staged.entries.extend(failures.into_iter().map(Err));
        staged
    }
}

fn by_key(parts: &[StoredPart]) -> Parts {
    let parts = parts.iter();
    parts
        .map(|part| (part.key.clone(), part.document.clone()))
        .collect()
}
