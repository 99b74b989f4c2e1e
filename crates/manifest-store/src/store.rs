//! Reading drafts.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use manifest_core::{Draft, Entry, Reference};

use crate::atomic::{self, Capabilities};
use crate::error::StoreError;
use crate::folder::Folder;
use crate::journal::Journal;
use crate::lock::{LockGuard, LockWait};
use crate::paths::{FileNames, StorePaths};
use crate::sidecar::{self, SidecarRead};
use crate::stored_draft::StoredDraft;
use crate::writer::Writer;

/// The number of attempts of a reader that cannot take the lock and sees a draft change while it reads.
const UNLOCKED_READS: u32 = 16;

/// An entry, or the error of its file.
pub type EntryResult = Result<Entry, StoreError>;

/// The drafts of one configuration folder.
pub struct Store {
    paths: StorePaths,
    wait: LockWait,
    capabilities: Capabilities,
}

/// The location of a list's draft.
pub(crate) struct Location {
    /// The folder's name, also of a new draft.
    pub(crate) name: String,
    /// The draft, or the error of reading its folder. `None` if there is no draft.
    pub(crate) draft: Option<StoredDraftResult>,
}

pub(crate) type StoredDraftResult = Result<StoredDraft, StoreError>;

impl Store {
    /// Creates the store for `root`, which is `<docker config folder>/manifests`. Nothing on disk is touched.
    #[must_use]
    pub fn new(root: PathBuf) -> Self {
        Self {
            paths: StorePaths::new(root),
            wait: LockWait::default(),
            capabilities: Capabilities::default(),
        }
    }

    /// Sets the time limit for the lock (default 60 s), and a callback that gets the lock file's path, once, after half a second
    /// of waiting.
    #[must_use]
    pub fn with_lock_wait(
        self,
        limit: Duration,
        on_wait: impl Fn(&Path) + Send + Sync + 'static,
    ) -> Self {
        Self {
            wait: LockWait {
                limit,
                notice: Arc::new(on_wait),
            },
            ..self
        }
    }

    /// Disables capabilities that some file systems lack. For tests.
    #[doc(hidden)]
    #[must_use]
    pub fn with_capabilities(self, capabilities: Capabilities) -> Self {
        Self {
            capabilities,
            ..self
        }
    }

    /// Returns the folder of all drafts.
    #[must_use]
    pub fn root(&self) -> &Path {
        self.paths.root()
    }

    /// Returns the journal of written tags.
    #[must_use]
    pub fn journal(&self) -> Journal {
        Journal::new(self.paths.clone())
    }

    pub(crate) fn paths(&self) -> &StorePaths {
        &self.paths
    }

    pub(crate) fn capabilities(&self) -> Capabilities {
        self.capabilities
    }

    /// Tells whether the list has a draft. Even an empty folder counts, as it does for Docker.
    ///
    /// # Errors
    /// Returns an error if something else is in the folder's place, or it cannot be read.
    pub fn contains(&self, list: &Reference) -> Result<bool, StoreError> {
        self.read_draft(list).map(|draft| draft.is_some())
    }

    /// Reads a whole draft, or returns `None` if there is none.
    ///
    /// # Errors
    /// Returns an error, which names the path, if an entry is damaged.
    pub fn load(&self, list: &Reference) -> Result<Option<Draft>, StoreError> {
        let Some(draft) = self.read_draft(list)? else {
            return Ok(None);
        };
        let settings = draft.settings();
        let entries = draft.into_entries(Some(list)).into_iter();
        Ok(Some(Draft {
            list: list.clone(),
            entries: entries.collect::<Result<_, _>>()?,
            settings,
        }))
    }

    /// Reads one entry, or returns `None` if the list or the entry does not exist.
    ///
    /// # Errors
    /// Returns an error if this entry is damaged. Others may be.
    pub fn entry(&self, list: &Reference, image: &Reference) -> Result<Option<Entry>, StoreError> {
        let Some(mut draft) = self.read_draft(list)? else {
            return Ok(None);
        };
        draft.entry(list, image)
    }

    /// Reads each entry with its own result, in the order of publication.
    ///
    /// # Errors
    /// Returns an error if the folder cannot be read.
    pub fn entries(&self, list: &Reference) -> Result<Option<Vec<EntryResult>>, StoreError> {
        Ok(self
            .read_draft(list)?
            .map(|draft| draft.into_entries(Some(list))))
    }

