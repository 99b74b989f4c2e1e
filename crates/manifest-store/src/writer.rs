//! Changes on disk, under the exclusive lock: each is whole or absent, whenever the process ends.
//!
//! A change is prepared in `staging/`, and renamed into place in one step. The sidecar is written first, with the states before
//! and after the change. The content of the folder decides which of them holds (see [`Sidecar::state_of`]).

use std::collections::BTreeSet;
use std::fs;
use std::hash::{BuildHasher as _, Hasher as _};
use std::io;
use std::path::{Path, PathBuf};

use manifest_core::parallel;

use crate::atomic::{self, Capabilities};
use crate::error::StoreError;
use crate::folder::Folder;
use crate::lock::{LockGuard, LockWait};
use crate::paths::StorePaths;
use crate::sidecar;
use crate::sidecar::{DraftState, Sidecar};
use crate::stored_draft::{Contents, StoredDraft};

/// The suffix of a replaced folder in `staging/`, after the name of its replacement.
const OLD_SUFFIX: &str = ".old";

/// The exclusive lock, held, with the operations that need it.
#[must_use = "the lock is held only as long as this lives"]
pub(crate) struct Writer<'a> {
    paths: &'a StorePaths,
    capabilities: Capabilities,
    _guard: LockGuard,
}

/// A path in `staging/`, removed when this is dropped: an abandoned change, or a replaced folder.
#[must_use = "what is staged is removed when this is dropped"]
struct Staged {
    path: PathBuf,
}

/// The number of files written at once: syncing many together takes a file system as long as syncing one.
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
    /// Leaves the path to the next writer.
    fn keep(self) {
        std::mem::forget(self);
    }
}

impl Drop for Staged {
    fn drop(&mut self) {
        // The next writer removes any rest.
        let _ = atomic::remove_all(&self.path);
    }
}

impl<'a> Writer<'a> {
    /// Takes the exclusive lock, creates this program's own folder if needed, and completes or discards the changes of killed
    /// processes.
    pub(crate) fn open(
        paths: &'a StorePaths,
        capabilities: Capabilities,
        wait: &LockWait,
    ) -> Result<Self, StoreError> {
        let staging = paths.staging();
        for folder in [paths.sidecars(), staging.clone()] {
            if !folder.is_dir() {
                let made = atomic::make_folders(&folder);
                made.map_err(StoreError::io("create the folder", &folder))?;
                for above in folder.ancestors().skip(1).take(4) {
                    let _ = atomic::sync_folder(above);
                }
            }
        }
        let guard = LockGuard::exclusive(&paths.lock(), wait)?;
        let writer = Self {
            paths,
            capabilities,
            _guard: guard,
        };
        writer.recover()?;
        Ok(writer)
    }

    /// Sets an unreadable sidecar aside.
    pub(crate) fn set_aside_sidecar(&self, name: &str) -> Result<(), StoreError> {
        let (from, to) = (self.paths.sidecar(name), self.paths.damaged_sidecar(name));
        let _ = atomic::remove_all(&to);
        fs::rename(&from, &to).map_err(StoreError::io("set aside the damaged file", &from))
    }

    /// Creates a draft.
    pub(crate) fn create(
        &self,
        name: &str,
        contents: &Contents,
        mut state: DraftState,
    ) -> Result<(), StoreError> {
        self.remove_orphaned_sidecars();
        let target = self.paths.draft(name);
        let staged = self.stage_folder(contents, None)?;
        state.folder = Folder::identify(&staged.path, self.capabilities)?;
        let next = Sidecar {
            next: Some(state.clone()),
            ..Sidecar::default()
        };
        self.write_sidecar(name, &next)?;
        if let Err(error) = fs::rename(&staged.path, &target) {
            let _ = fs::remove_file(self.paths.sidecar(name));
            return Err(match error.kind() {
                io::ErrorKind::DirectoryNotEmpty | io::ErrorKind::AlreadyExists => {
                    StoreError::Interference { path: target }
                }
                _ => StoreError::io("create the draft", &target)(error),
            });
        }
        self.sync_root()?;
        self.settle_sidecar(name, state);
        Ok(())
    }

