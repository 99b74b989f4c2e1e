//! Changes to drafts on disk, under the exclusive lock: each is there whole or not at all, whenever the process ends.
//!
//! A change is made in `staging/`, and renamed into place in one step. The notes beside the draft are written
//! first, as the state after the change next to the one before; which of them counts is decided by what is in
//! the folder (see [`Extras::state_of`]).

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::hash::{BuildHasher as _, Hasher as _};
use std::io;
use std::path::{Path, PathBuf};

use manifest_core::parallel;

use crate::atomic::{self, Capabilities};
use crate::error::StoreError;
use crate::extras_file;
use crate::folder::Folder;
use crate::format::{Extras, State};
use crate::found::Found;
use crate::layout::Layout;
use crate::lock::{Guard, Wait};

/// What follows the name of a staged folder in the name of the one whose place it takes.
const OLD_SUFFIX: &str = ".old";

/// New contents of files in a draft, by file name.
pub(crate) type Contents = BTreeMap<String, Vec<u8>>;

/// The right to change drafts: the exclusive lock, held.
#[must_use = "the lock is held only as long as this lives"]
pub(crate) struct Writer<'a> {
    layout: &'a Layout,
    capabilities: Capabilities,
    _guard: Guard,
}

/// Something in `staging/`, removed when this is dropped: what never came into place, or what was replaced.
#[must_use = "what is staged is removed when this is dropped"]
struct Staged {
    path: PathBuf,
}

/// How many files are written at once: a file system takes as long to sync many together as to sync one.
const WRITES_AT_ONCE: usize = 16;

/// Writes new files into a folder, and syncs each.
fn write_all(folder: &Path, contents: &Contents) -> Result<(), StoreError> {
    let files: Vec<_> = contents.iter().collect();
    let results = parallel::map_with_threads(WRITES_AT_ONCE, &files, |(name, bytes)| {
        let path = folder.join(name);
        atomic::write_new(&path, bytes).map_err(StoreError::io("write", &path))
    });
    results.into_iter().collect()
}

impl Staged {
    /// Leaves it to the next writer.
    fn keep(self) {
        std::mem::forget(self);
    }
}

impl Drop for Staged {
    fn drop(&mut self) {
        // What remains is removed by the next writer.
        let _ = atomic::remove_all(&self.path);
    }
}

impl<'a> Writer<'a> {
    /// Takes the exclusive lock, making our own folder where it is not there, and ends what killed processes
    /// left undone.
    pub(crate) fn open(
        layout: &'a Layout,
        capabilities: Capabilities,
        wait: &Wait,
    ) -> Result<Self, StoreError> {
        let staging = layout.staging();
        for folder in [layout.all_extras(), staging.clone()] {
            if !folder.is_dir() {
                let made = atomic::make_folders(&folder);
                made.map_err(StoreError::io("make the folder", &folder))?;
                for above in folder.ancestors().skip(1).take(4) {
                    let _ = atomic::sync_folder(above);
                }
            }
        }
        let guard = Guard::exclusive(&layout.lock(), wait)?;
        let writer = Self {
            layout,
            capabilities,
            _guard: guard,
        };
        writer.sweep()?;
        Ok(writer)
    }

    /// Puts aside extras that cannot be read.
    pub(crate) fn set_aside_extras(&self, name: &str) -> Result<(), StoreError> {
        let (from, to) = (self.layout.extras(name), self.layout.damaged_extras(name));
        let _ = atomic::remove_all(&to);
        fs::rename(&from, &to).map_err(StoreError::io("put aside the damaged file", &from))
    }

    /// Makes a new draft.
    pub(crate) fn create(
        &self,
        name: &str,
        contents: &Contents,
        mut state: State,
    ) -> Result<(), StoreError> {
        self.forget_lost_drafts();
        let target = self.layout.draft(name);
        let staged = self.stage_folder(contents, None)?;
        state.folder = Folder::identify(&staged.path, self.capabilities)?;
        let next = Extras {
            next: Some(state.clone()),
            ..Extras::default()
        };
        self.write_extras(name, &next)?;
        if let Err(error) = fs::rename(&staged.path, &target) {
            let _ = fs::remove_file(self.layout.extras(name));
            return Err(match error.kind() {
                io::ErrorKind::DirectoryNotEmpty | io::ErrorKind::AlreadyExists => {
                    StoreError::Interference { path: target }
                }
                _ => StoreError::io("make the draft", &target)(error),
            });
        }
        self.sync_root()?;
        self.settle_extras(name, state);
        Ok(())
    }

