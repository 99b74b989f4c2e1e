//! The store: what can be asked of drafts, and what can be done to them.

use std::ffi::OsStr;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use manifest_core::{Draft, Entry, Reference};

use crate::atomic::{self, Capabilities};
use crate::error::StoreError;
use crate::folder::Folder;
use crate::lock::{LockGuard, LockWait};
use crate::paths::{FileNames, StorePaths};
use crate::sidecar::{self, SidecarRead};
use crate::stored_draft::StoredDraft;
use crate::writer::Writer;

/// How often a reader that cannot take the lock reads again what was changed while it read.
const UNLOCKED_READS: u32 = 16;

/// An entry that can be used, or what is wrong with its file.
pub type EntryResult = Result<Entry, StoreError>;

/// The drafts of one configuration folder.
pub struct Store {
    paths: StorePaths,
    wait: LockWait,
    capabilities: Capabilities,
}

/// What a listing shows of one draft.
#[derive(Debug)]
pub struct DraftSummary {
    /// The list, where that is known: the folders of Docker's CLI do not say it.
    pub list: Option<Reference>,
    /// The draft's folder.
    pub folder: PathBuf,
    /// The entries, in the order in which they are published.
    pub entries: Vec<EntryResult>,
}

/// The place of a list's draft.
pub(crate) struct Location {
    /// The folder's name. A new draft gets it.
    pub(crate) name: String,
    /// What is there, which may be no folder that can be read. Nothing where there is no draft.
    pub(crate) draft: Option<StoredDraftResult>,
}

pub(crate) type StoredDraftResult = Result<StoredDraft, StoreError>;

impl Store {
    /// Names the store in `root`, which is `<docker config folder>/manifests`. Touches nothing.
    #[must_use]
    pub fn new(root: PathBuf) -> Self {
        Self {
            paths: StorePaths::new(root),
            wait: LockWait::default(),
            capabilities: Capabilities::default(),
        }
    }

    /// Sets how long to wait for the lock (60 s unless told), and what to call with the lock file's path, once,
    /// when a wait has taken half a second.
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

    /// Makes the store do without what some file systems cannot do. For tests.
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

    pub(crate) fn paths(&self) -> &StorePaths {
        &self.paths
    }

    /// Tells whether there is a draft of that list: a folder, even an empty one, for Docker counts it.
    ///
    /// # Errors
    /// Where something else is in the folder's place, or it cannot be read.
    pub fn contains(&self, list: &Reference) -> Result<bool, StoreError> {
        self.read_draft(list).map(|draft| draft.is_some())
    }

    /// Reads the draft, whole. Nothing where there is none.
    ///
    /// # Errors
    /// Where an entry is damaged; the error names its path.
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

    /// Reads one entry. Nothing where there is no such list, or no such entry in it.
    ///
    /// # Errors
    /// Where this entry is damaged. The others may be.
    pub fn entry(&self, list: &Reference, image: &Reference) -> Result<Option<Entry>, StoreError> {
        let Some(mut draft) = self.read_draft(list)? else {
            return Ok(None);
        };
        draft.entry(list, image)
    }

    /// Reads each entry with its own result, in the order in which they are published.
    ///
    /// # Errors
    /// Where the folder cannot be read.
    pub fn entries(&self, list: &Reference) -> Result<Option<Vec<EntryResult>>, StoreError> {
        Ok(self
            .read_draft(list)?
            .map(|draft| draft.into_entries(Some(list))))
    }

    /// Reads all drafts, each with its own result, in byte order of their folders' names.
    ///
    /// # Errors
    /// Where the folder of all drafts cannot be read.
    pub fn drafts(&self) -> Result<Vec<Result<DraftSummary, StoreError>>, StoreError> {
        let _guard = self.lock_for_reading()?;
        let root = self.root();
        let listing = match fs::read_dir(root) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            listing => listing.map_err(StoreError::io("list the drafts in", root))?,
        };
        let mut names = listing
            .map(|item| item.map(|item| item.file_name()))
            .collect::<Result<Vec<_>, _>>()
            .map_err(StoreError::io("list the drafts in", root))?;
        // No reference starts with a dot: what does is ours, or of the operating system.
        names.retain(|name| !name.as_encoded_bytes().starts_with(b"."));
        names.sort();
        Ok(names
            .iter()
            .filter_map(|name| self.summary(name).transpose())
            .collect())
    }

    fn summary(&self, name: &OsStr) -> Result<Option<DraftSummary>, StoreError> {
        let path = self.root().join(name);
        let Some(folder) = Folder::read(&path, self.capabilities)? else {
            return Ok(None);
        };
        let name = name.to_string_lossy().into_owned();
        let read = sidecar::read(&self.paths, &name)?;
        let state = read.sidecar.and_then(|sidecar| sidecar.state_of(&folder));
        let draft = StoredDraft::new(name, folder, state);
        let list = draft.owner().cloned();
        let entries = draft.into_entries(list.as_ref());
        Ok(Some(DraftSummary {
            list,
            folder: path,
            entries,
        }))
    }

    /// Finds a list's draft. With a `writer`, extras that cannot be read are put aside on the way.
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

    /// Reads the folder of that name. Nothing where there is none, or it is another list's.
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
        } = sidecar::read(&self.paths, name)?;
        if let Some(writer) = writer.filter(|_| is_damaged) {
            writer.set_aside_sidecar(name)?;
        }
        let folder = match folder {
            Ok(folder) => folder,
            Err(error) => {
                // Which folder the extras are of cannot be told now, so they count for who they name.
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

    /// Finds a list's draft for reading: nothing is half changed in what is returned.
    fn read_draft(&self, list: &Reference) -> Result<Option<StoredDraft>, StoreError> {
        for _ in 0..UNLOCKED_READS {
            let guard = self.lock_for_reading()?;
            let before = guard.is_none().then(|| self.fingerprint(list));
            let location = self.locate(list, None);
            // Without the lock, what stands still while it is read was whole.
            if before.is_none_or(|before| before == self.fingerprint(list)) {
                return location.and_then(|location| location.draft.transpose());
            }
        }
        self.locate(list, None)?.draft.transpose()
    }

    /// Returns what every change to a list's draft changes.
    fn fingerprint(&self, list: &Reference) -> impl PartialEq + use<> {
        let FileNames { docker, unique } = FileNames::of(list);
        [docker, unique].map(|name| {
            let folder = Folder::identify(&self.paths.draft(&name), self.capabilities);
            (fs::read(self.paths.sidecar(&name)).ok(), folder.ok())
        })
    }

    /// Takes the shared lock, where there is one to be taken.
    fn lock_for_reading(&self) -> Result<Option<LockGuard>, StoreError> {
        if !self.capabilities.read_locks {
            return Ok(None);
        }
        let guard = LockGuard::shared(&self.paths.lock(), &self.wait)?;
        if guard.is_none() || self.is_staging_empty() {
            return Ok(guard);
        }
        // No writer is at work, so what is staged is a killed one's: it may be a draft on its way back.
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