    /// Changes an existing draft from the state `before` to `after`. Files in `contents` may be unchanged, files in `removed` are
    /// removed.
    pub(crate) fn change(
        &self,
        draft: &StoredDraft,
        mut contents: Contents,
        removed: &BTreeSet<String>,
        before: DraftState,
        after: DraftState,
    ) -> Result<(), StoreError> {
        let name = draft.name.as_str();
        contents.retain(|file, _| {
            after
                .files
                .get(file)
                .is_none_or(|record| !draft.has_content(file, record))
        });
        if contents.is_empty() && removed.is_empty() {
            if draft.is_recorded(&after) {
                return Ok(());
            }
            return self.write_sidecar(
                name,
                &Sidecar {
                    current: Some(after),
                    ..Sidecar::default()
                },
            );
        }
        let sidecar = Sidecar {
            current: Some(before),
            next: Some(after.clone()),
            ..Sidecar::default()
        };
        if contents.len() == 1 && removed.is_empty() {
            self.change_file(name, contents, &sidecar)?;
            self.settle_sidecar(name, after);
            return Ok(());
        }
        self.change_folder(draft, (&contents, removed), sidecar, after)
    }

    fn change_file(
        &self,
        name: &str,
        contents: Contents,
        sidecar: &Sidecar,
    ) -> Result<(), StoreError> {
        let folder = self.paths.draft(name);
        for (file, bytes) in contents {
            let staged = self.stage();
            let write = atomic::write_new(&staged.path, &bytes);
            write.map_err(StoreError::io("write", &staged.path))?;
            self.write_sidecar(name, sidecar)?;
            let target = folder.join(file);
            fs::rename(&staged.path, &target)
                .map_err(StoreError::io("write the entry", &target))?;
        }
        atomic::sync_folder(&folder).map_err(StoreError::io("sync", &folder))
    }

    fn change_folder(
        &self,
        draft: &StoredDraft,
        (contents, removed): (&Contents, &BTreeSet<String>),
        mut sidecar: Sidecar,
        mut after: DraftState,
    ) -> Result<(), StoreError> {
        let name = draft.name.as_str();
        let target = self.paths.draft(name);
        let staged = self.stage_folder(contents, Some((draft, removed)))?;
        after.folder = Folder::identify(&staged.path, self.capabilities)?;
        sidecar.next = Some(after.clone());
        self.write_sidecar(name, &sidecar)?;
        let exchanged = self.capabilities.exchange(&staged.path, &target);
        if exchanged.map_err(StoreError::io("replace the draft", &target))? {
            self.adopt_new_files(&staged.path, &target, removed, &sidecar);
        } else {
            self.swap(name, staged, removed, sidecar)?;
        }
        self.sync_root()?;
        self.settle_sidecar(name, after);
        Ok(())
    }

    /// Replaces a folder with two renames. In between there is no folder, and the sidecar says where it is.
    fn swap(
        &self,
        name: &str,
        staged: Staged,
        removed: &BTreeSet<String>,
        mut sidecar: Sidecar,
    ) -> Result<(), StoreError> {
        let target = self.paths.draft(name);
        let old = Staged {
            path: replaced_path(&staged.path),
        };
        sidecar.swap = file_name(&staged.path);
        self.write_sidecar(name, &sidecar)?;
        let action = "replace the draft";
        fs::rename(&target, &old.path).map_err(StoreError::io(action, &target))?;
        if let Err(error) = put_in_place(&staged.path, &target) {
            if fs::rename(&old.path, &target).is_err() {
                staged.keep();
                old.keep();
            }
            return Err(StoreError::io(action, &target)(error));
        }
        self.adopt_new_files(&old.path, &target, removed, &sidecar);
        Ok(())
    }

    /// Adopts the files that Docker's CLI, which takes no lock, put into the old folder in the meantime.
    fn adopt_new_files(
        &self,
        old: &Path,
        new: &Path,
        removed: &BTreeSet<String>,
        sidecar: &Sidecar,
    ) {
        for file in fs::read_dir(old).into_iter().flatten().flatten() {
            let name = file.file_name();
            // Damaged files are not recorded, and are removed all the same.
            let is_known = |name: &str| removed.contains(name) || sidecar.mentions(name);
            let is_known = name.to_str().is_some_and(is_known);
            if !is_known && atomic::is_taken(&new.join(&name)).is_ok_and(|taken| !taken) {
                let _ = fs::rename(file.path(), new.join(&name));
            }
        }
    }