    /// Changes a draft that is there. `before` and `after` are what is noted of it; `contents` may hold files
    /// that are as they were, `removed` are files that go.
    pub(crate) fn change(
        &self,
        found: &Found,
        mut contents: Contents,
        removed: &BTreeSet<String>,
        before: State,
        after: State,
    ) -> Result<(), StoreError> {
        let name = found.name.as_str();
        contents.retain(|file, _| {
            after
                .files
                .get(file)
                .is_none_or(|note| !found.has_content(file, note))
        });
        if contents.is_empty() && removed.is_empty() {
            if found.is_noted(&after) {
                return Ok(());
            }
            return self.write_extras(
                name,
                &Extras {
                    current: Some(after),
                    ..Extras::default()
                },
            );
        }
        let extras = Extras {
            current: Some(before),
            next: Some(after.clone()),
            ..Extras::default()
        };
        if contents.len() == 1 && removed.is_empty() {
            self.change_file(name, contents, &extras)?;
            self.settle_extras(name, after);
            return Ok(());
        }
        self.change_folder(found, (&contents, removed), extras, after)
    }

    fn change_file(
        &self,
        name: &str,
        contents: Contents,
        extras: &Extras,
    ) -> Result<(), StoreError> {
        let folder = self.layout.draft(name);
        for (file, bytes) in contents {
            let staged = self.stage();
            let write = atomic::write_new(&staged.path, &bytes);
            write.map_err(StoreError::io("write", &staged.path))?;
            self.write_extras(name, extras)?;
            let target = folder.join(file);
            fs::rename(&staged.path, &target)
                .map_err(StoreError::io("write the entry", &target))?;
        }
        atomic::sync_folder(&folder).map_err(StoreError::io("sync", &folder))
    }

    fn change_folder(
        &self,
        found: &Found,
        (contents, removed): (&Contents, &BTreeSet<String>),
        mut extras: Extras,
        mut after: State,
    ) -> Result<(), StoreError> {
        let name = found.name.as_str();
        let target = self.layout.draft(name);
        let staged = self.stage_folder(contents, Some((found, removed)))?;
        after.folder = Folder::identify(&staged.path, self.capabilities)?;
        extras.next = Some(after.clone());
        self.write_extras(name, &extras)?;
        let exchanged = self.capabilities.exchange(&staged.path, &target);
        if exchanged.map_err(StoreError::io("replace the draft", &target))? {
            self.take_over_newcomers(&staged.path, &target, removed, &extras);
        } else {
            self.swap(name, staged, removed, extras)?;
        }
        self.sync_root()?;
        self.settle_extras(name, after);
        Ok(())
    }

    /// Replaces a folder where that takes two renames. In between there is no folder; the extras say where it is.
    fn swap(
        &self,
        name: &str,
        staged: Staged,
        removed: &BTreeSet<String>,
        mut extras: Extras,
    ) -> Result<(), StoreError> {
        let target = self.layout.draft(name);
        let old = Staged {
            path: old_of(&staged.path),
        };
        extras.swap = file_name(&staged.path);
        self.write_extras(name, &extras)?;
        let action = "replace the draft";
        fs::rename(&target, &old.path).map_err(StoreError::io(action, &target))?;
        if let Err(error) = put_in_place(&staged.path, &target) {
            if fs::rename(&old.path, &target).is_err() {
                staged.keep();
                old.keep();
            }
            return Err(StoreError::io(action, &target)(error));
        }
        self.take_over_newcomers(&old.path, &target, removed, &extras);
        Ok(())
    }

    /// Takes over what Docker's CLI, which knows no lock, put into the old folder while the new one was made.
    fn take_over_newcomers(
        &self,
        old: &Path,
        new: &Path,
        removed: &BTreeSet<String>,
        extras: &Extras,
    ) {
        for file in fs::read_dir(old).into_iter().flatten().flatten() {
            let name = file.file_name();
            // What was no entry is noted nowhere, and is removed all the same.
            let is_known = |name: &str| removed.contains(name) || extras.knows(name);
            let is_known = name.to_str().is_some_and(is_known);
            if !is_known && atomic::is_taken(&new.join(&name)).is_ok_and(|taken| !taken) {
                let _ = fs::rename(file.path(), new.join(&name));
            }
        }
    }

