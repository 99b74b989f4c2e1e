//! The store: what can be asked of drafts, and what can be done to them.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use manifest_core::{Digest, Draft, Entry, ListSettings, Reference, entry_json, parallel};

use crate::atomic::{self, Capabilities};
use crate::error::StoreError;
use crate::extras_file::{self, Noted};
use crate::folder::Folder;
use crate::format::State;
use crate::found::Found;
use crate::layout::{Layout, Names};
use crate::lock::{Guard, Wait};
use crate::writer::{Contents, Writer};

/// How often a reader that cannot take the lock reads again what was changed while it read.
const UNLOCKED_READS: u32 = 16;

/// An entry that can be used, or what is wrong with its file.
pub type EntryResult = Result<Entry, StoreError>;

/// The drafts of one configuration folder.
pub struct Store {
    layout: Layout,
    wait: Wait,
    capabilities: Capabilities,
}

/// What is to become of a draft. What is not named in it stays.
#[derive(Clone, Debug, Default)]
pub struct Change {
    /// The entries that are added or replaced, in the order of the arguments.
    pub put: Vec<Entry>,
    /// The images whose entries go.
    pub remove: Vec<Reference>,
    /// Whether all goes that is not put, damaged files included, and the order of the arguments begins anew.
    pub replaces_all: bool,
    /// The images in the order of the arguments, where that is to change. What is not named in it stays where it is.
    pub order: Vec<Reference>,
    /// What the list has beside its entries from now on.
    pub settings: Option<ListSettings>,
}

impl Change {
    /// Puts entries, and leaves all else as it is.
    #[must_use]
    pub fn put(put: Vec<Entry>) -> Self {
        Self {
            put,
            ..Self::default()
        }
    }

    fn is_empty(&self) -> bool {
        self.put.is_empty()
            && self.remove.is_empty()
            && !self.replaces_all
            && self.settings.is_none()
    }
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

/// What became of a draft that was to be removed if it was still the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Removal {
    /// It was the same, and is gone.
    Removed,
    /// It has changed since, and was left alone.
    Changed,
    /// There was none any more.
    Absent,
}

/// The place of a list's draft.
struct Place {
    /// The folder's name. A new draft gets it.
    name: String,
    /// What is there, which may be no folder that can be read. Nothing where there is no draft.
    found: Option<FoundResult>,
}

type FoundResult = Result<Found, StoreError>;