    /// Removes a draft, whatever is in its place. Returns `false` if there is none.
    pub(crate) fn remove(&self, name: &str) -> Result<bool, StoreError> {
        let target = self.paths.draft(name);
        let staged = self.stage();
        match fs::rename(&target, &staged.path) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
            Err(error) => return Err(StoreError::io("remove the draft", &target)(error)),
        }
        self.sync_root()?;
        // A sidecar without a folder has no effect.
        let _ = atomic::remove_all(&self.paths.sidecar(name));
        Ok(true)
    }

    fn stage(&self) -> Staged {
        let random = std::hash::RandomState::new().build_hasher().finish();
        let name = format!("{}-{random:016x}", std::process::id());
        Staged {
            path: self.paths.staging().join(name),
        }
    }

    /// Stages a folder with the given files, and with those files of `base` that are neither given nor removed.
    fn stage_folder(
        &self,
        contents: &Contents,
        base: Option<(&StoredDraft, &BTreeSet<String>)>,
    ) -> Result<Staged, StoreError> {
        let staged = self.stage();
        let folder = &staged.path;
        atomic::make_folder(folder).map_err(StoreError::io("create the folder", folder))?;
        if let Some((draft, removed)) = base {
            let from = self.paths.draft(&draft.name);
            for name in draft
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
        let staging = self.paths.staging();
        for path in [folder, &staging] {
            atomic::sync_folder(path).map_err(StoreError::io("sync", path))?;
        }
        Ok(staged)
    }

    fn write_sidecar(&self, name: &str, sidecar: &Sidecar) -> Result<(), StoreError> {
        let folder = self.paths.sidecars();
        self.replace_sidecar(name, sidecar)?;
        atomic::sync_folder(&folder).map_err(StoreError::io("sync", &folder))
    }

    fn replace_sidecar(&self, name: &str, sidecar: &Sidecar) -> Result<(), StoreError> {
        let path = self.paths.sidecar(name);
        let staged = self.stage();
        atomic::write_new(&staged.path, &sidecar.encode())
            .map_err(StoreError::io("write", &staged.path))?;
        fs::rename(&staged.path, &path).map_err(StoreError::io("write", &path))
    }

    /// Drops the state before the change. If that fails, both states stay, which is harmless: the change itself is done.
    fn settle_sidecar(&self, name: &str, state: DraftState) {
        let _ = self.replace_sidecar(
            name,
            &Sidecar {
                current: Some(state),
                ..Sidecar::default()
            },
        );
    }

    fn sync_root(&self) -> Result<(), StoreError> {
        let root = self.paths.root();
        atomic::sync_folder(root).map_err(StoreError::io("sync", root))
    }

    /// Completes the interrupted swaps of killed processes, and removes everything else in `staging/`.
    fn recover(&self) -> Result<(), StoreError> {
        let staging = self.paths.staging();
        let failed = |error| StoreError::io("list", &staging)(error);
        let left: Vec<_> = fs::read_dir(&staging)
            .map_err(failed)?
            .collect::<Result<_, _>>()
            .map_err(failed)?;
        if left.is_empty() {
            return Ok(());
        }
        self.finish_interrupted_swaps()?;
        for item in left {
            let _ = atomic::remove_all(&item.path());
        }
        Ok(())
    }

    fn finish_interrupted_swaps(&self) -> Result<(), StoreError> {
        for (name, sidecar) in sidecar::read_all(self.paths) {
            let Some(swap) = sidecar.swap.as_ref().filter(|_| sidecar.next.is_some()) else {
                continue;
            };
            let (target, staged) = (self.paths.draft(&name), self.paths.staging().join(swap));
            let old = replaced_path(&staged);
            // Only between the two renames, both folders are in `staging/`.
            let both = [&staged, &old]
                .into_iter()
                .all(|path| atomic::is_taken(path).unwrap_or(true));
            if both {
                put_in_place(&staged, &target)
                    .map_err(StoreError::io("finish an interrupted change of", &target))?;
                self.adopt_new_files(&old, &target, &BTreeSet::new(), &sidecar);
                self.sync_root()?;
            }
        }
        Ok(())
    }

    /// Removes the sidecars of drafts that Docker's CLI removed. Unreadable ones stay.
    fn remove_orphaned_sidecars(&self) {
        for (name, _) in sidecar::read_all(self.paths) {
            if atomic::is_taken(&self.paths.draft(&name)).is_ok_and(|taken| !taken) {
                let _ = fs::remove_file(self.paths.sidecar(&name));
            }
        }
    }
}

fn replaced_path(staged: &Path) -> PathBuf {
    let mut name = staged.as_os_str().to_owned();
    name.push(OLD_SUFFIX);
    name.into()
}

fn file_name(path: &Path) -> Option<String> {
    path.file_name()?.to_str().map(str::to_owned)
}

/// Renames a staged folder into its place. If Docker's CLI created a folder there in the meantime, its files replace the staged
/// ones.
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