    /// Removes a draft, whatever it is. `false` where there is none.
    pub(crate) fn remove(&self, name: &str) -> Result<bool, StoreError> {
        let target = self.layout.draft(name);
        let staged = self.stage();
        match fs::rename(&target, &staged.path) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
            Err(error) => return Err(StoreError::io("remove the draft", &target)(error)),
        }
        self.sync_root()?;
        // Extras of a folder that is not there count for nothing.
        let _ = atomic::remove_all(&self.layout.extras(name));
        Ok(true)
    }

    fn stage(&self) -> Staged {
        let random = std::hash::RandomState::new().build_hasher().finish();
        let name = format!("{}-{random:016x}", std::process::id());
        Staged {
            path: self.layout.staging().join(name),
        }
    }

    /// Makes a folder with the given files, and with those of `base` that are not among them, and not removed.
    fn stage_folder(
        &self,
        contents: &Contents,
        base: Option<(&Found, &BTreeSet<String>)>,
    ) -> Result<Staged, StoreError> {
        let staged = self.stage();
        let folder = &staged.path;
        atomic::make_folder(folder).map_err(StoreError::io("make the folder", folder))?;
        if let Some((found, removed)) = base {
            let from = self.layout.draft(&found.name);
            for name in found
                .file_names()
                .filter(|name| !contents.contains_key(*name) && !removed.contains(*name))
            {
                let to = folder.join(name);
                self.capabilities
                    .link_or_copy(&from.join(name), &to)
                    .map_err(StoreError::io("copy", &to))?;
            }
        }
        write_all(folder, contents)?;
        let staging = self.layout.staging();
        for path in [folder, &staging] {
            atomic::sync_folder(path).map_err(StoreError::io("sync", path))?;
        }
        Ok(staged)
    }

    fn write_extras(&self, name: &str, extras: &Extras) -> Result<(), StoreError> {
        let folder = self.layout.all_extras();
        self.replace_extras(name, extras)?;
        atomic::sync_folder(&folder).map_err(StoreError::io("sync", &folder))
    }

    fn replace_extras(&self, name: &str, extras: &Extras) -> Result<(), StoreError> {
        let path = self.layout.extras(name);
        let staged = self.stage();
        atomic::write_new(&staged.path, &extras.encode())
            .map_err(StoreError::io("write", &staged.path))?;
        fs::rename(&staged.path, &path).map_err(StoreError::io("write", &path))
    }

    /// Drops the state before the change. Should that fail, both states are told apart for as long as it takes:
    /// the change itself is done.
    fn settle_extras(&self, name: &str, state: State) {
        let _ = self.replace_extras(
            name,
            &Extras {
                current: Some(state),
                ..Extras::default()
            },
        );
    }

    fn sync_root(&self) -> Result<(), StoreError> {
        let root = self.layout.root();
        atomic::sync_folder(root).map_err(StoreError::io("sync", root))
    }

    /// Ends what killed processes left in `staging/`: finishes swaps, removes the rest.
    fn sweep(&self) -> Result<(), StoreError> {
        let staging = self.layout.staging();
        let failed = |error| StoreError::io("list", &staging)(error);
        let left: Vec<_> = fs::read_dir(&staging)
            .map_err(failed)?
            .collect::<Result<_, _>>()
            .map_err(failed)?;
        if left.is_empty() {
            return Ok(());
        }
        self.finish_swaps()?;
        for item in left {
            let _ = atomic::remove_all(&item.path());
        }
        Ok(())
    }

    fn finish_swaps(&self) -> Result<(), StoreError> {
        for (name, extras) in extras_file::read_all(self.layout) {
            let Some(swap) = extras.swap.as_ref().filter(|_| extras.next.is_some()) else {
                continue;
            };
            let (target, staged) = (self.layout.draft(&name), self.layout.staging().join(swap));
            let old = old_of(&staged);
            // Only between the two renames both are in staging.
            let both = [&staged, &old]
                .into_iter()
                .all(|path| atomic::is_taken(path).unwrap_or(true));
            if both {
                put_in_place(&staged, &target)
                    .map_err(StoreError::io("finish an interrupted change of", &target))?;
                self.take_over_newcomers(&old, &target, &BTreeSet::new(), &extras);
                self.sync_root()?;
            }
        }
        Ok(())
    }

    /// Removes the extras of drafts that Docker's CLI removed. What cannot be read stays.
    fn forget_lost_drafts(&self) {
        for (name, _) in extras_file::read_all(self.layout) {
            if atomic::is_taken(&self.layout.draft(&name)).is_ok_and(|taken| !taken) {
                let _ = fs::remove_file(self.layout.extras(&name));
            }
        }
    }
}

fn old_of(staged: &Path) -> PathBuf {
    let mut name = staged.as_os_str().to_owned();
    name.push(OLD_SUFFIX);
    name.into()
}

fn file_name(path: &Path) -> Option<String> {
    path.file_name()?.to_str().map(str::to_owned)
}

/// Renames a staged folder into its place. A folder that Docker's CLI has made there meanwhile is taken over,
/// its files before ours.
fn put_in_place(staged: &Path, target: &Path) -> io::Result<()> {
    use io::ErrorKind::{AlreadyExists, DirectoryNotEmpty};
    match fs::rename(staged, target) {
        Err(error) if matches!(error.kind(), AlreadyExists | DirectoryNotEmpty) => {
            for file in fs::read_dir(target)? {
                let file = file?;
                fs::rename(file.path(), staged.join(file.file_name()))?;
            }
            fs::rename(staged, target)
        }
        result => result,
    }
}
