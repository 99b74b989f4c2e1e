//! The outline of a draft, read from its sidecar alone: enough to contact registries while the draft itself is read.

use manifest_core::Reference;

use crate::paths::FileNames;
use crate::sidecar;
use crate::store::Store;

/// The recorded entries of a draft. The draft itself may have changed since.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outline {
    /// The references of the entries.
    pub images: Vec<Reference>,
    /// Whether the user turned off TLS verification for one of them.
    pub is_insecure: bool,
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
        let mut origins = state
            .files
            .values()
            .filter_map(|record| record.origin.as_ref());
        let is_insecure = origins.any(|origin| origin.insecure);
        let images = state.files.into_values().map(|record| record.reference);
        Some(Outline {
            images: images.collect(),
            is_insecure,
        })
    }
}