    /// Locates a list's draft. With a `writer`, an unreadable sidecar is set aside.
    pub(crate) fn locate(
        &self,
        list: &Reference,
        writer: Option<&Writer<'_>>,
    ) -> Result<Location, StoreError> {
        let FileNames { docker, unique } = FileNames::of(list);
        if let Some(draft) = self.locate_in(list, &unique, writer)? {
            return Ok(Location {
                name: unique,
                draft: Some(draft),
            });
        }
        let path = self.paths.draft(&docker);
        if !atomic::is_taken(&path).map_err(StoreError::io("read the draft", &path))? {
            return Ok(Location {
                name: docker,
                draft: None,
            });
        }
        let draft = self.locate_in(list, &docker, writer)?;
        Ok(Location {
            name: if draft.is_some() { docker } else { unique },
            draft,
        })
    }

    /// Reads the folder of that name. Returns `None` if there is none, or it is another list's.
    fn locate_in(
        &self,
        list: &Reference,
        name: &str,
        writer: Option<&Writer<'_>>,
    ) -> Result<Option<StoredDraftResult>, StoreError> {
        let path = self.paths.draft(name);
        let folder = match Folder::read(&path, self.capabilities) {
            Ok(None) => return Ok(None),
            Ok(Some(folder)) => Ok(folder),
            Err(error) => Err(error.in_list(Some(list))),
        };
        let SidecarRead {
            sidecar,
            is_damaged,
            ..
        } = sidecar::read(&self.paths, name)?;
        if let Some(writer) = writer.filter(|_| is_damaged) {
            writer.set_aside_sidecar(name)?;
        }
        let folder = match folder {
            Ok(folder) => folder,
            Err(error) => {
                // The folder cannot be matched with a state now, so the sidecar counts for the lists that it names.
                let states = sidecar
                    .into_iter()
                    .flat_map(|sidecar| [sidecar.current, sidecar.next]);
                let mut lists = states.flatten().map(|state| state.list).peekable();
                let is_ours = lists.peek().is_none() || lists.any(|other| other == *list);
                return Ok(is_ours.then_some(Err(error)));
            }
        };
        let state = sidecar.and_then(|sidecar| sidecar.state_of(&folder));
        let draft = StoredDraft::new(name.to_owned(), folder, state);
        let is_ours = draft.owner().is_none_or(|owner| owner == list);
        Ok(is_ours.then_some(Ok(draft)))
    }

    /// Reads a list's draft consistently: no change is half visible.
    fn read_draft(&self, list: &Reference) -> Result<Option<StoredDraft>, StoreError> {
        for _ in 0..UNLOCKED_READS {
            let guard = self.lock_for_reading()?;
            let before = guard.is_none().then(|| self.fingerprint(list));
            let location = self.locate(list, None);
            // Without the lock, a draft that did not change while it was read was whole.
            if before.is_none_or(|before| before == self.fingerprint(list)) {
                return location.and_then(|location| location.draft.transpose());
            }
        }
        self.locate(list, None)?.draft.transpose()
    }

    /// Returns a fingerprint of a list's draft, which every change alters.
    fn fingerprint(&self, list: &Reference) -> impl PartialEq + use<> {
        let FileNames { docker, unique } = FileNames::of(list);
        [docker, unique].map(|name| {
            let folder = Folder::identify(&self.paths.draft(&name), self.capabilities);
            (fs::read(self.paths.sidecar(&name)).ok(), folder.ok())
        })
    }

    /// Takes the shared lock, if there is one to take.
    pub(crate) fn lock_for_reading(&self) -> Result<Option<LockGuard>, StoreError> {
        if !self.capabilities.read_locks {
            return Ok(None);
        }
        let guard = LockGuard::shared(&self.paths.lock(), &self.wait)?;
        if guard.is_none() || self.is_staging_empty() {
            return Ok(guard);
        }
        // No writer is at work, so a killed one left this. It may be a draft in the middle of a swap.
        drop(guard);
        drop(self.writer());
        LockGuard::shared(&self.paths.lock(), &self.wait)
    }

    fn is_staging_empty(&self) -> bool {
        fs::read_dir(self.paths.staging()).map_or(true, |mut items| items.next().is_none())
    }

    pub(crate) fn has_root(&self) -> Result<bool, StoreError> {
        let root = self.root();
        atomic::is_taken(root).map_err(StoreError::io("read", root))
    }

    pub(crate) fn writer(&self) -> Result<Writer<'_>, StoreError> {
        Writer::open(&self.paths, self.capabilities, &self.wait)
    }
}