impl Store {
    /// Names the store in `root`, which is `<docker config folder>/manifests`. Touches nothing.
    #[must_use]
    pub fn new(root: PathBuf) -> Self {
        Self {
            layout: Layout::new(root),
            wait: Wait::default(),
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
            wait: Wait {
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
        self.layout.root()
    }

    pub(crate) fn layout(&self) -> &Layout {
        &self.layout
    }

    /// Tells whether there is a draft of that list: a folder, even an empty one, for Docker counts it.
    ///
    /// # Errors
    /// Where something else is in the folder's place, or it cannot be read.
    pub fn contains(&self, list: &Reference) -> Result<bool, StoreError> {
        self.find(list).map(|found| found.is_some())
    }

    /// Reads the draft, whole. Nothing where there is none.
    ///
    /// # Errors
    /// Where an entry is damaged; the error names its path.
    pub fn load(&self, list: &Reference) -> Result<Option<Draft>, StoreError> {
        let Some(found) = self.find(list)? else {
            return Ok(None);
        };
        let settings = found.settings();
        let entries = found.into_entries(Some(list)).into_iter();
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
        let Some(mut found) = self.find(list)? else {
            return Ok(None);
        };
        found.entry(list, image)
    }

    /// Reads each entry with its own result, in the order in which they are published.
    ///
    /// # Errors
    /// Where the folder cannot be read.
    pub fn entries(&self, list: &Reference) -> Result<Option<Vec<EntryResult>>, StoreError> {
        Ok(self.find(list)?.map(|found| found.into_entries(Some(list))))
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
        let noted = extras_file::read(&self.layout, &name)?;
        let state = noted.extras.and_then(|extras| extras.state_of(&folder));
        let found = Found::new(name, folder, state);
        let list = found.owner().cloned();
        let entries = found.into_entries(list.as_ref());
        Ok(Some(DraftSummary {
            list,
            folder: path,
            entries,
        }))
    }

    /// Reads the draft as it is now, or that there is none, lets `change` say what is to become of it, and puts that
    /// on disk: all or nothing, and no other process comes in between. A draft is not made of no entries.
    ///
    /// `change` sees the entries that are not damaged. One that is damaged can be replaced or removed.
    ///
    /// # Errors
    /// What `change` returns; where a damaged entry would stay; where the folder cannot be written. The draft is
    /// as it was then.
    pub fn update<T, E: From<StoreError>>(
        &self,
        list: &Reference,
        change: impl FnOnce(Option<&Draft>) -> Result<(Change, T), E>,
    ) -> Result<T, E> {
        let writer = self.writer()?;
        let Place { name, found } = self.locate(list, Some(&writer))?;
        let Some(mut found) = found.transpose()? else {
            let (Change { put, settings, .. }, value) = change(None)?;
            if !put.is_empty() {
                let found = Found::nothing(name);
                let mut state = found.state(list);
                state.settings = settings.unwrap_or_default();
                let contents = self.plan(&found, put, &mut state);
                writer.create(&found.name, &contents, state)?;
            }
            return Ok(value);
        };
        let (change, value) = change(Some(&found.healthy(list)))?;
        if change.is_empty() {
            return Ok(value);
        }
        let before = found.state(list);
        let mut after = before.clone();
        let mut removed: BTreeSet<String> = if change.replaces_all {
            found.file_names().map(str::to_owned).collect()
        } else {
            found.names_of(&change.remove)
        };
        after.files.retain(|file, _| !removed.contains(file));
        if let Some(settings) = change.settings {
            after.settings = settings;
        }
        let contents = self.plan(&found, change.put, &mut after);
        after.arrange(&change.order);
        removed.retain(|file| !contents.contains_key(file));
        found.check_all_but(list, &contents, &removed)?;
        writer.change(&found, contents, &removed, before, after)?;
        Ok(value)
    }

    /// Changes one entry, and no other process comes in between. The others may be damaged. `false` where there
    /// is no such list, or no such entry in it.
    ///
    /// # Errors
    /// What `change` returns; where this entry is damaged; where the folder cannot be written. The draft is as it
    /// was then.
    pub fn update_entry<E: From<StoreError>>(
        &self,
        list: &Reference,
        image: &Reference,
        change: impl FnOnce(&mut Entry) -> Result<(), E>,
    ) -> Result<bool, E> {
        if !self.has_root()? {
            return Ok(false);
        }
        let writer = self.writer()?;
        let found = self.locate(list, Some(&writer))?.found;
        let Some(mut found) = found.transpose()? else {
            return Ok(false);
        };
        let Some(mut entry) = found.entry(list, image)? else {
            return Ok(false);
        };
        change(&mut entry)?;
        // Under another reference it would be another entry.
        entry.reference = image.clone();
        let before = found.state(list);
        let mut after = before.clone();
        let contents = self.plan(&found, vec![entry], &mut after);
        writer.change(&found, contents, &BTreeSet::new(), before, after)?;
        Ok(true)
    }

    /// Removes the draft, damaged or not. `false` where there was none.
    ///
    /// # Errors
    /// Where it cannot be removed, or a newer version of this program wrote it.
    pub fn remove(&self, list: &Reference) -> Result<bool, StoreError> {
        if !self.has_root()? {
            return Ok(false);
        }
        let writer = self.writer()?;
        let Place { name, found } = self.locate(list, Some(&writer))?;
        if found.is_some() {
            writer.remove(&name)
        } else {
            Ok(false)
        }
    }

    /// Removes the draft if it is still what `draft` says, and no other process comes in between.
    ///
    /// # Errors
    /// Where it cannot be removed, or a newer version of this program wrote it.
    pub fn remove_unchanged(&self, draft: &Draft) -> Result<Removal, StoreError> {
        if !self.has_root()? {
            return Ok(Removal::Absent);
        }
        let writer = self.writer()?;
        let Place { name, found } = self.locate(&draft.list, Some(&writer))?;
        let Some(found) = found else {
            return Ok(Removal::Absent);
        };
        let is_same = found.is_ok_and(|found| {
            let settings = found.settings();
            let entries: Result<Vec<_>, _> = found.into_entries(None).into_iter().collect();
            settings == draft.settings && entries.is_ok_and(|entries| entries == draft.entries)
        });
        if !is_same {
            return Ok(Removal::Changed);
        }
        Ok(if writer.remove(&name)? {
            Removal::Removed
        } else {
            Removal::Absent
        })
    }

    /// Encodes entries, gives each its file, and notes them in `state`.
    fn plan(&self, found: &Found, entries: Vec<Entry>, state: &mut State) -> Contents {
        let folder = self.layout.draft(&found.name);
        let folds_case = atomic::is_taken(&self.layout.own_in_capitals()).unwrap_or_default();
        let mut names = BTreeMap::<Reference, String>::new();
        let mut contents = Contents::new();
        let encoded = parallel::map(&entries, |entry| {
            let bytes = entry_json::encode(entry);
            let content = Digest::sha256(&bytes);
            (bytes, content)
        });
        for (entry, (bytes, content)) in entries.into_iter().zip(encoded) {
            let name = names.get(&entry.reference).cloned().unwrap_or_else(|| {
                found.name_for(&entry.reference, |name| {
                    let is_folded = || {
                        let mut others = contents.keys();
                        others.any(|other| other.eq_ignore_ascii_case(name))
                            || atomic::is_taken(&folder.join(name)).unwrap_or_default()
                    };
                    contents.contains_key(name) || folds_case && is_folded()
                })
            });
            names.insert(entry.reference.clone(), name.clone());
            state.note(&name, &entry, content);
            contents.insert(name, bytes);
        }
        contents
    }

    /// Finds a list's draft. With a `writer`, extras that cannot be read are put aside on the way.
    fn locate(&self, list: &Reference, writer: Option<&Writer<'_>>) -> Result<Place, StoreError> {
        let Names { plain, marked } = Names::of(list);
        if let Some(found) = self.locate_in(list, &marked, writer)? {
            return Ok(Place {
                name: marked,
                found: Some(found),
            });
        }
        let path = self.layout.draft(&plain);
        if !atomic::is_taken(&path).map_err(StoreError::io("read the draft", &path))? {
            return Ok(Place {
                name: plain,
                found: None,
            });
        }
        let found = self.locate_in(list, &plain, writer)?;
        Ok(Place {
            name: if found.is_some() { plain } else { marked },
            found,
        })
    }

    /// Reads the folder of that name. Nothing where there is none, or it is another list's.
    fn locate_in(
        &self,
        list: &Reference,
        name: &str,
        writer: Option<&Writer<'_>>,
    ) -> Result<Option<FoundResult>, StoreError> {
        let path = self.layout.draft(name);
        let folder = match Folder::read(&path, self.capabilities) {
            Ok(None) => return Ok(None),
            Ok(Some(folder)) => Ok(folder),
            Err(error) => Err(error.in_list(Some(list))),
        };
        let Noted { extras, is_damaged } = extras_file::read(&self.layout, name)?;
        if let Some(writer) = writer.filter(|_| is_damaged) {
            writer.set_aside_extras(name)?;
        }
        let folder = match folder {
            Ok(folder) => folder,
            Err(error) => {
                // Which folder the extras are of cannot be told now, so they count for who they name.
                let states = extras
                    .into_iter()
                    .flat_map(|extras| [extras.current, extras.next]);
                let mut lists = states.flatten().map(|state| state.list).peekable();
                let is_ours = lists.peek().is_none() || lists.any(|other| other == *list);
                return Ok(is_ours.then_some(Err(error)));
            }
        };
        let state = extras.and_then(|extras| extras.state_of(&folder));
        let found = Found::new(name.to_owned(), folder, state);
        let is_ours = found.owner().is_none_or(|owner| owner == list);
        Ok(is_ours.then_some(Ok(found)))
    }

    /// Finds a list's draft for reading: nothing is half changed in what is returned.
    fn find(&self, list: &Reference) -> Result<Option<Found>, StoreError> {
        for _ in 0..UNLOCKED_READS {
            let guard = self.lock_for_reading()?;
            let before = guard.is_none().then(|| self.stamp(list));
            let place = self.locate(list, None);
            // Without the lock, what stands still while it is read was whole.
            if before.is_none_or(|before| before == self.stamp(list)) {
                return place.and_then(|place| place.found.transpose());
            }
        }
        self.locate(list, None)?.found.transpose()
    }

    /// Returns what every change to a list's draft changes.
    fn stamp(&self, list: &Reference) -> impl PartialEq + use<> {
        let Names { plain, marked } = Names::of(list);
        [plain, marked].map(|name| {
            let folder = Folder::identify(&self.layout.draft(&name), self.capabilities);
            (fs::read(self.layout.extras(&name)).ok(), folder.ok())
        })
    }

    /// Takes the shared lock, where there is one to be taken.
    fn lock_for_reading(&self) -> Result<Option<Guard>, StoreError> {
        if !self.capabilities.read_locks {
            return Ok(None);
        }
        let guard = Guard::shared(&self.layout.lock(), &self.wait)?;
        if guard.is_none() || self.is_swept() {
            return Ok(guard);
        }
        // No writer is at work, so what is staged is a killed one's: it may be a draft on its way back.
        drop(guard);
        drop(self.writer());
        Guard::shared(&self.layout.lock(), &self.wait)
    }

    fn is_swept(&self) -> bool {
        fs::read_dir(self.layout.staging()).map_or(true, |mut items| items.next().is_none())
    }

    fn has_root(&self) -> Result<bool, StoreError> {
        let root = self.root();
        atomic::is_taken(root).map_err(StoreError::io("read", root))
    }

    fn writer(&self) -> Result<Writer<'_>, StoreError> {
        Writer::open(&self.layout, self.capabilities, &self.wait)
    }
}
