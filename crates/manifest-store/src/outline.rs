//! The outline of drafts, read from their sidecars alone: enough to contact registries while a draft itself is read, and to name
//! drafts and images on a command line that is not complete yet.

use std::fs;

use manifest_core::Reference;

use crate::folder::Folder;
use crate::list_name;
use crate::paths::FileNames;
use crate::sidecar::{self, DraftState};
use crate::store::Store;

/// The largest number of drafts that [`Store::outlines`] reads.
const OUTLINES: usize = 10_000;

/// The recorded entries of a draft. The draft itself may have changed since.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outline {
    /// The references of the entries.
    pub images: Vec<Reference>,
    /// Whether the user turned off TLS verification for one of them.
    pub is_insecure: bool,
    /// Whether the list's reference is a guess: Docker's CLI does not record it, and the folder could be that of another list.
    pub is_guess: bool,
}

impl Outline {
    fn of(state: DraftState) -> Self {
        let mut origins = state
            .files
            .values()
            .filter_map(|record| record.origin.as_ref());
        let is_insecure = origins.any(|origin| origin.insecure);
        let images = state.files.into_values().map(|record| record.reference);
        Self {
            images: images.collect(),
            is_insecure,
            is_guess: false,
        }
    }
}

impl Store {
    /// Returns the recorded entries of a draft. Returns `None` if nothing is recorded, as for drafts of Docker's CLI, or the
    /// sidecar cannot be read. Reading the draft reports the reason.
    #[must_use]
    pub fn outline(&self, list: &Reference) -> Option<Outline> {
        let FileNames { docker, unique } = FileNames::of(list);
        let state = [docker, unique].iter().find_map(|folder| {
            let sidecar = sidecar::read(self.paths(), folder).ok()?;
            sidecar.sidecar?.current.filter(|state| state.list == *list)
        })?;
        Some(Outline::of(state))
    }

    /// Returns the drafts with their outlines, in byte order of their folders' names. A draft of Docker's CLI has the reference that
    /// its folder's name most likely stands for. Takes no lock, and leaves out all that cannot be read.
    #[must_use]
    pub fn outlines(&self) -> Vec<(Reference, Outline)> {
        let folders = fs::read_dir(self.root()).into_iter().flatten().flatten();
        let names = folders.filter_map(|folder| folder.file_name().into_string().ok());
        // No reference starts with a dot: such names are this program's or the operating system's.
        let names = names.filter(|name| !name.starts_with('.'));
        let mut names: Vec<String> = names.take(OUTLINES).collect();
        names.sort();
        names
            .iter()
            .filter_map(|name| {
                self.recorded_outline(name)
                    .or_else(|| self.read_outline(name))
            })
            .collect()
    }

    fn recorded_outline(&self, folder: &str) -> Option<(Reference, Outline)> {
        let sidecar = sidecar::read(self.paths(), folder).ok()?.sidecar?;
        let state = sidecar.current.or(sidecar.next)?;
        Some((state.list.clone(), Outline::of(state)))
    }

    /// Reads a draft of Docker's CLI.
    fn read_outline(&self, name: &str) -> Option<(Reference, Outline)> {
        let folder = Folder::read(&self.paths().draft(name), self.capabilities()).ok()??;
        let entries = folder.files.into_values();
        let images = entries.filter_map(|file| Some(file.entry.ok()?.reference));
        let images: Vec<Reference> = images.collect();
        let list = list_name::guess(name, &images)?;
        let is_guess = list_name::infer(name, images.iter()).as_ref() != Some(&list);
        let outline = Outline {
            images,
            is_insecure: false,
            is_guess,
        };
        Some((list, outline))
    }
}
